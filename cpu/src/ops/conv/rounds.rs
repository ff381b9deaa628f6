//! Convolutions one behind another, each with what follows it, for a few images of a batch at a time: in one step of inference.
//!
//! The maps of a whole batch go through memory: the first of MobileNet at batch 8 have 13 to 26 MB. Those of one image stay in the
//! third-level cache between the convolution that writes them and the one that reads them, and only they have a place: two maps
//! of so many images in turns.

use std::collections::BTreeMap;
use std::fmt;

use fovea_graph::plan::Group;
use fovea_graph::{Graph, NodeId, Op};

use super::{forward, fused, separable};
use crate::ops::Call;
use crate::ops::kernel::{Kernel, Way};
use crate::scratch::Scratch;
use crate::storage::{Earlier, NODES, Operands};
use crate::threads::Threads;

/// The most inputs that one of the parts has: 3 of each of two convolutions, and 8 of what follows each.
const INPUTS: usize = 22;

/// Several convolutions for some images at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounds {
    parts: Vec<Part>,
    /// Images of a round.
    images: usize,
    /// How many rounds.
    count: usize,
}

/// One step of each round.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    /// Its kernel, for the images of a round.
    kernel: Kernel,
    /// How many nodes it computes.
    nodes: usize,
    /// Elements of what it gives in a round.
    len: usize,
}

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.images == 1 { "" } else { "s" };
        write!(f, "{} image{plural} at a time: ", self.images)?;
        self.parts.iter().enumerate().try_for_each(|(number, part)| {
            let between = if number > 0 { " | " } else { "" };
            write!(f, "{between}{}", part.kernel)
        })
    }
}

impl Rounds {
    /// Elements of each of the two maps between parts.
    fn between(&self) -> usize {
        self.parts.iter().rev().skip(1).map(|part| part.len).max().unwrap_or(0)
    }
}

/// Multiply–adds of a step.
fn work(graph: &Graph, nodes: &[NodeId]) -> usize {
    let of = |&id: &NodeId| match &graph.node(id).op {
        Op::Conv(_) => {
            let filters = graph.shape(graph.node(id).inputs[1]);
            elements(graph, id) * (filters.elements() / filters.dims()[0].max(1))
        }
        _ => 0,
    };
    nodes.iter().map(of).sum()
}

/// Elements of what a node gives.
fn elements(graph: &Graph, id: NodeId) -> usize {
    graph.shape(id).elements()
}

/// Of some steps, each a convolution or two with what follows, those that are better done in rounds; `next` is a value's only
/// reader.
pub fn groups<'a>(
    graph: &Graph,
    steps: impl Iterator<Item = &'a [NodeId]>,
    next: impl Fn(NodeId) -> Option<NodeId>,
    threads: &Threads,
) -> Vec<Group> {
    /// Elements of a map that is written to memory, and read from there.
    const LARGE: usize = 1 << 20;
    /// Multiply–adds for each of its elements, of the steps that write and read it, from which on that is little beside them: nets of
    /// 3×3 convolutions are a few percent slower in rounds.
    const MUCH: usize = 512;
    if !graph.updates.is_empty() {
        return Vec::new();
    }
    let is_worth = |map: NodeId, steps: [&[NodeId]; 2]| {
        let (work, map) = (steps.map(|nodes| work(graph, nodes)), elements(graph, map));
        (work[0] + work[1]) / map <= MUCH
    };
    // By their first nodes, from which on nothing large stands before.
    let mut steps: BTreeMap<NodeId, &[NodeId]> = steps.map(|nodes| (nodes[0], nodes)).collect();
    let mut groups = Vec::new();
    while let Some((_, first)) = steps.pop_first() {
        let (mut sequence, mut nodes) = (vec![first], first.len());
        while let Some(&before) = sequence.last()
            && let Some(&last) = before.last().filter(|&&last| elements(graph, last) >= LARGE)
            && let Some(reader) = next(last).filter(|&reader| graph.node(reader).inputs[0] == last)
            && let Some(&step) = steps.get(&reader)
            && nodes + step.len() <= NODES
            && is_worth(last, [before, step])
        {
            nodes += step.len();
            sequence.push(step);
        }
        if sequence.len() > 1
            && let Some(group) = group(graph, &sequence, threads)
        {
            sequence.iter().for_each(|step| _ = steps.remove(&step[0]));
            groups.push(group);
        }
    }
    groups
}

