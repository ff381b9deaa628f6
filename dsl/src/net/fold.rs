//! What repeats in a net, found on its layers alone: names play no part. Two stretches are the same where they do the same,
//! layer by layer, on maps of the same size, with the same connections; numbers of channels that only follow from the
//! input, as in a DenseNet's blocks, may differ.

use std::ops::Range;

use fovea_graph::op::Pool;

use super::{Kind, Layer, Net};

/// A stretch of a net's layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Which layers, by position.
    pub layers: Range<usize>,
    /// What they are together.
    pub role: Role,
}

/// What a stretch of layers is.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// One layer.
    Layer,
    /// Branches from one layer that meet again in one, and the activation behind it.
    Block(Vec<Part>),
    /// The same several times, each time from where the time before it ended.
    Repeat(Repeat),
}

/// A stretch that stands there several times.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// Each time's layers, in order.
    pub times: Vec<Range<usize>>,
    /// The parts of the first time, where it changes the map's size or channels and the others do not: a residual stage's
    /// block with a stride and a projection.
    pub lead: Option<Vec<Part>>,
    /// The parts of the last time.
    pub body: Vec<Part>,
}

/// Patterns of more parts are not looked for.
const LONGEST: usize = 24;
/// Blocks within so many others stay apart.
const DEEPEST: usize = 64;

impl Net {
    /// The net's parts: repeats folded, branches that meet again together.
    pub fn parts(&self) -> Vec<Part> {
        let fold = Fold::new(self);
        fold.parts(0..self.layers.len(), 0, false)
    }

    /// Whether two stretches are of one kind: the same words, windows and connections, whatever their channels and strides.
    pub fn are_alike(&self, a: &Range<usize>, b: &Range<usize>) -> bool {
        a.len() == b.len()
            && a.clone().zip(b.clone()).all(|(one, other)| {
                let (one, other) = (&self.layers[one], &self.layers[other]);
                is_alike(&one.kind, &other.kind) && self.are_connected_alike(a.start, one, b.start, other)
            })
    }

    /// Whether two layers read the same places of their stretches; what lies outside is one place.
    fn are_connected_alike(&self, a: usize, one: &Layer, b: usize, other: &Layer) -> bool {
        let place = |start: usize, &input: &usize| input.checked_sub(start);
        one.inputs.len() == other.inputs.len()
            && one.inputs.iter().zip(&other.inputs).all(|(one, other)| place(a, one) == place(b, other))
    }
}

impl Kind {
    /// Whether it changes each value alone, or each channel: what stands behind a layer and leaves its shape.
    pub fn is_pointwise(&self) -> bool {
        matches!(
            self,
            Kind::Relu
                | Kind::Unary(_)
                | Kind::BatchNorm { .. }
                | Kind::Lrn(_)
                | Kind::Dropout { .. }
                | Kind::Softmax
                | Kind::Flatten
        )
    }
}

/// The same word and the same window.
fn is_alike(a: &Kind, b: &Kind) -> bool {
    match (a, b) {
        (
            Kind::Conv { size, dilate, groups, .. },
            Kind::Conv { size: other, dilate: as_dilate, groups: as_groups, .. },
        )
        | (
            Kind::Deconv { size, dilate, groups, .. },
            Kind::Deconv { size: other, dilate: as_dilate, groups: as_groups, .. },
        ) => size == other && dilate == as_dilate && (*groups == 1) == (*as_groups == 1),
        (Kind::Pool(Pool { kind, size, .. }), Kind::Pool(Pool { kind: as_kind, size: other, .. })) => {
            kind == as_kind && size == other
        }
        _ => a.word() == b.word(),
    }
}

/// A net that is being folded.
struct Fold<'a> {
    net: &'a Net,
    /// The last layer that reads each layer; itself where none does.
    last_reader: Vec<usize>,
    /// How many read each layer.
    readers: Vec<usize>,
}

impl<'a> Fold<'a> {
    fn new(net: &'a Net) -> Self {
        let mut last_reader: Vec<usize> = (0..net.layers.len()).collect();
        let mut readers = vec![0; net.layers.len()];
        for (at, layer) in net.layers.iter().enumerate() {
            for &input in &layer.inputs {
                last_reader[input] = at;
                readers[input] += 1;
            }
        }
        Self { net, last_reader, readers }
    }

