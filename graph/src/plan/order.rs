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

/// What one step is to compute.
#[derive(Clone, Copy)]
enum Part {
    Node(NodeId),
    /// The group of this number.
    Group(usize),
}

impl Part {
    fn nodes<'a>(&'a self, groups: &'a [Group]) -> &'a [NodeId] {
        match self {
            Part::Node(id) => std::slice::from_ref(id),
            Part::Group(number) => &groups[*number].nodes,
        }
    }
}

/// Every node that is computed, in the order of the steps.
pub(super) fn order(graph: &Graph, updates: &[Option<StateId>], groups: Vec<Group>) -> Vec<Unit> {
    let phases = phases(graph, updates);
    let mut groups = admitted(graph, &phases, groups);
    let parts = loop {
        match contracted(graph, updates, &phases, &groups) {
            Ok(parts) => break parts,
            Err(group) => drop(groups.remove(group)),
        }
    };
    let mut groups: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
    let unit = |part: Part| {
        let (nodes, choice) = match part {
            Part::Node(id) => (vec![id], None),
            Part::Group(number) => {
                let Group { nodes, choice } = groups[number].take().expect("a group is one step");
                (nodes, Some(choice))
            }
        };
        Unit { phase: phases[nodes[0].index()], nodes, choice }
    };
    parts.into_iter().map(unit).collect()
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
) -> Result<Vec<Part>, usize> {
    let mut group_of = vec![None; graph.nodes.len()];
    for (number, group) in groups.iter().enumerate() {
        group.nodes.iter().for_each(|id| group_of[id.index()] = Some(number));
    }
    // A group counts as standing where its last node stands.
    let part = |id: NodeId| match group_of[id.index()] {
        None => Some((phases[id.index()], Part::Node(id))),
        Some(number) if groups[number].nodes.last() == Some(&id) => Some((phases[id.index()], Part::Group(number))),
        Some(_) => None,
    };
    let mut parts: Vec<(Phase, Part)> = Vec::with_capacity(graph.nodes.len());
    parts.extend(graph.ids().filter(|&id| runs(graph, id)).filter_map(part));
    // Stable: within a phase the order stays.
    parts.sort_by_key(|&(phase, _)| phase);
    let parts: Vec<Part> = parts.into_iter().map(|(_, part)| part).collect();
    if groups.is_empty() {
        return Ok(parts);
    }
    let waits = Waits::new(graph, updates, parts.iter().map(|part| part.nodes(groups)));
    let order = waits.sorted();
    if order.len() < parts.len() {
        let group = |unit: usize| match parts[unit] {
            Part::Node(_) => None,
            Part::Group(number) => Some(number),
        };
        return Err(waits.circle(&order, group));
    }
    Ok(order.into_iter().map(|unit| parts[unit]).collect())
}

/// Which units wait for which.
struct Waits {
    /// How many there are.
    units: usize,
    /// Each with one that waits for it.
    pairs: Vec<[usize; 2]>,
}

impl Waits {
    fn new<'a>(
        graph: &Graph,
        updates: &[Option<StateId>],
        units: impl ExactSizeIterator<Item = &'a [NodeId]> + Clone,
    ) -> Self {
        let mut unit_of = vec![None; graph.nodes.len()];
        let mut writer = vec![None; graph.states.len()];
        for (number, nodes) in units.clone().enumerate() {
            for id in nodes {
                unit_of[id.index()] = Some(number);
                if let Some(state) = updates[id.index()] {
                    writer[state.index()] = Some(number);
                }
            }
        }
        let mut waits = Self { units: units.len(), pairs: Vec::with_capacity(2 * graph.nodes.len()) };
        for (number, nodes) in units.enumerate() {
            for &input in nodes.iter().flat_map(|&id| &graph.node(id).inputs) {
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
            self.pairs.push([first, then]);
        }
    }

    /// By unit, those that wait for it: from where on in one list, up to where the next one's begin.
    fn after(&self) -> (Vec<usize>, Vec<usize>) {
        let mut begins = vec![0; self.units + 1];
        self.pairs.iter().for_each(|&[first, _]| begins[first] += 1);
        let mut end = 0;
        for begin in &mut begins {
            end += *begin;
            *begin = end;
        }
        let mut all = vec![0; self.pairs.len()];
        for &[first, then] in &self.pairs {
            begins[first] -= 1;
            all[begins[first]] = then;
        }
        (begins, all)
    }

    /// All units that can be computed, each as early as its number says; those in and behind circles are left out.
    fn sorted(&self) -> Vec<usize> {
        let (begins, after) = self.after();
        let mut open = vec![0; self.units];
        self.pairs.iter().for_each(|&[_, then]| open[then] += 1);
        let free = open.iter().enumerate().filter(|&(_, &open)| open == 0);
        let mut ready: BinaryHeap<Reverse<usize>> = free.map(|(unit, _)| Reverse(unit)).collect();
        let mut order = Vec::with_capacity(self.units);
        while let Some(Reverse(unit)) = ready.pop() {
            order.push(unit);
            for &then in &after[begins[unit]..begins[unit + 1]] {
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
        let mut stuck = vec![true; self.units];
        sorted.iter().for_each(|&unit| stuck[unit] = false);
        // By unit: the first of those that it waits for which is stuck.
        let mut blocked = vec![None; self.units];
        for &[first, then] in self.pairs.iter().filter(|[first, _]| stuck[*first]) {
            blocked[then].get_or_insert(first);
        }
        let waiting = |unit: usize| blocked[unit];
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
