//! `prune runs keep 5`

use fovea_graph::Span;
use fovea_train::Pruned;
use serde_json::json;

use super::{Checked, Events, Job};
use crate::display::number::{bytes, of};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::world::World;

struct Prune {
    keep: usize,
    span: Span,
}

/// There is nothing to check: what runs there are is known when it runs.
pub fn check(keep: usize, span: Span) -> Checked {
    Ok(Box::new(Prune { keep, span }))
}

impl Job for Prune {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let pruned = world.runs.prune(self.keep).at(self.span)?;
        pruned.removed.iter().for_each(|&number| world.removed(number));
        let Pruned { removed, kept, running, broken, bytes: freed } = &pruned;
        let numbers = |runs: &[u32]| runs.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        let mut lines = vec![match &removed[..] {
            [] => "no run is removed".to_string(),
            [only] => format!("run {only} is removed, {} freed", bytes(*freed)),
            several => {
                format!("{} are removed ({}), {} freed", of(several.len(), "run"), numbers(several), bytes(*freed))
            }
        }];
        let stay = [
            (kept, "the newest, and the best of each net and data"),
            (running, "still being trained"),
            (broken, "what cannot be read; `remove` takes it away by its number"),
        ];
        let stay = stay.into_iter().filter(|(runs, _)| !runs.is_empty());
        lines.extend(stay.map(|(runs, why)| format!("stay: {} ({why})", numbers(runs))));
        let data = json!({ "removed": removed, "kept": kept, "running": running, "broken": broken, "bytes": freed });
        Ok(Output::new("prune", lines.join("\n"), data))
    }
}
