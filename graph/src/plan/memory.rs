//! What needs memory while a plan runs, and from when to when.

use std::collections::HashMap;

use super::arena::Lifetime;
use super::order::Unit;
use super::{Choice, Prepared, PreparedId, Type, owner};
use crate::graph::Graph;
use crate::ids::{NodeId, StateId};
use crate::op::Op;
use crate::stop::{Interrupted, Stop};

/// When each value that needs a slot is written and last read, in step numbers; `None` for all others.
pub(super) struct Values {
    pub lifetimes: Vec<Option<Lifetime>>,
    /// Which values nothing outside of their step reads.
    pub inside: Vec<bool>,
}

/// The values of a graph that is computed in this order.
pub(super) fn values(
    graph: &Graph,
    units: &[Unit],
    updates: &[Option<StateId>],
    stop: &dyn Stop,
) -> Result<Values, Interrupted> {
    let mut lifetimes: Vec<Option<Lifetime>> = vec![None; graph.nodes.len()];
    let mut inside = vec![false; graph.nodes.len()];
    for (step, unit) in units.iter().enumerate() {
        for id in unit.nodes.iter().filter(|id| updates[id.index()].is_none()) {
            let len = graph.shape(*id).elements() * Type::F32.bytes();
            lifetimes[id.index()] = Some(Lifetime { birth: step, death: step, len });
            inside[id.index()] = unit.nodes.len() > 1;
        }
    }
    let mut read = |id: NodeId, step: usize| {
        let value = owner(graph, id).index();
        if let Some(lifetime) = &mut lifetimes[value] {
            inside[value] &= lifetime.birth == step;
            lifetime.death = lifetime.death.max(step);
        }
    };
    for at in stop.each(units.iter().enumerate()) {
        let (step, unit) = at?;
        for &input in unit.nodes.iter().flat_map(|&id| &graph.node(id).inputs) {
            read(input, step);
        }
    }
    for (_, id) in &graph.outputs {
        read(*id, units.len());
    }
    for (lifetime, _) in lifetimes.iter_mut().zip(&inside).filter(|(_, inside)| **inside) {
        *lifetime = None;
    }
    Ok(Values { lifetimes, inside })
}

/// What kernels make of values before they can use them.
#[derive(Default)]
pub(super) struct Preparing {
    /// Each with its first and its last reader; their places are not given yet.
    pub made: Vec<(Prepared, [usize; 2])>,
    /// By step: which it makes before it runs, and which it reads.
    pub steps: Vec<[Vec<PreparedId>; 2]>,
}

/// Every preparation that the choices ask for, once for all readers of one form of the same values. What is made of states
/// that the plan itself does not write is kept from step to step.
pub(super) fn preparing(graph: &Graph, choices: &[Choice]) -> Preparing {
    let mut all = Preparing { made: Vec::new(), steps: vec![Default::default(); choices.len()] };
    let mut known: HashMap<Vec<NodeId>, Vec<PreparedId>> = HashMap::new();
    let mut written = vec![false; graph.states.len()];
    graph.updates.iter().for_each(|(state, _)| written[state.index()] = true);
    let mut state_nodes: HashMap<StateId, NodeId> = HashMap::new();
    for (step, choice) in choices.iter().enumerate() {
        for preparation in &choice.prepares {
            // One state may be a node more than once.
            let one = |&id: &NodeId| match graph.node(id).op {
                Op::State(state) => *state_nodes.entry(state).or_insert(id),
                _ => id,
            };
            let of: Vec<NodeId> = preparation.of.iter().map(one).collect();
            let is_kept = of.iter().all(|&id| match graph.node(owner(graph, id)).op {
                Op::State(state) => !written[state.index()],
                _ => false,
            });
            let same = known.entry(of.clone()).or_default();
            let found = same.iter().copied().find(|id| *all.made[id.index()].0.form == *preparation.form);
            let id = found.unwrap_or_else(|| {
                let (form, bytes) = (preparation.form.clone(), preparation.bytes);
                all.made.push((Prepared { of, form, bytes, is_kept, offset: 0 }, [step, step]));
                let id = PreparedId::new(all.made.len() - 1);
                all.steps[step][0].push(id);
                same.push(id);
                id
            });
            all.made[id.index()].1[1] = step;
            all.steps[step][1].push(id);
        }
    }
    all
}
