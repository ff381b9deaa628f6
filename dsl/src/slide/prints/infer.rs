//! Finds for all layers of a print together what each of them does: the reading against which least speaks. A figure
//! that is
//! wrong speaks against the readings that explain it, and all that follows speaks for those that do not.

use super::super::draft::{Bytes, Part, Printed, Stated};
use super::super::number::Number;
use super::choice::{Choice, Context, WRONG_SIZE};
use super::options::choices;
use super::{Layer, LayerKind, Print};

/// The most readings that are kept of a layer.
const KEPT: usize = 6;

/// A reading that is worse than the best by this is dropped.
const MARGIN: u32 = 130;

/// The most combinations of several inputs' readings that are tried.
const COMBINED: usize = 12;

/// What speaks against an input that has not the printed size in bytes.
const WRONG_INPUT: u32 = 20;

/// The sides that pictures usually have, the likeliest first.
const SIDES: [usize; 12] = [224, 32, 28, 227, 299, 64, 256, 128, 96, 416, 512, 150];

/// What the layers of a print do.
pub struct Inferred {
    /// The shape of the input.
    pub input: Vec<usize>,
    /// What each layer does.
    pub parts: Vec<Vec<Part>>,
    /// The layers with a figure that it does not explain.
    pub wrong: Vec<usize>,
}

/// What a layer's output might be.
#[derive(Clone, Debug)]
struct State {
    parts: Vec<Part>,
    output: Vec<usize>,
    cost: u32,
    /// What of it speaks against the layer itself.
    own: u32,
    /// Which state of each layer that feeds it.
    from: Vec<usize>,
}

/// Finds what the layers do; an error is the position of a layer that nothing explains.
pub fn infer(print: &Print) -> Result<Inferred, usize> {
    let context = Context { tool: print.tool, wrong_count: wrong_count(print) };
    let starts = starts(print);
    let mut states: Vec<Vec<State>> = Vec::with_capacity(print.layers.len());
    for (at, layer) in print.layers.iter().enumerate() {
        let feeds = feeds(print, at);
        let mut found: Vec<State> = Vec::new();
        for from in combinations(&feeds, &states, &starts) {
            let inputs: Vec<&State> =
                feeds.iter().zip(&from).map(|(&feed, &state)| state_of(feed, state, &states, &starts)).collect();
            let shapes: Vec<&[usize]> = inputs.iter().map(|state| state.output.as_slice()).collect();
            let before = inputs.iter().map(|state| state.cost).sum::<u32>() - shared(&inputs);
            for Choice { parts, output, cost } in choices(layer, &shapes, context) {
                found.push(State { parts, output, cost: before.saturating_add(cost), own: cost, from: from.clone() });
            }
        }
        let kept = kept(found, layer.output.as_ref());
        if kept.is_empty() {
            return Err(at);
        }
        states.push(kept);
    }
    Ok(decided(print, &states, &starts))
}

/// What the inputs of a joint have in common is counted once: about the cheaper's cost.
fn shared(inputs: &[&State]) -> u32 {
    let costs = inputs.iter().map(|state| state.cost);
    let most = costs.clone().max().unwrap_or(0);
    costs.sum::<u32>() - most
}

/// The best states, one an output, and the best whose output is the printed one.
fn kept(mut found: Vec<State>, printed: Option<&Stated<Vec<usize>>>) -> Vec<State> {
    found.sort_by_key(|state| state.cost);
    let most = found.first().map_or(0, |state| state.cost.saturating_add(MARGIN));
    let is_printed = |state: &State| printed.is_some_and(|printed| printed.value == state.output);
    let mut kept: Vec<State> = Vec::new();
    for state in found {
        if state.cost > most {
            break;
        }
        let is_open = kept.len() < KEPT || is_printed(&state);
        if is_open && kept.iter().all(|known| known.output != state.output) {
            kept.push(state);
        }
    }
    kept
}

/// The layers that feed one; `None` is the network's input.
fn feeds(print: &Print, at: usize) -> Vec<Option<usize>> {
    match print.layers[at].from.as_slice() {
        [] => vec![at.checked_sub(1)],
        from => from.iter().map(|&from| Some(from).filter(|&from| from < at)).collect(),
    }
}

