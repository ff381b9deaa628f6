//! An image, filters and what they make of it, in words: `32x32x3 image`, `5x5x3 filter`, `6 5x5 filters`,
//! `6 separate activation maps`, `Output volume: 27x27x96`.

mod filters;
mod role;

use super::scan::{Spot, Token, spots};
use super::sheet::Sheet;
use super::sliding;
use crate::slide::figure::{Verdict, What};
use filters::{Filters, Kind, Order};
use role::{Role, count, is_maps, order, role};

/// What has been said so far on a slide.
#[derive(Default)]
struct Volumes {
    image: Option<Vec<usize>>,
    order: Order,
    /// The last output, by its printed sizes.
    output: Option<Vec<usize>>,
    filters: Option<Filters>,
    /// Whether a layer that goes on from the last output is spoken of.
    goes_on: bool,
    kind: Kind,
}

/// Reads the images, filters and outputs of a slide.
pub(super) fn read(sheet: &mut Sheet<'_>) {
    let mut volumes = Volumes { kind: kind(sheet.title).unwrap_or_default(), ..Volumes::default() };
    let lines: Vec<_> = sheet.free_lines().map(|(_, line)| line).collect();
    for line in lines {
        volumes.kind = kind(line.plain).unwrap_or(volumes.kind);
        volumes.line(sheet, &spots(line));
    }
    volumes.finish(sheet);
}

/// What a line says that is done with a map.
fn kind(plain: &str) -> Option<Kind> {
    let mut words = plain.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| {
        let word = word.to_ascii_lowercase();
        let begins = |starts: &[&str]| starts.iter().any(|start| word.starts_with(start));
        match () {
            () if begins(&["deconv", "transpos", "fractional", "upconv"]) => Some(Kind::Transposed),
            () if begins(&["pool", "maxpool", "avgpool"]) => Some(Kind::Pool),
            () if begins(&["conv"]) => Some(Kind::Conv),
            () => None,
        }
    })
}

