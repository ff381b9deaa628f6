//! `plot accuracy of small, wide, run 3`: the curves of several runs in one picture.

use fovea_dsl::verb::{Curve, Subject};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_train::RunRecord;
use serde_json::json;

use super::{CHART, Which, figures, run_of, shown};
use crate::course::{Course, word};
use crate::display::{self, Column, Page, Table, chart};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::{self, Along, Panel, Picture, Series, SeriesKind, Theme, Unit, panels};
use crate::verbs::{Checked, Events, Job};
use crate::world::{Names, World};

/// So many runs can be told apart.
pub const MOST: usize = 14;

/// A longer name is cut, so that `train` or `test` behind it can be read.
const LONGEST_NAME: usize = 14;

/// Of more runs only the test curves are drawn; the table has the others' ends.
const MOST_PAIRS: usize = 6;

struct Plot {
    curves: Vec<(Curve, Span)>,
    /// Each with what it is called.
    runs: Vec<(Which, String)>,
    theme: Theme,
    span: Span,
}

/// Checks that there are, or by then will be, such runs.
pub fn check(curves: &[(Curve, Span)], of: &[Subject], span: Span, names: &Names, world: &World) -> Checked {
    if of.len() > MOST {
        let message = format!("the curves of {} runs cannot be told apart", of.len());
        let mistake = Diagnostic::new(Stage::Verbs, span, message);
        return Err(mistake.expected(format!("at most {MOST} nets or runs")).help("plot them in two pictures").into());
    }
    let (mut runs, mut mistakes) = (Vec::new(), Vec::new());
    for subject in of {
        match run_of(subject, names, world) {
            Ok(run) => runs.push(run),
            Err(Failure::Mistakes(found)) => mistakes.extend(found),
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    Ok(Box::new(Plot { curves: curves.to_vec(), runs, theme: names.theme, span }))
}

/// A run, its course, and what it is called.
struct Named {
    run: RunRecord,
    curves: Curves,
}

/// What a run is called, and its course.
pub type Curves = (String, Course);

impl Job for Plot {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let open = |(which, name): &(Which, String)| {
            let run = which.open(world, self.span)?;
            Ok(Named { curves: (name.clone(), Course::from(&run)), run })
        };
        let runs: Vec<Named> = self.runs.iter().map(open).collect::<Result<_, Failure>>()?;
        for &(kind, span) in &self.curves {
            let lacks = |named: &&Named| named.run.epochs.is_empty() || named.curves.1.curves(kind).is_empty();
            if let Some(Named { run, .. }) = runs.iter().find(lacks) {
                let message = format!("run {} has no {} over epochs to compare", run.number, word(kind));
                let help = format!("`show run {}` says how far it came", run.number);
                return Err(Diagnostic::new(Stage::Verbs, span, message).help(help).into());
            }
        }
        let kinds: Vec<Curve> = self.curves.iter().map(|&(kind, _)| kind).collect();
        let data = |Named { run, curves: (_, course) }: &Named| json!({ "net": run.info.net, "run": run.number, "curves": figures(&kinds, course) });
        let data = json!({ "runs": runs.iter().map(data).collect::<Vec<_>>() });
        let page = page(&kinds, &runs);
        let curves: Vec<Curves> = runs.into_iter().map(|named| named.curves).collect();
        let names: Vec<&str> = curves.iter().map(|(name, _)| name.as_str()).collect();
        let picture = draw(&names.join(", "), &kinds, &curves, self.theme).at(self.span)?;
        Ok(Output::page("plot", &page, data).picture(picture))
    }
}

/// A panel a kind of curve, a colour a run.
pub fn draw(title: &str, kinds: &[Curve], runs: &[Curves], theme: Theme) -> picture::Result<Picture> {
    let panel = |&kind: &Curve| {
        let is_test = has_test(kind, runs) && runs.len() > MOST_PAIRS;
        let parts = if is_test { &PARTS[1..] } else { &PARTS[..] };
        Panel {
            title: if is_test { format!("{} {}", watched(runs.iter()), word(kind)) } else { word(kind).to_string() },
            x_label: "epoch".to_string(),
            unit: if kind == Curve::Accuracy { Unit::Percent } else { Unit::Plain },
            along: Along::Evenly,
            series: runs.iter().flat_map(|curves| parts.iter().map(move |&part| series(kind, part, curves))).collect(),
        }
    };
    panels(title, &kinds.iter().map(panel).collect::<Vec<_>>(), theme)
}

/// The parts of the data that curves are of.
const PARTS: [SeriesKind; 2] = [SeriesKind::Train, SeriesKind::Test];

/// What the part is called by which runs are watched; the first one's, where they differ.
fn watched<'a>(mut runs: impl Iterator<Item = &'a Curves>) -> &'static str {
    runs.next().map_or("test", |(_, course)| course.part(SeriesKind::Test))
}

/// Whether every run was tested.
fn has_test(kind: Curve, runs: &[Curves]) -> bool {
    runs.iter().all(|curves| !series(kind, PARTS[1], curves).points.is_empty())
}

/// The curve of a part; one that a run lacks is empty, so that every run keeps its colour in both.
fn series(kind: Curve, part: SeriesKind, (name, course): &Curves) -> Series {
    let known = course.curves(kind).into_iter().find(|(_, known, _)| *known == part);
    let name = match name.chars().count() > LONGEST_NAME {
        true => name.chars().take(LONGEST_NAME - 1).chain(['…']).collect(),
        false => name.clone(),
    };
    let points = known.map(|(.., points)| points).unwrap_or_default();
    Series { label: format!("{name} {}", course.part(part)), points, kind: part }
}

/// A row a run with its last values, then a chart a kind of curve.
fn page(kinds: &[Curve], runs: &[Named]) -> Page {
    let watched = watched(runs.iter().map(|named| &named.curves));
    let heads = kinds.iter().flat_map(|&kind| ["train", watched].map(|part| format!("{part} {}", word(kind))));
    let columns = [Column::left("net").at_most(40), Column::right("run"), Column::right("epochs")];
    let mut table = Table::new(columns.into_iter().chain(heads.map(|head| Column::right(&head))));
    for named in runs {
        let mut cells = vec![named.curves.0.clone(), named.run.number.to_string(), named.run.epochs.len().to_string()];
        for &kind in kinds {
            let last =
                |series: Series| series.points.last().map_or("–".to_string(), |&(_, value)| shown(kind)(value));
            cells.extend(PARTS.map(|part| last(series(kind, part, &named.curves))));
        }
        table.row(cells);
    }
    // A terminal's dots have no colours: one curve a run is as much as can be followed.
    let all: Vec<Curves> = runs.iter().map(|named| named.curves.clone()).collect();
    kinds.iter().fold(Page::default().table(table), |page, &kind| {
        let part = PARTS[usize::from(has_test(kind, &all))];
        let curve =
            |curves: &Curves| display::Curve { label: curves.0.clone(), points: series(kind, part, curves).points };
        let curves: Vec<display::Curve> = all.iter().map(curve).collect();
        let chart = Page::default().code(chart(&curves, shown(kind), CHART.0, CHART.1));
        let part = if part == SeriesKind::Train { "train" } else { watched };
        page.fold(format!("{part} {} over epoch", word(kind)), chart)
    })
}
