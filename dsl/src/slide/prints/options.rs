//! Everything that a listed layer might do to what flows in, each with how much speaks against it.

use super::super::draft::{Conv, Join, Pad, Part, Pool, PoolKind, Stated};
use super::super::number::Fit;
use super::geometry::{Geometry, stated_or};
use super::{Layer, LayerKind, Tool};

/// What speaks against a reading by which a printed size is wrong.
const WRONG_SIZE: u32 = 30;

/// What speaks against a pool that no line lists: a little more than against one wrong size.
const UNLISTED: u32 = 35;

/// What has more against it than two wrong figures is no reading.
const MUCH: u32 = 100;

/// The largest window that is looked for.
const LARGEST: usize = 64;

/// What a layer might do.
#[derive(Clone, Debug)]
pub struct Choice {
    pub parts: Vec<Part>,
    /// What flows out.
    pub output: Vec<usize>,
    /// What speaks against it.
    pub cost: u32,
}

/// What is known of the whole print.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    pub tool: Tool,
    /// What speaks against a reading by which a printed count is wrong.
    pub wrong_count: u32,
}

/// What a layer might do to these inputs.
pub fn choices(layer: &Layer, inputs: &[&[usize]], context: Context) -> Vec<Choice> {
    let Some(&input) = inputs.first() else { return Vec::new() };
    let mut choices = match &layer.kind {
        LayerKind::Conv | LayerKind::Depthwise => convs(layer, input, context),
        LayerKind::Deconv => deconvs(layer, input, context),
        LayerKind::MaxPool | LayerKind::MeanPool => pools(layer, input, context),
        LayerKind::GlobalMean => vec![pool_all(PoolKind::Mean, input)],
        LayerKind::GlobalMax => vec![pool_all(PoolKind::Max, input)],
        LayerKind::AdaptiveMean => adaptive(layer, input),
        LayerKind::Fc => fcs(layer, input, context),
        LayerKind::Projection => projections(layer, input, context),
        LayerKind::Bn => vec![plain(vec![Part::Bn], input)],
        LayerKind::Lrn => vec![plain(vec![Part::Lrn], input)],
        LayerKind::ZeroPad => padded(layer, input),
        LayerKind::Upsample => upsampled(layer, input),
        LayerKind::Flatten => {
            let output = vec![input.iter().fold(1, |product: usize, &size| product.saturating_mul(size))];
            vec![Choice { parts: vec![Part::Word("flatten".to_string())], output, cost: 0 }]
        }
        LayerKind::Merge(join) => vec![joined(*join, inputs)],
        LayerKind::Word(word) => vec![plain(vec![Part::Word((*word).to_string())], input)],
        LayerKind::Input | LayerKind::Nothing => vec![plain(Vec::new(), input)],
    };
    if context.tool == Tool::Torch {
        choices.extend(unlisted(layer, inputs, context));
    }
    for choice in &mut choices {
        choice.cost += wrong_sizes(layer, input, &choice.output);
    }
    choices
}

/// What keeps a map's size.
fn plain(parts: Vec<Part>, input: &[usize]) -> Choice {
    Choice { parts, output: input.to_vec(), cost: 0 }
}

