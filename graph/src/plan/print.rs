//! The plan as `explain` shows it.

use std::fmt;

use super::{Phase, Place, Plan, Prepared, Slot, Step};
use crate::counted;
use crate::ids::NodeId;

/// Columns of a line, as far as a step's words fit.
const WIDTH: usize = 100;

impl fmt::Display for Slot {
    /// A range of bytes in the arena, in KiB with one decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |n: usize| n as f64 / 1024.0;
        write!(f, "{:.1}..{:.1}", kib(self.offset), kib(self.offset + self.len))
    }
}

impl fmt::Display for Plan {
    /// A head with the totals, then phase by phase a line a step: its last node, shape and kernel, where the value lies, its
    /// scratch; under it the neighbours that it computes as well, over it what it prepares.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |bytes: u64| bytes as f64 / 1024.0;
        writeln!(
            f,
            "plan of {} for {}: {} steps, f32, channels last",
            self.graph.name,
            self.machine,
            self.steps.len()
        )?;
        let (arena, states, kept) = (self.arena_bytes(), self.state_bytes(), self.kept_bytes());
        write!(f, "arena {:.1} KiB, states {:.1} KiB", kib(arena), kib(states))?;
        writeln!(f, ", kept {:.1} KiB; slots are KiB of the arena", kib(kept))?;
        let mut phase = None;
        for (i, step) in self.steps.iter().enumerate() {
            if phase != Some(self.phase(i)) {
                phase = Some(self.phase(i));
                self.write_phase(f, i)?;
            }
            for &id in &step.makes {
                self.write_prepared(f, &self.prepared[id.index()])?;
            }
            self.write_step(f, i, step)?;
        }
        Ok(())
    }
}

impl Plan {
    /// The heading of the phase that begins at this step.
    fn write_phase(&self, f: &mut fmt::Formatter<'_>, step: usize) -> fmt::Result {
        let gradients = if self.commit < self.steps.len() { self.gradients() } else { Vec::new() };
        let bytes: usize = gradients.iter().map(|gradient| self.bytes(gradient.value)).sum();
        let exchanged = format!("{}, {:.1} KiB", counted(gradients.len(), "gradient"), bytes as f64 / 1024.0);
        match self.phase(step) {
            Phase::Compute => writeln!(f, "-- compute --"),
            Phase::Exchange => writeln!(f, "-- exchange ({exchanged}) --"),
            Phase::Commit if self.exchange < self.commit => {
                writeln!(f, "-- commit: from here on states are written --")
            }
            Phase::Commit => {
                writeln!(f, "-- exchange ({exchanged}) --")?;
                writeln!(f, "-- commit: from here on states are written --")
            }
        }
    }

    /// A line for what is prepared.
    fn write_prepared(&self, f: &mut fmt::Formatter<'_>, made: &Prepared) -> fmt::Result {
        let of: Vec<String> = made.of.iter().map(|&id| self.name(id)).collect();
        let home = if made.is_kept { "kept" } else { "at" };
        writeln!(f, "      prepare {}: {} {home} {}", of.join(", "), made.form, made.slot())
    }

    /// A value's name: the state's, or its number.
    fn name(&self, id: NodeId) -> String {
        match self.place(id) {
            Place::State(state) => self.graph.states[state.index()].name.clone(),
            _ => format!("%{}", id.0),
        }
    }

    /// The lines of a step.
    fn write_step(&self, f: &mut fmt::Formatter<'_>, i: usize, step: &Step) -> fmt::Result {
        let (last, fused) = step.nodes.split_last().expect("a step computes something");
        let node = self.graph.node(*last);
        let layer = node.layer.map_or("", |l| &self.graph.layers[l.index()].name);
        let (word, shape, kernel) = (node.op.word(), node.shape.to_string(), step.kernel.to_string());
        let number = last.0;
        let what =
            format!("{i:4} %{number:<4} {word:<14} {layer:<9} {shape:<14} {kernel:<18} {}", self.where_is(*last));
        let scratch = step.workspace.map_or(String::new(), |slot| format!(", scratch {slot}"));
        if what.len() + scratch.len() <= WIDTH {
            writeln!(f, "{what}{scratch}")?;
        } else {
            writeln!(f, "{what}\n{:11}{}", "", &scratch[", ".len().min(scratch.len())..])?;
        }
        for &id in fused {
            let node = self.graph.node(id);
            let (word, shape) = (node.op.word(), node.shape.to_string());
            writeln!(f, "   + %{:<4} {word:<14} {:<9} {shape:<14} {:<18} {}", id.0, "", "", self.where_is(id))?;
        }
        Ok(())
    }

    /// Where a value lies, in words.
    fn where_is(&self, id: NodeId) -> String {
        match self.place(id) {
            Place::Arena(slot) => format!("at {slot}"),
            Place::State(s) => format!("into {}", self.graph.states[s.index()].name),
            Place::Input(_) => String::new(),
            Place::Inside => "not stored".into(),
        }
    }
}
