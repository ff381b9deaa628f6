//! The training loop: epochs of steps, each epoch with a test, from any place in a run to its end.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fovea_graph::philox::{Purpose, Stream};

use crate::batch::Pictures;
use crate::checkpoint::{Fingerprint, Place};
use crate::compile::{Numbers, Use};
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::fit::Size;
use crate::recipe::{CheckpointEvery, Ending, EpochMetrics, Event, History, Recipe, StepMetrics};
use crate::runs::{Line, RunFolder};
use crate::trainee::{Stepped, Trainee};

/// About how many single losses of an epoch are kept on disk.
const LOSSES: u64 = 50;

/// A run, and how far it is.
pub(crate) struct Epochs<'a> {
    trainee: &'a mut Trainee,
    data: &'a Dataset,
    recipe: &'a Recipe,
    size: &'a Size,
    run: Option<&'a mut RunFolder>,
    /// Of net and data; checkpoints carry it.
    fingerprint: Fingerprint,
    used: Use,
    place: Place,
    /// The complete epochs.
    done: Vec<EpochMetrics>,
    /// The place that the last checkpoint has.
    saved: Option<Place>,
    clock: Clock,
}

/// Who is told, and who may break off.
struct Listener<'e> {
    events: &'e mut dyn FnMut(Event),
    interrupted: &'e AtomicBool,
}

impl<'a> Epochs<'a> {
    /// A run at a place, whose programs are compiled and whose states are those of the place.
    pub fn new(
        trainee: &'a mut Trainee,
        data: &'a Dataset,
        recipe: &'a Recipe,
        size: &'a Size,
        place: Place,
        run: Option<&'a mut RunFolder>,
    ) -> Result<Self, TrainError> {
        let fingerprint = match run {
            Some(_) => Fingerprint::of(trainee, data, recipe.batch)?,
            None => Fingerprint::default(),
        };
        let (used, clock) = (Use::Train(recipe.optimizer.clone()), Clock::start());
        let (done, saved) = (Vec::new(), None);
        Ok(Self { trainee, data, recipe, size, run, fingerprint, used, place, done, saved, clock })
    }

    /// The same run, whose epochs up to its place had these figures, and whose place is on disk.
    pub fn resumed(self, done: Vec<EpochMetrics>) -> Self {
        let saved = Some(self.place.clone());
        Self { done, saved, ..self }
    }

    /// All epochs that are left, or as many as there will be.
    pub fn run(mut self, events: &mut dyn FnMut(Event), interrupted: &AtomicBool) -> Result<History, TrainError> {
        let run = self.run.as_ref().map(|run| run.number());
        let (epochs, samples, done) = (self.recipe.epochs, self.data.train.len(), self.place.step);
        let steps_per_epoch = samples.div_ceil(self.recipe.batch);
        events(Event::Begin { run, steps_per_epoch, epochs, samples, done });
        let mut listener = Listener { events, interrupted };
        // Nothing but a checkpoint knows the weights that such a run began with.
        if self.recipe.further && self.saved.is_none() {
            self.save(&mut listener)?;
        }
        let ending = self.epochs(&mut listener)?;
        self.finish(&ending, &mut listener)?;
        (listener.events)(Event::End(ending.clone()));
        Ok(History { run, epochs: self.done, images_per_second: self.clock.images_per_second(), ending })
    }

    /// Every epoch that is left; how that ended.
    fn epochs(&mut self, listener: &mut Listener<'_>) -> Result<Ending, TrainError> {
        while self.place.epochs < self.recipe.epochs as u64 {
            if let ControlFlow::Break(early) = self.epoch(listener)? {
                return Ok(early);
            }
        }
        Ok(Ending::Complete)
    }

    /// What is left of an epoch, and its test.
    fn epoch(&mut self, listener: &mut Listener<'_>) -> Result<ControlFlow<Ending>, TrainError> {
        let (began, before) = (Instant::now(), self.place.seconds);
        let train = &self.data.train;
        let shuffle = Stream::new(self.recipe.seed, Purpose::Shuffle, self.trainee.progress.epochs);
        let order: Vec<usize> = shuffle.permutation(train.len()).into_iter().map(|i| train[i]).collect();
        let pictures = Pictures::of(self.data, self.trainee.standardisation().cloned());
        for batch in order.chunks(self.recipe.batch).skip(self.place.batches as usize) {
            if let ControlFlow::Break(early) = self.train(&pictures, batch, listener)? {
                self.place.seconds = before + began.elapsed().as_secs_f64();
                return Ok(ControlFlow::Break(early));
            }
            self.place.seconds = before + began.elapsed().as_secs_f64();
            self.save_after_step(listener)?;
        }
        let (test_loss, test_accuracy) = match self.test(listener.interrupted) {
            Err(TrainError::Interrupted) => {
                return Ok(ControlFlow::Break(Ending::Interrupted { steps: self.place.step }));
            }
            tested => tested?,
        };
        let count = train.len() as f64;
        let labels = count * self.data.labels.per_picture() as f64;
        let metrics = EpochMetrics {
            epoch: self.done.len() + 1,
            loss: self.place.loss / count,
            accuracy: self.place.correct.map(|correct| correct / labels),
            test_loss,
            test_accuracy,
            seconds: before + began.elapsed().as_secs_f64(),
        };
        if let Some(run) = &mut self.run {
            run.append(&Line::Epoch(metrics.clone()))?;
        }
        (listener.events)(Event::Epoch(metrics.clone()));
        self.done.push(metrics);
        self.trainee.progress.epochs += 1;
        self.place = Place { step: self.place.step, epochs: self.place.epochs + 1, ..Place::default() };
        self.save_after_epoch(listener)?;
        Ok(ControlFlow::Continue(()))
    }