/// These steps in rounds.
fn group(graph: &Graph, steps: &[&[NodeId]], threads: &Threads) -> Option<Group> {
    /// Elements of the maps between in a round: at most, and where there is a choice.
    const MOST: usize = 1 << 20;
    const WANTED: usize = 1 << 19;
    let batch = graph.shape(*steps[0].first()?).dims()[0];
    let between = steps[..steps.len() - 1].iter().filter_map(|step| step.last());
    let image = between.map(|&id| elements(graph, id) / batch.max(1)).max()?;
    let images =
        (1..batch).rev().find(|&images| batch.is_multiple_of(images) && (images == 1 || images * image <= WANTED))?;
    if images * image > MOST {
        return None;
    }
    let (mut parts, mut wants, mut scratch) = (Vec::new(), Vec::new(), Scratch::default());
    let mut inputs = 0;
    for &nodes in steps {
        let kernel = fused::kernel_in_rounds(graph, nodes, batch / images, threads)?;
        wants.extend(kernel.wants.iter().map(|wanted| wanted.behind(inputs)));
        inputs += nodes.iter().map(|&id| graph.node(id).inputs.len()).sum::<usize>();
        scratch = scratch.either(kernel.scratch);
        let len = elements(graph, *nodes.last()?) / batch * images;
        parts.push(Part { kernel, nodes: nodes.len(), len });
    }
    let rounds = Rounds { parts, images, count: batch / images };
    let scratch = scratch.and(Scratch::shared(2 * rounds.between()));
    let nodes = steps.concat();
    let kernel = Kernel { way: Way::Rounds(Box::new(rounds)), scratch, wants };
    Some(Group { choice: kernel.choice(graph, &nodes, threads.count()), nodes })
}

/// Whether these nodes are the parts one behind another, of these sizes.
pub fn is_rounds(rounds: &Rounds, graph: &Graph, nodes: &[NodeId]) -> bool {
    let mut rest = nodes;
    let mut before = None;
    rounds.parts.iter().all(|part| {
        let Some((own, behind)) = rest.split_at_checked(part.nodes) else { return false };
        rest = behind;
        let (Some(&first), Some(&last)) = (own.first(), own.last()) else { return false };
        let follows = before.is_none_or(|before| graph.node(first).inputs.first() == Some(&before));
        before = Some(last);
        let is_part = match &part.kernel.way {
            Way::Conv(g, way, fused) => super::is_group(g, (way, *fused), rounds.count, graph, own),
            Way::Separable(pair) => super::is_separable(pair, rounds.count, graph, own),
            _ => false,
        };
        follows && is_part && elements(graph, last) == part.len * rounds.count
    }) && rest.is_empty()
}

/// All parts, round after round.
pub fn rounds(rounds: &Rounds, graph: &Graph, nodes: &[NodeId], call: Call<'_>) {
    let Operands { inputs, prepared, output, workspace, .. } = call.memory;
    let (between, workspace) = workspace.split_at_mut(2 * rounds.between());
    let (mut from, mut to) = between.split_at_mut(rounds.between());
    let last = rounds.parts.len() - 1;
    for round in 0..rounds.count {
        let (mut nodes, mut inputs, mut prepared) = (nodes, inputs, prepared);
        for (number, part) in rounds.parts.iter().enumerate() {
            let own = nodes.split_off(..part.nodes).unwrap_or(&[]);
            let made = prepared.split_off(..part.kernel.wants.len()).unwrap_or(&[]);
            let mut operands: [&[f32]; INPUTS] = [&[]; INPUTS];
            let count = pieces(graph, own, (round, rounds.count), inputs, &mut operands);
            inputs = &inputs[count..];
            if number > 0 {
                operands[0] = &from[..rounds.parts[number - 1].len];
            }
            let output = match number == last {
                true => &mut output[round * part.len..(round + 1) * part.len],
                false => &mut to[..part.len],
            };
            let (inputs, earlier) = (&operands[..count], Earlier::default());
            let memory =
                Operands { inputs, prepared: made, earlier, output, workspace: &mut *workspace, in_place: None };
            let call = Call { kernel: &part.kernel, memory, ..call };
            match (&part.kernel.way, own) {
                (Way::Separable(pair), _) => separable(pair, graph, own, call),
                (_, &[conv, ..]) => {
                    if let Op::Conv(op) = &graph.node(conv).op {
                        forward(op, call);
                    }
                }
                _ => unreachable!("checked when it is compiled"),
            }
            std::mem::swap(&mut from, &mut to);
        }
    }
}

/// What nodes read in a round: of maps their images, the rest as it is. Gives how many inputs that are.
fn pieces<'a>(
    graph: &Graph,
    nodes: &[NodeId],
    (round, count): (usize, usize),
    inputs: &[&'a [f32]],
    to: &mut [&'a [f32]; INPUTS],
) -> usize {
    let is_map = |id: NodeId| match graph.node(id).op {
        Op::Conv(_) => [true, false, false],
        Op::Add(_) => [true; 3],
        _ => [false; 3],
    };
    let each = nodes.iter().flat_map(|&id| {
        let of = is_map(id);
        (0..graph.node(id).inputs.len()).map(move |input| of.get(input).is_some_and(|&is| is))
    });
    let mut read = 0;
    for ((is_map, given), to) in each.zip(inputs).zip(to) {
        let len = given.len() / count;
        *to = if is_map { &given[round * len..(round + 1) * len] } else { given };
        read += 1;
    }
    read
}
