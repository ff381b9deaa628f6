//! Batch normalisation with its neighbours: what belongs together goes through memory together.
//!
//! Reads and writes of a map: mean and variance take one pass instead of two (1 read for 2), scaling, the sum with a shortcut
//! and ReLU one instead of three (1 or 2 reads and 1 write for 4 and 3). Backward the gradients of ReLU, shift and scale take
//! one pass, and that of x another, in which ReLU's is worked out once more instead of stored. Where nothing was added to the
//! normalised map, what ReLU saw is worked out, too (4 reads and 1 write for 9 and 2; 6 reads behind a shortcut). Where others
//! read ReLU's gradient, the first pass stores it and the second reads it.
//!
//! Memory is the limit. 32 maps of 56² and 256 channels on one core, which reads 20 GB/s and moves 22 in a copy (`roof`): mean and
//! variance read 17 GB/s on AVX-512 and 20 on AVX2, normalising with ReLU moves 25 and 23; backward see there.
//!
//! Every sum is taken in the order of the ops alone, and every element goes through the same operations; only mean and
//! variance are other sums than theirs: see [`moments`].

mod backward;

use std::fmt;

use fovea_graph::op::BatchNorm;
use fovea_graph::plan::Group;
use fovea_graph::{Graph, NodeId, Op};

use super::Call;
use super::batch_norm::Normalised;
use super::channels::{self, chunk, lanes};
use super::moments::moments;
use crate::math::rectify;
use crate::ops::kernel::{Form, Kernel, Way};
use crate::scratch::Scratch;
pub use backward::{Dy, Open};

/// What of batch normalisation a step computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// Mean and variance.
    Moments,
    /// Its result, with a shortcut added or not, and ReLU's of that.
    Forward {
        /// Whether a shortcut is added.
        add: bool,
    },
    /// The gradients by shift, scale and x.
    Backward {
        /// Whether the gradient at its result is a sum, which nobody else reads.
        add: bool,
        /// Through what it comes.
        through: Through,
    },
}

/// Through what a gradient comes to a normalisation's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// Nothing.
    Nothing,
    /// ReLU of something, whose result is read.
    Relu,
    /// ReLU of the normalisation itself, which is worked out once more: multiplications cost less than reading.
    OwnRelu,
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Norm::Moments => "mean and variance in one pass",
            Norm::Forward { .. } => "normalised and rectified in one pass",
            Norm::Backward { through: Through::OwnRelu, .. } => "gradients in two passes, relu worked out anew",
            Norm::Backward { .. } => "gradients in two passes",
        })
    }
}

/// Batch normalisations and their neighbours in few steps.
pub fn groups(graph: &Graph, readers: &[usize]) -> Vec<Group> {
    let once = |id: NodeId| readers[id.index()] == 1;
    let candidates = |id: NodeId| -> [Option<Vec<NodeId>>; 2] {
        match &graph.node(id).op {
            Op::ChannelVariance(_) => [Some(vec![graph.node(id).inputs[1], id]), None],
            Op::Relu(_) => [forward(graph, id, once), None],
            // Of two that share ReLU's gradient it goes with the first alone.
            Op::BatchNormDgrad(_) => [backward(graph, id, once), gradients(graph, id)],
            _ => [None, None],
        }
    };
    let group = |nodes: Vec<NodeId>| {
        let (norm, x) = recognised(graph, &nodes)?;
        let shape = graph.shape(x);
        let rows = |many: usize| many * lanes(shape.channels());
        let scratch = match norm {
            Norm::Moments => channels::workspace(shape, 2),
            Norm::Forward { .. } => rows(3),
            // The sums, too, where only the gradient by x reads them.
            Norm::Backward { .. } => channels::workspace(shape, 2) + rows(4 + 3) + 2 * shape.channels(),
        };
        let mut kernel = Kernel::new(Way::Norm(norm), Scratch::shared(scratch));
        let mut others = Vec::new();
        if let Norm::Backward { through: Through::OwnRelu, .. } = norm {
            // Before it there may be a sum.
            let relu_grad = nodes.iter().copied().find(|&id| matches!(graph.node(id).op, Op::ReluGrad(_)))?;
            others.push(shift_behind(graph, relu_grad)?);
            let behind = nodes.iter().map(|&id| graph.node(id).inputs.len()).sum();
            kernel = kernel.with_wanted(behind, Form::Same, shape.channels());
        }
        Some(Group { choice: kernel.choice_with(graph, (&nodes, &others), 0), nodes })
    };
    graph.ids().flat_map(candidates).flatten().filter_map(group).collect()
}

