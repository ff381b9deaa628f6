//! An image, filters and what they make of it, in words: `32x32x3 image`, `5x5x3 filter`, `6 5x5 filters`,
//! `6 separate activation maps`, `Output volume: 27x27x96`.

use std::ops::Range;

use super::layers::{self, Made};
use super::scan::{Spot, Token, number_behind, spots};
use super::sheet::Sheet;
use super::sliding;
use crate::slide::figure::{Verdict, What};

/// What sizes are said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Image,
    Filter,
    Output,
}

/// Filters, as far as they are said.
#[derive(Clone, Debug, Default)]
struct Filters {
    place: Range<usize>,
    window: [usize; 2],
    depth: Option<usize>,
    count: Option<usize>,
    stride: Option<usize>,
    pad: Option<usize>,
    is_pool: bool,
    /// What they slide over: height, width and, where it is said, depth.
    map: Vec<usize>,
    /// Whether a figure of their output was judged.
    is_judged: bool,
}

/// What has been said so far on a slide.
#[derive(Default)]
struct Volumes {
    image: Option<Vec<usize>>,
    /// The last output, by its printed sizes.
    output: Option<Vec<usize>>,
    filters: Option<Filters>,
    /// Whether a layer that goes on from the last output is spoken of.
    goes_on: bool,
    is_pool: bool,
}

/// Reads the images, filters and outputs of a slide.
pub(super) fn read(sheet: &mut Sheet<'_>) {
    let mut volumes = Volumes::default();
    let lines: Vec<_> = sheet.free_lines().map(|(_, line)| line).collect();
    for line in lines {
        let spots = spots(line);
        volumes.line(sheet, &spots);
    }
    volumes.finish(sheet);
}

