//! Convolutions that a listed layer might be.

use super::super::draft::{Conv, Pad, Part, Stated};
use super::choice::{Choice, Context, MUCH, wrong_count, wrong_operations, wrong_sizes};
use super::geometry::{Geometry, spread, stated_or};
use super::pools::geometries;
use super::{Layer, LayerKind};

/// The largest window that is looked for.
const LARGEST: usize = 64;

/// Convolutions, those with the windows that the parameters allow among them.
pub fn convs(layer: &Layer, input: &[usize], context: Context) -> Vec<Choice> {
    let Some((&channels, sides)) = input.split_last().filter(|(_, sides)| !sides.is_empty()) else { return Vec::new() };
    let mut choices = Vec::new();
    for (filters, filters_cost) in filters(layer, channels) {
        for (window, groups, bias, count_cost) in kernels(layer, channels, filters, context) {
            for geometry in geometries(layer, &window, context.tool, false) {
                let Some(mut output) = geometry.output(sides) else { continue };
                let positions = output.iter().fold(1, |product: usize, &side| product.saturating_mul(side));
                let weights = weights(&window, sides.len(), channels / groups, filters);
                let biases = if bias { filters } else { 0 };
                output.push(filters);
                let cost = filters_cost
                    + count_cost
                    + geometry.surprise(false)
                    + wrong_operations(layer, weights, biases, positions, context);
                if cost + wrong_sizes(layer, input, &output) > MUCH {
                    continue;
                }
                let conv = Conv {
                    filters: layer.filters.clone().unwrap_or_else(|| Stated::usual(filters)),
                    window: layer.window.clone().unwrap_or_else(|| Stated::usual(spread(&window, sides.len()))),
                    stride: layer.stride.clone().unwrap_or_else(|| Stated::usual(geometry.stride.clone())),
                    pad: Stated::usual(geometry.pad),
                    groups,
                    bias,
                    transposed: false,
                };
                choices.push(Choice { parts: vec![Part::Conv(conv)], output, cost });
            }
        }
    }
    choices
}

/// How many filters a layer might have: as many as its output has channels, or as its parameters say.
fn filters(layer: &Layer, channels: usize) -> Vec<(usize, u32)> {
    if let Some(stated) = &layer.filters {
        return vec![(stated.value, 0)];
    }
    let printed = layer.output.as_ref().and_then(|output| output.value.last().copied());
    let mut all: Vec<(usize, u32)> = printed.map(|filters| (filters, 0)).into_iter().collect();
    let count = layer.parameters.as_ref().and_then(|(number, _)| number.value());
    for area in [1, 9, 25, 49, 121] {
        for bias in [1, 0] {
            let each = area * channels as u128 + bias;
            let filters = count.filter(|count| *count > 0 && count.is_multiple_of(each)).map(|count| count / each);
            let filters = filters.and_then(|filters| usize::try_from(filters).ok());
            all.extend(
                filters.filter(|&filters| Some(filters) != printed && filters <= 65_536).map(|filters| (filters, 1)),
            );
        }
    }
    all
}

/// Windows, groups and whether there is a bias, with what speaks against them.
fn kernels(layer: &Layer, channels: usize, filters: usize, context: Context) -> Vec<(Vec<usize>, usize, bool, u32)> {
    let mut found = Vec::new();
    let groups = if layer.kind == LayerKind::Depthwise { channels } else { layer.groups.unwrap_or(1) };
    let mut windows = stated_or(layer.window.as_ref(), &[1, 3, 5, 7, 11, 2, 4, 9]);
    let count =
        layer.parameters.as_ref().and_then(|(number, _)| number.value()).and_then(|count| usize::try_from(count).ok());
    if let (Some(count), None) = (count, &layer.window) {
        windows.extend(others(count, channels / groups, filters));
    }
    let mut add = |window: &Vec<usize>, groups: usize, bias: bool, cost: u32| {
        let is_divided = channels.is_multiple_of(groups) && filters.is_multiple_of(groups);
        if is_divided && groups > 0 {
            let weights = weights(window, 2, channels / groups, filters);
            let wrong = wrong_count(layer, weights, if bias { filters } else { 0 }, context);
            found.push((window.clone(), groups, bias, cost + wrong));
        }
    };
    for window in &windows {
        add(window, groups, true, 0);
        // A convolution without a bias that nothing says is one is a little less usual.
        add(window, groups, false, u32::from(layer.parameters.is_some()));
        if let (Some(count), None, LayerKind::Conv) = (count.filter(|&count| count > 0), layer.groups, &layer.kind) {
            // Groups: as many as divide the weights down to those that are printed.
            for bias in [true, false] {
                let printed = count.saturating_sub(if bias { filters } else { 0 });
                let whole = weights(window, 2, channels, filters);
                if printed > 0 && whole > printed && whole.is_multiple_of(printed) {
                    add(window, whole / printed, bias, 20);
                }
            }
        }
    }
    // Those with wrong counts stand behind, the nearest first; a few of them are enough.
    let distance = |(window, groups, bias, _): &(Vec<usize>, usize, bool, u32)| {
        let own = weights(window, 2, channels / groups, filters).saturating_add(if *bias { filters } else { 0 });
        count.map_or(0, |count| own.abs_diff(count))
    };
    found.sort_by_cached_key(|kernel| (kernel.3, distance(kernel)));
    found.truncate(if count.is_some() { 7 } else { 14 });
    found
}