fn state_of<'a>(feed: Option<usize>, state: usize, states: &'a [Vec<State>], starts: &'a [State]) -> &'a State {
    &feed.map_or(starts, |feed| &states[feed])[state]
}

/// Which states of the layers that feed one are tried together.
fn combinations(feeds: &[Option<usize>], states: &[Vec<State>], starts: &[State]) -> Vec<Vec<usize>> {
    let counts: Vec<usize> = feeds.iter().map(|feed| feed.map_or(starts.len(), |feed| states[feed].len())).collect();
    let mut all = vec![vec![0; feeds.len()]];
    if let [count] = counts[..] {
        return (0..count).map(|state| vec![state]).collect();
    }
    // The best of each, with one other at a time.
    for (at, &count) in counts.iter().enumerate() {
        for state in 1..count.min(3) {
            if all.len() < COMBINED {
                let mut other = vec![0; feeds.len()];
                other[at] = state;
                all.push(other);
            }
        }
    }
    all
}

/// Goes back from the best of the last to what it took.
fn decided(print: &Print, states: &[Vec<State>], starts: &[State]) -> Inferred {
    let mut chosen: Vec<Option<usize>> = vec![None; states.len()];
    let mut start = None;
    for at in (0..states.len()).rev() {
        let state = &states[at][*chosen[at].get_or_insert(0)];
        for (feed, &from) in feeds(print, at).into_iter().zip(&state.from) {
            _ = match feed {
                Some(feed) => chosen[feed].get_or_insert(from),
                None => start.get_or_insert(from),
            };
        }
    }
    let parts = states.iter().zip(&chosen).map(|(states, chosen)| states[chosen.unwrap_or(0)].parts.clone()).collect();
    let own = |at: usize| states[at][chosen[at].unwrap_or(0)].own;
    let wrong = (0..states.len()).filter(|&at| own(at) >= WRONG_SIZE).collect();
    Inferred { wrong, input: starts[start.unwrap_or(0)].output.clone(), parts }
}

/// What speaks against a wrong count of parameters: much where the rows sum up to the printed total, little where
/// they do not.
fn wrong_count(print: &Print) -> u32 {
    let value = |number: &Number| number.value();
    let sum =
        print.layers.iter().filter_map(|layer| value(&layer.parameters.as_ref()?.0)).fold(0u128, u128::saturating_add);
    let total = print.totals.first().and_then(|claim| match &claim.value {
        Printed::Number(number) => value(number),
        _ => None,
    });
    match total {
        Some(total) if total == sum => 60,
        Some(_) => 20,
        None => 30,
    }
}

/// What the network's input might be.
fn starts(print: &Print) -> Vec<State> {
    let size = print.totals.iter().find_map(|claim| match &claim.value {
        Printed::Size(size) if size.of == Bytes::Input => Some(size),
        _ => None,
    });
    let state = |output: Vec<usize>, cost: u32| {
        let bytes = output.iter().fold(4u128, |product, &size| product.saturating_mul(size as u128));
        let is_wrong = size.is_some_and(|size| size.verdict(bytes).is_none());
        State {
            parts: Vec::new(),
            output,
            cost: cost + if is_wrong { WRONG_INPUT } else { 0 },
            own: 0,
            from: Vec::new(),
        }
    };
    let first = print.layers.first();
    let listed = first
        .and_then(|layer| if layer.kind == LayerKind::Input { layer.output.as_ref() } else { layer.input.as_ref() });
    if let Some(stated) = print.input.as_ref().or(listed) {
        // It may be wrong, as any figure may: what is near it first.
        let near = near(print, &stated.value).into_iter().map(|shape| (shape, 10));
        let others = near.chain(guessed(print).into_iter().map(|(shape, cost)| (shape, cost + 25)));
        let mut all = vec![state(stated.value.clone(), 0)];
        for (shape, cost) in others {
            if all.iter().all(|known| known.output != shape) {
                all.push(state(shape, cost));
            }
        }
        return all;
    }
    let all: Vec<State> = guessed(print).into_iter().map(|(shape, cost)| state(shape, cost)).collect();
    if all.is_empty() { vec![state(vec![224, 224, 3], 0)] } else { all }
}

