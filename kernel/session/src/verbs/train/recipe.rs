//! The recipe of a `train` statement.

use fovea_data::DataSpec;
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::{self, Period, Said, Train};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::counted;
use fovea_graph::training::{Adam, Adjustments, Against, Decay, Decayed, Optimizer, RmsProp};
use fovea_train::target::Target;
use fovea_train::{CheckpointEvery, Forward, Keep, Plateau, Recipe, Schedule, SingleValue, TrainError, WarmUp, Watch};

use crate::failure::{At, Failure};
use crate::toward;

/// Epochs of a statement that says none.
const EPOCHS: usize = 10;

/// Pictures a step of a statement that says none.
const BATCH: usize = 64;

/// The recipe as written, the language's defaults where nothing is; `seed` is the program's.
pub fn recipe(train: &Train, seed: u64, spec: &DataSpec) -> Recipe {
    let batch = train.batch.map_or(BATCH, |said| said.value);
    let length = train.length.map_or(Period::Epochs(EPOCHS), |said| said.value);
    let (epochs, steps) = self::length(length, batch, spec);
    let optimizer = train.optimizer.map_or_else(verb::Optimizer::default, |said| said.value);
    Recipe {
        epochs,
        batch,
        optimizer: self::optimizer(&optimizer),
        adjustments: Adjustments {
            clip: train.clip.map(|said| said.value),
            decayed: decayed(&optimizer),
            against: against(train),
            ..Adjustments::default()
        },
        rate: optimizer.rate(),
        schedule: train.schedule.as_ref().map_or(Schedule::Constant, |said| schedule(&said.value)),
        warm_up: train.warmup.map(|said| warm_up(said.value)),
        target: toward::target(train),
        seed: train.seed.map_or(seed, |said| said.value),
        further: train.further.is_some(),
        checkpoint_every: train.checkpoint.map_or(Recipe::CHECKPOINT_EVERY, |said| checkpoint(said.value)),
        steps,
        watch: Watch {
            keep: if train.keep.is_some() { Keep::Best } else { Keep::Last },
            patience: train.stop.map(|said| said.value),
        },
    }
}

/// By which changed pictures it is trained, too.
fn against(train: &Train) -> Option<Against> {
    let share = train.share.map_or(Against::SHARE, |said| said.value);
    match train.against?.value {
        verb::Attack::Fgsm { eps } => Some(Against { eps, steps: 1, step: eps, share }),
        verb::Attack::Pgd { eps, steps, step } => Some(Against { eps, steps, step: step.unwrap_or(eps / 4.0), share }),
        verb::Attack::DeepFool { .. } => None,
    }
}

/// How many epochs a run has, and how many steps where it is counted in those; the last epoch need not be whole.
pub fn length(written: Period, batch: usize, spec: &DataSpec) -> (usize, Option<u64>) {
    match written {
        Period::Epochs(epochs) => (epochs, None),
        Period::Steps(steps) => (steps.div_ceil(spec.counts().train.div_ceil(batch.max(1)).max(1)), Some(steps as u64)),
    }
}

/// Whether there is a part of the data to watch the run by, where the statement needs one.
pub fn is_watched(train: &Train, spec: &DataSpec) -> Result<(), Diagnostic> {
    let said = [train.keep.map(|said| (said.span, said.cut())), train.stop.map(|said| (said.span, said.cut()))];
    let Some((span, cut)) = said.into_iter().flatten().next().filter(|_| spec.counts().validation == 0) else {
        return Ok(());
    };
    let data = &train.data.text;
    let word = if train.keep.is_some() { "keep best" } else { "stop early" };
    let mistake =
        Diagnostic::new(Stage::Verbs, span, format!("`{data}` has no validation part, by which `{word}` goes"));
    let mistake = mistake.also(train.data.span, "training and test part alone").mend(cut, "");
    let one = match spec.is_own() {
        true => format!("or give `{data}` one: `split 70/15/15` in its `data` statement"),
        // What is built in has its parts; other data can be made of it.
        false => format!("or train on other parts of it: `data my_{data} = {data} part 1 split 70/15/15`"),
    };
    Err(mistake.help(format!("leave it out, {one}")))
}

/// The recipe of a search for a learning rate: what of a run's it takes.
pub fn search(optimizer: &verb::Optimizer, batch: Option<usize>, seed: u64) -> Recipe {
    Recipe {
        epochs: 1,
        batch: batch.unwrap_or(BATCH),
        optimizer: self::optimizer(optimizer),
        adjustments: Adjustments { decayed: decayed(optimizer), ..Adjustments::default() },
        rate: optimizer.rate(),
        schedule: Schedule::Constant,
        warm_up: None,
        target: Target::default(),
        seed,
        further: true,
        checkpoint_every: Recipe::CHECKPOINT_EVERY,
        steps: None,
        watch: Watch::default(),
    }
}

/// The learning rate's course.
pub fn schedule(written: &verb::Schedule) -> Schedule {
    match *written {
        verb::Schedule::Constant => Schedule::Constant,
        verb::Schedule::Cosine => Schedule::Cosine,
        verb::Schedule::Step { every, by } => Schedule::Step { every: every as u64, factor: by },
        verb::Schedule::StepsAt { ref at, by } => {
            Schedule::StepsAt { epochs: at.iter().map(|&epoch| epoch as u64).collect(), factor: by }
        }
        verb::Schedule::Poly { power } => Schedule::Poly { power },
        verb::Schedule::Plateau { by, patience, threshold } => {
            Schedule::Plateau(Plateau { factor: by, patience: patience as u64, threshold })
        }
    }
}

