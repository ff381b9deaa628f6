//! `compare run 1, run 3`: what differs in runs, what came of them, and their curves over each other.

use fovea_dsl::verb::RunRef;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_train::{EpochMetrics, RunRecord};
use serde_json::{Map, Value, json};

use crate::course::Course;
use crate::display::number::{figure, percent, seconds};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::Theme;
use crate::verbs::plot::several::{Curves, MOST, draw};
use crate::verbs::plot::{Which, which};
use crate::verbs::runs::{best, shown};
use crate::verbs::train::agreed::clauses;
use crate::verbs::{Checked, Events, Job};
use crate::world::{Names, World};

struct CompareRuns {
    runs: Vec<(Which, Span)>,
    theme: Theme,
    span: Span,
}

/// Checks that there are, or by then will be, such runs.
pub fn check(runs: &[RunRef], span: Span, names: &Names, world: &World) -> Checked {
    if runs.len() > MOST {
        let message = format!("the curves of {} runs cannot be told apart", runs.len());
        let mistake = Diagnostic::new(Stage::Verbs, span, message);
        return Err(mistake.expected(format!("at most {MOST} runs")).help("compare them in two statements").into());
    }
    let (mut found, mut mistakes) = (Vec::new(), Vec::new());
    for run in runs {
        match which(run, names, world) {
            Ok(which) => found.push((which, run.span())),
            Err(Failure::Mistakes(wrong)) => mistakes.extend(wrong),
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    Ok(Box::new(CompareRuns { runs: found, theme: names.theme, span }))
}

impl Job for CompareRuns {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let open = |(which, span): &(Which, Span)| which.open(world, *span);
        let runs: Vec<RunRecord> = self.runs.iter().map(open).collect::<Result<_, Failure>>()?;
        let said: Vec<Vec<(&str, String)>> = runs.iter().map(says).collect();
        let differing = differing(&said);
        let data = runs.iter().zip(&said).map(|(run, said)| figures(run, said, &differing)).collect::<Vec<_>>();
        let page = Page::default().table(table(&runs, &said, &differing));
        let page = match common(&said, &differing) {
            common if common.is_empty() => page,
            common => page.text(format!("alike in all: {common}")),
        };
        let output = Output::page("compare", &page, json!({ "runs": data, "differs": differing }));
        let curves: Vec<Curves> = runs
            .iter()
            .filter(|run| !run.epochs.is_empty())
            .map(|run| (format!("run {}", run.number), Course::from(run)))
            .collect();
        let Some((_, first)) = curves.first() else { return Ok(output) };
        let has_all = |kind: &_| curves.iter().all(|(_, course)| !course.curves(*kind).is_empty());
        let kinds: Vec<_> = first.kinds().into_iter().filter(has_all).collect();
        let names: Vec<&str> = curves.iter().map(|(name, _)| name.as_str()).collect();
        Ok(output.picture(draw(&names.join(", "), &kinds, &curves, self.theme).at(self.span)?))
    }
}

/// What a run is of, by the words for it.
fn says(run: &RunRecord) -> Vec<(&'static str, String)> {
    let info = &run.info;
    let set = info.set.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ");
    let mut said = vec![("net", info.net.clone()), ("data", info.data.clone())];
    said.extend(clauses(&info.recipe));
    said.extend([("set", set), ("device", info.device.clone())]);
    said
}

/// The words for what is not alike in all.
fn differing(said: &[Vec<(&'static str, String)>]) -> Vec<&'static str> {
    let Some((first, others)) = said.split_first() else { return Vec::new() };
    let differs = |(at, _): &(usize, &(&str, String))| others.iter().any(|other| other[*at] != first[*at]);
    first.iter().enumerate().filter(differs).map(|(_, (word, _))| *word).collect()
}

/// What is alike in all, in a line.
fn common(said: &[Vec<(&str, String)>], differing: &[&str]) -> String {
    let first = said.first().map_or(&[][..], |said| said);
    let alike = first.iter().filter(|(word, value)| !differing.contains(word) && !value.is_empty());
    alike.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
}

/// A row a run: what differs, and what came of it.
fn table(runs: &[RunRecord], said: &[Vec<(&str, String)>], differing: &[&str]) -> Table {
    let is_validated = runs.iter().flat_map(|run| &run.epochs).any(|epoch| epoch.watched() == "validation");
    let watched = if is_validated { "validation" } else { "test" };
    let heads = ["best", "loss", &format!("{watched} loss"), &format!("{watched} accuracy"), "time"];
    let mut table = Table::new(
        [Column::right("run"), Column::left("what differs").wrapped_at(28)]
            .into_iter()
            .chain(heads.map(Column::right))
            .chain([Column::left("state")]),
    );
    for (run, said) in runs.iter().zip(said) {
        let differs = said.iter().filter(|(word, value)| differing.contains(word) && !value.is_empty());
        let differs = differs.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ");
        let last = |value: fn(&EpochMetrics) -> Option<f64>, form: fn(f64) -> String| {
            run.epochs.last().and_then(value).map_or("–".to_string(), form)
        };
        table.row([
            run.number.to_string(),
            if differs.is_empty() { "–".to_string() } else { differs },
            run.best().map_or("–".to_string(), |best| shown(&best)),
            last(|epoch| Some(epoch.loss), figure),
            last(EpochMetrics::watched_loss, figure),
            last(EpochMetrics::watched_accuracy, percent),
            seconds(run.epochs.iter().map(|epoch| epoch.seconds).sum()),
            run.state().word().to_string(),
        ]);
    }
    table
}

/// A run as data.
fn figures(run: &RunRecord, said: &[(&str, String)], differing: &[&str]) -> Value {
    let differs = said.iter().filter(|(word, _)| differing.contains(word));
    let differs: Map<String, Value> = differs.map(|(word, value)| (word.to_string(), value.as_str().into())).collect();
    json!({
        "run": run.number,
        "net": run.info.net,
        "data": run.info.data,
        "differs": differs,
        "recipe": run.info.recipe,
        "set": run.info.set,
        "state": run.state().word(),
        "epochs": run.epochs.len(),
        "best": best(run.best()),
        "last": run.epochs.last(),
    })
}
