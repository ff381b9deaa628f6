//! The updates of one parameter and of its moments in one pass over memory: a piece's gradient, moments and values are
//! read once and written once, while they lie in the first cache.
//!
//! Bytes a parameter: sgd 12 read and 8 written where two passes take 20 and 8, adam 16 and 12 instead of 36 and 12. Each
//! element goes through the same operations in the same order as in passes of their own, so the bits are the same.

use std::fmt;

use fovea_graph::plan::{Choice, Group};
use fovea_graph::{Graph, NodeId, Op, StateId};

use super::{Call, adam, rmsprop, sgd};
use crate::ops::kernel::{Kernel, Way};
use crate::scratch::Scratch;
use crate::team::CHUNK;

/// Elements that a loop takes at a time: four arrays of them stay in a first cache of 32 KiB.
const PIECE: usize = 2048;

/// By which rule a parameter is updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Velocity and step.
    Sgd,
    /// The same, in Nesterov's form.
    Nesterov,
    /// Mean square, velocity and step.
    Rmsprop,
    /// Both moments and step.
    Adam,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rule::Sgd => "sgd",
            Rule::Nesterov => "nesterov",
            Rule::Rmsprop => "rmsprop",
            Rule::Adam => "adam",
        })
    }
}

/// The parameters' updates in one step each.
pub fn groups(graph: &Graph) -> Vec<Group> {
    let mut written = vec![None; graph.nodes.len()];
    graph.updates.iter().for_each(|&(state, id)| written[id.index()] = Some(state));
    // Of one rule there is one kernel.
    let mut known: Vec<(Rule, Choice)> = Vec::new();
    let group = |&(_, last): &(StateId, NodeId)| {
        let node = graph.node(last);
        let nodes = match node.op {
            Op::NesterovStep(_) => vec![node.inputs[2], last],
            Op::AdamStep(_) => vec![node.inputs[1], node.inputs[2], last],
            Op::SgdStep(_) => match graph.node(node.inputs[1]) {
                velocity if matches!(velocity.op, Op::RmsVelocity(_)) => vec![velocity.inputs[3], node.inputs[1], last],
                _ => vec![node.inputs[1], last],
            },
            _ => return None,
        };
        let rule = rule(graph, &nodes, |id| written[id.index()])?;
        let choice = match known.iter().find(|(one, _)| *one == rule) {
            Some((_, choice)) => choice.clone(),
            None => {
                let kernel = Kernel::new(Way::Updates(rule), Scratch::default());
                known.push((rule, kernel.choice(graph, &nodes, 0)));
                known[known.len() - 1].1.clone()
            }
        };
        Some(Group { choice, nodes })
    };
    graph.updates.iter().filter_map(group).collect()
}

/// The rule by which these nodes, in this order, update one parameter and its moments, each in place; `written` says which
/// state a node is the new value of.
pub fn rule(graph: &Graph, nodes: &[NodeId], written: impl Fn(NodeId) -> Option<StateId>) -> Option<Rule> {
    let updates = |&id: &NodeId, old: usize| match graph.node(graph.node(id).inputs[old]).op {
        Op::State(state) => written(id) == Some(state),
        _ => false,
    };
    let last = nodes.last()?;
    let moments = &nodes[..nodes.len() - 1];
    // Old moments stand third in their updates, the old value first in its.
    if !moments.iter().all(|id| graph.node(*id).inputs.len() > 2 && updates(id, 2)) || !updates(last, 0) {
        return None;
    }
    let parts: Vec<(&Op, &[NodeId])> = nodes.iter().map(|&id| graph.node(id)).map(|n| (&n.op, &n.inputs[..])).collect();
    // All read one value, one gradient and one factor of clipped gradients.
    let alike = |a: &[NodeId], b: &[NodeId], own: [usize; 2]| a[..2] == b[..2] && a[own[0]..] == b[own[1]..];
    match parts[..] {
        [(Op::SgdVelocity(_), v), (Op::SgdStep(_), step)] => (*step == [v[0], nodes[0]]).then_some(Rule::Sgd),
        [(Op::SgdVelocity(_), v), (Op::NesterovStep(_), step)] => {
            (step[2] == nodes[0] && alike(v, step, [3, 3])).then_some(Rule::Nesterov)
        }
        [(Op::AdamSquare(_), v), (Op::RmsVelocity(_), b), (Op::SgdStep(_), step)] => {
            let fits = b[3] == nodes[0] && alike(v, b, [3, 4]) && *step == [v[0], nodes[1]];
            fits.then_some(Rule::Rmsprop)
        }
        [(Op::AdamMean(_), m), (Op::AdamSquare(_), v), (Op::AdamStep(_), step)] => {
            (alike(m, v, [3, 3]) && *step == [m[0], nodes[0], nodes[1]]).then_some(Rule::Adam)
        }
        _ => None,
    }
}