impl Volumes {
    fn line(&mut self, sheet: &mut Sheet<'_>, spots: &[Spot<'_>]) {
        if spots.iter().any(|spot| spot.is_one_of(&["layer", "then", "next"])) {
            self.goes_on = true;
        }
        for at in order(spots) {
            match &spots[at].token {
                Token::Sizes(sizes) if matches!(sizes.len(), 2 | 3) => match role(spots, at) {
                    Some(Role::Image) => self.image(sheet, sizes),
                    Some(Role::Filter) => self.filter(sheet, spots, at),
                    Some(Role::Output) => self.output(sheet, spots, at),
                    None => {}
                },
                Token::Number(count) if is_maps(&spots[at + 1..]) => self.maps(sheet, &spots[at], *count),
                _ => {}
            }
        }
        if let Some(filters) = &mut self.filters {
            filters.set(spots);
        }
    }

    /// `32x32x3 image`
    fn image(&mut self, sheet: &mut Sheet<'_>, sizes: &[usize]) {
        self.finish(sheet);
        let order = Order::of(sizes);
        *self = Self { image: Some(order.read(sizes)), order, kind: self.kind, ..Self::default() };
    }

    /// `6 5x5 filters`
    fn filter(&mut self, sheet: &mut Sheet<'_>, spots: &[Spot<'_>], at: usize) {
        self.finish(sheet);
        let sizes = self.order.read(spots[at].sizes().unwrap_or_default());
        let depth = sizes.get(2).copied();
        let takes = |map: &&Vec<usize>| depth.is_none_or(|depth| map.get(2).is_none_or(|&size| size == depth));
        let output =
            self.output.as_ref().filter(|_| self.goes_on || !self.image.as_ref().is_some_and(|map| takes(&map)));
        let Some(map) = output.filter(takes).or(self.image.as_ref()).cloned() else { return };
        let place = spots[at].place.clone();
        if let (Some(depth), Some(&channels)) = (depth, map.get(2)) {
            let right = self.order.print(&[sizes[0], sizes[1], channels]);
            let because = format!("a filter is as deep as its input, {}", self.order.print(&map));
            let (verdict, because) = if depth == channels {
                (Verdict::Agrees, because)
            } else {
                (Verdict::Disagrees, format!("{because}: {channels}"))
            };
            sheet.judge(place.clone(), What::Filters, right, verdict, because);
        }
        let filters = self.filters.insert(Filters {
            place,
            window: [sizes[0], sizes[1]],
            depth,
            count: count(spots, at),
            kind: self.kind,
            map,
            order: self.order,
            ..Filters::default()
        });
        filters.set(&spots[at..]);
        self.goes_on = false;
    }

    /// `6 separate activation maps`
    fn maps(&mut self, sheet: &mut Sheet<'_>, spot: &Spot<'_>, printed: usize) {
        let Some(filters) = &mut self.filters else { return };
        let Some(count) = filters.count else { return };
        let verdict = if printed == count { Verdict::Agrees } else { Verdict::Disagrees };
        let of = filters.made(None).map_or(String::new(), |made| format!(": {}", filters.print(&made)));
        let because = format!("each of {count} filters makes one map{of}{}", filters.unsaid());
        sheet.judge(spot.place.clone(), What::Output, count.to_string(), verdict, because);
        filters.is_judged = true;
    }

    /// `Output volume: 27x27x96`
    fn output(&mut self, sheet: &mut Sheet<'_>, spots: &[Spot<'_>], at: usize) {
        let Some(filters) = &mut self.filters else { return };
        let (spot, sizes) = (&spots[at], self.order.read(spots[at].sizes().unwrap_or_default()));
        let is_each = at > 0 && spots[at - 1].is_one_of(&["each"]);
        let made = Filters { count: filters.count.filter(|_| !is_each), ..filters.clone() }.made(sizes.get(2).copied());
        let computed = made.map(|made| made.output[..sizes.len()].to_vec());
        let (verdict, because) = compare(filters, computed.as_deref(), &sizes);
        let text = match verdict {
            Verdict::Remark => self.order.print(&sizes),
            _ => computed.map_or(String::new(), |computed| self.order.print(&computed)),
        };
        sheet.judge(spot.place.clone(), What::Output, text, verdict, because);
        filters.is_judged = true;
        if !is_each {
            let count = sizes.get(2).copied().or(filters.count);
            self.output = Some(sizes[..2].iter().copied().chain(count).collect());
        }
    }

    /// Says what the last filters make, where no figure of it was judged.
    fn finish(&mut self, sheet: &mut Sheet<'_>) {
        let Some(filters) = self.filters.take() else { return };
        if self.output.is_none() || !filters.is_judged {
            let has_depth = filters.count.is_some() || filters.kind == Kind::Pool;
            self.output = filters.made(None).filter(|_| has_depth).map(|made| made.output);
        }
        if filters.is_judged {
            return;
        }
        if let Some(made) = filters.made(None) {
            let (output, parameters) = (filters.print(&made), filters.parameters(&made));
            let text = format!("{} makes {output}{parameters}{}", filters.describe(), filters.left_over());
            sheet.say(filters.place, text);
        } else {
            let because = format!("{} does not fit", filters.describe());
            sheet.judge(filters.place, What::Filters, "", Verdict::Disagrees, because);
        }
    }
}

/// How the printed sizes of an output stand to the computed ones.
fn compare(filters: &Filters, computed: Option<&[usize]>, sizes: &[usize]) -> (Verdict, String) {
    let described = filters.describe();
    if computed == Some(sizes) {
        return (Verdict::Agrees, described);
    }
    if computed.is_some_and(|computed| computed[..2] == sizes[..2]) {
        return (Verdict::Disagrees, format!("{described}; height and width are right"));
    }
    let readings = || sliding::readings([filters.map[0], filters.map[1]], filters.window, [sizes[0], sizes[1]]);
    let is_said = |&(stride, pad): &(usize, usize)| {
        filters.stride.is_none_or(|said| said == stride) && filters.pad.is_none_or(|said| said == pad)
    };
    let has_depth = computed.is_none_or(|computed| computed.get(2) == sizes.get(2));
    match (readings().find(is_said), readings().next()) {
        _ if filters.kind == Kind::Transposed => (Verdict::Disagrees, described),
        (Some((stride, pad)), _) if has_depth => {
            (Verdict::Remark, format!("with stride {stride} and padding {pad}, which the slide does not say"))
        }
        (_, Some((stride, pad))) => {
            let reading = format!("stride {stride} with padding {pad} gives its height and width");
            (Verdict::Disagrees, format!("{described}; {reading}"))
        }
        _ => (Verdict::Disagrees, described),
    }
}
