//! Where a run begins: whether all fits together, and first weights.

use std::sync::atomic::AtomicBool;

use fovea_graph::{Role, Stop};

use crate::aim::Aim;
use crate::epochs::Epochs;
use crate::error::TrainError;
use crate::needs::Needs;
use crate::place::Place;
use crate::question::Question;
use crate::recipe::{CheckpointEvery, Event, History, Recipe, Watch};
use crate::runs::RunFolder;
use crate::schedule::{Course, Schedule};
use crate::single::SingleValue;
use crate::size::{Size, batches};
use crate::standardise::Standardisation;
use crate::trainee::Trainee;
use fovea_data::Dataset;

/// Trains a net.
///
/// Unless the recipe says `further`, it begins from first weights drawn by the recipe's seed. Where there is a run
/// folder, metrics and checkpoints are written as it goes and the weights at the end, also after an interrupt. Once
/// `interrupted` is set, no further step is begun and the run ends, on the CPU between two ops, with the weights of the
/// last complete step.
///
/// # Errors
/// Before the first step, and with nothing changed: a recipe or data that does not fit the net, a net that cannot be
/// compiled. Before the first step as well, where it was broken off before its events begin: [`TrainError::Interrupted`];
/// first weights may then have been drawn in part. Later: a file that cannot be written, a device that fails; the trainee then keeps the last complete step, unless the device
/// is lost with all that it held ([`TrainError::Lost`]).
pub fn fit(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    run: Option<&mut RunFolder>,
    events: &mut dyn FnMut(Event),
    interrupted: &AtomicBool,
) -> Result<History, TrainError> {
    let size = check(trainee, data, recipe, interrupted)?;
    let history = begin(trainee, data, recipe, &size, interrupted).and_then(|()| {
        Epochs::new(trainee, data, recipe, &size, Place::default(), run, interrupted)?.run(events, interrupted)
    });
    // Nets stay in memory for as long as a session lasts; what their training needed does not.
    trainee.programs.clear();
    history
}

/// Whether net, data and recipe fit together.
pub(crate) fn check(trainee: &Trainee, data: &Dataset, recipe: &Recipe, stop: &dyn Stop) -> Result<Size, TrainError> {
    let &Recipe { epochs, batch, rate, .. } = recipe;
    trainee.check(data, recipe.target, stop)?;
    let samples = data.train.len();
    match (samples, epochs, batch) {
        (0, _, _) => return Err(TrainError::NoPictures("train on")),
        (_, 0, _) => return Err(TrainError::NoEpochs),
        (_, _, 0) => return Err(TrainError::NoBatch),
        _ if recipe.steps == Some(0) => return Err(TrainError::NoSteps),
        _ if recipe.watch != Watch::default() && data.validation.is_empty() => {
            return Err(TrainError::NoValidation { data: data.name.clone() });
        }
        _ if batch > samples => return Err(TrainError::BatchTooLarge { batch, samples, data: data.name.clone() }),
        _ if !(0.0..=f64::from(f32::MAX)).contains(&rate) => return Err(TrainError::Rate(rate)),
        _ => check_schedule(recipe)?,
    }
    check_adjustments(trainee, recipe)?;
    let steps_per_epoch = samples.div_ceil(batch);
    let run = epochs as u128 * steps_per_epoch as u128;
    // Random numbers are drawn by the step's number, which has 32 bits.
    let trained = if recipe.further { trainee.progress.steps } else { 0 };
    if run + u128::from(trained) > u128::from(u32::MAX) {
        return Err(TrainError::TooManySteps { epochs, steps_per_epoch });
    }
    let steps = recipe.steps.map_or(run as u64, |most| most.min(run as u64));
    let course = Course { steps, per_epoch: steps_per_epoch as u64 };
    match recipe.warm_up.map_or(0, |warm_up| warm_up.steps(course.per_epoch)) {
        warm_up if warm_up > course.steps => return Err(TrainError::WarmUp { warm_up, steps: course.steps }),
        _ => {}
    }
    if let Some(single) = SingleValue::find(&trainee.net.forward, recipe, samples)? {
        return Err(TrainError::SingleValue(single));
    }
    Ok(Size { course, batches: batches(samples, batch) })
}

/// Whether gradients have a length to be clipped to, and something is left to train.
fn check_adjustments(trainee: &Trainee, recipe: &Recipe) -> Result<(), TrainError> {
    let adjustments = &recipe.adjustments;
    if let Some(limit) = adjustments.clip.filter(|limit| !(*limit > 0.0 && limit.is_finite())) {
        return Err(TrainError::Clip(limit));
    }
    if adjustments.against.is_some_and(|against| !against.is_possible()) {
        return Err(TrainError::Against(recipe.against_in_words().concat()));
    }
    let mut parameters = trainee.states().iter().filter(|state| state.role == Role::Parameter);
    if !adjustments.frozen.is_empty() && parameters.all(|state| adjustments.freezes(state)) {
        return Err(TrainError::AllFrozen);
    }
    Ok(())
}

/// Whether schedule and checkpoints have numbers that mean something.
fn check_schedule(recipe: &Recipe) -> Result<(), TrainError> {
    let factor = |factor: f64| if factor > 0.0 && factor <= 1.0 { Ok(()) } else { Err(TrainError::Factor(factor)) };
    match recipe.schedule {
        Schedule::Step { every: 0, .. } => return Err(TrainError::ScheduleOfNoEpochs),
        Schedule::Step { factor: by, .. } | Schedule::StepsAt { factor: by, .. } => factor(by)?,
        Schedule::Plateau(plateau) => factor(plateau.factor)?,
        Schedule::Poly { power } if !(power > 0.0 && power.is_finite()) => return Err(TrainError::Power(power)),
        Schedule::Constant | Schedule::Cosine | Schedule::Poly { .. } => {}
    }
    match recipe.checkpoint_every {
        CheckpointEvery::Steps(0) => Err(TrainError::CheckpointEvery("steps")),
        CheckpointEvery::Epochs(0) => Err(TrainError::CheckpointEvery("epochs")),
        _ => Ok(()),
    }
}

/// Compiles what the run takes, so that none fails on its tests after the first epoch.
pub(crate) fn prepare(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    size: &Size,
    stop: &dyn Stop,
) -> Result<(), TrainError> {
    let objective = Aim::of(recipe.target, &trainee.net.told(), data)?.objective;
    let (step, test) = (recipe.question(objective), Question::test_by(objective.of_test()));
    let net = &trainee.net;
    let needs = Needs::plan(&net.forward, [&step, &test], &size.batches, data.watched().len(), &*net.backend, stop)?;
    trainee.prepare(needs, stop)
}

/// Compiles what the run takes; then first weights, unless it goes on from others, and what they are to be kept with.
pub(crate) fn begin(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    size: &Size,
    stop: &dyn Stop,
) -> Result<(), TrainError> {
    prepare(trainee, data, recipe, size, stop)?;
    if !recipe.further {
        trainee.reset(recipe.seed, stop)?;
    }
    // Weights that were trained on pictures standardised in one way go on seeing them so.
    if trainee.standardisation.is_none() {
        trainee.standardisation = Some(Standardisation::of_unless(data, stop)?);
    }
    trainee.classes.clone_from(&data.classes);
    trainee.target = recipe.target;
    Ok(())
}
