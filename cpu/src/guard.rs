//! The guard of a step: before states are written, all that the updates read is finite, and all that they give will be.
//!
//! What they give is not computed twice: bounds of what they read bound it. Where the bounds allow too much, they are
//! measured anew; where they still do, the updates are computed aside and looked at.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use fovea_graph::plan::{Place, Slot};
use fovea_graph::{Feed, NodeId, NotFinite, Plan, StateId};

use crate::memory::StateMemory;
use crate::ops::kernel::Kernel;
use crate::ops::{self, Call};
use crate::storage::{Earlier, Operands};
use crate::team::{CHUNK, Team};
use crate::threads::Threads;

/// Below this a bound is far enough from the end of f32 for every rounding on the way.
const LIMIT: f64 = 0.99 * f32::MAX as f64;

/// What is looked at.
pub struct Guard {
    /// What must be finite before states are written, and where it lies.
    watched: Vec<(NotFinite, Slot)>,
    /// Their largest magnitudes in the running step.
    largest: Vec<f64>,
    /// What each update reads.
    updates: Vec<Vec<Read>>,
    /// What each of them at most gives.
    bounds: Vec<f64>,
}

/// An operand of an update.
#[derive(Clone, Copy)]
enum Read {
    /// A state's old value.
    State(StateId),
    /// What is watched, by number.
    Watched(usize),
    /// What an earlier update gives, by number.
    Update(usize),
    /// Anything else: nothing is known of it.
    Other,
}

impl Guard {
    /// Over the updates of a plan.
    pub fn new(plan: &Plan) -> Self {
        let slot = |id: NodeId| match plan.place(id) {
            Place::Arena(slot) => Some(slot),
            _ => None,
        };
        let watched: Vec<(NotFinite, Slot)> =
            plan.watched().into_iter().filter_map(|(what, id)| Some((what, slot(id)?))).collect();
        let updated: HashMap<NodeId, usize> = plan.updates().enumerate().map(|(at, id)| (id, at)).collect();
        let looked_at: HashMap<_, usize> =
            watched.iter().enumerate().map(|(at, (_, slot))| ((slot.offset, slot.len), at)).collect();
        let read = |id: NodeId| match (updated.get(&id), plan.place(id)) {
            (Some(&earlier), _) => Read::Update(earlier),
            (None, Place::State(state)) => Read::State(state),
            (None, Place::Arena(slot)) => {
                looked_at.get(&(slot.offset, slot.len)).map_or(Read::Other, |&at| Read::Watched(at))
            }
            (None, _) => Read::Other,
        };
        let reads = |id: NodeId| plan.graph.node(id).inputs.iter().map(|&id| read(id)).collect();
        let updates: Vec<Vec<Read>> = plan.updates().map(reads).collect();
        Self { largest: vec![0.0; watched.len()], bounds: vec![0.0; updates.len()], watched, updates }
    }

    /// What is not finite, or would not be, if anything.
    pub fn look(
        &mut self,
        plan: &Plan,
        arena: &[f32],
        memory: &mut StateMemory,
        inputs: &[&[f32]],
        feed: &Feed<'_>,
        threads: &Threads,
    ) -> Option<NotFinite> {
        let team = &Team::new(threads, None);
        for ((what, slot), kept) in self.watched.iter().zip(&mut self.largest) {
            match largest(team, &arena[slot.floats()]) {
                Some(largest) => *kept = largest,
                None => return Some(what.clone()),
            }
        }
        if !self.is_bounded(plan, &memory.bounds, feed) {
            for (bound, buffer) in memory.bounds.iter_mut().zip(&memory.buffers) {
                *bound = largest(team, buffer.as_slice()).unwrap_or(f64::INFINITY);
            }
            if !self.is_bounded(plan, &memory.bounds, feed) {
                let spoiled = spoiled(plan, arena, memory, inputs, feed, team);
                if spoiled.is_some() {
                    return spoiled;
                }
            }
        }
        for (id, &bound) in plan.updates().zip(&self.bounds) {
            if let Place::State(state) = plan.place(id) {
                memory.bounds[state.index()] = if bound <= LIMIT { bound } else { f64::INFINITY };
            }
        }
        None
    }

