//! `resume run 3`: goes on with a run, with net and data as the program says that the run keeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use fovea_dsl::scope::Value;
use fovea_dsl::syntax::{Name, StatementKind};
use fovea_dsl::verb::{self, RunRef, Train};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_train::{Ending, RunRecord};

use super::load::is_there;
use super::plot::which;
use super::replay::{again, defined, definitions, needed, value, words};
use super::{Checked, Events, Job, train};
use crate::event::{Event, Output};
use crate::failure::Failure;
use crate::world::{Defined, Names, World};

struct Resumed {
    job: Box<dyn Job>,
    /// What the run's program says of net and data.
    program: String,
    remark: Option<String>,
}

/// Checks that there is such a run, that its program still says what net and data are, and that it can go on.
pub fn check(said: &verb::Resume, span: Span, text: &str, names: &mut Names, world: &World) -> Checked {
    let place = said.run.span();
    let which = which(&said.run, names, world)?;
    if !is_there(&said.run, names, world)? {
        return Err(unknown_yet(&said.run).into());
    }
    let record = which.open(world, place)?;
    goes_on(said, &record)?;
    let net = &record.info.net;
    let before = names.scope.nets.get(net).map(|definition| definition.to_string());
    let statements = restore(&record, place, names, world)?;
    let after = names.scope.nets.get(net).map(|definition| definition.to_string());
    let remark = (before.is_some() && before != after)
        .then(|| format!("`{net}` is the net of run {} from here on, and no more what it was", record.number));
    let name = |text: &String| Name { text: text.clone(), span: place };
    let resuming = Train::resuming(name(net), name(&record.info.data), said.run.clone());
    let resuming = Train { length: said.length, checkpoint: said.checkpoint, ..resuming };
    let job = train::once(resuming, span, text, names, world)?;
    let set = overrides(&record);
    let program = statements.iter().map(|statement| written(statement, &set) + "\n").collect();
    Ok(Box::new(Resumed { job, program, remark }))
}

/// The mistake of a run that begins only as the program runs.
fn unknown_yet(run: &RunRef) -> Diagnostic {
    let which = match run {
        RunRef::Last(_) => "run last".to_string(),
        RunRef::Number(number, _) => format!("run {number}"),
    };
    let message = format!("net and data of `{which}` are known only when it has begun");
    let mistake = Diagnostic::new(Stage::Verbs, run.span(), message);
    mistake.help(format!("name them: `train … on … resume {which}`"))
}

/// Whether there is anything left of the run, where the statement asks for no more than it has.
fn goes_on(said: &verb::Resume, record: &RunRecord) -> Result<(), Diagnostic> {
    let (number, recipe) = (record.number, &record.info.recipe);
    let is_early = matches!(record.ending, Some(Ending::Early { .. }));
    if !record.is_over(recipe) || said.length.is_some() && !is_early {
        return Ok(());
    }
    let how = if is_early { "was stopped early" } else { "is complete" };
    let mistake = Diagnostic::new(Stage::Verbs, said.run.span(), format!("run {number} {how}"));
    let (net, data) = (&record.info.net, &record.info.data);
    if recipe.schedule.spans_run() || is_early {
        let further = format!(
            "`load {net} run {number}`, then `train {net} further on {data}` begins a new run from its weights"
        );
        return Err(mistake.help(further));
    }
    let more = match recipe.steps {
        Some(_) => format!(" for {} steps", 2 * record.steps_done()),
        None => format!(" for {} epochs", 2 * record.epochs_done().max(1)),
    };
    let place = said.run.span();
    let help = format!("`resume run {number}{more}` adds as many as it has");
    Err(mistake.mend(Span { start: place.end, ..place }, more).help(help))
}

/// Defines what the run's program says of its net and its data, as it was when the run began; the statements.
fn restore(record: &RunRecord, place: Span, names: &mut Names, world: &World) -> Result<Vec<Arc<Defined>>, Failure> {
    let (net, data) = (record.info.net.as_str(), record.info.data.as_str());
    let said = |why: &Diagnostic| {
        let message =
            format!("the program of run {} does not say any more what it trains: {}", record.number, why.message);
        let mistake = Diagnostic::new(Stage::Verbs, place, message);
        let help = why.help.clone().unwrap_or(format!(
            "define `{net}` and `{data}`, then `train {net} on {data} resume run {}`",
            record.number
        ));
        Failure::from(mistake.help(help))
    };
    let (all, mistakes) = definitions(&record.info.program);
    if let Some(mistake) = mistakes.first() {
        return Err(said(mistake));
    }
    let statements = needed(&all, words(net).chain(words(data)));
    // What the program does not define was the library's, or built in.
    names.nets.remove(net);
    names.scope.nets.remove(net);
    names.data.remove(data);
    let own = names.scope.replace_overrides(overrides(record));
    let done = again(&statements, names, world);
    names.scope.replace_overrides(own);
    match done {
        Ok(()) => Ok(statements),
        Err(Failure::Mistakes(mistakes)) => Err(mistakes.first().map_or(Failure::Mistakes(Vec::new()), said)),
        Err(Failure::Interrupted) => Err(Failure::Interrupted),
    }
}

/// The constants that had other values than the program gave them.
fn overrides(record: &RunRecord) -> BTreeMap<String, Value> {
    record.info.set.iter().filter_map(|(name, text)| Some((name.clone(), value(text)?))).collect()
}

/// A statement as it was meant: a constant with the value that it had.
fn written(statement: &Defined, set: &BTreeMap<String, Value>) -> String {
    match &statement.statement.kind {
        StatementKind::Let(bindings)
            if defined(&statement.statement.kind).iter().any(|name| set.contains_key(name)) =>
        {
            let bindings = bindings.iter().map(|binding| {
                let name = &binding.name.text;
                let value = set.get(name).map_or_else(|| binding.value.to_string(), Value::to_string);
                format!("{name} = {value}")
            });
            format!("let {}", bindings.collect::<Vec<_>>().join(", "))
        }
        _ => statement.text.clone(),
    }
}

impl Job for Resumed {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        if let Some(remark) = &self.remark {
            events(Event::Text(remark.clone()));
        }
        let mut output = self.job.run(world, events)?;
        world.program.push_str(&self.program);
        output.verb = "resume".to_string();
        output.data["verb"] = "resume".into();
        Ok(output)
    }
}
