//! Sizes with layers between them: `224×224×64`, `pool`, `112×112×64`, a line each or with arrows on one.

use std::ops::Range;

use super::layers;
use super::scan::{Spot, Token, spots};
use super::sheet::Sheet;
use super::sliding;
use crate::slide::figure::{Verdict, What};

/// A map, as it is printed.
#[derive(Clone, Debug)]
struct Map {
    sizes: Vec<usize>,
    place: Range<usize>,
}

/// A layer that stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Conv,
    Pool,
}

/// Reads the maps and layers that stand alone on a slide.
pub(super) fn read(sheet: &mut Sheet<'_>) {
    let (mut maps, mut layers, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for (at, line) in sheet.free_lines() {
        let spots = spots(line);
        let pieces: Vec<_> = spots.split(|spot| spot.token == Token::Arrow).filter(|piece| !piece.is_empty()).collect();
        let is_step = |piece: &&[Spot<'_>]| map(piece).is_some() || layer(piece).is_some();
        if pieces.is_empty() || !pieces.iter().all(is_step) {
            continue;
        }
        maps.extend(pieces.iter().filter_map(|piece| map(piece)));
        layers.extend(pieces.iter().filter_map(|piece| layer(piece)));
        lines.push(at);
    }
    if maps.len() < 2 || maps.len() != layers.len() + 1 {
        return;
    }
    for (pair, (layer, _)) in maps.windows(2).zip(&layers) {
        judge(sheet, &pair[0], *layer, &pair[1]);
    }
    lines.into_iter().for_each(|at| sheet.take(at..at + 1));
}

/// Sizes alone.
fn map(spots: &[Spot<'_>]) -> Option<Map> {
    let bare: Vec<_> =
        spots.iter().filter(|spot| !matches!(spot.token, Token::Sign(b'[' | b']' | b'(' | b')'))).collect();
    let [spot] = bare.as_slice() else { return None };
    let sizes = spot.sizes().filter(|sizes| sizes.len() == 3)?.to_vec();
    Some(Map { sizes, place: spot.place.clone() })
}

/// A layer alone.
fn layer(spots: &[Spot<'_>]) -> Option<(Layer, Range<usize>)> {
    let words: Vec<_> = spots.iter().filter_map(Spot::word).collect();
    if words.len() != spots.len() || words.len() > 2 {
        return None;
    }
    let is = |names: &[&str]| spots.iter().any(|spot| spot.is_one_of(names));
    let place = spots.first()?.place.start..spots.last()?.place.end;
    match () {
        () if is(&["pool", "pooling", "maxpool", "avgpool", "subsampling"]) => Some((Layer::Pool, place)),
        () if is(&["conv", "convolution"]) => Some((Layer::Conv, place)),
        () => None,
    }
}

/// Judges the map behind a layer.
fn judge(sheet: &mut Sheet<'_>, from: &Map, layer: Layer, to: &Map) {
    let (verdict, computed, because) = match layer {
        Layer::Conv => conv(&from.sizes, &to.sizes),
        Layer::Pool => pool(&from.sizes, &to.sizes),
    };
    let name = if layer == Layer::Conv { "conv" } else { "pool" };
    sheet.judge(to.place.clone(), What::Output, layers::printed(&computed), verdict, because).layer =
        Some(name.to_string());
}

/// A convolution may have any filters; the language's own keeps height and width.
fn conv(from: &[usize], to: &[usize]) -> (Verdict, Vec<usize>, String) {
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

/// A pool keeps the channels; a usual one halves height and width.
fn pool(from: &[usize], to: &[usize]) -> (Verdict, Vec<usize>, String) {
    let usual = ["pool 2x2 /2", "pool 3x3 /2", "pool 3x3 /2 pad 1", "pool 3x3 /1 pad 1", "pool 3x3 /3", "pool 4x4 /4"];
    let makes = |layer: &str| layers::made(from, layer).is_some_and(|made| made.output == to);
    match usual.iter().find(|layer| makes(layer)) {
        Some(layer) => (Verdict::Agrees, to.to_vec(), format!("{} does it", spoken(layer))),
        None if from[2] != to[2] => {
            let computed = vec![to[0], to[1], from[2]];
            (Verdict::Disagrees, computed, format!("a pool keeps the channels, {}", from[2]))
        }
        None => {
            let computed = layers::made(from, usual[0]).map_or_else(Vec::new, |made| made.output);
            (Verdict::Disagrees, computed, format!("no usual pool makes this of {}", layers::printed(from)))
        }
    }
}

/// `pool 2x2 /2` as people say it.
fn spoken(layer: &str) -> String {
    layer.replacen("pool ", "a ", 1).replace('x', "×").replacen(" /", " pool at stride ", 1).replacen(
        "pad",
        "with padding",
        1,
    )
}