    /// Whether no update can give what is not finite, as far as bounds tell.
    fn is_bounded(&mut self, plan: &Plan, states: &[f64], feed: &Feed<'_>) -> bool {
        let mut all = true;
        for (i, (id, reads)) in plan.updates().zip(&self.updates).enumerate() {
            let bound = |read: &Read| match *read {
                Read::State(state) => states[state.index()],
                Read::Watched(at) => self.largest[at],
                Read::Update(at) => self.bounds[at],
                Read::Other => f64::INFINITY,
            };
            let mut inputs = [f64::INFINITY; 3];
            inputs.iter_mut().zip(reads).for_each(|(input, read)| *input = bound(read));
            let bound = ops::bound(&plan.graph.node(id).op, inputs, feed);
            // What is not a number is no bound either.
            all &= bound <= LIMIT;
            self.bounds[i] = bound;
        }
        all
    }
}

/// Computes the updates aside, and says which of them gives what is not finite.
fn spoiled(
    plan: &Plan,
    arena: &[f32],
    memory: &StateMemory,
    inputs: &[&[f32]],
    feed: &Feed<'_>,
    team: &Team<'_>,
) -> Option<NotFinite> {
    let graph = &plan.graph;
    let mut made: HashMap<NodeId, Vec<f32>> = HashMap::new();
    for (i, updated) in plan.updates().enumerate() {
        let node = graph.node(updated);
        let value = |id: &NodeId| match (made.get(id), plan.place(*id)) {
            (Some(made), _) => &made[..],
            (None, Place::State(state)) => memory.buffers[state.index()].as_slice(),
            (None, Place::Input(input)) => inputs[input.index()],
            (None, Place::Arena(slot)) => &arena[slot.floats()],
            (None, Place::Inside) => &[],
        };
        let mut output = vec![0.0; node.shape.elements()];
        let (inputs, shapes): (Vec<_>, _) = (node.inputs.iter().map(value).collect(), graph.input_shapes(node));
        let operands = Operands {
            inputs: &inputs,
            prepared: &[],
            earlier: Earlier::default(),
            output: &mut output,
            workspace: &mut [],
            in_place: None,
        };
        let kernel = &Kernel::plain(0);
        ops::run_node(&node.op, Call { kernel, shapes: &shapes, shape: &node.shape, memory: operands, feed, team });
        if largest(team, &output).is_none() {
            return Some(plan.update_of(updated));
        }
        made.insert(updated, output);
        // A parameter's updates stand together: what no later one reads goes at once.
        let later = plan.updates().skip(i + 1);
        made.retain(|id, _| later.clone().any(|update| graph.node(update).inputs.contains(id)));
    }
    None
}

/// The largest magnitude, which does not depend on who looks at what; none where an element is no finite number.
fn largest(team: &Team<'_>, x: &[f32]) -> Option<f64> {
    const INFINITE: u32 = f32::INFINITY.to_bits();
    // Of positive numbers the larger has the larger bits, and what is no number has the largest.
    let most = AtomicU32::new(0);
    team.tasks(x.len().div_ceil(CHUNK), &mut [], 0, |task, _| {
        let piece = &x[task * CHUNK..x.len().min((task + 1) * CHUNK)];
        let bits = team.vectors().run(
            #[inline(always)]
            || piece.iter().fold(0, |most: u32, x| most.max(x.abs().to_bits())),
        );
        most.fetch_max(bits, Ordering::Relaxed);
    });
    let most = most.into_inner();
    (most < INFINITE).then(|| f64::from(f32::from_bits(most)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::simd::Instructions;

    #[test]
    fn the_largest_magnitude_is_found_among_many_and_what_is_no_number_too() {
        let threads = Threads::new(3, Instructions::best()).unwrap();
        let team = &Team::new(&threads, None);
        let mut x = vec![0.5; 3 * CHUNK];
        x[CHUNK + 7] = -2.0;
        assert_eq!(largest(team, &x), Some(2.0));
        for spoil in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            x[2 * CHUNK + 1] = spoil;
            assert_eq!(largest(team, &x), None);
        }
        assert_eq!(largest(team, &[]), Some(0.0));
    }
}