/// The nodes before a ReLU that go with it.
fn forward(graph: &Graph, relu: NodeId, once: impl Fn(NodeId) -> bool) -> Option<Vec<NodeId>> {
    let is_norm = |id: NodeId| once(id) && matches!(graph.node(id).op, Op::BatchNorm(_));
    let before = graph.node(relu).inputs[0];
    match &graph.node(before).op {
        _ if is_norm(before) => Some(vec![before, relu]),
        Op::Add(_) if once(before) => {
            let norm = graph.node(before).inputs.iter().copied().filter(|&id| is_norm(id)).max()?;
            Some(vec![norm, before, relu])
        }
        _ => None,
    }
}

/// The gradients by scale, shift and x.
fn gradients(graph: &Graph, dgrad: NodeId) -> Option<Vec<NodeId>> {
    let [.., dscale, dshift] = graph.node(dgrad).inputs[..] else { return None };
    Some(vec![dscale, dshift, dgrad])
}

/// The same with the nodes before them that go with them.
fn backward(graph: &Graph, dgrad: NodeId, once: impl Fn(NodeId) -> bool) -> Option<Vec<NodeId>> {
    let [.., dy, _, _] = graph.node(dgrad).inputs[..] else { return None };
    let mut nodes = gradients(graph, dgrad)?;
    if let Op::ReluGrad(_) = graph.node(dy).op {
        nodes.insert(0, dy);
        let sum = graph.node(dy).inputs[1];
        if once(sum) && matches!(graph.node(sum).op, Op::Add(_)) {
            nodes.insert(0, sum);
        }
    }
    Some(nodes)
}

/// The shift of a normalisation that the ReLU of this gradient rectifies; one that is there before the step.
fn shift_behind(graph: &Graph, relu_grad: NodeId) -> Option<NodeId> {
    let norm = rectified_norm(graph, relu_grad)?;
    let shift = *graph.node(norm).inputs.last()?;
    matches!(graph.node(shift).op, Op::State(_) | Op::Input(_)).then_some(shift)
}

/// The normalisation that the ReLU of this gradient rectifies.
fn rectified_norm(graph: &Graph, relu_grad: NodeId) -> Option<NodeId> {
    let relu = graph.node(graph.node(relu_grad).inputs[0]);
    let before = *relu.inputs.first().filter(|_| matches!(relu.op, Op::Relu(_)))?;
    matches!(graph.node(before).op, Op::BatchNorm(_)).then_some(before)
}

/// Through what the gradient comes behind a gradient of ReLU to a normalisation of x, mean, variance and scale.
fn through(graph: &Graph, relu_grad: NodeId, x: &[NodeId], eps: f64) -> Through {
    let is_own = |norm: NodeId| {
        let node = graph.node(norm);
        matches!(&node.op, Op::BatchNorm(op) if op.eps.to_bits() == eps.to_bits()) && node.inputs[..4] == *x
    };
    match shift_behind(graph, relu_grad).and_then(|_| rectified_norm(graph, relu_grad)) {
        Some(norm) if is_own(norm) => Through::OwnRelu,
        _ => Through::Relu,
    }
}

