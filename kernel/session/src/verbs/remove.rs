//! `remove run 3, run 4`

use fovea_dsl::verb::RunRef;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_train::{FileError, State, Writer};
use serde_json::json;

use super::{Checked, Events, Job};
use crate::display::number::bytes;
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::world::{Names, World};

struct Remove {
    /// By number; the newest where there is none.
    runs: Vec<(Option<u32>, Span)>,
}

/// Checks that there are, or by then may be, such runs, and that nobody writes them.
pub fn check(runs: &[RunRef], names: &Names, world: &World) -> Checked {
    let mut mistakes = Vec::new();
    for run in runs {
        match there(run, names, world) {
            Ok(()) => {}
            Err(Failure::Mistakes(found)) => mistakes.extend(found),
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    let number = |run: &RunRef| match *run {
        RunRef::Last(span) => (None, span),
        RunRef::Number(number, span) => (Some(number), span),
    };
    Ok(Box::new(Remove { runs: runs.iter().map(number).collect() }))
}

/// Whether there is such a run, which need not be one that can be read, and nobody writes it.
fn there(run: &RunRef, names: &Names, world: &World) -> Result<(), Failure> {
    let span = run.span();
    let number = match *run {
        RunRef::Number(number, _) => number,
        RunRef::Last(_) if names.runs > 0 => return Ok(()),
        RunRef::Last(_) => last(world, span)?,
    };
    let begun = world.runs.newest_ever().at(span)?.unwrap_or(0);
    match world.runs.look(number) {
        Some(run) => match run.state {
            State::Running(Writer { process }) => Err(FileError::Running { number, process }).at(span),
            _ => Ok(()),
        },
        None if number > begun && number <= begun.saturating_add(names.runs) => Ok(()),
        None => Err(FileError::NoRun { number, folder: world.runs.folder().to_path_buf() }).at(span),
    }
}

/// The last run's number.
fn last(world: &World, span: Span) -> Result<u32, Failure> {
    world.runs.last().at(span)?.ok_or_else(|| {
        let message = format!("there is no run in {}", world.runs.folder().display());
        Diagnostic::new(Stage::Verbs, span, message).help("`runs` lists what there is").into()
    })
}

impl Job for Remove {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let (mut removed, mut freed) = (Vec::new(), 0);
        for &(number, span) in &self.runs {
            let number = number.map_or_else(|| last(world, span), Ok)?;
            freed += world.runs.remove(number).at(span)?;
            removed.push(number);
            world.removed(number);
        }
        let numbers: Vec<String> = removed.iter().map(|number| format!("run {number}")).collect();
        let (are, verb) = (numbers.join(", "), if removed.len() == 1 { "is" } else { "are" });
        let text = format!("{are} {verb} removed, {} freed", bytes(freed));
        Ok(Output::new("remove", text, json!({ "runs": removed, "bytes": freed })))
    }
}
