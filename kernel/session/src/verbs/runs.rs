//! `runs`: what has been trained.

use std::time::SystemTime;

use fovea_graph::counted;
use fovea_train::{Best, Measure, Overview};
use serde_json::{Value, json};

use super::{Checked, Events, Job};
use crate::display::number::{self, bytes, count};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::when::{ago, utc};
use crate::world::World;
use fovea_graph::Span;

struct List(Span);

/// There is nothing to check: what runs there are is known when it runs.
pub fn check(span: Span) -> Checked {
    Ok(Box::new(List(span)))
}

impl Job for List {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let runs = world.runs.overview().at(self.0)?;
        let folder = world.runs.folder().display();
        let data = json!({ "runs": runs.iter().map(figures).collect::<Vec<_>>() });
        if runs.is_empty() {
            return Ok(Output::new("runs", format!("there is no run in {folder} yet: `train … on …` makes one"), data));
        }
        let total = runs.iter().map(|run| run.bytes).sum();
        let text = format!("{} in {folder}, {}", number::of(runs.len(), "run"), bytes(total));
        let broken = runs.iter().filter_map(|run| Some(format!("run {}: {}", run.number, run.record.as_ref().err()?)));
        let page = Page::default().table(table(&runs, SystemTime::now())).text(text);
        Ok(Output::page("runs", &broken.fold(page, |page, why| page.text(why)), data))
    }
}

/// A row a run.
fn table(runs: &[Overview], now: SystemTime) -> Table {
    let mut table = Table::new([
        Column::right("run"),
        Column::left("when"),
        Column::left("net").at_most(16),
        Column::left("data").at_most(12),
        Column::right("steps"),
        Column::left("best"),
        Column::right("size"),
        Column::left("state"),
    ]);
    for run in runs {
        let record = run.record.as_ref().ok();
        let or_dash = |text: Option<String>| text.unwrap_or("–".to_string());
        table.row([
            run.number.to_string(),
            or_dash(run.began.map(|began| ago(began, now))),
            or_dash(record.map(|record| record.info.net.clone())),
            or_dash(record.map(|record| record.info.data.clone())),
            or_dash(record.map(|record| count(record.steps_done()))),
            or_dash(record.and_then(|record| record.best()).map(|best| shown(&best))),
            bytes(run.bytes),
            run.state.word().to_string(),
        ]);
    }
    table
}

/// `97.5 %`, `loss 0.0123`
pub fn shown(best: &Best) -> String {
    match best.measure {
        share if share.is_share() => number::percent(best.value),
        // A list has no room for more words.
        Measure::ValidationLoss | Measure::TestLoss => format!("loss {}", number::figure(best.value)),
        loss => format!("{} {}", loss.words(), number::figure(best.value)),
    }
}

/// A run as data.
fn figures(run: &Overview) -> Value {
    let mut data = json!({
        "run": run.number,
        "net": null,
        "data": null,
        "steps": null,
        "epochs": null,
        "best": null,
        "state": run.state.word(),
        "bytes": run.bytes,
        "when": run.began.map(utc),
    });
    match &run.record {
        Err(why) => data["why"] = why.to_string().into(),
        Ok(record) => {
            data["net"] = record.info.net.as_str().into();
            data["data"] = record.info.data.as_str().into();
            data["steps"] = record.steps_done().into();
            data["epochs"] = record.epochs.len().into();
            data["best"] = best(record.best());
            if !record.unread.is_empty() {
                data["unread"] = record.unread.len().into();
            }
        }
    }
    data
}

/// The best epoch as data.
pub fn best(best: Option<Best>) -> Value {
    best.map_or(
        Value::Null,
        |best| json!({ "epoch": best.epoch, "measure": best.measure.words(), "value": best.value }),
    )
}

/// What of a run's metrics could not be read, in a sentence; none where all could.
pub fn unread(lines: &[usize]) -> Option<String> {
    let (first, count) = (lines.first()?, lines.len());
    Some(match count {
        1 => format!("line {first} of its metrics cannot be read and is left out"),
        _ => format!(
            "{} of its metrics cannot be read and are left out, the first is line {first}",
            counted(count, "line")
        ),
    })
}
