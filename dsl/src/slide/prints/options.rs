//! Everything that a listed layer might do to what flows in, each with how much speaks against it.

use super::super::draft::{Join, Pad, Part, Pool, PoolKind, Stated};
use super::choice::{Choice, Context, WRONG_SIZE, wrong_count, wrong_operations, wrong_sizes};
use super::convs::{convs, deconvs, projections, separables};
use super::pools::{adaptive, pool_all, pools};
use super::{Layer, LayerKind, Tool};

/// What speaks against a pool that no line lists: a little more than against one wrong size.
const UNLISTED: u32 = 35;

/// The same before a layer that changes no size itself.
const RESIZED: u32 = 25;

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
        LayerKind::Separable => separables(layer, input, context),
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

/// A pool that halves the sides, what flows out of it, and what speaks against it where no line lists it.
fn halved(sides: &[usize], channels: usize) -> (Part, Vec<usize>, u32) {
    let pool = Pool {
        kind: PoolKind::Max,
        window: Stated::usual(vec![2; sides.len()]),
        stride: Stated::usual(vec![2]),
        pad: Stated::usual(Pad::By(0)),
    };
    (Part::Pool(pool), sides.iter().map(|side| side / 2).chain([channels]).collect(), UNLISTED)
}

/// The same behind what a program does between modules and no print lists: flattening, a pool.
fn unlisted(layer: &Layer, inputs: &[&[usize]], context: Context) -> Vec<Choice> {
    let [input @ [sides @ .., channels]] = inputs else { return Vec::new() };
    let before: Vec<(Part, Vec<usize>, u32)> = match &layer.kind {
        _ if sides.is_empty() => return Vec::new(),
        LayerKind::Word(_) | LayerKind::Nothing | LayerKind::Bn => {
            let length = input.iter().fold(1, |product: usize, &size| product.saturating_mul(size));
            let is_printed = |wanted: &[usize]| {
                [&layer.output, &layer.input].into_iter().flatten().any(|shape| shape.value == wanted)
            };
            let flat = (Part::Word("flatten".to_string()), vec![length], 1);
            // Such a layer changes no size: what its own size says speaks more than one wrong figure.
            let mean = (Part::PoolAll(PoolKind::Mean), vec![*channels], RESIZED);
            let (pool, half, _) = halved(sides, *channels);
            let mut all = vec![flat, mean, (pool, half, RESIZED)];
            all.retain(|(_, shape, _)| is_printed(shape));
            all
        }
        LayerKind::Conv | LayerKind::Fc => {
            let mut all = vec![halved(sides, *channels)];
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