/// The same behind what a program does between modules and no print lists: flattening, a pool.
fn unlisted(layer: &Layer, inputs: &[&[usize]], context: Context) -> Vec<Choice> {
    let [input @ [sides @ .., channels]] = inputs else { return Vec::new() };
    let before: Vec<(Part, Vec<usize>, u32)> = match &layer.kind {
        _ if sides.is_empty() => return Vec::new(),
        LayerKind::Word(_) | LayerKind::Nothing | LayerKind::Bn => {
            let length = input.iter().fold(1, |product: usize, &size| product.saturating_mul(size));
            let is_vector =
                |shape: &Option<Stated<Vec<usize>>>| shape.as_ref().is_some_and(|shape| shape.value == [length]);
            if !is_vector(&layer.output) && !is_vector(&layer.input) {
                return Vec::new();
            }
            vec![(Part::Word("flatten".to_string()), vec![length], 1)]
        }
        LayerKind::Conv | LayerKind::Fc => {
            let halved: Vec<usize> = sides.iter().map(|side| side / 2).chain([*channels]).collect();
            let pool = Pool {
                kind: PoolKind::Max,
                window: Stated::usual(vec![2; sides.len()]),
                stride: Stated::usual(vec![2]),
                pad: Stated::usual(Pad::By(0)),
            };
            let mut all = vec![(Part::Pool(pool), halved, UNLISTED)];
            if layer.kind == LayerKind::Fc {
                all.push((Part::PoolAll(PoolKind::Mean), vec![*channels], UNLISTED));
            }
            all.retain(|(_, shape, _)| shape.iter().all(|&size| size > 0));
            all
        }
        _ => return Vec::new(),
    };
    let behind = |(part, shape, cost): (Part, Vec<usize>, u32)| {
        let inner = match &layer.kind {
            LayerKind::Conv => convs(layer, &shape, context),
            LayerKind::Fc => fcs(layer, &shape, context),
            LayerKind::Word(word) => vec![plain(vec![Part::Word((*word).to_string())], &shape)],
            LayerKind::Bn => vec![plain(vec![Part::Bn], &shape)],
            _ => vec![plain(Vec::new(), &shape)],
        };
        inner.into_iter().map(move |choice| Choice {
            parts: std::iter::once(part.clone()).chain(choice.parts).collect(),
            cost: choice.cost + cost,
            ..choice
        })
    };
    before.into_iter().flat_map(behind).collect()
}

/// What speaks against sizes that are not the printed ones.
fn wrong_sizes(layer: &Layer, input: &[usize], output: &[usize]) -> u32 {
    let differs = |printed: &Option<Stated<Vec<usize>>>, shape: &[usize]| {
        printed.as_ref().is_some_and(|printed| !is_same(&printed.value, shape))
    };
    WRONG_SIZE * (u32::from(differs(&layer.output, output)) + u32::from(differs(&layer.input, input)))
}

/// Whether two shapes are one; a vector of n is also 1×1×n.
fn is_same(one: &[usize], other: &[usize]) -> bool {
    let bare = |shape: &[usize]| -> Vec<usize> {
        let ones = shape.iter().take_while(|&&size| size == 1).count();
        shape[ones.min(shape.len().saturating_sub(1))..].to_vec()
    };
    one == other || bare(one).len() == 1 && bare(one) == bare(other)
}

/// What speaks against a count of parameters.
fn wrong_count(layer: &Layer, weights: usize, biases: usize, context: Context) -> u32 {
    let fits = |count: usize| layer.parameters.as_ref().is_none_or(|(number, _)| number.fit(count as u128) != Fit::No);
    if fits(weights.saturating_add(biases)) { 0 } else { context.wrong_count }
}

/// What speaks against a count of operations, by the tool's own way of counting.
fn wrong_operations(layer: &Layer, weights: usize, biases: usize, positions: usize, context: Context) -> u32 {
    let own = match context.tool {
        Tool::Darknet => weights.saturating_mul(2),
        Tool::Keras | Tool::Torch => weights.saturating_add(biases),
    };
    let count = (own as u128).saturating_mul(positions as u128);
    let fits = layer.operations.as_ref().is_none_or(|(number, _)| number.fit(count) != Fit::No);
    if fits { 0 } else { WRONG_SIZE }
}

