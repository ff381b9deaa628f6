//! What several runs came to: a table, their curves, and the same as data.

use std::collections::BTreeMap;

use fovea_graph::Span;
use fovea_train::{Best, Ending, EpochMetrics};
use serde_json::{Map, Value, json};

use super::grid::{Setting, words};
use super::several::Done;
use crate::course::Course;
use crate::display::number::{figure, of, percent, seconds};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::Theme;
use crate::verbs::plot::several::{MOST as MOST_CURVES, draw};
use crate::verbs::runs::best;

/// What several runs came to.
pub struct Results<'a> {
    pub net: &'a str,
    pub data: &'a str,
    pub done: &'a [Done],
    /// How many there were to be.
    pub of: usize,
}

/// A figure over several runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub mean: f64,
    /// The deviation of the runs, by one less than their count; none of a single run.
    pub deviation: Option<f64>,
}

impl Spread {
    /// That of some values; none where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
        (!values.is_empty()).then_some(Self { mean, deviation })
    }

    /// `97.5 % ± 0.3 %`
    fn shown(self, form: fn(f64) -> String) -> String {
        let deviation = self.deviation.map(|deviation| format!(" ± {}", form(deviation)));
        form(self.mean) + &deviation.unwrap_or_default()
    }
}

/// Whether a run is whole: only such are compared.
fn is_complete(done: &Done) -> bool {
    done.history.ending.is_whole()
}

