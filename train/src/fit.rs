//! The training loop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fovea_graph::philox::{Purpose, Stream};

use crate::batch::Pictures;
use crate::compile::{Numbers, Use};
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::recipe::{Ending, EpochMetrics, Event, History, Recipe, StepMetrics};
use crate::runs::{Line, RunFolder};
use crate::standardise::Standardisation;
use crate::trainee::{Stepped, Trainee};

/// About how many single losses of an epoch are kept on disk.
const LOSSES: usize = 50;

/// Trains a net.
///
/// Unless the recipe says `further`, it begins from first weights drawn by the recipe's seed. Where there is a run
/// folder, metrics and checkpoints are written as it goes and the weights at the end, also after an interrupt. Once
/// `interrupted` is set, the run ends between two ops, with the weights of the last complete step.
///
/// # Errors
/// Before the first step, and with nothing changed: a recipe or data that does not fit the net, a net that cannot be
/// compiled. Later: a file that cannot be written, a device that fails; the trainee then keeps the last complete step.
pub fn fit(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    run: Option<&mut RunFolder>,
    events: &mut dyn FnMut(Event),
    interrupted: &AtomicBool,
) -> Result<History, TrainError> {
    let size = check(trainee, data, recipe)?;
    let used = Use::Train(recipe.optimizer.clone());
    let history = begin(trainee, data, recipe, &size).and_then(|()| {
        let pictures = Pictures::of(data, trainee.standardisation());
        let (used, clock, trainee) = (&used, Clock::start(), &mut *trainee);
        let (step, saved) = (0, 0);
        Fit { trainee, data, recipe, run, events, interrupted, pictures, used, clock, size, step, saved }.run()
    });
    // Nets stay in memory for as long as a session lasts; what their training needed does not.
    trainee.programs.forget(&used);
    history
}

/// What follows from data and recipe alone.
struct Size {
    /// Steps in an epoch.
    epoch: usize,
    /// Steps in the run.
    run: u64,
    /// The batches of an epoch: the full one, and the last where it is smaller.
    batches: Vec<usize>,
}

/// Whether net, data and recipe fit together.
fn check(trainee: &Trainee, data: &Dataset, recipe: &Recipe) -> Result<Size, TrainError> {
    let &Recipe { epochs, batch, rate, .. } = recipe;
    trainee.check(data)?;
    let samples = data.train.len();
    match (samples, epochs, batch) {
        (0, _, _) => return Err(TrainError::NoPictures("train on")),
        (_, 0, _) => return Err(TrainError::NoEpochs),
        (_, _, 0) => return Err(TrainError::NoBatch),
        _ if batch > samples => return Err(TrainError::BatchTooLarge { batch, samples, data: data.name.clone() }),
        _ if !rate.is_finite() || rate < 0.0 => return Err(TrainError::Rate(rate)),
        _ => {}
    }
    let steps_per_epoch = samples.div_ceil(batch);
    let run = epochs as u128 * steps_per_epoch as u128;
    // Random numbers are drawn by the step's number, which has 32 bits.
    let trained = if recipe.further { trainee.progress.steps } else { 0 };
    if run + u128::from(trained) > u128::from(u32::MAX) {
        return Err(TrainError::TooManySteps { epochs, steps_per_epoch });
    }
    let mut batches = vec![batch];
    batches.extend(Some(samples % batch).filter(|&rest| rest > 0));
    Ok(Size { epoch: steps_per_epoch, run: run as u64, batches })
}

/// Compiles what the run takes; then first weights, unless it goes on from others, and what they are to be kept with.
fn begin(trainee: &mut Trainee, data: &Dataset, recipe: &Recipe, size: &Size) -> Result<(), TrainError> {
    trainee.prepare(&recipe.optimizer, &size.batches)?;
    trainee.prepare_test(data.test.len())?;
    if !recipe.further {
        trainee.reset(recipe.seed)?;
    }
    // Weights that were trained on pictures standardised in one way go on seeing them so.
    if trainee.standardisation.is_none() {
        trainee.standardisation = Some(Standardisation::of(data));
    }
    trainee.classes.clone_from(&data.classes);
    Ok(())
}

/// A run.
struct Fit<'a> {
    trainee: &'a mut Trainee,
    data: &'a Dataset,
    recipe: &'a Recipe,
    run: Option<&'a mut RunFolder>,
    events: &'a mut dyn FnMut(Event),
    interrupted: &'a AtomicBool,
    pictures: Pictures<'a>,
    used: &'a Use,
    clock: Clock,
    size: Size,
    /// Complete steps of the run.
    step: u64,
    /// How many of them the last checkpoint has.
    saved: u64,
}

