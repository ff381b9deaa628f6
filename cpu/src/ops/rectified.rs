//! The gradient of ReLU with its neighbours.
//!
//! Behind max-pooling: an element that wins its window is rectified where the largest of the window is, so ReLU's gradient is
//! taken on the small map: the large one is read once and written once, instead of three times and twice. With the sum over
//! positions that the bias wants: what is summed is not read again, and a sum of two gradients before it is not stored.

use std::fmt;

use fovea_graph::op::PoolKind;
use fovea_graph::plan::Group;
use fovea_graph::{Graph, NodeId, Op};

use super::norm::{Dy, Open};
use super::pool_gradient::Before;
use super::{Call, channels, pool_gradient};
use crate::ops::kernel::{Kernel, Way};
use crate::scratch::Scratch;

/// What goes with ReLU's gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rectified {
    /// It comes from the gradient of max-pooling.
    Pool,
    /// It is summed over positions.
    Sum {
        /// Whether it comes from a sum, which nobody else reads.
        add: bool,
    },
}

impl fmt::Display for Rectified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rectified::Pool => "rectified with the pool",
            Rectified::Sum { .. } => "rectified and summed in one pass",
        })
    }
}

/// Gradients of ReLU with their neighbours: behind pools first.
pub fn groups(graph: &Graph, readers: &[usize], threads: usize) -> Vec<Group> {
    let once = |id: NodeId| readers[id.index()] == 1;
    let pools = graph.ids().filter_map(|id| match graph.node(id).op {
        Op::ReluGrad(_) if once(graph.node(id).inputs[1]) => Some(vec![graph.node(id).inputs[1], id]),
        _ => None,
    });
    let sums = graph.ids().filter_map(|id| match graph.node(id).op {
        Op::ChannelSum(_) => {
            let gradient = graph.node(id).inputs[0];
            let sum = *graph.node(gradient).inputs.get(1)?;
            let is_sum = once(sum) && matches!(graph.node(sum).op, Op::Add(_));
            Some(if is_sum { vec![sum, gradient, id] } else { vec![gradient, id] })
        }
        _ => None,
    });
    let group = |nodes: Vec<NodeId>| {
        let rectified = recognised(graph, &nodes)?;
        let scratch = match rectified {
            Rectified::Pool => 0,
            Rectified::Sum { .. } => channels::workspace(graph.shape(nodes[0]), 1),
        };
        let kernel = Kernel::new(Way::Rectified(rectified), Scratch::shared(scratch));
        Some(Group { choice: kernel.choice(graph, &nodes, threads), nodes })
    };
    pools.chain(sums).filter_map(group).collect()
}

/// What these nodes, in this order, are together.
pub fn recognised(graph: &Graph, nodes: &[NodeId]) -> Option<Rectified> {
    let parts: Vec<(&Op, &[NodeId])> = nodes.iter().map(|&id| graph.node(id)).map(|n| (&n.op, &n.inputs[..])).collect();
    match parts[..] {
        [(Op::PoolGrad(op), pool), (Op::ReluGrad(_), relu)] => {
            let fits = op.pool.kind == PoolKind::Max && *relu == [pool[0], nodes[0]];
            fits.then_some(Rectified::Pool)
        }
        [(Op::ReluGrad(_), _), (Op::ChannelSum(_), sum)] => {
            (sum[0] == nodes[0]).then_some(Rectified::Sum { add: false })
        }
        [(Op::Add(_), _), (Op::ReluGrad(_), relu), (Op::ChannelSum(_), sum)] => {
            (relu[1] == nodes[0] && relu[0] != nodes[0] && sum[0] == nodes[1]).then_some(Rectified::Sum { add: true })
        }
        _ => None,
    }
}

/// Computes a group.
pub fn run(rectified: Rectified, graph: &Graph, nodes: &[NodeId], call: Call<'_>) {
    let first = graph.node(nodes[0]);
    match (rectified, &first.op) {
        (Rectified::Pool, Op::PoolGrad(op)) => {
            let shapes = [0, 1].map(|i| graph.shape(first.inputs[i]));
            pool_gradient::gradient(op, shapes, Before::Relu, call);
        }
        (Rectified::Sum { .. }, _) => sum(call),
        _ => unreachable!("checked when it is compiled"),
    }
}

/// ReLU's gradient, and its sum over positions.
fn sum(call: Call<'_>) {
    let mut memory = call.memory;
    let dy = match memory.inputs[..] {
        [a, b, z, _, _] => Dy { a, b: Some(b), open: Open::Above(z) },
        [z, a, _] => Dy { a, b: None, open: Open::Above(z) },
        _ => unreachable!("the graph has checked the arity"),
    };
    let stored = memory.earlier.last_mut().map(|stored| &mut **stored).unwrap_or_default();
    channels::sums_of_made(
        call.team,
        call.shapes[0],
        (memory.workspace, stored),
        #[inline(always)]
        |row, to| dy.row(row, to),
        (dy.a, None),
        #[inline(always)]
        |[dy, _], _| [dy],
        |c, [sum]| memory.output[c] = sum as f32,
    );
}
