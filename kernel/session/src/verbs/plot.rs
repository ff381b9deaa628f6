//! `plot loss, accuracy of lenet`, `plot loss of run 3`, `plot accuracy of small, wide`

pub mod several;

use fovea_dsl::syntax::Name;
use fovea_dsl::verb::{self, Curve, RunRef, Subject};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_train::{RunRecord, Runs};
use serde_json::{Map, Value, json};

use super::{Checked, Events, Job};
use crate::course::{Course, word};
use crate::display::{self, Page, chart, number};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::Theme;
use crate::world::{Names, World};

/// The size of a chart in text, in characters.
const CHART: (usize, usize) = (60, 10);

/// Which run is meant; its number may not be known before the program runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Which {
    /// The one that trained the net last.
    Of(String),
    /// The newest.
    Last,
    /// By number.
    Number(u32),
}

struct Plot {
    curves: Vec<(Curve, Span)>,
    which: Which,
    title: String,
    theme: Theme,
    span: Span,
}

/// Checks that there is, or by then will be, such a run.
pub fn check(said: &verb::Plot, span: Span, names: &Names, world: &World) -> Checked {
    let (curves, of) = (&said.curves[..], &said.of[..]);
    let [one] = of else { return several::check(curves, of, span, names, world) };
    let (which, title) = run_of(one, names, world)?;
    Ok(Box::new(Plot { curves: curves.to_vec(), which, title, theme: names.theme, span }))
}

/// The run of a net or the run itself, and what to call it.
fn run_of(of: &Subject, names: &Names, world: &World) -> Result<(Which, String), Failure> {
    match of {
        Subject::Run(run) => {
            let which = which(run, names, world)?;
            let title = match which {
                Which::Number(number) => format!("run {number}"),
                _ => "the last run".to_string(),
            };
            Ok((which, title))
        }
        Subject::Net(net) => Ok((of_net(net, names, world)?, net.text.clone())),
    }
}

/// The run that made a net's weights, else its newest on disk.
pub fn of_net(net: &Name, names: &Names, world: &World) -> Result<Which, Failure> {
    names.resolved(net)?;
    match names.bound.get(&net.text) {
        Some(binding) if binding.run => Ok(Which::Of(net.text.clone())),
        _ => Ok(Which::Number(newest_of(&net.text, &world.runs).ok_or_else(|| {
            Diagnostic::new(Stage::Verbs, net.span, format!("`{}` has not been trained", net.text))
                .help(format!("`train {} on …` first, or name a run: `plot … of run 3`", net.text))
        })?)),
    }
}

/// The newest run of a net on disk.
fn newest_of(net: &str, runs: &Runs) -> Option<u32> {
    let numbers = runs.list().ok()?;
    numbers.into_iter().rev().find(|&number| runs.open(number).is_ok_and(|run| run.info.net == net))
}

/// The run of a reference, if it exists or by then may.
pub fn which(run: &RunRef, names: &Names, world: &World) -> Result<Which, Failure> {
    match *run {
        RunRef::Last(_) if names.runs > 0 => Ok(Which::Last),
        RunRef::Last(span) => match world.runs.last().at(span)? {
            Some(_) => Ok(Which::Last),
            None => {
                let message = format!("there is no run in {}", world.runs.folder().display());
                Err(Diagnostic::new(Stage::Verbs, span, message).help("`train … on …` makes one").into())
            }
        },
        RunRef::Number(number, span) => {
            let newest = world.runs.newest_ever().at(span)?.unwrap_or(0);
            if number <= newest || number > newest.saturating_add(names.runs) {
                world.runs.open(number).at(span)?;
            }
            Ok(Which::Number(number))
        }
    }
}

impl Which {
    /// Reads the run.
    pub fn open(&self, world: &World, span: Span) -> Result<RunRecord, Failure> {
        let number = match self {
            Which::Number(number) => Some(*number),
            Which::Last => world.runs.last().at(span)?,
            Which::Of(net) => world.trained.get(net).and_then(|trained| trained.run),
        };
        match number {
            Some(number) => world.runs.open(number).at(span),
            None => Err(Diagnostic::new(Stage::Verbs, span, "there is no such run").into()),
        }
    }
}

impl Job for Plot {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let run = self.which.open(world, self.span)?;
        let course = Course::from(&run);
        let kinds: Vec<Curve> = self.curves.iter().map(|&(kind, _)| kind).collect();
        if let Some((kind, span)) = self.curves.iter().find(|(kind, _)| course.curves(*kind).is_empty()) {
            let message = format!("run {} has no {} to plot", run.number, word(*kind));
            return Err(Diagnostic::new(Stage::Verbs, *span, message)
                .help(format!("`show run {}` says how far it came", run.number))
                .into());
        }
        let picture = course.draw(&self.title, &kinds, self.theme).at(self.span)?;
        let data = json!({ "net": run.info.net, "run": run.number, "curves": figures(&kinds, &course) });
        Ok(Output::page("plot", &charts(&kinds, &course), data).picture(picture))
    }
}

/// The curves of a run as data, by kind and part.
fn figures(kinds: &[Curve], course: &Course) -> Map<String, Value> {
    let of = |&kind: &Curve| {
        let named = course.curves(kind).into_iter().map(|(part, _, points)| {
            let values: Value = points.iter().map(|&(_, y)| json!(y)).collect();
            (part.to_string(), values)
        });
        (word(kind).to_string(), Value::Object(named.collect()))
    };
    kinds.iter().map(of).collect()
}

/// How a curve's values are written.
fn shown(kind: Curve) -> fn(f64) -> String {
    if kind == Curve::Accuracy { number::percent } else { number::figure }
}

/// The curves of a run for a terminal, a chart a kind; whoever reads HTML sees the picture.
fn charts(kinds: &[Curve], course: &Course) -> Page {
    kinds.iter().fold(Page::default(), |page, &kind| {
        let curves: Vec<display::Curve> = course
            .curves(kind)
            .into_iter()
            .map(|(label, _, points)| display::Curve { label: label.to_string(), points })
            .collect();
        let chart = Page::default().code(chart(&curves, shown(kind), CHART.0, CHART.1));
        page.fold(format!("{} over {}", word(kind), course.x_label()), chart)
    })
}