/// Updates a parameter and its moments.
pub fn run(rule: Rule, graph: &Graph, nodes: &[NodeId], mut call: Call<'_>) {
    let op = |i: usize| nodes.get(i).map(|&id| &graph.node(id).op);
    let g = call.memory.inputs[1];
    // The first node's operands are value, gradient, old moment and, where gradients are clipped, their factor.
    let own = graph.node(nodes[0]).inputs.len();
    let clip = if own > 3 { call.memory.inputs[3][0] } else { 1.0 };
    let rate = |factor: f64| (call.feed.learning_rate * factor) as f32;
    match (rule, [op(0), op(1), op(2)]) {
        (Rule::Sgd, [Some(Op::SgdVelocity(velocity)), Some(Op::SgdStep(step)), _]) => {
            let (factors, rate) = ([velocity.momentum as f32, velocity.decay as f32, clip], rate(step.factor));
            pieces(&mut call, g, |w, [v, _], g| {
                sgd::velocity_of(factors, v, g, w);
                sgd::step_of(rate, w, v);
            });
        }
        (Rule::Nesterov, [Some(Op::SgdVelocity(velocity)), Some(Op::NesterovStep(step)), _]) => {
            let factors = [velocity.momentum as f32, velocity.decay as f32, clip];
            let last = [rate(step.factor), step.momentum as f32, step.decay as f32, clip];
            pieces(&mut call, g, |w, [v, _], g| {
                sgd::velocity_of(factors, v, g, w);
                sgd::nesterov_of(last, w, g, v);
            });
        }
        (Rule::Rmsprop, [Some(Op::AdamSquare(square)), Some(Op::RmsVelocity(velocity)), Some(Op::SgdStep(step))]) => {
            let squared = adam::moment_factors(square.beta, square.decay, clip);
            let factors = [velocity.momentum as f32, velocity.eps as f32, velocity.decay as f32, clip];
            let rate = rate(step.factor);
            pieces(&mut call, g, |w, [v, b], g| {
                adam::moment_of(squared, |g| g * g, v, g, w);
                rmsprop::velocity_of(factors, b, g, w, v);
                sgd::step_of(rate, w, b);
            });
        }
        (Rule::Adam, [Some(Op::AdamMean(mean)), Some(Op::AdamSquare(square)), Some(Op::AdamStep(step))]) => {
            let first = adam::moment_factors(mean.beta, mean.decay, clip);
            let second = adam::moment_factors(square.beta, square.decay, clip);
            let last = adam::step_factors(step, call.feed);
            pieces(&mut call, g, |w, [m, v], g| {
                adam::moment_of(first, |g| g, m, g, w);
                adam::moment_of(second, |g| g * g, v, g, w);
                adam::step_of(last, w, m, v);
            });
        }
        _ => unreachable!("checked when it is compiled"),
    }
}

/// Applies `f` to the pieces of a parameter, of its moments (the second is empty where there is one) and of its gradient.
fn pieces(call: &mut Call<'_>, g: &[f32], f: impl Fn(&mut [f32], [&mut [f32]; 2], &[f32]) + Sync) {
    let mut moments = call.memory.earlier.iter_mut();
    let mut moment = || moments.next().map(|moment| &mut **moment).unwrap_or_default();
    let (first, second, w) = (moment(), moment(), &mut *call.memory.output);
    let seconds = second.chunks_mut(CHUNK).map(Some).chain(std::iter::repeat_with(|| None));
    let tasks = w.chunks_mut(CHUNK).zip(first.chunks_mut(CHUNK)).zip(seconds).zip(g.chunks(CHUNK));
    let vectors = call.team.vectors();
    call.team.each(tasks, &mut [], 0, |(((w, first), second), g), _| {
        let second = second.unwrap_or_default();
        vectors.run(
            #[inline(always)]
            || {
                let mut seconds = second.chunks_mut(PIECE);
                for ((w, first), g) in w.chunks_mut(PIECE).zip(first.chunks_mut(PIECE)).zip(g.chunks(PIECE)) {
                    f(w, [first, seconds.next().unwrap_or_default()], g);
                }
            },
        );
    });
}
