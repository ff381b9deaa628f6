//! What a statement says of a run that goes on: it is what the run has, or a mistake. A run keeps its recipe, so that it
//! ends with the bits that it would have had; only the moments of checkpoints, which change nothing, can be others, and
//! the number of epochs where no rate depends on it.

use fovea_data::DataSpec;
use fovea_dsl::verb::{Period, Said, Train};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::counted;
use fovea_train::target::{Toward, Weights};
use fovea_train::{CheckpointEvery, Recipe, RunRecord, WarmUp};

use super::recipe::length;
use crate::display::number::of;

/// The recipe to go on with: the run's, with the statement's moments for checkpoints and its length. `said` is the statement's, with
/// the language's defaults, which nobody said.
///
/// Errors: a mistake for each clause that says other than what the run has.
pub fn agreed(train: &Train, said: &Recipe, record: &RunRecord, spec: &DataSpec) -> Result<Recipe, Vec<Diagnostic>> {
    let then = &record.info.recipe;
    let ([keep, stop], [kept, stopped]) = (said.watch_in_words(), then.watch_in_words());
    let ([against, _], [attacked, _]) = (said.against_in_words(), then.against_in_words());
    let mistakes: Vec<Diagnostic> = [
        other_length(record, &train.length),
        differs(record, &train.batch, batch(said), batch(then)),
        differs(record, &train.optimizer, optimizer(said), optimizer(then)),
        differs(record, &train.clip, said.clip_in_words(), then.clip_in_words()),
        differs(record, &train.freeze, said.frozen_in_words(), then.frozen_in_words()),
        differs(record, &train.lr, said.rates_in_words(), then.rates_in_words()),
        differs(record, &train.against, against, attacked),
        differs(record, &train.share, clause("share", train.share.map_or(0.0, |said| said.value)), share(then)),
        differs(record, &train.schedule, schedule(said), schedule(then)),
        differs(record, &train.warmup, warm_up(said), warm_up(then)),
        differs(record, &train.toward, toward(said), toward(then)),
        differs(record, &train.noise, clause("noise", said.target.noise), clause("noise", then.target.noise)),
        differs(record, &train.loss, loss(said), loss(then)),
        differs(record, &train.weights, weights(said), weights(then)),
        differs(
            record,
            &train.smooth,
            clause("smooth", said.target.smoothing),
            clause("smooth", then.target.smoothing),
        ),
        differs(record, &train.ignore, ignore(said), ignore(then)),
        differs(record, &train.keep, keep, kept),
        differs(record, &train.stop, stop, stopped),
        differs(record, &train.seed, seed(said), seed(then)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let checkpoint_every: CheckpointEvery = said.checkpoint_every;
    let unsaid = (then.epochs, then.steps);
    let (epochs, steps) = train.length.map_or(unsaid, |said| length(said.value, then.batch, spec));
    Ok(Recipe { epochs, steps, checkpoint_every, ..then.clone() })
}

/// A recipe in the language's clauses, each with its word; empty where it has none of it.
pub fn clauses(recipe: &Recipe) -> [(&'static str, String); 13] {
    let [against, share] = recipe.against_in_words();
    let [keep, stop] = recipe.watch_in_words();
    [
        ("for", recipe.length_in_words()),
        ("batch", batch(recipe)),
        ("with", optimizer(recipe)),
        ("clip", recipe.clip_in_words()),
        ("freeze", recipe.frozen_in_words()),
        ("lr", recipe.rates_in_words()),
        ("against", against),
        ("share", share),
        ("schedule", schedule(recipe)),
        ("warmup", warm_up(recipe)),
        ("keep", keep),
        ("stop", stop),
        ("seed", seed(recipe)),
    ]
}

/// The mistake of a length that the run cannot have.
fn other_length(record: &RunRecord, clause: &Option<Said<Period>>) -> Option<Diagnostic> {
    let then = &record.info.recipe;
    let words = |period: Period| match period {
        Period::Epochs(epochs) => format!("for {}", counted(epochs, "epoch")),
        Period::Steps(steps) => format!("for {}", counted(steps, "step")),
    };
    let said = clause.as_ref().filter(|said| words(said.value) != then.length_in_words())?;
    let (run, net, data) = (record.number, &record.info.net, &record.info.data);
    let found = |message: String| Diagnostic::new(Stage::Verbs, said.span, message).found(words(said.value));
    if then.schedule.spans_run() {
        let length = then.length_in_words();
        let message = format!("run {run} began with `{length}`, and its `{}` ends there", schedule(then));
        let further =
            format!("`train {net} further on {data} {}` begins a new run from its weights", words(said.value));
        let mistake = found(message).expected(&length).help(further);
        return Some(mistake.mend(said.cut(), "").mend(said.span, length));
    }
    let (asked, done, unit, twice): (usize, usize, &str, fn(usize) -> Period) = match said.value {
        Period::Epochs(epochs) => (epochs, record.epochs_done(), "epoch", Period::Epochs),
        Period::Steps(steps) => (steps, record.steps_done() as usize, "step", Period::Steps),
    };
    (asked <= done).then(|| {
        let mistake = found(format!("run {run} has had {} already", of(done, unit)));
        let more = words(twice(2 * done));
        mistake.expected(format!("more than {done}")).mend(said.span, &more).help(format!(
            "{unit}s are counted from the run's beginning: `train {net} on {data} {more} resume run {run}`, say"
        ))
    })
}

/// The mistake of a clause that stands there and says `now`, where the run has `then`.
fn differs<T>(record: &RunRecord, clause: &Option<Said<T>>, now: String, then: String) -> Option<Diagnostic> {
    let said = clause.as_ref().filter(|_| now != then)?;
    let (run, net, data) = (record.number, &record.info.net, &record.info.data);
    let mends = [(said.cut(), String::new()), (said.span, then.clone())];
    // What the run never had can only be left out.
    let mends = &mends[..if then.is_empty() { 1 } else { 2 }];
    let word = now.split(' ').next().unwrap_or_default();
    let began = if then.is_empty() { format!("without `{word}`") } else { format!("with `{then}`") };
    let message = format!("run {run} began {began}, and a run goes on as it began");
    let mistake = Diagnostic::new(Stage::Verbs, said.span, message).found(now);
    let mistake = if then.is_empty() { mistake } else { mistake.expected(then) };
    let mistake = mends.iter().fold(mistake, |mistake, (place, text)| mistake.mend(*place, text));
    Some(mistake.help(format!("leave it out, and the run's own holds: `train {net} on {data} resume run {run}`")))
}

fn batch(recipe: &Recipe) -> String {
    format!("batch {}", recipe.batch)
}

fn seed(recipe: &Recipe) -> String {
    format!("seed {}", recipe.seed)
}

fn toward(recipe: &Recipe) -> String {
    if recipe.target.toward == Toward::Itself { "toward itself".to_string() } else { String::new() }
}

fn loss(recipe: &Recipe) -> String {
    recipe.target.loss.map_or_else(String::new, |loss| format!("loss {loss}"))
}

fn weights(recipe: &Recipe) -> String {
    if recipe.target.weights == Weights::Balanced { "weights balanced".to_string() } else { String::new() }
}

fn ignore(recipe: &Recipe) -> String {
    recipe.target.ignore.map_or_else(String::new, |label| format!("ignore {label}"))
}

/// How much changed pictures count, where there are any.
fn share(recipe: &Recipe) -> String {
    clause("share", recipe.adjustments.against.map_or(0.0, |against| against.share))
}

/// A clause whose absence is 0.
fn clause(word: &str, number: f64) -> String {
    if number == 0.0 { String::new() } else { format!("{word} {number}") }
}

fn optimizer(recipe: &Recipe) -> String {
    format!("with {}", recipe.optimizer_in_words())
}

fn schedule(recipe: &Recipe) -> String {
    format!("schedule {}", recipe.schedule.in_words())
}

/// Empty, as of every clause whose absence means that there is none of it.
fn warm_up(recipe: &Recipe) -> String {
    match recipe.warm_up {
        None => String::new(),
        Some(WarmUp::Epochs(epochs)) => format!("warmup {}", counted(epochs, "epoch")),
        Some(WarmUp::Steps(steps)) => format!("warmup {}", counted(steps, "step")),
    }
}