/// How long the rate rises.
pub fn warm_up(written: Period) -> WarmUp {
    match written {
        Period::Steps(steps) => WarmUp::Steps(steps as u64),
        Period::Epochs(epochs) => WarmUp::Epochs(epochs as u64),
    }
}

fn checkpoint(written: Period) -> CheckpointEvery {
    match written {
        Period::Steps(steps) => CheckpointEvery::Steps(steps as u64),
        Period::Epochs(epochs) => CheckpointEvery::Epochs(epochs as u64),
    }
}

/// What becomes of gradients.
pub fn optimizer(written: &verb::Optimizer) -> Optimizer {
    let adam = |numbers: &verb::Adam, form| {
        let &verb::Adam { beta1, beta2, eps, decay, .. } = numbers;
        Optimizer::Adam(Adam { beta1, beta2, eps, decay, form })
    };
    match written {
        &verb::Optimizer::Sgd(verb::Sgd { momentum, decay, form, .. }) => match form {
            verb::Momentum::Classical => Optimizer::Sgd { momentum, decay },
            verb::Momentum::Nesterov => Optimizer::Nesterov { momentum, decay },
        },
        &verb::Optimizer::RmsProp(verb::RmsProp { alpha, eps, momentum, decay, .. }) => {
            Optimizer::RmsProp(RmsProp { alpha, eps, momentum, decay })
        }
        verb::Optimizer::Adam(numbers) => adam(numbers, Decay::Gradient),
        verb::Optimizer::AdamW(numbers) => adam(numbers, Decay::Weights),
    }
}

/// Which parameters decay.
pub fn decayed(written: &verb::Optimizer) -> Decayed {
    match written.decayed() {
        verb::Decayed::All => Decayed::All,
        verb::Decayed::Weights => Decayed::Weights,
    }
}

/// Whether the data has pictures for its batches, and its steps can be counted.
pub fn possible(train: &Train, recipe: &Recipe, span: Span, spec: &DataSpec) -> Result<(), Diagnostic> {
    is_watched(train, spec)?;
    batch_fits(recipe.batch, train.batch.as_ref(), (span, &train.data), spec)?;
    steps_are_countable(train, recipe, span, spec)?;
    warm_up_ends(recipe, span, spec)
}

/// A batch that the training part can fill.
pub fn batch_fits(
    batch: usize,
    said: Option<&Said<usize>>,
    (span, data): (Span, &Name),
    spec: &DataSpec,
) -> Result<(), Diagnostic> {
    let samples = spec.counts().train;
    if batch <= samples {
        return Ok(());
    }
    let message = format!("batch {batch} is more than the {} of `{}`", counted(samples, "training picture"), data.text);
    let place = said.map_or(Span { start: span.end, ..span }, |said| said.span);
    let space = if said.is_some() { "" } else { " " };
    Err(Diagnostic::new(Stage::Values, said.map_or(span, |said| said.span), message)
        .found(batch.to_string())
        .expected(format!("at most {samples}"))
        .mend(place, format!("{space}batch {samples}"))
        .help(format!("`batch {samples}` takes all of them at every step")))
}

/// A run whose steps can be numbered: random numbers are drawn by the step's number, which has 32 bits.
fn steps_are_countable(train: &Train, recipe: &Recipe, span: Span, spec: &DataSpec) -> Result<(), Diagnostic> {
    let steps = spec.counts().train.div_ceil(recipe.batch.max(1));
    let most = u32::MAX as usize / steps.max(1);
    let epochs = recipe.epochs;
    if epochs <= most {
        return Ok(());
    }
    let message =
        format!("{} of {} are more steps than can be numbered", counted(epochs, "epoch"), counted(steps, "step"));
    Err(Diagnostic::new(Stage::Values, train.length.map_or(span, |said| said.span), message)
        .found(epochs.to_string())
        .expected(format!("at most {}", counted(most, "epoch"))))
}

/// A warm-up that ends before the run does.
fn warm_up_ends(recipe: &Recipe, span: Span, spec: &DataSpec) -> Result<(), Diagnostic> {
    let per_epoch = spec.counts().train.div_ceil(recipe.batch.max(1)) as u64;
    let steps = recipe.steps.unwrap_or(per_epoch.saturating_mul(recipe.epochs as u64));
    let rising = recipe.warm_up.map_or(0, |warm_up| warm_up.steps(per_epoch));
    if rising <= steps {
        return Ok(());
    }
    let message = format!("a warm-up of {} is longer than the run, which has {steps}", counted(rising, "step"));
    Err(Diagnostic::new(Stage::Values, span, message)
        .found(rising.to_string())
        .expected(format!("at most {}", counted(steps, "step")))
        .help("a shorter warm-up, or more epochs"))
}

/// Batches of which none leaves batch normalisation a single value.
pub fn enough_to_normalise(forward: &Forward, recipe: &Recipe, at: Span, spec: &DataSpec) -> Result<(), Failure> {
    let samples = spec.counts().train;
    let Some(single) = SingleValue::find(forward, recipe, samples).map_err(TrainError::from).at(at)? else {
        return Ok(());
    };
    let help = match single.mend() {
        Some(batch) => format!("`batch {batch}` leaves none of 1; or leave `{}` out", single.layer),
        None => format!("more training pictures than {samples} make larger batches; or leave `{}` out", single.layer),
    };
    Err(Diagnostic::new(Stage::Values, at, single.to_string())
        .found("one value a channel")
        .expected("at least two to normalise by")
        .help(help)
        .into())
}
