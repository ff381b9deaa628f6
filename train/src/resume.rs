//! Going on with a run that was broken off, as if it had not been.

use std::sync::atomic::AtomicBool;

use fovea_graph::training::{Adam, Decay, Optimizer};

use crate::checkpoint::{Checkpoint, Fingerprint, Place};
use crate::dataset::Dataset;
use crate::epochs::Epochs;
use crate::error::TrainError;
use crate::fit::{Size, begin, check, prepare};
use crate::recipe::{Ending, Event, History, Recipe};
use crate::record::RunRecord;
use crate::runs::RunFolder;
use crate::schedule::{Schedule, WarmUp};
use crate::trainee::Trainee;

/// Goes on with a run from its last checkpoint, in its own folder; on the same device it ends with the same bits as if
/// it had never been broken off. Metrics from behind the checkpoint are dropped and come again. `trainee` is the run's
/// net, with any weights; `recipe` is the run's own ([`RunInfo`](crate::RunInfo) has it), though its checkpoints may
/// come at other moments.
///
/// # Errors
/// Before the first step, and with nothing changed: the run is complete; recipe, data or net are not the run's; its
/// checkpoints cannot be read; what [`fit`](crate::fit) refuses. Later: as for [`fit`](crate::fit).
pub fn resume(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    record: &RunRecord,
    events: &mut dyn FnMut(Event),
    interrupted: &AtomicBool,
) -> Result<History, TrainError> {
    let run = record.number;
    if record.ending == Some(Ending::Complete) {
        return Err(TrainError::RunComplete { run, epochs: record.epochs.len() });
    }
    let recipe = &Recipe { further: record.info.recipe.further, ..recipe.clone() };
    let differences = differences(&record.info.recipe, recipe);
    if !differences.is_empty() {
        return Err(TrainError::AnotherRecipe { run, differences: differences.join("; ") });
    }
    let size = check(trainee, data, recipe)?;
    let history = match record.load_checkpoint()? {
        Some(checkpoint) => go_on(trainee, data, recipe, &size, record, &checkpoint, events, interrupted),
        None if recipe.further => return Err(TrainError::NoCheckpoint { run }),
        None => begin(trainee, data, recipe, &size).and_then(|test| {
            let mut folder = RunFolder::reopen(record, &Place::default())?;
            let place = Place::default();
            Epochs::new(trainee, data, recipe, &size, test, place, Some(&mut folder))?.run(events, interrupted)
        }),
    };
    trainee.programs.clear();
    history
}

/// Goes on from a checkpoint that may not fit.
#[expect(clippy::too_many_arguments, reason = "the public function's, and what it has found out")]
fn go_on(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    size: &Size,
    record: &RunRecord,
    checkpoint: &Checkpoint,
    events: &mut dyn FnMut(Event),
    interrupted: &AtomicBool,
) -> Result<History, TrainError> {
    let (run, place) = (record.number, &checkpoint.place);
    trainee.fits(&checkpoint.weights).map_err(|why| TrainError::AnotherNet { run, why: why.to_string() })?;
    compare(run, data, &checkpoint.fingerprint, &Fingerprint::of(trainee, data, recipe.batch)?)?;
    let course = size.course;
    let steps = place.epochs.checked_mul(course.per_epoch).and_then(|steps| steps.checked_add(place.batches));
    if steps != Some(place.step) || place.step > course.steps || place.batches > course.per_epoch {
        return Err(TrainError::Inconsistent(format!("run {run} cannot be at step {}", place.step)));
    }
    let test = prepare(trainee, data, recipe, size)?;
    trainee.resumes(checkpoint).map_err(|why| TrainError::AnotherNet { run, why: why.to_string() })?;

    let mut folder = RunFolder::reopen(record, place)?;
    trainee.restore(checkpoint)?;
    let done = record.epochs.iter().filter(|epoch| epoch.epoch as u64 <= place.epochs).cloned().collect();
    let epochs = Epochs::new(trainee, data, recipe, size, test, place.clone(), Some(&mut folder))?;
    epochs.resumed(done).run(events, interrupted)
}

/// Whether net and data are the run's.
fn compare(run: u32, data: &Dataset, then: &Fingerprint, now: &Fingerprint) -> Result<(), TrainError> {
    let data = data.name.clone();
    if then.samples != now.samples {
        let why = format!("it has {} training pictures, the run's had {}", now.samples, then.samples);
        Err(TrainError::AnotherData { run, data, why })
    } else if then.data != now.data {
        let why = "its pictures, labels or parts have changed since the run began".into();
        Err(TrainError::AnotherData { run, data, why })
    } else if then.net != now.net {
        let why = "its weights fit, but it computes with them in another way".into();
        Err(TrainError::AnotherNet { run, why })
    } else {
        Ok(())
    }
}

/// What in a recipe is not as in the run's, in words; nothing about the moments of checkpoints, which change nothing.
fn differences(then: &Recipe, now: &Recipe) -> Vec<String> {
    let differs = |what: &str, then: String, now: String| (then != now).then(|| format!("{what} {now}, not {then}"));
    [
        differs("epochs", then.epochs.to_string(), now.epochs.to_string()),
        differs("batch", then.batch.to_string(), now.batch.to_string()),
        differs("optimizer", optimizer(then), optimizer(now)),
        differs("schedule", schedule(then.schedule), schedule(now.schedule)),
        differs("warm-up", warm_up(then.warm_up), warm_up(now.warm_up)),
        differs("seed", then.seed.to_string(), now.seed.to_string()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn optimizer(recipe: &Recipe) -> String {
    let rate = recipe.rate;
    match recipe.optimizer {
        Optimizer::Sgd { momentum, decay } => format!("sgd(lr {rate}, momentum {momentum}, decay {decay})"),
        Optimizer::Adam(Adam { beta1, beta2, eps, decay, form }) => {
            let word = if form == Decay::Weights { "adamw" } else { "adam" };
            format!("{word}(lr {rate}, beta1 {beta1}, beta2 {beta2}, eps {eps}, decay {decay})")
        }
    }
}

fn schedule(schedule: Schedule) -> String {
    match schedule {
        Schedule::Constant => "constant".into(),
        Schedule::Cosine => "cosine".into(),
        Schedule::Step { every, factor } => format!("step(every {every} epochs, factor {factor})"),
    }
}

fn warm_up(warm_up: Option<WarmUp>) -> String {
    match warm_up {
        None => "none".into(),
        Some(WarmUp::Epochs(epochs)) => format!("{epochs} epochs"),
        Some(WarmUp::Steps(steps)) => format!("{steps} steps"),
    }
}
