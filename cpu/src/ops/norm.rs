//! Batch normalisation with its neighbours: what belongs together goes through memory together.
//!
//! Reads and writes of a map: mean and variance take one pass instead of two (1 read for 2), scaling, the sum with a shortcut
//! and ReLU one instead of three (1 or 2 reads and 1 write for 4 and 3). Backward the gradients of ReLU, shift and scale take
//! one pass, and that of x another, in which ReLU's is worked out once more instead of stored (6 reads and 1 write for 9 and
//! 2); where others read ReLU's gradient, the first pass stores it and the second reads it.
//!
//! Every sum is taken in the order of the ops alone, and every element goes through the same operations; only mean and
//! variance are other sums than theirs: see [`moments`].

use std::fmt;
use std::ops::Range;

use fovea_graph::op::{BatchNorm, BatchNormDgrad, BatchNormScaleGrad};
use fovea_graph::plan::Group;
use fovea_graph::{Graph, NodeId, Op};

use super::Call;
use super::batch_norm::{Normalised, deviation, gradient_row, gradient_rows};
use super::channels::{self, STRIP, chunk, lanes};
use super::moments::moments;
use crate::ops::kernel::{Form, Kernel, Way};
use crate::scratch::Scratch;

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
            Norm::Backward { .. } => "gradients in two passes",
        })
    }
}

/// Batch normalisations and their neighbours in few steps.
pub fn groups(graph: &Graph) -> Vec<Group> {
    let readers = graph.readers();
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
            others.push(shift_behind(graph, nodes[0])?);
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
            run_backward((scale, dgrad), (add, through), call);
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
                    by_channel.row(&x[from.clone()], y);
                    match other {
                        Some(other) => y.iter_mut().zip(&other[from]).for_each(|(y, o)| *y = rectified(*y + o)),
                        None => y.iter_mut().for_each(|y| *y = rectified(*y)),
                    }
                }
            },
        );
    });
}

#[inline(always)]
fn rectified(x: f32) -> f32 {
    crate::math::rectify(x)
}

/// The gradient at the result of an op: `a`, or `a + b`, where ReLU let it through, if there is one.
#[derive(Clone, Copy)]
pub struct Dy<'a> {
    pub a: &'a [f32],
    pub b: Option<&'a [f32]>,
    pub open: Open<'a>,
}

/// Where ReLU lets a gradient through.
#[derive(Clone, Copy)]
pub enum Open<'a> {
    /// There is none.
    Everywhere,
    /// Where its result is above zero.
    Above(&'a [f32]),
    /// Where the normalisation of x is, which is as it was: the same operations.
    Normalised(&'a [f32], Normalised<'a>),
}

impl Dy<'_> {
    /// Some of its elements, which lie in one row of lanes.
    #[inline(always)]
    pub fn row(&self, row: Range<usize>, to: &mut [f32]) {
        let a = &self.a[row.clone()];
        match self.b {
            None => self.open.through(row, a.iter().copied(), to),
            Some(b) => self.open.through(row.clone(), a.iter().zip(&b[row]).map(|(a, b)| a + b), to),
        }
    }
}

impl Open<'_> {
    #[inline(always)]
    fn through(&self, row: Range<usize>, dy: impl Iterator<Item = f32>, to: &mut [f32]) {
        match self {
            Self::Everywhere => to.iter_mut().zip(dy).for_each(|(to, dy)| *to = dy),
            Self::Above(z) => {
                to.iter_mut().zip(dy).zip(&z[row]).for_each(|((to, dy), z)| *to = if *z > 0.0 { dy } else { 0.0 });
            }
            Self::Normalised(x, by_channel) => {
                let [means, factors, shifts] = by_channel.lanes(row.start);
                let norm = x[row].iter().zip(means).zip(factors).zip(shifts);
                let norm = norm.map(|(((x, mean), factor), shift)| (x - mean) * factor + shift);
                to.iter_mut().zip(dy).zip(norm).for_each(|((to, dy), z)| *to = if z > 0.0 { dy } else { 0.0 });
            }
        }
    }
}

fn run_backward(
    (scale_op, op): (&BatchNormScaleGrad, &BatchNormDgrad),
    (add, through): (bool, Through),
    call: Call<'_>,
) {
    let (mut memory, relu) = (call.memory, through != Through::Nothing);
    let (before, own) = memory.inputs.split_at(2 * (usize::from(add) + usize::from(relu)));
    let [x, mean, variance, given, _, _, _, _, scale, ..] = own[..] else {
        unreachable!("the graph has checked the arity")
    };
    let count = memory.earlier.len();
    let (stored, sums) = memory.earlier.split_at_mut(count - 2);
    let [dscale, dshift] = sums else { unreachable!("there are two sums") };
    let (own_sums, workspace) = memory.workspace.split_at_mut(2 * mean.len());
    let (own_scale, own_shift) = own_sums.split_at_mut(mean.len());
    // Of frozen parameters and in gradients by pictures nobody else reads them: they have no place.
    let dscale = if dscale.is_empty() { own_scale } else { &mut **dscale };
    let dshift = if dshift.is_empty() { own_shift } else { &mut **dshift };
    let stored: &mut [f32] =
        if relu { stored.last_mut().map(|stored| &mut **stored).unwrap_or_default() } else { &mut [] };
    let (partial, by_channel) = workspace.split_at_mut(channels::workspace(call.shape, 2));
    let lanes = lanes(mean.len());
    let (forward, by_channel) = by_channel.split_at_mut(3 * lanes);
    let (a, b, z) = match *before {
        [a, b, z, _] => (a, Some(b), z),
        [z, a] => (a, None, z),
        _ => (given, None, given),
    };
    let open = match through {
        Through::Nothing => Open::Everywhere,
        Through::Relu => Open::Above(z),
        Through::OwnRelu => {
            let norm = BatchNorm { eps: op.eps, statistics: op.statistics };
            Open::Normalised(x, Normalised::new(forward, &norm, [mean, variance, scale, memory.prepared[0]]))
        }
    };
    let dy = Dy { a, b, open };
    let team = call.team;
    channels::sums_of_made(
        team,
        call.shape,
        (partial, &mut *stored),
        #[inline(always)]
        |row, to| dy.row(row, to),
        (x, Some(mean)),
        #[inline(always)]
        |[dy, x], mean| [dy, (x - mean) * dy],
        |c, [shift, scale]| {
            dshift[c] = shift as f32;
            dscale[c] = (scale / deviation(variance[c], scale_op.eps)) as f32;
        },
    );
    let dy = if stored.is_empty() { dy } else { Dy { a: stored, b: None, open: Open::Everywhere } };
    let n = call.shape.positions() as f64;
    let by_channel = gradient_rows(by_channel, op, n, [mean, variance, scale, dscale, dshift]);
    team.chunks(memory.output, chunk(lanes), |start, out| {
        team.vectors().run(
            #[inline(always)]
            || {
                for (row, dx) in out.chunks_mut(lanes).enumerate() {
                    for (strip, dx) in dx.chunks_mut(STRIP).enumerate() {
                        let (lane, from) = (strip * STRIP, start + row * lanes + strip * STRIP);
                        let mut gradient = [0.0; STRIP];
                        let gradient = &mut gradient[..dx.len()];
                        dy.row(from..from + dx.len(), gradient);
                        let by_channel = by_channel.map(|values| &values[lane..]);
                        gradient_row(op, by_channel, &x[from..from + dx.len()], gradient, dx);
                    }
                }
            },
        );
    });
}
