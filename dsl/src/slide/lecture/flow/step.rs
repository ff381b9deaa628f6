//! The steps of a flow: maps, and the layers between them.

use std::ops::Range;

use super::super::layers;
use super::super::scan::{Spot, Token};
use super::super::sliding;
use crate::slide::figure::Verdict;

/// A step of a flow.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Map(Map),
    Layer(Layer),
    /// A layer that keeps the size: `relu`.
    Same,
}

/// A map, as it is printed.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub sizes: Vec<usize>,
    pub place: Range<usize>,
}

/// A layer, as far as it is said.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    /// `pool`, `avgpool` or `conv`.
    pub word: &'static str,
    window: Option<[usize; 2]>,
    stride: Option<usize>,
    pad: Option<usize>,
    filters: Option<usize>,
}

/// What a map is beside what is printed of it: the verdict, the computed sizes, and why.
pub(super) type Judged = (Verdict, Vec<usize>, String);

const POOLS: &[&str] = &["pool", "pooling", "maxpool", "avgpool", "subsampling"];
const CONVOLUTIONS: &[&str] = &["conv", "convolution", "filters", "f"];
const KEEPING: &[&str] = &["relu", "bn", "norm", "lrn", "batchnorm", "dropout", "tanh", "sigmoid"];

/// The step that these are the whole of.
pub(super) fn step(spots: &[Spot<'_>]) -> Option<Step> {
    let is_bracket = |spot: &&Spot<'_>| matches!(spot.token, Token::Sign(b'[' | b']' | b'(' | b')'));
    let bare: Vec<_> = spots.iter().filter(|spot| !is_bracket(spot)).collect();
    match bare.as_slice() {
        [spot] if spot.sizes().is_some_and(|sizes| sizes.len() == 3) => {
            Some(Step::Map(Map { sizes: spot.sizes()?.to_vec(), place: spot.place.clone() }))
        }
        [spot] if spot.is_one_of(KEEPING) => Some(Step::Same),
        _ => layer(spots).map(Step::Layer),
    }
}

/// A layer and its options: `pool`, `conv 5×5, s=1`, `f=5, 6 filters`.
fn layer(spots: &[Spot<'_>]) -> Option<Layer> {
    const MOST: usize = 16;
    let is = |names: &[&str]| spots.iter().any(|spot| spot.is_one_of(names));
    let word = match () {
        () if is(POOLS) && is(&["avg", "average", "mean", "avgpool"]) => "avgpool",
        () if is(POOLS) => "pool",
        () if is(CONVOLUTIONS) => "conv",
        () => return None,
    };
    let value = |names: &[&str]| {
        let at = spots.iter().position(|spot| spot.is_one_of(names))?;
        let behind = spots[at + 1..].iter().find(|spot| !matches!(spot.token, Token::Sign(b'=' | b':')))?;
        behind.number()
    };
    let sizes = spots.iter().find_map(|spot| spot.sizes().filter(|sizes| sizes.len() == 2).map(|s| [s[0], s[1]]));
    let slash = || {
        let at = spots.iter().position(|spot| spot.token == Token::Sign(b'/'))?;
        spots.get(at + 1)?.number()
    };
    let before = |names: &[&str]| {
        let at = spots.iter().position(|spot| spot.is_one_of(names))?;
        spots[at.checked_sub(1)?].number()
    };
    (spots.len() <= MOST).then(|| Layer {
        word,
        window: sizes.or_else(|| value(&["f", "size", "window"]).map(|size| [size; 2])),
        stride: value(&["s", "stride"]).or_else(slash),
        pad: value(&["p", "pad", "padding"]),
        filters: before(&["filters"]).or_else(|| value(&["conv"]).filter(|_| sizes.is_some())),
    })
}

/// Whether these are a layer's name alone: `conv`, `max pool`.
pub(super) fn is_name(spots: &[Spot<'_>]) -> bool {
    let is_layer = |spot: &Spot<'_>| spot.is_one_of(POOLS) || spot.is_one_of(&["conv", "convolution"]);
    spots.len() < 3 && spots.iter().all(|spot| spot.word().is_some()) && spots.iter().any(is_layer)
}

impl Layer {
    /// How `to` stands to what the layer makes of `from`.
    pub fn judge(&self, from: &[usize], to: &[usize]) -> Judged {
        match (self.window, self.word) {
            (Some(window), _) => self.with_window(window, from, to),
            (None, "conv") => conv(from, to),
            (None, _) => self.pool(from, to),
        }
    }

    fn with_window(&self, window: [usize; 2], from: &[usize], to: &[usize]) -> Judged {
        let is_conv = self.word == "conv";
        let stride = self.stride.unwrap_or(if is_conv { 1 } else { window[0] });
        let filters = if is_conv { self.filters.unwrap_or(to[2]) } else { from[2] };
        let makes = |pad: usize| {
            let count = if is_conv { format!("{filters} ") } else { String::new() };
            let layer = format!("{} {count}{} /{stride} pad {pad}", self.word, layers::sizes(&window));
            layers::made(from, &layer).map(|made| made.output)
        };
        let pad = self.pad.unwrap_or(0);
        let computed = makes(pad).unwrap_or_default();
        let described = format!("{} at stride {stride} with padding {pad}", layers::printed(&window));
        if computed == to {
            return (Verdict::Agrees, computed, described);
        }
        let half = window[0].saturating_sub(1) / 2;
        if self.pad.is_none() && makes(half).as_deref() == Some(to) {
            let because = format!("{} at stride {stride} with padding {half}", layers::printed(&window));
            return (Verdict::Agrees, to.to_vec(), because);
        }
        if computed.get(..2) == Some(&to[..2]) {
            let of = if is_conv { "as many maps as filters" } else { "a pool keeps the channels" };
            return (Verdict::Disagrees, computed, format!("{of}, {filters}"));
        }
        let readings = sliding::readings([from[0], from[1]], window, [to[0], to[1]]);
        let mut readings = readings.filter(|_| filters == to[2]);
        match readings.next() {
            Some((stride, pad)) => {
                (Verdict::Disagrees, computed, format!("{described}; stride {stride} with padding {pad} gives it"))
            }
            None => (Verdict::Disagrees, computed, described),
        }
    }

    /// A pool keeps the channels; a usual one halves height and width.
    fn pool(&self, from: &[usize], to: &[usize]) -> Judged {
        let usual = ["2x2 /2", "3x3 /2", "3x3 /2 pad 1", "3x3 /1 pad 1", "3x3 /3", "4x4 /4"];
        let make = |options: &str| layers::made(from, &format!("{} {options}", self.word)).map(|made| made.output);
        match usual.iter().find(|options| make(options).as_deref() == Some(to)) {
            Some(options) => (Verdict::Agrees, to.to_vec(), format!("a {} does it", spoken(options))),
            None if from[2] != to[2] => {
                let computed = vec![to[0], to[1], from[2]];
                (Verdict::Disagrees, computed, format!("a pool keeps the channels, {}", from[2]))
            }
            None => {
                let computed = make(usual[0]).unwrap_or_default();
                (Verdict::Disagrees, computed, format!("no usual pool makes this of {}", layers::printed(from)))
            }
        }
    }
}

/// A convolution may have any filters; the language's own keeps height and width.
fn conv(from: &[usize], to: &[usize]) -> Judged {
    let made = layers::made(from, &format!("conv {}", to[2])).map(|made| made.output);
    if made.as_deref() == Some(to) {
        let because = format!("{} filters that keep height and width, such as 3×3 with padding 1", to[2]);
        return (Verdict::Agrees, to.to_vec(), because);
    }
    let (map, wanted) = ([from[0], from[1]], [to[0], to[1]]);
    let windows = [3, 5, 7, 11, 2, 1, 4, 9];
    let reading = windows.iter().find_map(|&k| Some((k, sliding::readings(map, [k, k], wanted).next()?)));
    match reading {
        Some((k, (stride, pad))) => {
            let because = format!("the slide does not say how; {k}×{k} at stride {stride} with padding {pad} gives it");
            (Verdict::Remark, to.to_vec(), because)
        }
        None => {
            let computed = made.unwrap_or_else(|| to.to_vec());
            (Verdict::Disagrees, computed, "no usual window makes this height and width".to_string())
        }
    }
}

/// `3x3 /2 pad 1` as people say it.
fn spoken(options: &str) -> String {
    options.replace('x', "×").replacen(" /", " pool at stride ", 1).replacen("pad", "with padding", 1)
}