/// A figure of an epoch, and how it is written.
type Figure = (&'static str, fn(&EpochMetrics) -> Option<f64>, fn(f64) -> String);

/// What a table shows of a run's last epoch.
const FIGURES: [Figure; 6] = [
    ("loss", |epoch| Some(epoch.loss), figure),
    ("accuracy", |epoch| epoch.accuracy, percent),
    ("validation loss", |epoch| epoch.validation_loss, figure),
    ("validation accuracy", |epoch| epoch.validation_accuracy, percent),
    ("test loss", |epoch| epoch.test_loss, figure),
    ("test accuracy", |epoch| epoch.test_accuracy, percent),
];

impl Results<'_> {
    /// The whole result.
    pub fn output(&self, theme: Theme, span: Span) -> Result<Output, Failure> {
        let interrupted = self.done.len() < self.of
            || self.done.iter().any(|done| matches!(done.history.ending, Ending::Interrupted { .. }));
        let mut data = self.figures();
        data["interrupted"] = interrupted.into();
        let page = Page::default().table(self.table()).text(self.sentence());
        let mut output = Output { interrupted, ..Output::page("train", &page, data) };
        output.files = self.done.iter().map(|done| done.folder.clone()).collect();
        let curves = self.curves();
        if curves.is_empty() {
            return Ok(output);
        }
        let kinds = curves[0].1.kinds();
        let kinds: Vec<_> = kinds
            .into_iter()
            .filter(|&kind| curves.iter().all(|(_, course)| !course.curves(kind).is_empty()))
            .collect();
        Ok(output.picture(draw(&self.title(), &kinds, &curves, theme).at(span)?))
    }

    /// What the curves are of; of several names that were swept, in which order their values stand at the curves.
    fn title(&self) -> String {
        let names =
            self.done.first().map_or(Vec::new(), |done| done.setting.iter().map(|(name, _)| name.as_str()).collect());
        let by = if names.len() > 1 { format!(": {}", names.join(", ")) } else { String::new() };
        format!("{} on {}{by}", self.net, self.data)
    }

    /// The settings, in order.
    fn settings(&self) -> Vec<(&Setting, Vec<&Done>)> {
        let mut settings: Vec<(&Setting, Vec<&Done>)> = Vec::new();
        for done in self.done {
            match settings.last_mut().filter(|(setting, _)| **setting == done.setting) {
                Some((_, runs)) => runs.push(done),
                None => settings.push((&done.setting, vec![done])),
            }
        }
        settings
    }

    /// Whether settings have several runs each.
    fn has_seeds(&self) -> bool {
        self.settings().iter().any(|(_, runs)| runs.len() > 1)
    }

    /// A row a run; of several seeds a row a setting with their spread below, or alone where there are settings.
    fn table(&self) -> Table {
        let settings = self.settings();
        let is_swept = settings.len() > 1 || settings.first().is_some_and(|(setting, _)| !setting.is_empty());
        let spread = self.has_seeds();
        // Beside what was swept, a terminal has no room for the spread of everything.
        let fits = |name: &str| name != "accuracy" || !(is_swept && spread);
        let there = |(name, value, _): &&Figure| fits(name) && self.lasts().any(|epoch| value(epoch).is_some());
        let figures: Vec<&Figure> = FIGURES.iter().filter(there).collect();
        let names =
            settings.first().map_or(Vec::new(), |(setting, _)| setting.iter().map(|(name, _)| name.clone()).collect());
        let mut columns: Vec<Column> = names.iter().map(|name| Column::right(name)).collect();
        columns.extend((!is_swept && spread).then(|| Column::right("seed")));
        columns.push(Column::right(if is_swept && spread { "runs" } else { "run" }));
        columns.extend(figures.iter().map(|(name, ..)| Column::right(name)));
        columns.push(Column::right("time"));
        let mut table = Table::new(columns);
        for (setting, runs) in &settings {
            let values: Vec<String> = setting.iter().map(|(_, value)| value.to_string()).collect();
            if is_swept && spread {
                table.row(values.into_iter().chain(self.row(runs, &figures)));
                continue;
            }
            for run in runs {
                let seed = (!is_swept && spread).then(|| run.seed.to_string());
                table.row(values.iter().cloned().chain(seed).chain(self.row(&[run], &figures)));
            }
        }
        if let (false, true, [(_, runs)]) = (is_swept, spread, &settings[..]) {
            table.rule();
            let mean = self.row(runs, &figures).into_iter().skip(1);
            table.row(["mean".to_string(), String::new()].into_iter().chain(mean));
        }
        table
    }

    /// The runs' numbers, the spread of their figures, and how long they took.
    fn row(&self, runs: &[&Done], figures: &[&Figure]) -> Vec<String> {
        let complete: Vec<&EpochMetrics> =
            runs.iter().filter(|run| is_complete(run)).filter_map(|run| run.history.epochs.last()).collect();
        let time = runs.iter().flat_map(|run| &run.history.epochs).map(|epoch| epoch.seconds).sum();
        let mut cells = vec![numbers(runs)];
        cells.extend(figures.iter().map(|(_, value, form)| {
            let values: Vec<f64> = complete.iter().filter_map(|epoch| value(epoch)).collect();
            Spread::of(&values).map_or(unfinished(runs), |spread| spread.shown(*form))
        }));
        cells.push(seconds(time));
        cells
    }

    fn lasts(&self) -> impl Iterator<Item = &EpochMetrics> {
        self.done.iter().filter_map(|done| done.history.epochs.last())
    }

    /// How many runs there are, which is the best, and what was broken off.
    fn sentence(&self) -> String {
        let complete = self.done.iter().filter(|done| is_complete(done)).count();
        let mut text = format!("{} of {} on {}", of(complete, "run"), self.net, self.data);
        if let Some((run, best)) = self.best() {
            let which = if run.setting.is_empty() { format!("seed {}", run.seed) } else { words(&run.setting) };
            let run = run.history.run.map_or(String::new(), |run| format!("run {run}, "));
            let value = if best.measure.is_share() { percent(best.value) } else { figure(best.value) };
            text += &format!("; the best is {run}{which}: {} {value}", best.measure.words());
        }
        for done in self.done {
            let run = done.history.run.map_or("a run".to_string(), |run| format!("run {run}"));
            match &done.history.ending {
                Ending::Interrupted { steps } => {
                    text += &format!("\nbroken off: {run} after step {steps}, and {} not begun", self.not_begun());
                }
                Ending::NotFinite { step, what } => {
                    text += &format!("\n{run} ended at step {step}: the {what} was not finite")
                }
                _ => {}
            }
        }
        let stopped = self.done.iter().any(|done| matches!(done.history.ending, Ending::Interrupted { .. }));
        if self.done.len() < self.of && !stopped {
            text += &format!("\nbroken off: {} not begun", self.not_begun());
        }
        text
    }

    fn not_begun(&self) -> String {
        let left = self.of - self.done.len();
        format!("{} {}", of(left, "run"), if left == 1 { "was" } else { "were" })
    }

    /// The best run that is complete, by its last epoch.
    fn best(&self) -> Option<(&Done, Best)> {
        let last = |done: &'_ Done| Best::of(done.history.epochs.last().map(std::slice::from_ref)?);
        let complete = self.done.iter().filter(|done| is_complete(done));
        let all = complete.filter_map(|done| Some((done, last(done)?)));
        all.reduce(|a, b| if b.1.measure.is_better(b.1.value, a.1.value) { b } else { a })
    }

    /// The curves of all runs; of several seeds for each of several settings, their mean; of more than can be told apart the
    /// best.
    fn curves(&self) -> Vec<(String, Course)> {
        let settings = self.settings();
        let mut curves: Vec<(String, Vec<EpochMetrics>)> = Vec::new();
        for (setting, runs) in &settings {
            let all: Vec<&[EpochMetrics]> =
                runs.iter().map(|run| &run.history.epochs[..]).filter(|epochs| !epochs.is_empty()).collect();
            if settings.len() > 1 && self.has_seeds() {
                curves.push((brief(setting), mean(&all)));
                continue;
            }
            let name = |done: &Done| if setting.is_empty() { format!("seed {}", done.seed) } else { brief(setting) };
            curves.extend(runs.iter().map(|done| (name(done), done.history.epochs.clone())));
        }
        curves.retain(|(_, epochs)| !epochs.is_empty());
        if curves.len() > MOST_CURVES {
            let value = |epochs: &[EpochMetrics]| {
                let best = Best::of(&epochs[epochs.len() - 1..])?;
                Some(if best.measure.is_share() { -best.value } else { best.value })
            };
            curves.sort_by(|a, b| value(&a.1).unwrap_or(f64::MAX).total_cmp(&value(&b.1).unwrap_or(f64::MAX)));
            curves.truncate(MOST_CURVES);
        }
        curves.into_iter().map(|(name, epochs)| (name, Course::of(&epochs, &[]))).collect()
    }

    /// The same as data.
    fn figures(&self) -> Value {
        let set = |setting: &Setting| -> Map<String, Value> {
            setting.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
        };
        let run = |done: &Done| {
            json!({
                "run": done.history.run,
                "set": set(&done.setting),
                "seed": done.seed,
                "epochs": done.history.epochs,
                "images_per_second": done.history.images_per_second,
                "ending": done.history.ending,
                "stopped": done.history.ending.word(),
                "best": best(Best::of(&done.history.epochs)),
            })
        };
        let settings = self.settings();
        let setting = |(setting, runs): &(&Setting, Vec<&Done>)| {
            let mut data =
                json!({ "set": set(setting), "runs": runs.iter().map(|done| done.history.run).collect::<Vec<_>>() });
            for (name, values) in last_figures(runs) {
                let Some(spread) = Spread::of(&values) else { continue };
                data[name] = json!({ "mean": spread.mean, "deviation": spread.deviation });
            }
            data
        };
        json!({
            "net": self.net,
            "data": self.data,
            "runs": self.done.iter().map(run).collect::<Vec<_>>(),
            "settings": settings.iter().map(setting).collect::<Vec<_>>(),
            "best": self.best().and_then(|(done, _)| done.history.run),
            "of": self.of,
        })
    }
}