impl Volumes {
    fn line(&mut self, sheet: &mut Sheet<'_>, spots: &[Spot<'_>]) {
        let has = |words: &[&str]| spots.iter().any(|spot| spot.is_one_of(words));
        if has(&["layer", "then", "next", "second"]) {
            self.goes_on = true;
        }
        if has(&["pool", "pooling", "maxpool"])
            || spots.iter().filter_map(Spot::word).any(|word| word.starts_with("POOL"))
        {
            self.is_pool = true;
        } else if spots.iter().filter_map(Spot::word).any(|word| word.to_ascii_lowercase().starts_with("conv")) {
            self.is_pool = false;
        }
        for (at, spot) in spots.iter().enumerate() {
            match &spot.token {
                Token::Sizes(sizes) if matches!(sizes.len(), 2 | 3) => match role(spots, at) {
                    Some(Role::Image) => {
                        self.finish(sheet);
                        *self = Self { image: Some(sizes.clone()), goes_on: false, ..Self::default() };
                    }
                    Some(Role::Filter) => self.filter(sheet, spots, at, sizes),
                    Some(Role::Output) => self.output(sheet, spot, sizes),
                    None => {}
                },
                Token::Number(count) if is_maps(&spots[at + 1..]) => self.maps(sheet, spot, *count),
                _ => {}
            }
        }
        if let Some(filters) = &mut self.filters {
            let stride = number_behind(spots, &["stride", "strides"]).map(|(stride, _)| stride);
            let pad = number_behind(spots, &["pad", "padding"]).map(|(pad, _)| pad);
            (filters.stride, filters.pad) = (filters.stride.or(stride), filters.pad.or(pad));
        }
    }

    /// `6 5x5 filters`
    fn filter(&mut self, sheet: &mut Sheet<'_>, spots: &[Spot<'_>], at: usize, sizes: &[usize]) {
        self.finish(sheet);
        let depth = sizes.get(2).copied();
        let takes = |map: &&Vec<usize>| depth.is_none_or(|depth| map.get(2).is_none_or(|&size| size == depth));
        let output =
            self.output.as_ref().filter(|_| self.goes_on || !self.image.as_ref().is_some_and(|map| takes(&map)));
        let Some(map) = output.filter(takes).or(self.image.as_ref()).cloned() else { return };
        let spot = &spots[at];
        let count = at.checked_sub(1).and_then(|before| spots[before].number());
        let stride = number_behind(spots, &["stride", "strides"]).map(|(stride, _)| stride);
        let pad = number_behind(spots, &["pad", "padding"]).map(|(pad, _)| pad);
        let window = [sizes[0], sizes[1]];
        let (place, is_pool) = (spot.place.clone(), self.is_pool);
        let filters = Filters { place, window, depth, count, stride, pad, is_pool, map, is_judged: false };
        if let (Some(depth), Some(&channels)) = (depth, filters.map.get(2)) {
            let right = layers::printed(&[sizes[0], sizes[1], channels]);
            let of = layers::printed(&filters.map);
            let (verdict, because) = if depth == channels {
                (Verdict::Agrees, format!("a filter is as deep as its input, {of}"))
            } else {
                (Verdict::Disagrees, format!("a filter is as deep as its input, {of}: {channels}"))
            };
            sheet.judge(spot.place.clone(), What::Filters, right, verdict, because);
        }
        self.filters = Some(filters);
        self.goes_on = false;
    }

    /// `6 separate activation maps`
    fn maps(&mut self, sheet: &mut Sheet<'_>, spot: &Spot<'_>, printed: usize) {
        let Some(filters) = &mut self.filters else { return };
        let Some(count) = filters.count else { return };
        let verdict = if printed == count { Verdict::Agrees } else { Verdict::Disagrees };
        let of = filters.made(None).map_or(String::new(), |made| format!(": {}", layers::printed(&made.output)));
        let because = format!("each of {count} filters makes one map{of}{}", filters.unsaid());
        sheet.judge(spot.place.clone(), What::Output, count.to_string(), verdict, because);
        filters.is_judged = true;
    }

    /// `Output volume: 27x27x96`
    fn output(&mut self, sheet: &mut Sheet<'_>, spot: &Spot<'_>, sizes: &[usize]) {
        let Some(filters) = &mut self.filters else { return };
        let computed = filters.made(sizes.get(2).copied()).map(|made| made.output[..sizes.len()].to_vec());
        let is_right = computed.as_deref() == Some(sizes);
        let readings = || sliding::readings([filters.map[0], filters.map[1]], filters.window, [sizes[0], sizes[1]]);
        let is_said = |&(stride, pad): &(usize, usize)| {
            filters.stride.is_none_or(|said| said == stride) && filters.pad.is_none_or(|said| said == pad)
        };
        let has_depth = computed.as_ref().is_none_or(|computed| computed.get(2) == sizes.get(2));
        let has_sides = computed.as_ref().is_some_and(|computed| computed[..2] == sizes[..2]);
        let (verdict, because) = match (readings().find(is_said), readings().next()) {
            _ if is_right => (Verdict::Agrees, filters.describe()),
            _ if has_sides => (Verdict::Disagrees, format!("{}; height and width are right", filters.describe())),
            (Some((stride, pad)), _) if has_depth => {
                (Verdict::Remark, format!("with stride {stride} and padding {pad}, which the slide does not say"))
            }
            (_, Some((stride, pad))) => {
                let reading = format!("stride {stride} with padding {pad} gives its height and width");
                (Verdict::Disagrees, format!("{}; {reading}", filters.describe()))
            }
            _ => (Verdict::Disagrees, filters.describe()),
        };
        let text = match verdict {
            Verdict::Remark => layers::printed(sizes),
            _ => computed.map_or(String::new(), |computed| layers::printed(&computed)),
        };
        sheet.judge(spot.place.clone(), What::Output, text, verdict, because);
        filters.is_judged = true;
        let count = sizes.get(2).copied().or(filters.count);
        self.output = Some(sizes[..2].iter().copied().chain(count).collect());
    }

    /// Says what the last filters make, where no figure of it was judged.
    fn finish(&mut self, sheet: &mut Sheet<'_>) {
        let Some(filters) = self.filters.take() else { return };
        if self.output.is_none() || !filters.is_judged {
            self.output =
                filters.made(None).filter(|_| filters.count.is_some() || filters.is_pool).map(|made| made.output);
        }
        if filters.is_judged {
            return;
        }
        if let Some(made) = filters.made(None) {
            let parameters = if filters.is_pool { String::new() } else { filters.parameters(&made) };
            let axes = if filters.map.len() == 2 && filters.depth.is_none() && filters.count.is_none() { 2 } else { 3 };
            let output = layers::printed(&made.output[..axes]);
            let text = format!("{} makes {output}{parameters}{}", filters.describe(), filters.left_over());
            sheet.say(filters.place, text);
        } else {
            let because = format!("{} does not fit", filters.describe());
            sheet.judge(filters.place, What::Filters, "", Verdict::Disagrees, because);
        }
    }
}

