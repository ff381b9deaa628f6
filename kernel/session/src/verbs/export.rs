//! `export run 3 "run3.csv"`: a run's figures for other programs.

use std::path::PathBuf;

use fovea_dsl::verb;
use fovea_graph::{Span, counted};
use fovea_train::write_whole;
use serde_json::json;

use super::plot::{Which, which};
use super::runs::unread;
use super::weights::destination;
use super::{Checked, Events, Job};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::world::{Names, World};

struct Export {
    which: Which,
    run: Span,
    path: PathBuf,
    file: Span,
}

/// Checks that there is, or by then will be, such a run, and that the file's folder is there.
pub fn check(said: &verb::Export, names: &Names, world: &World) -> Checked {
    let which = which(&said.run, names, world)?;
    let (path, file) = destination(&said.path)?;
    Ok(Box::new(Export { which, run: said.run.span(), path, file }))
}

impl Job for Export {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let run = self.which.open(world, self.run)?;
        write_whole(&self.path, run.csv().as_bytes()).at(self.file)?;
        let (epochs, steps) = (run.epochs.len(), run.steps.len());
        let rows = [counted(epochs, "epoch"), counted(steps, "step")].join(" and ");
        let text = format!("run {}: {rows} exported", run.number);
        let text = [Some(text), unread(&run.unread)].into_iter().flatten().collect::<Vec<_>>().join("; ");
        let data = json!({ "run": run.number, "epochs": epochs, "steps": steps });
        Ok(Output::new("export", text, data).file(&self.path))
    }
}