    /// The parts of a stretch; one that is a block is not that block again.
    fn parts(&self, layers: Range<usize>, depth: usize, is_block: bool) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut at = layers.start;
        while at < layers.end {
            let is_same = is_block && at == layers.start;
            let end = if is_same || depth > DEEPEST { None } else { self.block(at, layers.clone()) };
            let part = match end {
                Some(end) => Part { layers: at..end, role: Role::Block(self.parts(at..end, depth + 1, true)) },
                None => Part { layers: at..at + 1, role: Role::Layer },
            };
            at = part.layers.end;
            parts.push(part);
        }
        let mut length = 1;
        while length <= LONGEST.min(parts.len() / 2) {
            let before = parts.len();
            parts = self.folded(parts, length);
            // What was folded may be part of a shorter pattern now.
            length = if parts.len() < before { 1 } else { length + 1 };
        }
        self.led(parts)
    }

    /// Where the block ends that begins at a layer: the layer reads a fork, and all that comes of the fork meets in a join.
    fn block(&self, at: usize, within: Range<usize>) -> Option<usize> {
        let &[entry] = &self.net.layers[at].inputs[..] else { return None };
        // Its first reader stands right behind the fork; of another one the first would be left outside.
        if self.readers[entry] < 2 || entry + 1 != at {
            return None;
        }
        let mut end = self.last_reader[entry];
        let mut next = at;
        while next < end {
            end = end.max(self.last_reader[next]);
            next += 1;
        }
        let from_here = |&input: &usize| input == entry || (at..=end).contains(&input);
        let inputs = |layer: usize| self.net.layers[layer].inputs.iter();
        let is_whole = end < within.end && (at..=end).all(|layer| inputs(layer).all(from_here));
        if !is_whole || inputs(end).len() < 2 {
            return None;
        }
        let is_activation = |layer: usize| matches!(self.net.layers[layer].kind, Kind::Relu | Kind::Unary(_));
        while end + 1 < within.end && is_activation(end + 1) && self.readers[end] == 1 {
            end += 1;
        }
        Some(end + 1)
    }

    /// Whether nothing but its last layer is read from outside, and it reads nothing but what stands right before it.
    fn is_link(&self, layers: &Range<usize>) -> bool {
        let Some(entry) = layers.start.checked_sub(1) else { return false };
        let leaks = |layer: usize| layer + 1 < layers.end && self.last_reader[layer] >= layers.end;
        let reads = |layer: usize| {
            self.net.layers[layer].inputs.iter().all(|&input| input == entry || layers.contains(&input))
                && !self.net.layers[layer].inputs.is_empty()
        };
        layers.clone().all(|layer| !leaks(layer) && reads(layer))
    }

    /// Whether two stretches do the same on maps of the same size.
    fn are_same(&self, a: &Range<usize>, b: &Range<usize>) -> bool {
        let is_same = |one: &Layer, other: &Layer| {
            let extent = |layer: &Layer| layer.output.len().saturating_sub(1);
            one.kind == other.kind
                && one.output.len() == other.output.len()
                && one.output[..extent(one)] == other.output[..extent(other)]
                && self.net.are_connected_alike(a.start, one, b.start, other)
        };
        a.len() == b.len()
            && a.clone().zip(b.clone()).all(|(one, other)| is_same(&self.net.layers[one], &self.net.layers[other]))
    }

    /// How often `length` parts from `at` on stand there, one time behind the other.
    fn times(&self, parts: &[Part], at: usize, length: usize) -> usize {
        let span = |turn: usize| {
            let from = at + turn * length;
            let parts = parts.get(from..from + length)?;
            Some(parts[0].layers.start..parts[length - 1].layers.end)
        };
        let Some(first) = span(0).filter(|first| self.is_link(first)) else { return 1 };
        let mut times = 1;
        while let Some(next) = span(times) {
            let before = next.start - 1;
            let goes_on = self.last_reader[before] < next.end && self.is_link(&next) && self.are_same(&first, &next);
            if !goes_on {
                break;
            }
            times += 1;
        }
        times
    }

    /// The parts, patterns of this length that repeat folded.
    fn folded(&self, parts: Vec<Part>, length: usize) -> Vec<Part> {
        let mut folded = Vec::with_capacity(parts.len());
        let mut at = 0;
        while at < parts.len() {
            let times = self.times(&parts, at, length);
            let begins =
                |at: usize| parts.get(at).is_some_and(|part| !self.net.layers[part.layers.start].kind.is_pointwise());
            // `relu - conv - relu - conv - relu` reads better from the first convolution on.
            let later = |&shift: &usize| begins(at + shift) && self.times(&parts, at + shift, length) == times;
            if times < 2 || !begins(at) && (1..length).any(|shift| later(&shift)) {
                folded.push(parts[at].clone());
                at += 1;
                continue;
            }
            let turn = |turn: usize| &parts[at + turn * length..at + (turn + 1) * length];
            let span = |parts: &[Part]| parts[0].layers.start..parts[parts.len() - 1].layers.end;
            let repeat = Repeat {
                times: (0..times).map(|number| span(turn(number))).collect(),
                lead: None,
                body: turn(times - 1).to_vec(),
            };
            let layers = span(&parts[at..at + times * length]);
            folded.push(Part { layers, role: Role::Repeat(repeat) });
            at += times * length;
        }
        folded
    }

    /// The parts, a stage's first block folded with the others of its stage.
    fn led(&self, parts: Vec<Part>) -> Vec<Part> {
        let mut led: Vec<Part> = Vec::with_capacity(parts.len());
        for part in parts {
            let (body, times) = match &part.role {
                Role::Repeat(Repeat { times, lead: None, body }) => (body.clone(), times.clone()),
                Role::Block(_) => (vec![part.clone()], vec![part.layers.clone()]),
                _ => {
                    led.push(part);
                    continue;
                }
            };
            let from = led.len().saturating_sub(body.len());
            if led.len() < body.len() || !self.leads(&led[from..], &body, &times[0]) {
                led.push(part);
                continue;
            }
            let lead = led.split_off(from);
            let first = lead[0].layers.start..times[0].start;
            let layers = first.start..part.layers.end;
            let repeat = Repeat { times: [vec![first], times].concat(), lead: Some(lead), body };
            led.push(Part { layers, role: Role::Repeat(repeat) });
        }
        led
    }

    /// Whether these parts are those of the body, but for a stride or a projection around it; `time` are the layers of
    /// the body's first time, which stand right behind.
    fn leads(&self, lead: &[Part], body: &[Part], time: &Range<usize>) -> bool {
        let is_kin =
            |(one, other): (&Part, &Part)| std::mem::discriminant(&one.role) == std::mem::discriminant(&other.role);
        let first = lead[0].layers.start..time.start;
        let is_bare = lead.iter().any(|part| matches!(part.role, Role::Repeat(_)));
        !is_bare && lead.iter().zip(body).all(is_kin) && self.is_link(&first) && self.is_widened(&first, time)
    }

    /// Whether one block is another with a stride, or with a projection around it.
    fn is_widened(&self, first: &Range<usize>, other: &Range<usize>) -> bool {
        let layers = |range: &Range<usize>| &self.net.layers[range.clone()];
        let output = |range: &Range<usize>| &self.net.layers[range.end - 1].output;
        if output(first) != output(other) || self.last_reader[first.end - 1] >= other.end {
            return false;
        }
        let mut rest = layers(other).iter().peekable();
        for layer in layers(first) {
            let is_next = rest.peek().is_some_and(|next| is_as_wide(&layer.kind, &next.kind));
            if is_next {
                rest.next();
            } else if !is_projection(&layer.kind) {
                return false;
            }
        }
        rest.peek().is_none()
    }
}

/// The same word, window and channels.
fn is_as_wide(a: &Kind, b: &Kind) -> bool {
    let channels = |kind: &Kind| match kind {
        Kind::Conv { filters, groups, .. } | Kind::Deconv { filters, groups, .. } => [*filters, *groups],
        Kind::Fc { units, .. } => [*units, 1],
        _ => [0, 1],
    };
    is_alike(a, b) && channels(a) == channels(b)
}

/// What may stand on the way around a block that changes sizes.
fn is_projection(kind: &Kind) -> bool {
    matches!(kind, Kind::Conv { .. } | Kind::BatchNorm { .. } | Kind::Pool(_) | Kind::Widen(_) | Kind::Frame(_))
}
