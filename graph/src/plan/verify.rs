//! What is true of every plan. Runs on each plan in tests and debug builds.

use std::collections::BTreeMap;

use super::{Place, Plan, Slot, Step, owner};
use crate::ids::NodeId;
use crate::op::Op;

impl Plan {
    /// What is true of every plan:
    ///
    /// 1. A step reads only inputs, states and what earlier steps wrote.
    /// 2. No slot is written while a value in it is still to be read.
    /// 3. A state is written by the commit part alone, and its old value is not read after that.
    pub fn verify(&self) -> Result<(), String> {
        let mut written = Written { arena: Held::default(), renewed: vec![false; self.graph.states.len()] };
        for (i, step) in self.steps.iter().enumerate() {
            for &input in &self.graph.node(step.node).inputs {
                if !self.is_there(input, &written) {
                    return Err(format!("step {i} reads %{}, which is not there", input.0));
                }
            }
            match self.place(step.node) {
                Place::Arena(slot) => {
                    if self.overwrites_input(step, slot, &written.arena) {
                        return Err(format!("step {i} writes over its own input"));
                    }
                    if let Some(workspace) = step.workspace {
                        written.arena.clear(workspace);
                    }
                    written.arena.write(slot, step.node);
                }
                Place::State(s) if i >= self.commit => written.renewed[s.index()] = true,
                _ => return Err(format!("step {i} writes where it must not")),
            }
        }
        for (name, id) in &self.graph.outputs {
            if let Place::Arena(_) = self.place(*id)
                && !self.is_there(*id, &written)
            {
                return Err(format!("the output {name} is gone at the end"));
            }
        }
        Ok(())
    }

    /// Whether a value is where the plan says.
    fn is_there(&self, id: NodeId, written: &Written) -> bool {
        let root = owner(&self.graph, id);
        match (self.place(root), &self.graph.node(root).op) {
            (Place::Input(_), _) => true,
            (Place::State(s), Op::State(_)) => !written.renewed[s.index()],
            (Place::State(s), _) => written.renewed[s.index()],
            (Place::Arena(slot), _) => written.arena.holds(slot, root),
        }
    }

    /// Whether a step's value or scratch lies where a value lies that it reads.
    fn overwrites_input(&self, step: &Step, slot: Slot, arena: &Held) -> bool {
        let inputs = || self.graph.node(step.node).inputs.iter().map(|&id| owner(&self.graph, id));
        [Some(slot), step.workspace]
            .into_iter()
            .flatten()
            .any(|target| arena.overlapping(target).any(|(_, _, held)| inputs().any(|input| input == held)))
    }
}

/// What was written so far.
struct Written {
    arena: Held,
    /// The states that have their new value.
    renewed: Vec<bool>,
}

/// What the arena holds: values that do not overlap, by where they begin, each with its slot's end.
#[derive(Default)]
struct Held(BTreeMap<usize, (usize, NodeId)>);

impl Held {
    fn holds(&self, slot: Slot, id: NodeId) -> bool {
        slot.len == 0 || self.0.get(&slot.offset) == Some(&(slot.offset + slot.len, id))
    }

    fn overlapping(&self, slot: Slot) -> impl Iterator<Item = (usize, usize, NodeId)> {
        let Slot { offset, len } = slot;
        let before = self.0.range(..offset + len).rev();
        before.map(|(&start, &(end, id))| (start, end, id)).take_while(move |&(_, end, _)| len > 0 && offset < end)
    }

    fn clear(&mut self, slot: Slot) {
        let gone: Vec<usize> = self.overlapping(slot).map(|(start, ..)| start).collect();
        for start in gone {
            self.0.remove(&start);
        }
    }

    fn write(&mut self, slot: Slot, id: NodeId) {
        self.clear(slot);
        if slot.len > 0 {
            self.0.insert(slot.offset, (slot.offset + slot.len, id));
        }
    }
}