impl Fit<'_> {
    /// All epochs, or as many as there will be.
    fn run(&mut self) -> Result<History, TrainError> {
        let run = self.run.as_ref().map(|run| run.number());
        let (steps_per_epoch, epochs, samples) = (self.size.epoch, self.recipe.epochs, self.data.train.len());
        (self.events)(Event::Begin { run, steps_per_epoch, epochs, samples });
        let mut done = Vec::new();
        let mut ending = Ending::Complete;
        for epoch in 1..=epochs {
            match self.epoch(epoch)? {
                ControlFlow::Continue(metrics) => done.push(metrics),
                ControlFlow::Break(early) => {
                    ending = early;
                    break;
                }
            }
        }
        self.finish(&ending)?;
        (self.events)(Event::End(ending.clone()));
        Ok(History { run, epochs: done, images_per_second: self.clock.images_per_second(), ending })
    }

    /// One epoch and its test.
    fn epoch(&mut self, epoch: usize) -> Result<ControlFlow<Ending, EpochMetrics>, TrainError> {
        let began = Instant::now();
        let train = &self.data.train;
        let shuffle = Stream::new(self.recipe.seed, Purpose::Shuffle, self.trainee.progress.epochs);
        let order: Vec<usize> = shuffle.permutation(train.len()).into_iter().map(|i| train[i]).collect();
        let (mut loss, mut correct) = (0.0, None);
        for batch in order.chunks(self.recipe.batch) {
            match self.train(epoch, batch)? {
                ControlFlow::Break(ending) => return Ok(ControlFlow::Break(ending)),
                ControlFlow::Continue((batch_loss, right)) => {
                    loss += batch_loss * batch.len() as f64;
                    correct = right.map(|right| right + correct.unwrap_or(0.0));
                }
            }
        }
        self.trainee.progress.epochs += 1;

        let (test_loss, test_accuracy) = match self.test() {
            Err(TrainError::Interrupted) => {
                return Ok(ControlFlow::Break(Ending::Interrupted { steps: self.step }));
            }
            tested => tested?,
        };
        let count = train.len() as f64;
        let (loss, accuracy) = (loss / count, correct.map(|correct| correct / count));
        let seconds = began.elapsed().as_secs_f64();
        let metrics = EpochMetrics { epoch, loss, accuracy, test_loss, test_accuracy, seconds };
        if let Some(run) = &mut self.run {
            run.append(&Line::Epoch(metrics.clone()))?;
        }
        (self.events)(Event::Epoch(metrics.clone()));
        self.save()?;
        Ok(ControlFlow::Continue(metrics))
    }

    /// One step; the batch's loss, and how many were right.
    fn train(&mut self, epoch: usize, batch: &[usize]) -> Result<ControlFlow<Ending, (f64, Option<f64>)>, TrainError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Ok(ControlFlow::Break(Ending::Interrupted { steps: self.step }));
        }
        let began = Instant::now();
        let rate = self.recipe.schedule.rate(self.recipe.rate, self.step, self.size.run);
        let numbers = Numbers { learning_rate: rate, seed: self.recipe.seed, ..Numbers::default() };
        let stepped = self.trainee.step(self.used, &self.pictures, batch, numbers, self.interrupted)?;
        let (loss, correct) = match stepped {
            Stepped::Done { loss, correct } => (loss, correct),
            Stepped::Interrupted => return Ok(ControlFlow::Break(Ending::Interrupted { steps: self.step })),
            Stepped::NotFinite(what) => {
                return Ok(ControlFlow::Break(Ending::NotFinite { step: self.step + 1, what }));
            }
        };
        self.step += 1;
        self.clock.trained(batch.len(), began.elapsed());
        self.tell(epoch, StepMetrics { step: self.step, loss, rate })?;
        if self.run.is_some() && self.clock.since_checkpoint() >= self.recipe.checkpoint_every {
            self.save()?;
        }
        Ok(ControlFlow::Continue((loss, correct)))
    }

    /// Tells of a step, and writes it down if its turn has come.
    fn tell(&mut self, epoch: usize, metrics: StepMetrics) -> Result<(), TrainError> {
        let done = self.step as f64 / self.size.run as f64;
        (self.events)(Event::Step {
            step: metrics.step,
            epoch,
            loss: metrics.loss,
            images_per_second: self.clock.images_per_second(),
            remaining: self.clock.remaining(done),
            done_fraction: done,
        });
        let every = self.size.epoch.div_ceil(LOSSES) as u64;
        if let Some(run) = &mut self.run
            && self.step.is_multiple_of(every)
        {
            run.append(&Line::Step(metrics))?;
        }
        Ok(())
    }

    /// Loss and accuracy on the test part, where there is one.
    fn test(&mut self) -> Result<(Option<f64>, Option<f64>), TrainError> {
        if self.data.test.is_empty() {
            return Ok((None, None));
        }
        let tested = self.trainee.evaluate(self.data, &self.data.test, self.interrupted)?;
        Ok((Some(tested.loss), tested.accuracy))
    }

    /// Writes a checkpoint, where the run is kept.
    fn save(&mut self) -> Result<(), TrainError> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let path = run.checkpoint(&self.trainee.checkpoint(self.recipe.seed)?, self.step)?;
        self.saved = self.step;
        self.clock.checkpointed();
        (self.events)(Event::Checkpoint { step: self.step, path });
        Ok(())
    }

    /// Writes what the run leaves behind.
    fn finish(&mut self, ending: &Ending) -> Result<(), TrainError> {
        if self.saved < self.step {
            self.save()?;
        }
        if let Some(run) = &mut self.run {
            run.finish(&self.trainee.weights()?, ending)?;
        }
        Ok(())
    }
}

/// How the time goes.
struct Clock {
    began: Instant,
    checkpoint: Instant,
    /// Time in steps alone.
    training: Duration,
    images: u64,
}

impl Clock {
    fn start() -> Self {
        let now = Instant::now();
        Self { began: now, checkpoint: now, training: Duration::ZERO, images: 0 }
    }

    fn trained(&mut self, images: usize, time: Duration) {
        self.images += images as u64;
        self.training += time;
    }

    fn checkpointed(&mut self) {
        self.checkpoint = Instant::now();
    }

    fn since_checkpoint(&self) -> Duration {
        self.checkpoint.elapsed()
    }

    /// 0 before the first step.
    fn images_per_second(&self) -> f64 {
        if self.training.is_zero() { 0.0 } else { self.images as f64 / self.training.as_secs_f64() }
    }

    /// The time yet to go once this share of the run, more than 0, is done.
    fn remaining(&self, done: f64) -> Duration {
        let seconds = self.began.elapsed().as_secs_f64() * (1.0 - done) / done;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}
