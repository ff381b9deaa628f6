//! `train lenet on digits resume run 3`: what must be so for a run to go on.

use fovea_dsl::command::{RunRef, Train};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::{Command, Diagnostic, Source, Stage, command, parse};
use fovea_graph::{SourceId, Span};
use fovea_train::{Ending, Recipe, RunRecord};

use super::recipe::recipe;
use crate::failure::At;
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
    names: &Names,
    world: &World,
) -> Result<Resumed, Diagnostic> {
    let span = match *run {
        RunRef::Last(span) | RunRef::Number(_, span) => span,
    };
    let resumed = Resumed { which: which(run, names, world)?, span };
    let is_there = match resumed.which {
        Which::Number(number) => world.runs.last().at(span)?.is_some_and(|last| number <= last),
        _ => names.runs == 0,
    };
    if is_there {
        *said = resumed.open(train, said, world)?.1;
    }
    Ok(resumed)
}

impl Resumed {
    /// Reads the run, and checks that it is the statement's.
    pub fn open(&self, train: &Train, said: &Recipe, world: &World) -> Result<(RunRecord, Recipe), Diagnostic> {
        let record = self.which.open(world, self.span)?;
        let number = record.number;
        let mistake = |message: String| Diagnostic::new(Stage::Verbs, self.span, message);
        if record.info.net != train.net.text {
            return Err(mistake(format!("run {number} trains `{}`, not `{}`", record.info.net, train.net.text))
                .found(&train.net.text)
                .expected(&record.info.net));
        }
        if record.info.data != train.data.text {
            return Err(mistake(format!(
                "run {number} trains on `{}`, not on `{}`",
                record.info.data, train.data.text
            ))
            .found(&train.data.text)
            .expected(&record.info.data));
        }
        if record.ending == Some(Ending::Complete) {
            let (net, data) = (&record.info.net, &record.info.data);
            return Err(mistake(format!("run {number} is complete"))
                .help(format!("`train {net} further on {data}` begins a new run from the weights that a net has")));
        }
        let recipe = merged(said, &record.info.recipe, train.seed);
        if recipe != (Recipe { checkpoint_every: recipe.checkpoint_every, ..record.info.recipe.clone() }) {
            let (net, data) = (&record.info.net, &record.info.data);
            return Err(mistake(format!("run {number} has another recipe: `{}`", record.info.statement)).help(
                format!("leave the recipe out, and the run's own holds: `train {net} on {data} resume run {number}`"),
            ));
        }
        Ok((record, recipe))
    }
}

/// The run's recipe, but for what the statement says: whatever is not the language's default.
fn merged(said: &Recipe, run: &Recipe, seed: Option<u64>) -> Recipe {
    let Some(usual) = usual() else { return said.clone() };
    let mut recipe = Recipe { checkpoint_every: said.checkpoint_every, ..run.clone() };
    if said.epochs != usual.epochs {
        recipe.epochs = said.epochs;
    }
    if said.batch != usual.batch {
        recipe.batch = said.batch;
    }
    if (&said.optimizer, said.rate) != (&usual.optimizer, usual.rate) {
        (recipe.optimizer, recipe.rate) = (said.optimizer.clone(), said.rate);
    }
    if said.schedule != usual.schedule {
        recipe.schedule = said.schedule;
    }
    if said.warm_up.is_some() {
        recipe.warm_up = said.warm_up;
    }
    recipe.seed = seed.unwrap_or(run.seed);
    recipe
}

/// The recipe of a statement that says nothing about it.
fn usual() -> Option<Recipe> {
    let text = "train net on data".to_string();
    let (program, _) = parse(&Source { id: SourceId(0), name: String::new(), text });
    let StatementKind::Verb(verb) = &program.statements.first()?.kind else { return None };
    match command(verb, &Scope::default()) {
        Ok(Command::Train(train)) => Some(recipe(&train, 0)),
        _ => None,
    }
}
