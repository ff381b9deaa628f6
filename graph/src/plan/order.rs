//! The order of a plan's steps: the graph's own, with the neighbours that a backend fuses put together.
//!
//! First comes all that is computed from the batch, then what is computed from all gradients together, last what writes
//! states. A group stands where all that it reads is there (A. Kahn, "Topological sorting of large networks", 1962); one
//! that would wait for itself is taken apart.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Choice, Group, Phase, owner};
use crate::graph::Graph;
use crate::ids::{NodeId, StateId};
use crate::op::Op;

/// What one step computes.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub nodes: Vec<NodeId>,
    pub phase: Phase,
    /// The kernel of a group.
    pub choice: Option<Choice>,
}

/// Every node that is computed, in the order of the steps.
pub(super) fn order(graph: &Graph, updates: &[Option<StateId>], groups: Vec<Group>) -> Vec<Unit> {
    let phases = phases(graph, updates);
    let mut groups = admitted(graph, &phases, groups);
    loop {
        match contracted(graph, updates, &phases, &groups) {
            Ok(order) => return order,
            Err(group) => drop(groups.remove(group)),
        }
    }
}

/// Whether a node has a step: what is given and what only looks at another value has none.
fn runs(graph: &Graph, id: NodeId) -> bool {
    !matches!(graph.node(id).op, Op::Input(_) | Op::State(_) | Op::Reshape(_))
}

/// Each node's phase.
fn phases(graph: &Graph, updates: &[Option<StateId>]) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::with_capacity(graph.nodes.len());
    for (node, update) in graph.nodes.iter().zip(updates) {
        let late = |input: &NodeId| phases[input.index()] == Phase::Exchange;
        phases.push(match node.op {
            _ if update.is_some() => Phase::Commit,
            Op::ClipFactor(_) => Phase::Exchange,
            _ if node.inputs.iter().any(late) => Phase::Exchange,
            _ => Phase::Compute,
        });
    }
    phases
}

/// The groups that are groups: of several nodes of one phase in the graph's order, none of which is in another before.
fn admitted(graph: &Graph, phases: &[Phase], groups: Vec<Group>) -> Vec<Group> {
    let mut taken = vec![false; if groups.is_empty() { 0 } else { graph.nodes.len() }];
    let mut admit = |group: &Group| {
        let nodes = &group.nodes;
        let known = nodes.iter().all(|id| id.index() < graph.nodes.len() && runs(graph, *id) && !taken[id.index()]);
        let fits = nodes.len() > 1
            && known
            && nodes.is_sorted_by(|a, b| a < b)
            && nodes.iter().all(|id| phases[id.index()] == phases[nodes[0].index()]);
        if fits {
            nodes.iter().for_each(|id| taken[id.index()] = true);
        }
        fits
    };
    groups.into_iter().filter(|group| admit(group)).collect()
}

/// The order where these groups are one step each, or the number of one that would wait for itself.
fn contracted(
    graph: &Graph,
    updates: &[Option<StateId>],
    phases: &[Phase],
    groups: &[Group],
) -> Result<Vec<Unit>, usize> {
    let mut group_of = vec![None; graph.nodes.len()];
    for (number, group) in groups.iter().enumerate() {
        group.nodes.iter().for_each(|id| group_of[id.index()] = Some(number));
    }
    let mut units: Vec<(Unit, Option<usize>)> = Vec::with_capacity(graph.nodes.len());
    for id in graph.ids().filter(|&id| runs(graph, id)) {
        let phase = phases[id.index()];
        match group_of[id.index()] {
            None => units.push((Unit { nodes: vec![id], phase, choice: None }, None)),
            // A group counts as standing where its last node stands.
            Some(number) if groups[number].nodes.last() == Some(&id) => {
                let Group { nodes, choice } = groups[number].clone();
                units.push((Unit { nodes, phase, choice: Some(choice) }, Some(number)));
            }
            Some(_) => {}
        }
    }
    // Stable: within a phase the order stays.
    units.sort_by_key(|(unit, _)| unit.phase);
    if groups.is_empty() {
        return Ok(units.into_iter().map(|(unit, _)| unit).collect());
    }
    let waits = Waits::new(graph, updates, &units);
    let order = waits.sorted();
    if order.len() < units.len() {
        return Err(waits.circle(&order, |unit| units[unit].1));
    }
    let mut units: Vec<Option<Unit>> = units.into_iter().map(|(unit, _)| Some(unit)).collect();
    Ok(order.into_iter().filter_map(|unit| units[unit].take()).collect())
}

/// Which units wait for which.
struct Waits {
    /// By unit: those that it waits for.
    before: Vec<Vec<usize>>,
    /// By unit: those that wait for it.
    after: Vec<Vec<usize>>,
}

impl Waits {
    fn new(graph: &Graph, updates: &[Option<StateId>], units: &[(Unit, Option<usize>)]) -> Self {
        let mut unit_of = vec![None; graph.nodes.len()];
        let mut writer = vec![None; graph.states.len()];
        for (number, (unit, _)) in units.iter().enumerate() {
            for id in &unit.nodes {
                unit_of[id.index()] = Some(number);
                if let Some(state) = updates[id.index()] {
                    writer[state.index()] = Some(number);
                }
            }
        }
        let mut waits = Self { before: vec![Vec::new(); units.len()], after: vec![Vec::new(); units.len()] };
        for (number, (unit, _)) in units.iter().enumerate() {
            for &input in unit.nodes.iter().flat_map(|&id| &graph.node(id).inputs) {
                let value = owner(graph, input);
                match graph.node(value).op {
                    // An old value is read before it is written over.
                    Op::State(state) => waits.add(Some(number), writer[state.index()]),
                    _ => waits.add(unit_of[value.index()], Some(number)),
                }
            }
        }
        waits
    }

    fn add(&mut self, first: Option<usize>, then: Option<usize>) {
        if let (Some(first), Some(then)) = (first, then)
            && first != then
        {
            self.before[then].push(first);
            self.after[first].push(then);
        }
    }

    /// All units that can be computed, each as early as its number says; those in and behind circles are left out.
    fn sorted(&self) -> Vec<usize> {
        let mut open: Vec<usize> = self.before.iter().map(Vec::len).collect();
        let free = open.iter().enumerate().filter(|&(_, &open)| open == 0);
        let mut ready: BinaryHeap<Reverse<usize>> = free.map(|(unit, _)| Reverse(unit)).collect();
        let mut order = Vec::with_capacity(open.len());
        while let Some(Reverse(unit)) = ready.pop() {
            order.push(unit);
            for &then in &self.after[unit] {
                open[then] -= 1;
                if open[then] == 0 {
                    ready.push(Reverse(then));
                }
            }
        }
        order
    }

    /// A group on a circle, where some units are not sorted.
    fn circle(&self, sorted: &[usize], group: impl Fn(usize) -> Option<usize>) -> usize {
        let mut stuck = vec![true; self.before.len()];
        sorted.iter().for_each(|&unit| stuck[unit] = false);
        let waiting = |unit: usize| self.before[unit].iter().copied().find(|&before| stuck[before]);
        // What is stuck waits for what is stuck: going back so often ends on a circle, and going on goes round it.
        let mut at = stuck.iter().position(|&stuck| stuck).expect("some unit is stuck");
        for _ in 0..stuck.len() {
            at = waiting(at).expect("what is stuck waits");
        }
        loop {
            match group(at) {
                Some(group) => return group,
                // Without a group the graph's own order would be a circle.
                None => at = waiting(at).expect("what is stuck waits"),
            }
        }
    }
}
