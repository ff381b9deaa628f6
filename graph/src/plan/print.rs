//! The plan as `explain` shows it.

use std::fmt;

use super::{Place, Plan, Slot};

impl fmt::Display for Slot {
    /// A range of bytes in the arena, in KiB with one decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |n: usize| n as f64 / 1024.0;
        write!(f, "{:.1}..{:.1}", kib(self.offset), kib(self.offset + self.len))
    }
}

impl fmt::Display for Plan {
    /// A head with the totals, then a line a step: the node, its kernel, where it lies, its scratch.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |bytes: u64| bytes as f64 / 1024.0;
        writeln!(
            f,
            "plan of {} for {}: {} steps, f32, channels last",
            self.graph.name,
            self.machine,
            self.steps.len()
        )?;
        writeln!(f, "arena {:.1} KiB, states {:.1} KiB", kib(self.arena_bytes()), kib(self.state_bytes()))?;
        for (i, step) in self.steps.iter().enumerate() {
            if i == self.commit {
                writeln!(f, "-- from here on states are written --")?;
            }
            let node = self.graph.node(step.node);
            let layer = node.layer.map_or("", |l| &self.graph.layers[l.index()].name);
            let place = match self.place(step.node) {
                Place::Arena(slot) => format!("at {slot}"),
                Place::State(s) => format!("into {}", self.graph.states[s.index()].name),
                Place::Input(_) => String::new(),
            };
            let scratch = step.workspace.map_or(String::new(), |slot| format!(", scratch {slot}"));
            writeln!(
                f,
                "{i:4}  %{:<4} {:<20} {:<10} {:<18} {:<16} {place}{scratch}",
                step.node.0,
                node.op.word(),
                layer,
                step.kernel.to_string(),
                node.shape.to_string(),
            )?;
        }
        Ok(())
    }
}