/// Shapes that differ from a printed one in one size: that of the next layer's input, with all sides alike, in grey
/// or in
/// colour.
fn near(print: &Print, shape: &[usize]) -> Vec<Vec<usize>> {
    let second = print.layers.iter().skip(1).find_map(|layer| layer.input.as_ref()).map(|input| input.value.clone());
    let Some((&channels, sides)) = shape.split_last() else { return Vec::new() };
    let with = |side: usize, channels: usize| vec![side; sides.len()].into_iter().chain([channels]).collect::<Vec<_>>();
    let alike = sides.iter().map(|&side| with(side, channels));
    let coloured = [3, 1].into_iter().map(|channels| sides.iter().copied().chain([channels]).collect());
    second.into_iter().chain(alike).chain(coloured).collect()
}

/// Shapes that the first layers' figures allow, with what speaks against each.
fn guessed(print: &Print) -> Vec<(Vec<usize>, u32)> {
    let Some(first) = print.layers.iter().find(|layer| layer.kind != LayerKind::Input && layer.output.is_some()) else {
        return Vec::new();
    };
    let output = first.output.as_ref().map(|output| output.value.clone()).unwrap_or_default();
    match (first.kind.clone(), output.split_last()) {
        (LayerKind::Flatten, Some((&length, []))) => vectors(length),
        (LayerKind::Fc, Some((&units, _))) => fc_inputs(first, units),
        (LayerKind::Conv | LayerKind::Depthwise, Some((&filters, sides @ [side, ..]))) => {
            conv_inputs(first, filters, *side, sides.len())
        }
        _ => vec![(output, 0)],
    }
}

/// Pictures that flatten to so many numbers, or the vector itself.
fn vectors(length: usize) -> Vec<(Vec<usize>, u32)> {
    let picture = |&side: &usize| {
        let channels = (length / (side * side)).max(1);
        ((side * side * channels == length) && channels <= 3)
            .then(|| (vec![side, side, channels], u32::from(channels == 2)))
    };
    SIDES.iter().filter_map(picture).chain([(vec![length], 4)]).collect()
}

fn fc_inputs(first: &Layer, units: usize) -> Vec<(Vec<usize>, u32)> {
    let count =
        first.parameters.as_ref().and_then(|(number, _)| number.value()).and_then(|count| usize::try_from(count).ok());
    let Some(count) = count.filter(|_| units > 0) else { return vec![(vec![units], 0)] };
    let inputs = if count.is_multiple_of(units) { (count / units).saturating_sub(1) } else { count / units };
    vec![(vec![inputs.max(1)], 0)]
}

/// Maps of every side that a window and a stride bring to the printed one, with every number of channels that the
/// parameters allow.
fn conv_inputs(first: &Layer, filters: usize, side: usize, rank: usize) -> Vec<(Vec<usize>, u32)> {
    let count =
        first.parameters.as_ref().and_then(|(number, _)| number.value()).and_then(|count| usize::try_from(count).ok());
    let mut sides: Vec<(usize, u32)> = SIDES.iter().map(|&side| (side, 0)).collect();
    for window in [1, 3, 5, 7, 11] {
        for stride in [1, 2, 4] {
            // Nothing is added to the window where padding keeps the size.
            sides.push(((side - 1).saturating_mul(stride).saturating_add(window), 15));
        }
    }
    sides.extend([(side, 14), (side.saturating_mul(2), 15), (side.saturating_mul(4), 15)]);
    let mut channels: Vec<(usize, u32)> = vec![(3, 0), (1, 1)];
    for area in [9, 25, 49, 121, 1] {
        for rest in [0, 1] {
            let each = count.filter(|count| filters > 0 && count.is_multiple_of(filters)).map(|count| count / filters);
            let known = each
                .and_then(|each| each.checked_sub(rest))
                .filter(|each| each.is_multiple_of(area))
                .map(|each| each / area);
            channels.extend(known.filter(|&known| known > 0 && known != 3 && known != 1).map(|known| (known, 6)));
        }
    }
    let is_near = |&&(other, _): &&(usize, u32)| other >= side && other <= side.saturating_mul(8).saturating_add(16);
    let mut all: Vec<(Vec<usize>, u32)> = Vec::new();
    for &(side, cost) in sides.iter().filter(is_near) {
        for &(channels, more) in &channels {
            let shape: Vec<usize> = vec![side; rank].into_iter().chain([channels]).collect();
            if all.iter().all(|(known, _)| *known != shape) {
                all.push((shape, cost + more));
            }
        }
    }
    all
}
