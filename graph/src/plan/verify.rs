//! What is true of every plan. Runs on each plan in tests and debug builds.

use std::collections::BTreeMap;

use super::{Place, Plan, Slot, Step, owner};
use crate::ids::{NodeId, PreparedId};
use crate::op::Op;

impl Plan {
    /// What is true of every plan:
    ///
    /// 1. A step reads only inputs, states, what earlier steps wrote, and what it computes itself.
    /// 2. No slot is written while a value in it is still to be read, and what a step writes lies apart.
    /// 3. A state is written by the commit part alone, and its old value is not read by later steps.
    /// 4. A value that lies nowhere is read in its own step alone.
    /// 5. What is prepared is made before its first reader, of values that are there, and is still there at its last.
    pub fn verify(&self) -> Result<(), String> {
        let renewed = vec![false; self.graph.states.len()];
        let mut written = Written { arena: Held::default(), renewed, made: vec![false; self.prepared.len()] };
        for (i, step) in self.steps.iter().enumerate() {
            if step.nodes.is_empty() {
                return Err(format!("step {i} computes nothing"));
            }
            self.verify_prepared(i, step, &mut written)?;
            for input in self.inputs(step) {
                if !self.is_there(input, &written) {
                    return Err(format!("step {i} reads %{}, which is not there", input.0));
                }
            }
            self.verify_writes(i, step, &mut written)?;
        }
        for (name, id) in &self.graph.outputs {
            if let Place::Arena(_) | Place::Inside = self.place(*id)
                && !self.is_there(*id, &written)
            {
                return Err(format!("the output {name} is gone at the end"));
            }
        }
        Ok(())
    }

    /// What a step reads of other steps, of states and of inputs.
    fn inputs(&self, step: &Step) -> impl Iterator<Item = NodeId> {
        let inputs = step.nodes.iter().flat_map(|&id| &self.graph.node(id).inputs);
        inputs.copied().filter(|&input| !step.nodes.contains(&owner(&self.graph, input)))
    }

    /// Makes what a step wants made, if it may; and looks whether all that it reads of that is there.
    fn verify_prepared(&self, i: usize, step: &Step, written: &mut Written) -> Result<(), String> {
        for &id in &step.makes {
            let made = &self.prepared[id.index()];
            if made.of.iter().any(|&value| !self.is_there(value, written)) {
                return Err(format!("step {i} prepares what is not there"));
            }
            if !made.is_kept {
                let lost = written.arena.overlapping(made.slot()).any(|(.., held)| self.is_read(held, step));
                if lost {
                    return Err(format!("step {i} prepares over what it reads"));
                }
                written.arena.write(made.slot(), Content::Prepared(id));
            }
            written.made[id.index()] = true;
        }
        for &id in &step.reads {
            let made = &self.prepared[id.index()];
            let there = made.is_kept || written.arena.holds(made.slot(), Content::Prepared(id));
            if !written.made[id.index()] || !there {
                return Err(format!("step {i} reads what was not prepared"));
            }
        }
        Ok(())
    }

    /// Writes what a step writes, if it may.
    fn verify_writes(&self, i: usize, step: &Step, written: &mut Written) -> Result<(), String> {
        let mut slots: Vec<(Slot, Option<NodeId>)> = step.workspace.map(|slot| (slot, None)).into_iter().collect();
        for &id in &step.nodes {
            match self.place(id) {
                Place::Arena(slot) => slots.push((slot, Some(id))),
                Place::State(s) if i >= self.commit => written.renewed[s.index()] = true,
                Place::Inside if step.nodes.len() > 1 => {}
                _ => return Err(format!("step {i} writes where it must not")),
            }
        }
        for (n, (slot, _)) in slots.iter().enumerate() {
            if written.arena.overlapping(*slot).any(|(.., held)| self.is_read(held, step)) {
                return Err(format!("step {i} writes over its own input"));
            }
            if slots[..n].iter().any(|(other, _)| other.overlaps(*slot)) {
                return Err(format!("step {i} writes two values in one place"));
            }
        }
        for (slot, id) in slots {
            match id {
                Some(id) => written.arena.write(slot, Content::Value(id)),
                None => written.arena.clear(slot),
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
            (Place::Arena(slot), _) => written.arena.holds(slot, Content::Value(root)),
            (Place::Inside, _) => false,
        }
    }

    /// Whether a step reads what the arena holds.
    fn is_read(&self, held: Content, step: &Step) -> bool {
        match held {
            Content::Value(id) => self.inputs(step).any(|input| owner(&self.graph, input) == id),
            Content::Prepared(id) => step.reads.contains(&id),
        }
    }
}

/// What was written so far.
struct Written {
    arena: Held,
    /// The states that have their new value.
    renewed: Vec<bool>,
    /// What was prepared.
    made: Vec<bool>,
}

/// What lies in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Value(NodeId),
    Prepared(PreparedId),
}

/// What the arena holds: values that do not overlap, by where they begin, each with its slot's end.
#[derive(Default)]
struct Held(BTreeMap<usize, (usize, Content)>);

impl Held {
    fn holds(&self, slot: Slot, content: Content) -> bool {
        slot.len == 0 || self.0.get(&slot.offset) == Some(&(slot.offset + slot.len, content))
    }

    fn overlapping(&self, slot: Slot) -> impl Iterator<Item = (usize, usize, Content)> {
        let Slot { offset, len } = slot;
        let before = self.0.range(..offset + len).rev();
        before
            .map(|(&start, &(end, content))| (start, end, content))
            .take_while(move |&(_, end, _)| len > 0 && offset < end)
    }

    fn clear(&mut self, slot: Slot) {
        let gone: Vec<usize> = self.overlapping(slot).map(|(start, ..)| start).collect();
        for start in gone {
            self.0.remove(&start);
        }
    }

    fn write(&mut self, slot: Slot, content: Content) {
        self.clear(slot);
        if slot.len > 0 {
            self.0.insert(slot.offset, (slot.offset + slot.len, content));
        }
    }
}
