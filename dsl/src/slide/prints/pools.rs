//! Windows, and pools that a listed layer might be.

use super::super::draft::{Pad, Part, Pool, PoolKind, Stated};
use super::choice::{Choice, Context};
use super::geometry::{Geometry, spread, stated_or};
use super::{Layer, LayerKind, Tool};

/// Strides and paddings of a window.
pub fn geometries(layer: &Layer, window: &[usize], tool: Tool, is_pool: bool) -> Vec<Geometry> {
    let own = window.iter().copied().max().unwrap_or(1);
    let mut strides = stated_or(layer.stride.as_ref(), if is_pool { &[2, 1, 3, 4] } else { &[1, 2, 4, 3] });
    if is_pool && layer.stride.is_none() && own > 4 {
        strides.push(vec![own]);
    }
    let half = own.saturating_sub(1) / 2;
    let is_square = window.iter().all(|&size| size == own);
    let pads: Vec<Pad> = match tool {
        Tool::Keras => vec![Pad::By(0), Pad::Same],
        Tool::Darknet if is_pool => vec![Pad::Same],
        Tool::Darknet => vec![Pad::By(half), Pad::By(0)],
        Tool::Torch if !is_square => vec![Pad::By(0), Pad::Same],
        Tool::Torch if is_pool => [0, half].into_iter().map(Pad::By).chain([Pad::Ceil]).collect(),
        Tool::Torch => (0..own.min(6)).map(Pad::By).collect(),
    };
    let both = |stride: &Vec<usize>| {
        let stride = stride.clone();
        pads.iter()
            .map(move |&pad| Geometry { window: window.to_vec(), stride: stride.clone(), pad })
            .collect::<Vec<_>>()
    };
    let mut all: Vec<Geometry> = strides.iter().flat_map(both).collect();
    all.dedup();
    all
}

pub fn pools(layer: &Layer, input: &[usize], context: Context) -> Vec<Choice> {
    let Some((&channels, sides)) = input.split_last().filter(|(_, sides)| !sides.is_empty()) else { return Vec::new() };
    let kind = if layer.kind == LayerKind::MeanPool { PoolKind::Mean } else { PoolKind::Max };
    let mut choices = Vec::new();
    for window in stated_or(layer.window.as_ref(), &[2, 3, 4, 5, 7, 8]) {
        for geometry in geometries(layer, &window, context.tool, true) {
            let Some(mut output) = geometry.output(sides) else { continue };
            output.push(channels);
            let pool = Pool {
                kind,
                window: layer.window.clone().unwrap_or_else(|| Stated::usual(spread(&window, sides.len()))),
                stride: layer.stride.clone().unwrap_or_else(|| Stated::usual(geometry.stride.clone())),
                pad: Stated::usual(geometry.pad),
            };
            choices.push(Choice { parts: vec![Part::Pool(pool)], output, cost: geometry.surprise(true) });
        }
    }
    choices
}

pub fn pool_all(kind: PoolKind, input: &[usize]) -> Choice {
    let output = input.last().map(|&channels| vec![channels]).unwrap_or_default();
    Choice { parts: vec![Part::PoolAll(kind)], output, cost: 0 }
}

/// A mean to a printed size: of the whole map, of equal windows, or of nothing where it has that size.
pub fn adaptive(layer: &Layer, input: &[usize]) -> Vec<Choice> {
    let same = Choice { parts: Vec::new(), output: input.to_vec(), cost: 0 };
    let mut all = vec![pool_all(PoolKind::Mean, input), same];
    let (Some(output), Some((&channels, sides))) = (&layer.output, input.split_last()) else { return all };
    let wanted = output.value.split_last().map_or(&[][..], |(_, sides)| sides);
    if wanted.len() == sides.len() && sides.iter().zip(wanted).all(|(side, wanted)| side.is_multiple_of(*wanted)) {
        let window: Vec<usize> = sides.iter().zip(wanted).map(|(side, wanted)| side / wanted).collect();
        if window.iter().any(|&size| size > 1) && wanted.iter().any(|&size| size > 1) {
            let pool = Pool {
                kind: PoolKind::Mean,
                window: Stated::usual(window.clone()),
                stride: Stated::usual(window),
                pad: Stated::usual(Pad::By(0)),
            };
            let output = wanted.iter().copied().chain([channels]).collect();
            all.push(Choice { parts: vec![Part::Pool(pool)], output, cost: 1 });
        }
    }
    all
}