/// Windows that a count of parameters says and that are none of the usual.
fn others(count: usize, channels: usize, filters: usize) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    for weights in [count, count.saturating_sub(filters)] {
        let each = channels.saturating_mul(filters);
        if each == 0 || weights == 0 || !weights.is_multiple_of(each) {
            continue;
        }
        let area = weights / each;
        let root = area.isqrt();
        if root * root == area && root <= LARGEST {
            found.push(vec![root]);
        } else if area <= LARGEST {
            found.extend([vec![1, area], vec![area, 1]]);
        }
    }
    found
}

fn weights(window: &[usize], rank: usize, channels: usize, filters: usize) -> usize {
    let area = spread(window, rank).iter().fold(1, |area: usize, &size| area.saturating_mul(size));
    area.saturating_mul(channels).saturating_mul(filters)
}

pub fn deconvs(layer: &Layer, input: &[usize], context: Context) -> Vec<Choice> {
    let Some((&channels, sides)) = input.split_last().filter(|(_, sides)| !sides.is_empty()) else { return Vec::new() };
    let mut choices = Vec::new();
    let filters = filters(layer, channels);
    let strides = stated_or(layer.stride.as_ref(), &[2, 1, 4]);
    for &(filters, filters_cost) in &filters {
        for (window, groups, bias, count_cost) in kernels(layer, channels, filters, context) {
            for stride in &strides {
                let (size, step) = (window[0], stride[0]);
                let grown = |pad: usize| -> Option<Vec<usize>> {
                    let side = |&side: &usize| {
                        (side.saturating_sub(1).saturating_mul(step).saturating_add(size))
                            .checked_sub(2 * pad)
                            .filter(|&side| side > 0)
                    };
                    sides.iter().map(side).collect()
                };
                let multiplied = Some(sides.iter().map(|side| side.saturating_mul(step)).collect::<Vec<_>>())
                    .filter(|_| size >= step);
                let all = [(multiplied, Pad::Convention, 0), (grown(0), Pad::By(0), 2), (grown(1), Pad::By(1), 3)];
                for (output, pad, cost) in all {
                    let Some(mut output) = output else { continue };
                    output.push(filters);
                    let conv = Conv {
                        filters: Stated::usual(filters),
                        window: layer.window.clone().unwrap_or_else(|| Stated::usual(spread(&window, sides.len()))),
                        stride: layer.stride.clone().unwrap_or_else(|| Stated::usual(stride.clone())),
                        pad: Stated::usual(pad),
                        groups,
                        bias,
                        transposed: true,
                    };
                    choices.push(Choice {
                        parts: vec![Part::Conv(conv)],
                        output,
                        cost: cost + filters_cost + count_cost,
                    });
                }
            }
        }
    }
    choices
}

/// A 1×1 convolution without a bias, and its normalisation.
pub fn projections(layer: &Layer, input: &[usize], context: Context) -> Vec<Choice> {
    let Some((&channels, sides)) = input.split_last().filter(|(_, sides)| !sides.is_empty()) else { return Vec::new() };
    let printed = layer.output.as_ref().and_then(|output| output.value.last().copied()).unwrap_or(channels);
    let count =
        layer.parameters.as_ref().and_then(|(number, _)| number.value()).and_then(|count| usize::try_from(count).ok());
    let said = count
        .filter(|count| *count > 0 && count.is_multiple_of(channels.saturating_add(2)))
        .map(|count| count / channels.saturating_add(2));
    let choice = |(stride, filters): (usize, usize)| {
        let conv = Conv {
            filters: Stated::usual(filters),
            window: Stated::usual(vec![1; sides.len()]),
            stride: Stated::usual(vec![stride]),
            pad: Stated::usual(Pad::By(0)),
            groups: 1,
            bias: false,
            transposed: false,
        };
        let output = sides.iter().map(|side| side.div_ceil(stride)).chain([filters]).collect();
        let cost = wrong_count(layer, channels.saturating_mul(filters), filters.saturating_mul(2), context);
        Choice { parts: vec![Part::Conv(conv), Part::Bn], output, cost: cost + u32::from(stride > 1) }
    };
    let all = std::iter::once(printed).chain(said.filter(|&said| said != printed));
    all.flat_map(|filters| [1, 2, 4].map(|stride| (stride, filters))).map(choice).collect()
}

/// A convolution of each channel by itself without a bias, and a 1×1 convolution.
pub fn separables(layer: &Layer, input: &[usize], context: Context) -> Vec<Choice> {
    let Some((&channels, sides)) = input.split_last().filter(|(_, sides)| !sides.is_empty()) else { return Vec::new() };
    let filters = layer.output.as_ref().and_then(|output| output.value.last().copied()).unwrap_or(channels);
    let conv = |filters: usize, geometry: &Geometry, groups: usize| Conv {
        filters: Stated::usual(filters),
        window: Stated::usual(spread(&geometry.window, sides.len())),
        stride: Stated::usual(geometry.stride.clone()),
        pad: Stated::usual(geometry.pad),
        groups,
        bias: false,
        transposed: false,
    };
    let point = Geometry { window: vec![1], stride: vec![1], pad: Pad::By(0) };
    let mut choices = Vec::new();
    for size in [3, 5, 7, 2] {
        let weights = weights(&[size], sides.len(), 1, channels).saturating_add(channels.saturating_mul(filters));
        for geometry in geometries(layer, &[size], context.tool, false) {
            let Some(mut output) = geometry.output(sides) else { continue };
            output.push(filters);
            for bias in [false, true] {
                let cost = wrong_count(layer, weights, if bias { filters } else { 0 }, context);
                let last = Conv { bias, ..conv(filters, &point, 1) };
                let parts = vec![Part::Conv(conv(channels, &geometry, channels)), Part::Conv(last)];
                choices.push(Choice { parts, output: output.clone(), cost: cost + geometry.surprise(false) });
            }
        }
    }
    choices
}
