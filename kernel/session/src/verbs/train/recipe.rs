//! The recipe of a `train` statement.

use fovea_dsl::command::{self, Period, Train};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::training::{Adam, Decay, Optimizer};
use fovea_train::{CheckpointEvery, DataSpec, Recipe, Schedule, WarmUp};

/// The recipe as written, the language's defaults where nothing is; `seed` is the program's.
pub fn recipe(train: &Train, seed: u64) -> Recipe {
    Recipe {
        epochs: train.epochs,
        batch: train.batch,
        optimizer: optimizer(&train.optimizer),
        rate: train.optimizer.rate(),
        schedule: match train.schedule {
            command::Schedule::Constant => Schedule::Constant,
            command::Schedule::Cosine => Schedule::Cosine,
            command::Schedule::Step { every, by } => Schedule::Step { every: every as u64, factor: by },
        },
        warm_up: train.warmup.map(|period| match period {
            Period::Steps(steps) => WarmUp::Steps(steps as u64),
            Period::Epochs(epochs) => WarmUp::Epochs(epochs as u64),
        }),
        seed: train.seed.unwrap_or(seed),
        further: train.further,
        checkpoint_every: match train.checkpoint {
            None => Recipe::CHECKPOINT_EVERY,
            Some(Period::Steps(steps)) => CheckpointEvery::Steps(steps as u64),
            Some(Period::Epochs(epochs)) => CheckpointEvery::Epochs(epochs as u64),
        },
    }
}

fn optimizer(written: &command::Optimizer) -> Optimizer {
    let adam = |numbers: &command::Adam, form| {
        let &command::Adam { beta1, beta2, eps, decay, .. } = numbers;
        Optimizer::Adam(Adam { beta1, beta2, eps, decay, form })
    };
    match written {
        command::Optimizer::Sgd(sgd) => Optimizer::Sgd { momentum: sgd.momentum, decay: sgd.decay },
        command::Optimizer::Adam(numbers) => adam(numbers, Decay::Gradient),
        command::Optimizer::AdamW(numbers) => adam(numbers, Decay::Weights),
    }
}

/// Whether the data has pictures for its batches, and its steps can be counted.
pub fn possible(train: &Train, recipe: &Recipe, span: Span, spec: &DataSpec) -> Result<(), Diagnostic> {
    batch_fits(train, spec)?;
    steps_are_countable(train, span, spec)?;
    warm_up_ends(recipe, span, spec)
}

/// A batch that the training part can fill.
fn batch_fits(train: &Train, spec: &DataSpec) -> Result<(), Diagnostic> {
    let samples = spec.counts().train;
    if train.batch <= samples {
        return Ok(());
    }
    let message =
        format!("batch {} is more than the {samples} training pictures of `{}`", train.batch, train.data.text);
    Err(Diagnostic::new(Stage::Values, train.batch_span, message)
        .found(train.batch.to_string())
        .expected(format!("at most {samples}"))
        .help(format!("`batch {samples}` takes all of them at every step")))
}

/// A run whose steps can be numbered: random numbers are drawn by the step's number, which has 32 bits.
fn steps_are_countable(train: &Train, span: Span, spec: &DataSpec) -> Result<(), Diagnostic> {
    let steps = spec.counts().train.div_ceil(train.batch.max(1));
    let most = u32::MAX as usize / steps.max(1);
    if train.epochs <= most {
        return Ok(());
    }
    let message = format!("{} epochs of {steps} steps are more steps than can be numbered", train.epochs);
    Err(Diagnostic::new(Stage::Values, span, message)
        .found(train.epochs.to_string())
        .expected(format!("at most {most} epochs")))
}

/// A warm-up that ends before the run does.
fn warm_up_ends(recipe: &Recipe, span: Span, spec: &DataSpec) -> Result<(), Diagnostic> {
    let per_epoch = spec.counts().train.div_ceil(recipe.batch.max(1)) as u64;
    let steps = per_epoch.saturating_mul(recipe.epochs as u64);
    let rising = recipe.warm_up.map_or(0, |warm_up| warm_up.steps(per_epoch));
    if rising <= steps {
        return Ok(());
    }
    let message = format!("a warm-up of {rising} steps is longer than the run, which has {steps}");
    Err(Diagnostic::new(Stage::Values, span, message)
        .found(rising.to_string())
        .expected(format!("at most {steps} steps"))
        .help("a shorter warm-up, or more epochs"))
}