    /// One step, added to the place.
    fn train(
        &mut self,
        pictures: &Pictures<'_>,
        batch: &[usize],
        listener: &mut Listener<'_>,
    ) -> Result<ControlFlow<Ending>, TrainError> {
        let done = self.place.step;
        if listener.interrupted.load(Ordering::Relaxed) {
            return Ok(ControlFlow::Break(Ending::Interrupted { steps: done }));
        }
        let began = Instant::now();
        let rate = self.recipe.rate_at(done, self.size.course);
        let numbers = Numbers { learning_rate: rate, seed: self.recipe.seed, ..Numbers::default() };
        let (loss, correct) = match self.trainee.step(&self.used, pictures, batch, numbers, listener.interrupted)? {
            Stepped::Done { loss, correct } => (loss, correct),
            Stepped::Interrupted => return Ok(ControlFlow::Break(Ending::Interrupted { steps: done })),
            Stepped::NotFinite(what) => return Ok(ControlFlow::Break(Ending::NotFinite { step: done + 1, what })),
        };
        self.place.step += 1;
        self.place.batches += 1;
        self.place.loss += loss * batch.len() as f64;
        self.place.correct = correct.map(|right| right + self.place.correct.unwrap_or(0.0));
        self.clock.trained(batch.len(), began.elapsed());
        self.tell(StepMetrics { step: self.place.step, loss, rate }, listener)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Tells of a step, and writes it down if its turn has come.
    fn tell(&mut self, metrics: StepMetrics, listener: &mut Listener<'_>) -> Result<(), TrainError> {
        let Size { course, .. } = self.size;
        let every = course.per_epoch.div_ceil(LOSSES);
        (listener.events)(Event::Step {
            step: metrics.step,
            epoch: self.place.epochs as usize + 1,
            loss: metrics.loss,
            images_per_second: self.clock.images_per_second(),
            remaining: self.clock.remaining(course.steps - metrics.step),
            done_fraction: metrics.step as f64 / course.steps as f64,
        });
        if let Some(run) = &mut self.run
            && metrics.step.is_multiple_of(every)
        {
            run.append(&Line::Step(metrics))?;
        }
        Ok(())
    }

    /// Loss and accuracy on the test part, where there is one.
    fn test(&mut self, interrupted: &AtomicBool) -> Result<(Option<f64>, Option<f64>), TrainError> {
        if self.data.test.is_empty() {
            return Ok((None, None));
        }
        let tested = self.trainee.evaluate(self.data, &self.data.test, interrupted)?;
        Ok((Some(tested.loss), tested.accuracy))
    }

    fn save_after_step(&mut self, listener: &mut Listener<'_>) -> Result<(), TrainError> {
        let due = match self.recipe.checkpoint_every {
            CheckpointEvery::EpochAnd(time) => self.clock.since_checkpoint() >= time,
            CheckpointEvery::Steps(steps) => self.place.step.is_multiple_of(steps),
            CheckpointEvery::Epochs(_) => false,
        };
        if due { self.save(listener) } else { Ok(()) }
    }

    fn save_after_epoch(&mut self, listener: &mut Listener<'_>) -> Result<(), TrainError> {
        let due = match self.recipe.checkpoint_every {
            CheckpointEvery::EpochAnd(_) => true,
            CheckpointEvery::Steps(_) => false,
            CheckpointEvery::Epochs(epochs) => self.place.epochs.is_multiple_of(epochs),
        };
        if due { self.save(listener) } else { Ok(()) }
    }

    /// Writes a checkpoint, where the run is kept.
    fn save(&mut self, listener: &mut Listener<'_>) -> Result<(), TrainError> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let path = run.checkpoint(&self.trainee.checkpoint(self.recipe.seed, &self.place, &self.fingerprint)?)?;
        self.saved = Some(self.place.clone());
        self.clock.checkpointed();
        (listener.events)(Event::Checkpoint { step: self.place.step, path });
        Ok(())
    }

    /// Writes what the run leaves behind.
    fn finish(&mut self, ending: &Ending, listener: &mut Listener<'_>) -> Result<(), TrainError> {
        let saved = self.saved.as_ref().map(|place| (place.step, place.epochs));
        if self.place.step > 0 && saved != Some((self.place.step, self.place.epochs)) {
            self.save(listener)?;
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
    steps: u64,
    images: u64,
}

impl Clock {
    fn start() -> Self {
        let now = Instant::now();
        Self { began: now, checkpoint: now, training: Duration::ZERO, steps: 0, images: 0 }
    }

    fn trained(&mut self, images: usize, time: Duration) {
        self.steps += 1;
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

    /// The time that so many steps will take, tests included, at the pace since this clock began.
    fn remaining(&self, steps: u64) -> Duration {
        let seconds = self.began.elapsed().as_secs_f64() * steps as f64 / self.steps.max(1) as f64;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}
