//! `train lenet on digits resume run 3`: what must be so for a run to go on.

use fovea_data::DataSpec;
use fovea_dsl::verb::{RunRef, Train};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_train::{Ending, Recipe, RunRecord};

use super::agreed::agreed;
use crate::failure::{At, Failure};
use crate::verbs::plot::{Which, which};
use crate::world::{Names, World};

/// The run that is to go on, and where the statement says so.
#[derive(Clone)]
pub struct Resumed {
    which: Which,
    span: Span,
}

/// The run of a `resume`, and the recipe to go on with: its own, which what the statement says must not contradict.
/// A run that an earlier statement has yet to begin is looked at when it is there.
pub fn resumed(
    train: &Train,
    run: &RunRef,
    said: &mut Recipe,
    spec: &DataSpec,
    names: &Names,
    world: &World,
) -> Result<Resumed, Failure> {
    let span = run.span();
    let resumed = Resumed { which: which(run, names, world)?, span };
    let is_there = match resumed.which {
        Which::Number(number) => world.runs.newest_ever().at(span)?.is_some_and(|last| number <= last),
        _ => names.runs == 0,
    };
    if is_there {
        *said = resumed.open(train, said, spec, world)?.1;
    }
    Ok(resumed)
}

impl Resumed {
    /// Reads the run, and checks that it is the statement's.
    pub fn open(
        &self,
        train: &Train,
        said: &Recipe,
        spec: &DataSpec,
        world: &World,
    ) -> Result<(RunRecord, Recipe), Failure> {
        let record = self.which.open(world, self.span)?;
        self.is_of(train, &record)?;
        let recipe = agreed(train, said, &record, spec)?;
        self.goes_on(train, &record, &recipe)?;
        Ok((record, recipe))
    }

    /// Whether the run is of the statement's net and data.
    fn is_of(&self, train: &Train, record: &RunRecord) -> Result<(), Diagnostic> {
        let number = record.number;
        let mistake = |message: String| Diagnostic::new(Stage::Verbs, self.span, message);
        if record.info.net != train.net.text {
            return Err(mistake(format!("run {number} trains `{}`, not `{}`", record.info.net, train.net.text))
                .found(&train.net.text)
                .expected(&record.info.net)
                .mend(train.net.span, &record.info.net)
                .help(format!(
                    "`train {} on {} resume run {number}` goes on with it",
                    record.info.net, record.info.data
                )));
        }
        if record.info.data != train.data.text {
            return Err(mistake(format!(
                "run {number} trains on `{}`, not on `{}`",
                record.info.data, train.data.text
            ))
            .found(&train.data.text)
            .expected(&record.info.data)
            .mend(train.data.span, &record.info.data)
            .help(format!("`train {} on {} resume run {number}` goes on with it", record.info.net, record.info.data)));
        }
        Ok(())
    }

    /// Whether there is anything left of the run.
    fn goes_on(&self, train: &Train, record: &RunRecord, recipe: &Recipe) -> Result<(), Diagnostic> {
        let (number, done) = (record.number, record.epochs_done());
        if !record.is_over(recipe) {
            return Ok(());
        }
        let (net, data) = (&record.info.net, &record.info.data);
        let resume = train.resume.as_ref().map_or(self.span, |resume| resume.span);
        let how = if let Some(Ending::Early { .. }) = record.ending { "was stopped early" } else { "is complete" };
        let mistake = Diagnostic::new(Stage::Verbs, self.span, format!("run {number} {how}"));
        let further = format!("`train {net} further on {data}` begins a new run from the weights that a net has");
        if recipe.schedule.spans_run() || record.ending != Some(Ending::Complete) {
            return Err(mistake.mend(resume, "further").help(further));
        }
        let more = match recipe.steps {
            Some(_) => format!("for {} steps", 2 * record.steps_done()),
            None => format!("for {} epochs", 2 * done),
        };
        let help = format!("`train {net} on {data} {more} resume run {number}` adds as many as it has; {further}");
        let mistake = match train.length {
            Some(length) => mistake.mend(length.span, more),
            None => mistake.mend(Span { end: resume.start, ..resume }, format!("{more} ")),
        };
        Err(mistake.mend(resume, "further").help(help))
    }
}