/// A setting at a curve: `lr 0.1`; of several names the values alone, `0.1, 32`.
fn brief(setting: &Setting) -> String {
    match &setting[..] {
        [_] => words(setting),
        several => several.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>().join(", "),
    }
}

/// The numbers of runs, `3`, `3–7`.
fn numbers(runs: &[&Done]) -> String {
    let numbers: Vec<u32> = runs.iter().filter_map(|run| run.history.run).collect();
    match &numbers[..] {
        [] => "–".to_string(),
        [only] => only.to_string(),
        [first, .., last] if (last - first) as usize + 1 == numbers.len() => format!("{first}–{last}"),
        all => all.iter().map(u32::to_string).collect::<Vec<_>>().join(" "),
    }
}

/// What stands where no run is complete.
fn unfinished(runs: &[&Done]) -> String {
    match runs {
        [Done { history, .. }] if matches!(history.ending, Ending::NotFinite { .. }) => "not finite".to_string(),
        _ => "–".to_string(),
    }
}

/// Every figure of the last epochs of those runs that are complete, by its name in data.
fn last_figures(runs: &[&Done]) -> BTreeMap<String, Vec<f64>> {
    let mut figures: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let lasts = runs.iter().filter(|run| is_complete(run)).filter_map(|run| run.history.epochs.last());
    for epoch in lasts {
        let Value::Object(object) = json!(epoch) else { continue };
        for (name, value) in object.into_iter().filter(|(name, _)| name != "epoch") {
            if let Some(value) = value.as_f64() {
                figures.entry(name).or_default().push(value);
            }
        }
    }
    figures
}

/// The mean of several runs, epoch by epoch, as far as all of them came.
fn mean(runs: &[&[EpochMetrics]]) -> Vec<EpochMetrics> {
    let length = runs.iter().map(|run| run.len()).min().unwrap_or(0);
    let over = |at: usize, value: fn(&EpochMetrics) -> Option<f64>| {
        let values: Option<Vec<f64>> = runs.iter().map(|run| value(&run[at])).collect();
        values.and_then(|values| Spread::of(&values)).map(|spread| spread.mean)
    };
    let epoch = |at: usize| EpochMetrics {
        loss: over(at, |epoch| Some(epoch.loss)).unwrap_or(f64::NAN),
        accuracy: over(at, |epoch| epoch.accuracy),
        validation_loss: over(at, |epoch| epoch.validation_loss),
        validation_accuracy: over(at, |epoch| epoch.validation_accuracy),
        test_loss: over(at, |epoch| epoch.test_loss),
        test_accuracy: over(at, |epoch| epoch.test_accuracy),
        ..runs[0][at].clone()
    };
    (0..length).map(epoch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `numpy.std(…, ddof=1)`.
    #[test]
    fn the_spread_of_figures_is_their_sample_deviation() {
        let spread = Spread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        let Some(Spread { mean, deviation: Some(deviation) }) = spread else { panic!("{spread:?}") };
        assert!((mean - 5.0).abs() < 1e-12 && (deviation - 2.138_089_935_299_395).abs() < 1e-12);
        assert_eq!(Spread::of(&[3.0]), Some(Spread { mean: 3.0, deviation: None }));
        assert_eq!(Spread::of(&[]), None);
    }
}