impl Filters {
    /// What they make; `count` of them, where the slide does not say how many.
    fn made(&self, count: Option<usize>) -> Option<Made> {
        let window = layers::sizes(&self.window);
        let (stride, pad) = (self.stride.unwrap_or(1), self.pad.unwrap_or(0));
        let channels = self.map.get(2).copied().or(self.depth).unwrap_or(1);
        let map = [self.map[0], self.map[1], channels];
        let count = self.count.or(count).unwrap_or(1);
        let layer = match self.is_pool {
            true => format!("pool {window} /{} pad {pad}", self.stride.unwrap_or(self.window[0])),
            false => format!("conv {count} {window} /{stride} pad {pad}"),
        };
        layers::made(&map, &layer)
    }

    /// `10 filters of 5×5 on 32×32×3 at stride 1 with padding 2`
    fn describe(&self) -> String {
        let what = match (self.is_pool, self.count) {
            (true, _) => "a pool".to_string(),
            (false, Some(count)) if count != 1 => format!("{count} filters"),
            (false, _) => "a filter".to_string(),
        };
        let stride = self.stride.unwrap_or(if self.is_pool { self.window[0] } else { 1 });
        let pad = self.pad.filter(|pad| *pad > 0).map_or(String::new(), |pad| format!(" with padding {pad}"));
        format!("{what} of {} on {} at stride {stride}{pad}", layers::printed(&self.window), layers::printed(&self.map))
    }

    /// What of the map no window reaches, where the windows do not divide it.
    fn left_over(&self) -> String {
        let stride = self.stride.unwrap_or(1).max(1);
        let padded = |map: usize| map + 2 * self.pad.unwrap_or(0);
        let rest = |axis: usize| padded(self.map[axis]).checked_sub(self.window[axis]).map_or(0, |span| span % stride);
        match (0..2).map(rest).max() {
            Some(rest) if rest > 0 => format!("; the windows do not divide it, {rest} at its end are left out"),
            _ => String::new(),
        }
    }

    /// What was taken for granted.
    fn unsaid(&self) -> &'static str {
        match (self.stride, self.pad) {
            (None, None) => " at stride 1 without padding",
            (None, Some(_)) => " at stride 1",
            (Some(_), None) => " without padding",
            (Some(_), Some(_)) => "",
        }
    }

    fn parameters(&self, made: &Made) -> String {
        let count = self.count.unwrap_or(1);
        let weights = made.parameters.saturating_sub(count);
        let biases = if count == 1 { "a bias".to_string() } else { format!("{count} biases") };
        if self.map.len() < 3 && self.depth.is_none() {
            String::new()
        } else {
            format!(": {weights} weights and {biases}")
        }
    }
}

/// What sizes are said to be, by the words behind them, or those before.
fn role(spots: &[Spot<'_>], at: usize) -> Option<Role> {
    const NEAR: usize = 4;
    let behind = spots[at + 1..].iter().take(NEAR).take_while(|spot| spot.word().is_some());
    let before = spots[..at].iter().rev().take(NEAR + 1).take_while(|spot| {
        spot.word().is_some() || spot.number().is_some() || matches!(spot.token, Token::Sign(b':' | b'=' | b'[' | b'('))
    });
    let is_output = |spot: &Spot<'_>| named(spot).filter(|role| *role == Role::Output);
    // `Output volume size: (32+2*2-5)/1+1 = 32 spatially, so 32x32x10`
    let anywhere = || spots[..at].iter().find_map(is_output);
    behind.clone().find_map(named).or_else(|| before.into_iter().find_map(named)).or_else(anywhere)
}

/// What a word says that sizes are.
fn named(spot: &Spot<'_>) -> Option<Role> {
    let roles: [(Role, &[&str]); 3] = [
        (Role::Image, &["image", "images", "input", "inputs", "picture", "photo"]),
        (Role::Filter, &["filter", "filters", "kernel", "kernels", "window", "windows"]),
        (Role::Output, &["output", "outputs", "map", "maps", "activation", "activations"]),
    ];
    roles.into_iter().find(|(_, words)| spot.is_one_of(words)).map(|(role, _)| role)
}

/// `separate activation maps`
fn is_maps(behind: &[Spot<'_>]) -> bool {
    let adjectives = ["separate", "activation", "feature", "output", "different", "new", "such"];
    let noun = behind.iter().take(4).find(|spot| !spot.is_one_of(&adjectives));
    noun.is_some_and(|spot| spot.is_one_of(&["map", "maps"]))
}