/// Convolutions, those with the windows that the parameters allow among them.
fn convs(layer: &Layer, input: &[usize], context: Context) -> Vec<Choice> {
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
    found.sort_by_key(|&(.., cost)| cost);
    // Those with wrong counts stand behind; a few of them are enough.
    found.truncate(14);
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

fn spread(window: &[usize], rank: usize) -> Vec<usize> {
    if window.len() == 1 { vec![window[0]; rank] } else { window.to_vec() }
}

/// Strides and paddings of a window.
fn geometries(layer: &Layer, window: &[usize], tool: Tool, is_pool: bool) -> Vec<Geometry> {
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

fn deconvs(layer: &Layer, input: &[usize], context: Context) -> Vec<Choice> {
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

fn pools(layer: &Layer, input: &[usize], context: Context) -> Vec<Choice> {
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

fn pool_all(kind: PoolKind, input: &[usize]) -> Choice {
    let output = input.last().map(|&channels| vec![channels]).unwrap_or_default();
    Choice { parts: vec![Part::PoolAll(kind)], output, cost: 0 }
}

/// A mean to a printed size: of the whole map, of equal windows, or of nothing where it has that size.
fn adaptive(layer: &Layer, input: &[usize]) -> Vec<Choice> {
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

/// Fully connected layers: with the units that are printed, or those that the parameters say.
fn fcs(layer: &Layer, input: &[usize], context: Context) -> Vec<Choice> {
    let inputs = input.iter().fold(1, |product: usize, &size| product.saturating_mul(size));
    let printed = layer.output.as_ref().and_then(|output| output.value.last().copied());
    let count = layer.parameters.as_ref().and_then(|(number, _)| number.value()).filter(|&count| count > 0);
    let mut units: Vec<usize> = printed.into_iter().collect();
    for each in [inputs as u128 + 1, inputs as u128] {
        let said =
            count.filter(|count| count.is_multiple_of(each)).and_then(|count| usize::try_from(count / each).ok());
        units.extend(said.filter(|&said| Some(said) != printed && said <= 1_000_000));
    }
    let mut choices = Vec::new();
    for units in units {
        for bias in [true, false] {
            let weights = inputs.saturating_mul(units);
            let biases = if bias { units } else { 0 };
            let cost =
                wrong_count(layer, weights, biases, context) + wrong_operations(layer, weights, biases, 1, context);
            let part = if bias { Part::Fc(Stated::usual(units)) } else { Part::Word(format!("fc {units} nobias")) };
            choices.push(Choice { parts: vec![part], output: vec![units], cost: cost + u32::from(!bias) });
        }
    }
    choices
}

/// A 1×1 convolution without a bias, and its normalisation.
fn projections(layer: &Layer, input: &[usize], context: Context) -> Vec<Choice> {
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

/// Zeros around a map, as many as its printed size has.
fn padded(layer: &Layer, input: &[usize]) -> Vec<Choice> {
    let printed = layer.output.as_ref().map(|output| output.value.clone());
    let grown = |pad: usize, cost: u32| {
        let (&channels, sides) = input.split_last()?;
        let output = sides.iter().map(|side| side.saturating_add(2 * pad)).chain([channels]).collect();
        Some(Choice { parts: vec![Part::Word(format!("pad {pad}"))], output, cost })
    };
    let wanted = printed.zip(input.first()).and_then(|(printed, side)| printed.first()?.checked_sub(*side));
    let pads = wanted.map(|more| more / 2).into_iter().chain([1, 3, 2]).filter(|&pad| pad > 0 && pad < 64);
    pads.enumerate().filter_map(|(turn, pad)| grown(pad, u32::from(turn > 0))).collect()
}

fn upsampled(layer: &Layer, input: &[usize]) -> Vec<Choice> {
    let Some((&channels, sides)) = input.split_last() else { return Vec::new() };
    let factors = layer.stride.as_ref().map_or_else(|| vec![2, 3, 4, 8], |stated| stated.value.clone());
    let grown = |factor: usize| Choice {
        parts: vec![Part::Word(format!("upsample {factor}"))],
        output: sides.iter().map(|side| side.saturating_mul(factor)).chain([channels]).collect(),
        cost: u32::from(factor != 2),
    };
    factors.into_iter().filter(|&factor| factor > 0 && factor < 64).map(grown).collect()
}

/// Several maps as one; where they do not fit, as the first.
fn joined(join: Join, inputs: &[&[usize]]) -> Choice {
    let mut output = inputs[0].to_vec();
    if join == Join::Concat {
        let channels =
            inputs.iter().filter_map(|input| input.last()).fold(0, |sum: usize, &size| sum.saturating_add(size));
        output.pop();
        output.push(channels);
    }
    let sides = |shape: &[usize]| shape[..shape.len().saturating_sub(1)].to_vec();
    let fits =
        |input: &&[usize]| if join == Join::Concat { sides(input) == sides(inputs[0]) } else { *input == inputs[0] };
    let cost = if inputs.iter().all(fits) { 0 } else { WRONG_SIZE };
    Choice { parts: Vec::new(), output, cost }
}
