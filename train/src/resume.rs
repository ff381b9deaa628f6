//! Going on with a run that was broken off, as if it had not been.

use std::sync::atomic::AtomicBool;

use crate::choose::{Choice, choose};
use crate::epochs::Epochs;
use crate::error::TrainError;
use crate::fit::{begin, check};
use crate::lock::Lock;
use crate::place::Place;
use crate::recipe::{Ending, Event, History, Recipe};
use crate::record::RunRecord;
use crate::runs::RunFolder;
use crate::schedule::WarmUp;
use crate::size::Size;
use crate::trainee::Trainee;
use fovea_data::Dataset;
use fovea_graph::counted;

/// Goes on with a run from its newest whole checkpoint, in its own folder; on the same device it ends with the same bits as if
/// it had never been broken off. Metrics from behind the checkpoint are dropped and come again. `trainee` is the run's
/// net, with any weights; `recipe` is the run's own ([`RunInfo`](crate::RunInfo) has it), though its checkpoints may
/// come at other moments, and the run may have more or fewer epochs where no rate depends on the last one: from then on
/// it is a run of so many.
///
/// # Errors
/// Before the first step, and with nothing changed: another process holds the run, or it is complete; recipe, data or net
/// are not the run's; none of its checkpoints is of use; what [`fit`](crate::fit) refuses. Later: as for [`fit`](crate::fit).
pub fn resume(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    record: &RunRecord,
    events: &mut dyn FnMut(Event),
    interrupted: &AtomicBool,
) -> Result<History, TrainError> {
    let run = record.number;
    // Whoever holds the lock is the only one who writes; what another process has written until now is read anew.
    let lock = Lock::take(&record.folder)?;
    let record = &RunRecord::read(run, record.folder.clone())?;
    if !record.intact {
        return Err(TrainError::RunChanged { run });
    }
    let recipe = &Recipe { further: record.info.recipe.further, ..recipe.clone() };
    let differences = differences(&record.info.recipe, recipe);
    if !differences.is_empty() {
        return Err(TrainError::AnotherRecipe { run, differences: differences.join("; ") });
    }
    has_more(recipe, record)?;
    let size = check(trainee, data, recipe, interrupted)?;
    let history = go_on(trainee, data, recipe, &size, record, lock, events, interrupted);
    trainee.programs.clear();
    history
}

/// Whether the recipe leaves the run anything to do.
fn has_more(recipe: &Recipe, record: &RunRecord) -> Result<(), TrainError> {
    let (run, epochs, then) = (record.number, recipe.epochs, &record.info.recipe);
    let (done, steps_done) = (record.epochs_done(), record.steps_done());
    if let Some(Ending::Early { .. }) = record.ending {
        return Err(TrainError::RunEarly { run, epochs: done });
    }
    if let Some(steps) = recipe.steps {
        let is_over = steps <= steps_done;
        return match () {
            () if is_over && record.ending == Some(Ending::Complete) && then.steps == recipe.steps => {
                Err(TrainError::RunComplete { run, epochs: record.epochs.len() })
            }
            () if is_over && then.steps != recipe.steps => Err(TrainError::StepsDone { run, done: steps_done, steps }),
            () => Ok(()),
        };
    }
    // A run that was killed as it got more epochs may still say that it is complete.
    if record.ending == Some(Ending::Complete) && epochs == done {
        return Err(TrainError::RunComplete { run, epochs });
    }
    if epochs != then.epochs && epochs <= done {
        return Err(TrainError::EpochsDone { run, done, epochs });
    }
    Ok(())
}

/// Goes on from the newest checkpoint that fits; from the beginning where the run has none yet.
#[expect(clippy::too_many_arguments, reason = "the public function's, and what it has found out")]
fn go_on(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    size: &Size,
    record: &RunRecord,
    lock: Lock,
    events: &mut dyn FnMut(Event),
    interrupted: &AtomicBool,
) -> Result<History, TrainError> {
    let Choice { checkpoint, passed } = choose(trainee, data, recipe, size, record, interrupted)?;
    match checkpoint {
        None if recipe.further => return Err(TrainError::NoCheckpoint { run: record.number }),
        None => begin(trainee, data, recipe, size, interrupted)?,
        Some(_) => {}
    }
    let place = checkpoint.as_ref().map_or_else(Place::default, |checkpoint| checkpoint.place.clone());
    let mut folder = RunFolder::reopen(record, recipe, &place, lock)?;
    for (path, why) in passed {
        events(Event::PassedOver { path, why });
    }
    let done = record.epochs.iter().filter(|epoch| epoch.epoch as u64 <= place.epochs).cloned().collect();
    let goes_on = checkpoint.is_some();
    // Its values are the net's from here on: no second copy of them lasts as long as the run.
    if let Some(checkpoint) = checkpoint {
        trainee.restore(&checkpoint)?;
    }
    let epochs = Epochs::new(trainee, data, recipe, size, place, Some(&mut folder), interrupted)?;
    let epochs = if goes_on { epochs.resumed(done) } else { epochs };
    epochs.run(events, interrupted)
}

/// What in a recipe is not as in the run's, in words; nothing about the moments of checkpoints, which change nothing.
fn differences(then: &Recipe, now: &Recipe) -> Vec<String> {
    let differs = |what: &str, then: String, now: String| (then != now).then(|| format!("{what} {now}, not {then}"));
    let length = |recipe: &Recipe| match recipe.steps {
        _ if !then.schedule.spans_run() => String::new(),
        Some(steps) => counted(steps, "step"),
        None => recipe.epochs.to_string(),
    };
    [
        differs("epochs", length(then), length(now)),
        differs("batch", then.batch.to_string(), now.batch.to_string()),
        differs("optimizer", then.optimizer_in_words(), now.optimizer_in_words()),
        differs("gradients", or_none(then.clip_in_words()), or_none(now.clip_in_words())),
        differs("layers", or_none(then.frozen_in_words()), or_none(now.frozen_in_words())),
        differs("pictures", or_none(against(then)), or_none(against(now))),
        differs("rates", or_none(then.rates_in_words()), or_none(now.rates_in_words())),
        differs("schedule", then.schedule.in_words(), now.schedule.in_words()),
        differs("warm-up", warm_up(then.warm_up), warm_up(now.warm_up)),
        differs("target", then.target.to_string(), now.target.to_string()),
        differs("seed", then.seed.to_string(), now.seed.to_string()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn or_none(words: String) -> String {
    if words.is_empty() { "none".into() } else { words }
}

fn against(recipe: &Recipe) -> String {
    recipe.against_in_words().join(", ").trim_end_matches(", ").to_string()
}

fn warm_up(warm_up: Option<WarmUp>) -> String {
    match warm_up {
        None => "none".into(),
        Some(WarmUp::Epochs(epochs)) => counted(epochs, "epoch"),
        Some(WarmUp::Steps(steps)) => counted(steps, "step"),
    }
}