/// What these nodes, in this order, are together, and the map that is normalised.
pub fn recognised(graph: &Graph, nodes: &[NodeId]) -> Option<(Norm, NodeId)> {
    let parts: Vec<(&Op, &[NodeId])> = nodes.iter().map(|&id| graph.node(id)).map(|n| (&n.op, &n.inputs[..])).collect();
    match parts[..] {
        [(Op::ChannelMean(_), mean), (Op::ChannelVariance(_), variance)] => {
            (*variance == [mean[0], nodes[0]]).then_some((Norm::Moments, mean[0]))
        }
        [(Op::BatchNorm(_), norm), (Op::Relu(_), relu)] => {
            (*relu == [nodes[0]]).then_some((Norm::Forward { add: false }, norm[0]))
        }
        [(Op::BatchNorm(_), norm), (Op::Add(_), add), (Op::Relu(_), relu)] => {
            let fits = add.iter().filter(|&&id| id == nodes[0]).count() == 1 && *relu == [nodes[1]];
            fits.then_some((Norm::Forward { add: true }, norm[0]))
        }
        [
            ref before @ ..,
            (Op::BatchNormScaleGrad(_), scale),
            (Op::ChannelSum(_), shift),
            (Op::BatchNormDgrad(op), dgrad),
        ] => {
            let own = before.len();
            let dy = shift[0];
            let fits = scale[3] == dy && dgrad[..3] == scale[..3] && dgrad[4..] == [dy, nodes[own], nodes[own + 1]];
            let (add, relu) = match before {
                [] => (false, false),
                [(Op::ReluGrad(_), _)] => (false, dy == nodes[0]),
                [(Op::Add(_), _), (Op::ReluGrad(_), relu)] => (relu[1] == nodes[0], dy == nodes[1]),
                _ => return None,
            };
            let fits = fits && own == usize::from(add) + usize::from(relu) && (!relu || scale[0] != dy);
            let through = if relu { through(graph, dy, &dgrad[..4], op.eps) } else { Through::Nothing };
            fits.then_some((Norm::Backward { add, through }, scale[0]))
        }
        _ => None,
    }
}

/// Computes a group.
pub fn run(norm: Norm, graph: &Graph, nodes: &[NodeId], call: Call<'_>) {
    let op = |back: usize| &graph.node(nodes[nodes.len() - back]).op;
    match (norm, op(nodes.len()), op(nodes.len().min(3)), op(1)) {
        (Norm::Moments, ..) => run_moments(graph, nodes, call),
        (Norm::Forward { .. }, Op::BatchNorm(op), ..) => run_forward(op, call),
        (Norm::Backward { add, through }, _, Op::BatchNormScaleGrad(scale), Op::BatchNormDgrad(dgrad)) => {
            backward::run((scale, dgrad), (add, through), call);
        }
        _ => unreachable!("checked when it is compiled"),
    }
}

fn run_moments(graph: &Graph, nodes: &[NodeId], call: Call<'_>) {
    let shape = graph.shape(graph.node(nodes[0]).inputs[0]);
    let mut memory = call.memory;
    let ([means], variances) = (memory.earlier.split_at_mut(1).0, memory.output) else {
        unreachable!("there are two nodes")
    };
    moments(call.team, shape, memory.workspace, memory.inputs[0], |c, mean, variance| {
        if let Some(to) = means.get_mut(c) {
            *to = mean as f32;
        }
        variances[c] = variance as f32;
    });
}

fn run_forward(op: &BatchNorm, call: Call<'_>) {
    let memory = call.memory;
    let [x, mean, variance, scale, shift, ref rest @ ..] = memory.inputs[..] else {
        unreachable!("the graph has checked the arity")
    };
    let other = rest.iter().copied().find(|other| !other.is_empty());
    let lanes = lanes(mean.len());
    let by_channel = Normalised::new(memory.workspace, op, [mean, variance, scale, shift]);
    call.team.chunks(memory.output, chunk(lanes), |start, out| {
        call.team.vectors().run(
            #[inline(always)]
            || {
                for (row, y) in out.chunks_mut(lanes).enumerate() {
                    let from = start + row * lanes..start + row * lanes + y.len();
                    let norm = y.iter_mut().zip(by_channel.row(&x[from.clone()]));
                    match other {
                        // Row after row, not element by element: two maps come out of memory faster so.
                        Some(other) => {
                            norm.for_each(|(y, norm)| *y = norm);
                            y.iter_mut().zip(&other[from]).for_each(|(y, o)| *y = rectify(*y + o));
                        }
                        // In one loop: with one of its own for ReLU it took AVX2 five times as long in a cache.
                        None => norm.for_each(|(y, norm)| *y = rectify(norm)),
                    }
                }
            },
        );
    });
}
