//! Which updates may stand in one launch: those that see nothing of what others write.

use fovea_graph::plan::Place;
use fovea_graph::{Graph, NodeId, Op, Plan};

/// Whether `next` is made of the same tensors as these updates of one parameter, and follows them in its kernel.
pub(super) fn follows(graph: &Graph, nodes: &[NodeId], next: NodeId) -> bool {
    let inputs = |id: NodeId| &graph.node(id).inputs[..];
    match (&graph.node(next).op, nodes) {
        (Op::SgdStep(_), &[velocity]) if matches!(graph.node(velocity).op, Op::SgdVelocity(_)) => {
            inputs(next) == [inputs(velocity)[0], velocity]
        }
        (Op::NesterovStep(_), &[velocity]) if matches!(graph.node(velocity).op, Op::SgdVelocity(_)) => {
            inputs(next)[..2] == inputs(velocity)[..2]
                && inputs(next)[2] == velocity
                && inputs(next)[3..] == inputs(velocity)[3..]
        }
        (Op::RmsVelocity(_), &[square]) if matches!(graph.node(square).op, Op::AdamSquare(_)) => {
            inputs(next)[..2] == inputs(square)[..2]
                && inputs(next)[3] == square
                && inputs(next)[4..] == inputs(square)[3..]
        }
        (Op::SgdStep(_), &[square, velocity]) if matches!(graph.node(velocity).op, Op::RmsVelocity(_)) => {
            inputs(next) == [inputs(square)[0], velocity]
        }
        (Op::AdamSquare(_), &[mean]) if matches!(graph.node(mean).op, Op::AdamMean(_)) => {
            inputs(next)[..2] == inputs(mean)[..2] && inputs(next)[3..] == inputs(mean)[3..]
        }
        (Op::AdamStep(_), &[mean, square]) => inputs(next) == [inputs(mean)[0], mean, square],
        _ => false,
    }
}

/// Whether an update and those of another entry would see what the other writes.
pub(super) fn disturbs(plan: &Plan, nodes: &[NodeId], next: NodeId) -> bool {
    let place = |id: NodeId| plan.place(id);
    let reads = |id: NodeId| plan.graph.node(id).inputs.iter().map(|&input| place(input));
    nodes.iter().any(|&id| {
        overlap(place(id), place(next))
            || reads(next).any(|read| overlap(read, place(id)))
            || reads(id).any(|read| overlap(read, place(next)))
    })
}

/// The same for an update and those that it follows in one entry, in the order of one thread: there it may read what they
/// have made, and write over its own old value, which lies element by element where they read it.
pub(super) fn disturbs_own(plan: &Plan, nodes: &[NodeId], next: NodeId) -> bool {
    let place = |id: NodeId| plan.place(id);
    let inputs = |id: NodeId| plan.graph.node(id).inputs.iter().copied();
    let old = place(old_value(&plan.graph, next));
    nodes.iter().any(|&id| {
        overlap(place(id), place(next))
            || inputs(next).any(|input| !nodes.contains(&input) && overlap(place(input), place(id)))
            || inputs(id).any(|input| place(input) != old && overlap(place(input), place(next)))
    })
}

/// Which of its inputs an update may write over.
pub(super) fn old_value(graph: &Graph, update: NodeId) -> NodeId {
    let node = graph.node(update);
    match node.op {
        Op::SgdVelocity(_) | Op::AdamMean(_) | Op::AdamSquare(_) | Op::RmsVelocity(_) => node.inputs[2],
        _ => node.inputs[0],
    }
}

/// Whether two places share memory; what the host supplies is never written.
fn overlap(a: Place, b: Place) -> bool {
    match (a, b) {
        (Place::Arena(a), Place::Arena(b)) => a.overlaps(b),
        (Place::State(a), Place::State(b)) => a == b,
        _ => false,
    }
}
