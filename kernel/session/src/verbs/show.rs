//! `show digits`, `show digits[3]`, `show run 3`, `show run last`

mod augmented;

use fovea_dsl::verb::{Samples, Show, Shown};
use fovea_graph::Span;
use fovea_graph::counted;
use fovea_graph::shape::join;
use fovea_train::figures::Figures;
use fovea_train::{Ending, EpochMetrics, RunRecord, State};
use serde_json::json;

use super::plot::{Which, which};
use super::runs::unread;
use super::{Checked, Events, Job};
use crate::course::Course;
use crate::display::number::{self, figure, percent, seconds};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::{self, Grey, Mapped, Mark, Sample, Theme, maps, sheet};
use crate::samples::{Pick, class, image, is_mapped, labelled, mapped, pick};
use crate::world::{Names, World};
use augmented::Augmented;

/// How many pictures a sheet shows where the statement says no numbers.
const SHEET: usize = 64;

/// Checks that there are such pictures, or such a run.
pub fn check(show: Show, names: &Names, world: &World) -> Checked {
    match show.what {
        Shown::Samples(samples) if show.augmented.is_some() => Ok(Box::new(Augmented::new(samples, names)?)),
        Shown::Samples(samples) => Ok(Box::new(Sheet { pick: sheet_of(samples, names)?, theme: names.theme })),
        Shown::Run(run) => {
            Ok(Box::new(ShowRun { which: which(&run, names, world)?, theme: names.theme, span: run.span() }))
        }
    }
}

/// The pictures that are named, or the first few.
fn sheet_of(samples: Samples, names: &Names) -> Result<Pick, fovea_dsl::Diagnostic> {
    let all = samples.range.is_none();
    let mut pick = pick(samples, names)?.of_pictures("show")?;
    if all {
        pick.range.1 = pick.range.1.min(SHEET);
    }
    Ok(pick)
}

struct Sheet {
    pick: Pick,
    theme: Theme,
}

impl Job for Sheet {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let span = self.pick.samples.span;
        let data = self.pick.read(world)?;
        let indices = self.pick.indices(&data);
        let name = &self.pick.samples.data.text;
        let head = format!(
            "{name}: {} to train on and {} to test, {}, {}{}\n{}",
            counted(data.train.len(), "picture"),
            data.test.len(),
            join(data.shape()),
            labelled(&data),
            if is_mapped(&data) { ", one at every position" } else { "" },
            data.attribution,
        );
        let labels = indices.iter().map(|&index| class(&data, index));
        let labels: Vec<String> = labels.collect::<picture::Result<_>>().at(span)?;
        let figures = json!({ "data": name, "shape": data.shape(), "first": self.pick.range.0, "labels": labels });
        if is_mapped(&data) {
            let items = indices.iter().enumerate().map(|(i, &index)| mapped(&data, index, self.pick.name(i), None));
            let items: Vec<Mapped> = items.collect::<picture::Result<_>>().at(span)?;
            let picture = maps(name, &items, &data.classes, self.theme).at(span)?;
            let text = format!("{head}\nclasses: {}", data.classes.join(", "));
            return Ok(Output::page("show", &Page::default().text(text), figures).picture(picture));
        }
        let sample = |&index: &usize| {
            Ok(Sample { image: image(&data, index)?, caption: class(&data, index)?, mark: Mark::None })
        };
        let samples: Vec<Sample> = indices.iter().map(sample).collect::<picture::Result<_>>().at(span)?;
        let between = if labels.iter().any(|label| label.contains(' ')) { ", " } else { " " };
        let text = format!("{head}\nlabels of the {} shown: {}", labels.len(), labels.join(between));
        let picture = sheet(name, &samples, Grey::Auto, self.theme).at(span)?;
        Ok(Output::page("show", &Page::default().text(text), figures).picture(picture))
    }
}

struct ShowRun {
    which: Which,
    theme: Theme,
    span: Span,
}

impl Job for ShowRun {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let run = self.which.open(world, self.span)?;
        let ending = match &run.ending {
            None if matches!(run.state(), State::Running(_)) => far(&run, "it runs still"),
            None => far(&run, "killed, or its device was lost"),
            Some(Ending::Complete) => "complete".to_string(),
            Some(Ending::Early { best }) => {
                format!("stopped early after epoch {}, none better than epoch {best}", run.epochs_done())
            }
            Some(Ending::Interrupted { steps }) => format!("broken off after step {steps}"),
            Some(Ending::NotFinite { step, what }) => format!("ended at step {step}: the {what} was not finite"),
        };
        let head = format!(
            "run {} in {}: {}\n{}, on {}",
            run.number,
            run.folder.display(),
            run.info.statement,
            ending,
            run.info.device
        );
        let page = Page::default().text(head);
        let page = unread(&run.unread).map_or(page.clone(), |unread| page.text(unread));
        let page = if run.epochs.is_empty() { page } else { page.table(epochs(&run.epochs)) };
        let figures = json!({
            "run": run.number,
            "net": run.info.net,
            "data": run.info.data,
            "statement": run.info.statement,
            "program": run.info.program,
            "recipe": run.info.recipe,
            "device": run.info.device,
            "ending": run.ending,
            "state": run.state().word(),
            "set": run.info.set,
            "epochs": run.epochs,
        });
        let output = Output::page("show", &page, figures);
        let title = format!("run {}: {} on {}", run.number, run.info.net, run.info.data);
        let course = Course::from(&run);
        let kinds = course.kinds();
        if kinds.is_empty() {
            return Ok(output);
        }
        Ok(output.picture(course.draw(&title, &kinds, self.theme).at(self.span)?))
    }
}

/// How far a run came that has not ended.
fn far(run: &RunRecord, why: &str) -> String {
    let epochs = format!("{} of {} complete", run.epochs.len(), number::of(run.info.recipe.epochs, "epoch"));
    let newest = match run.steps.last() {
        Some(step) => format!(", loss {} at step {}", figure(step.loss), number::count(step.step)),
        None => String::new(),
    };
    format!("{epochs}{newest}: {why}")
}

/// A row an epoch.
pub fn epochs(epochs: &[EpochMetrics]) -> Table {
    let part = epochs.last().map_or("test", EpochMetrics::watched);
    let further: Vec<&str> =
        epochs.last().map(|epoch| told(&epoch.figures).map(|(name, ..)| name).collect()).unwrap_or_default();
    let is_told = |share: fn(&EpochMetrics) -> Option<f64>| epochs.iter().any(|epoch| share(epoch).is_some());
    let (trained, watched) = (is_told(|epoch| epoch.accuracy), is_told(EpochMetrics::watched_accuracy));
    // Of what has no accuracy there is no column of dashes; a class's net has both.
    let (trained, watched) = (trained || watched, watched || trained);
    let heads: Vec<String> = ["epoch", "loss"]
        .map(str::to_string)
        .into_iter()
        .chain(trained.then(|| "accuracy".to_string()))
        .chain([format!("{part} loss")])
        .chain(watched.then(|| format!("{part} accuracy")))
        .chain(further.iter().map(|name| format!("{part} {name}")))
        .chain(["time".to_string()])
        .collect();
    let mut table = Table::new(heads.iter().map(|head| Column::right(head)));
    for epoch in epochs {
        let or_dash = |value: Option<f64>, show: fn(f64) -> String| value.map_or("–".to_string(), show);
        let row = [epoch.epoch.to_string(), figure(epoch.loss)].into_iter();
        let row = row.chain(trained.then(|| or_dash(epoch.accuracy, percent)));
        let row = row.chain([or_dash(epoch.watched_loss(), figure)]);
        let row = row.chain(watched.then(|| or_dash(epoch.watched_accuracy(), percent)));
        let found: Vec<_> = told(&epoch.figures).collect();
        let further = further.iter().map(|name| {
            let found = found.iter().find(|(own, ..)| own == name);
            found.map_or("–".to_string(), |(_, value, form)| form(*value))
        });
        table.row(row.chain(further).chain([seconds(epoch.seconds)]));
    }
    table
}

/// How a figure reads.
type Reads = fn(f64) -> String;

/// A figure with its name, and how it reads.
pub type Told = (&'static str, f64, Reads);

/// The figures that there are beside loss and accuracy.
pub fn told(figures: &Figures) -> impl Iterator<Item = Told> + use<> {
    let all: [(&'static str, Option<f64>, Reads); 4] = [
        ("RMSE", figures.rmse, figure),
        ("R²", figures.r2, figure),
        ("mean F1", figures.mean_f1, percent),
        ("mean IoU", figures.mean_iou, percent),
    ];
    all.into_iter().filter_map(|(name, value, form)| Some((name, value?, form)))
}
