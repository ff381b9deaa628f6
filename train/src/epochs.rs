//! The training loop: epochs of steps, each epoch with a test, from any place in a run to its end.
//!
//! A device of its own has several steps under way: while it computes one, the host gathers the pictures of the next
//! and writes down what came of the last. All of them are finished before anything else is asked of the device.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{BackendError, Stop};

use crate::aim::Aim;
use crate::batch::{Batch, Pictures};
use crate::compiled::Numbers;
use crate::error::TrainError;
use crate::feed::{Feed, feed};
use crate::fingerprint::Fingerprint;
use crate::infer::Watched;
use crate::layout::Line;
use crate::place::Place;
use crate::question::Question;
use crate::recipe::{CheckpointEvery, Ending, EpochMetrics, Event, History, Keep, Recipe, StepMetrics, Watch};
use crate::runs::RunFolder;
use crate::size::Size;
use crate::state::Best;
use crate::trainee::{Stepped, Trainee};
use fovea_data::Dataset;

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
    aim: Aim,
    question: Question,
    place: Place,
    /// The steps that are under way, oldest first.
    begun: VecDeque<Begun>,
    /// The complete epochs.
    done: Vec<EpochMetrics>,
    /// The place that the last checkpoint has.
    saved: Option<Place>,
    clock: Clock,
}

/// What is known of a step before it is finished.
struct Begun {
    /// When its pictures were about to be gathered.
    at: Instant,
    pictures: usize,
    rate: f64,
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
        stop: &dyn Stop,
    ) -> Result<Self, TrainError> {
        let fingerprint = match run {
            Some(_) => Fingerprint::of(&trainee.net.forward, data, recipe.batch, stop)?,
            None => Fingerprint::default(),
        };
        let aim = trainee.aim(data)?;
        let (question, clock) = (recipe.question(aim.objective), Clock::start());
        let (begun, done, saved) = (VecDeque::new(), Vec::new(), None);
        Ok(Self { trainee, data, recipe, size, run, fingerprint, aim, question, place, begun, done, saved, clock })
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
        let steps = self.size.course.steps;
        events(Event::Begin { run, steps_per_epoch, epochs, steps, samples, done });
        let ending = self.complete(&mut Listener { events, interrupted }).map_err(|error| self.failed(error))?;
        let (images_per_second, waiting) = (self.clock.images_per_second(), self.clock.waiting());
        Ok(History { run, epochs: self.done, images_per_second, waiting, ending })
    }

    /// From the first checkpoint to the last.
    fn complete(&mut self, listener: &mut Listener<'_>) -> Result<Ending, TrainError> {
        // Nothing but a checkpoint knows the weights that such a run began with.
        if self.recipe.further && self.saved.is_none() {
            self.save(listener)?;
        }
        let ending = self.epochs(listener)?;
        self.finish(&ending, listener)?;
        (listener.events)(Event::End(ending.clone()));
        Ok(ending)
    }

    /// Leaves no step under way; what can be said of a device that was lost.
    fn failed(&mut self, error: TrainError) -> TrainError {
        let TrainError::Backend(BackendError::Lost { device, why }) = error else {
            // Steps that the device completes are the net's, though the run does not tell of them any more.
            while self.begun.pop_front().is_some() && self.trainee.finish().is_ok() {}
            return error;
        };
        let run = self.run.as_ref().map(|run| run.number());
        let checkpoint = self.run.as_ref().zip(self.saved.as_ref()).map(|(run, place)| {
            let step = place.step;
            (step, run.checkpoint_path(step))
        });
        TrainError::Lost { device, why, run, checkpoint }
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
        let (data, interrupted) = (self.data, listener.interrupted);
        let train = &data.train;
        let shuffle = Stream::new(self.recipe.seed, Purpose::Shuffle, self.trainee.progress.epochs);
        let order: Vec<usize> = shuffle.permutation(train.len()).into_iter().map(|i| train[i]).collect();
        let (epoch, standardisation) = (self.trainee.progress.epochs, self.trainee.standardisation().cloned());
        let pictures = Pictures::training(data, &self.aim, standardisation, self.recipe.seed, epoch, interrupted)?;
        let left = usize::try_from(self.size.course.steps - self.place.step).unwrap_or(usize::MAX);
        let batches = order.chunks(self.recipe.batch).skip(self.place.batches as usize).take(left);
        let batches: Vec<&[usize]> = batches.collect();
        let stepped =
            feed(&pictures, &batches, interrupted, |feed| self.steps(feed, &batches, (began, before), listener));
        if let ControlFlow::Break(early) = stepped? {
            return Ok(ControlFlow::Break(early));
        }
        let watched = match self.watch(listener.interrupted) {
            Err(TrainError::Interrupted) => {
                return Ok(ControlFlow::Break(Ending::Interrupted { steps: self.place.step }));
            }
            tested => tested?,
        };
        let none = (None, None);
        let found = watched.as_ref().map_or(none, |watched| (Some(watched.loss), watched.accuracy));
        let (validation, test) = if data.validation.is_empty() { (none, found) } else { (found, none) };
        // The last epoch of a run of so many steps need not be whole.
        let is_whole = self.place.batches == self.size.course.per_epoch;
        let count = train.len().min(self.place.batches as usize * self.recipe.batch) as f64;
        let labels = count * self.data.labels.per_picture() as f64;
        let metrics = EpochMetrics {
            epoch: self.place.epochs as usize + 1,
            loss: self.place.loss / count,
            accuracy: self.place.correct.map(|correct| correct / labels),
            validation_loss: validation.0,
            validation_accuracy: validation.1,
            test_loss: test.0,
            test_accuracy: test.1,
            figures: watched.map(|watched| watched.figures).unwrap_or_default(),
            seconds: before + began.elapsed().as_secs_f64(),
        };
        if let Some(run) = &mut self.run {
            run.append(&Line::Epoch(metrics.clone()))?;
        }
        (listener.events)(Event::Epoch(metrics.clone()));
        self.done.push(metrics);
        if !is_whole {
            return Ok(ControlFlow::Break(Ending::Complete));
        }
        self.trainee.progress.epochs += 1;
        self.place = Place { step: self.place.step, epochs: self.place.epochs + 1, ..Place::default() };
        let ended = self.judge()?;
        self.save_after_epoch(listener)?;
        Ok(ended)
    }

    /// Keeps the weights of an epoch that is the best so far; whether the run has waited long enough for a better one.
    fn judge(&mut self) -> Result<ControlFlow<Ending>, TrainError> {
        let Watch { keep, patience } = self.recipe.watch;
        let (best, epoch) = (Best::of(&self.done).map_or(0, |best| best.epoch), self.place.epochs as usize);
        if let (Keep::Best, Some(run)) = (keep, &self.run)
            && best == epoch
        {
            run.best(|path| self.trainee.save_weights_of(path, epoch))?;
        }
        let is_over = patience.is_some_and(|patience| epoch - best >= patience);
        Ok(if is_over { ControlFlow::Break(Ending::Early { best }) } else { ControlFlow::Continue(()) })
    }

    /// A step a batch, in an epoch that began at a moment, and before that had taken so many seconds.
    fn steps(
        &mut self,
        feed: &mut Feed<'_, '_>,
        batches: &[&[usize]],
        (began, before): (Instant, f64),
        listener: &mut Listener<'_>,
    ) -> Result<ControlFlow<Ending>, TrainError> {
        for (i, batch) in batches.iter().enumerate() {
            let stopped = listener.interrupted.load(Ordering::Relaxed) || !self.feed(feed, listener.interrupted)?;
            // A smaller last batch has a program of its own, which shares the states with the others'.
            let alike = batches.get(i + 1).is_some_and(|next| next.len() == batch.len());
            let goes_on = alike && !stopped && !self.is_due(self.place.step + self.begun.len() as u64);
            let most = if goes_on { self.trainee.depth() - 1 } else { 0 };
            let ended = self.settle(most, listener)?;
            self.place.seconds = before + began.elapsed().as_secs_f64();
            if let ControlFlow::Break(early) = ended {
                return Ok(ControlFlow::Break(early));
            }
            if stopped {
                return Ok(ControlFlow::Break(Ending::Interrupted { steps: self.place.step }));
            }
            if self.begun.is_empty() && self.is_due(self.place.step) {
                self.save(listener)?;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Begins a step on the next batch; whether there was one before the run was broken off.
    fn feed(&mut self, feed: &mut Feed<'_, '_>, interrupted: &AtomicBool) -> Result<bool, TrainError> {
        let at = Instant::now();
        let waited = feed.waited();
        let batch = match feed.next(interrupted) {
            Err(TrainError::Interrupted) => return Ok(false),
            batch => batch?,
        };
        let Some(batch) = batch else { return Ok(false) };
        self.begin(batch, at, interrupted)?;
        self.clock.waited(feed.waited() - waited);
        Ok(true)
    }

    /// Begins the step after those that are under way; its pictures were about to be gathered at a moment.
    fn begin(&mut self, batch: &Batch, at: Instant, interrupted: &AtomicBool) -> Result<(), TrainError> {
        let ahead = self.begun.len() as u32;
        let learning_rate = self.recipe.rate_at(self.place.step + u64::from(ahead), self.size.course, &self.done);
        let numbers = Numbers { learning_rate, seed: self.recipe.seed, step: self.trainee.progress.steps + ahead };
        self.trainee.begin(&self.question, batch, numbers, interrupted)?;
        self.begun.push_back(Begun { at, pictures: batch.len(), rate: learning_rate });
        Ok(())
    }

    /// Finishes steps, each added to the place, until at most so many are under way, or one of them ends the run.
    fn settle(&mut self, most: usize, listener: &mut Listener<'_>) -> Result<ControlFlow<Ending>, TrainError> {
        while self.begun.len() > most
            && let Some(begun) = self.begun.pop_front()
        {
            let (loss, correct) = match self.trainee.finish()? {
                Stepped::Done { loss, correct } => (loss, correct),
                Stepped::Interrupted => return self.end(Ending::Interrupted { steps: self.place.step }),
                Stepped::NotFinite(what) => return self.end(Ending::NotFinite { step: self.place.step + 1, what }),
            };
            self.place.step += 1;
            self.place.batches += 1;
            self.place.loss += loss * begun.pictures as f64;
            self.place.correct = correct.map(|right| right + self.place.correct.unwrap_or(0.0));
            self.clock.trained(begun.pictures, begun.at);
            self.tell(StepMetrics { step: self.place.step, loss, rate: begun.rate }, listener)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Ends the run by a step that changed nothing; nor did those begun after it.
    fn end(&mut self, ending: Ending) -> Result<ControlFlow<Ending>, TrainError> {
        while self.begun.pop_front().is_some() {
            self.trainee.finish()?;
        }
        Ok(ControlFlow::Break(ending))
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

    /// How well the net does on the part that the run is watched by, where there is one.
    fn watch(&mut self, interrupted: &AtomicBool) -> Result<Option<Watched>, TrainError> {
        if self.data.watched().is_empty() {
            return Ok(None);
        }
        self.trainee.watch(self.data, interrupted).map(Some)
    }

    /// Whether there is to be a checkpoint after a step of the running epoch.
    fn is_due(&self, step: u64) -> bool {
        match self.recipe.checkpoint_every {
            CheckpointEvery::EpochAnd(time) => self.clock.since_checkpoint() >= time,
            CheckpointEvery::Steps(steps) => step.is_multiple_of(steps),
            CheckpointEvery::Epochs(_) => false,
        }
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
        let (trainee, place, seed) = (&self.trainee, &self.place, self.recipe.seed);
        let save = |path: &Path| trainee.save_checkpoint(path, seed, place, &self.fingerprint);
        let path = run.checkpoint(place.step, save)?;
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
        let is_saved = self.saved.as_ref().is_some_and(|place| place.step == self.place.step);
        if let Some(run) = &mut self.run {
            let checkpoint = is_saved.then(|| run.checkpoint_path(self.place.step));
            run.finish(ending, checkpoint.as_deref(), |path| self.trainee.save_weights(path))?;
        }
        Ok(())
    }
}

/// How the time goes.
struct Clock {
    began: Instant,
    checkpoint: Instant,
    /// When the last step was finished.
    finished: Instant,
    /// Time in steps alone; where two are under way, it passes once.
    training: Duration,
    /// The part of it in which pictures were waited for.
    waited: Duration,
    steps: u64,
    images: u64,
}

impl Clock {
    fn start() -> Self {
        let now = Instant::now();
        Self {
            began: now,
            checkpoint: now,
            finished: now,
            training: Duration::ZERO,
            waited: Duration::ZERO,
            steps: 0,
            images: 0,
        }
    }

    /// A step that was begun at `begun` is finished.
    fn trained(&mut self, images: usize, begun: Instant) {
        self.steps += 1;
        self.images += images as u64;
        let now = Instant::now();
        self.training += now - begun.max(self.finished);
        self.finished = now;
    }

    /// So long a step's pictures were waited for.
    fn waited(&mut self, time: Duration) {
        self.waited += time;
    }

    /// The share of the steps' time in which pictures were waited for; 0 before the first.
    fn waiting(&self) -> f64 {
        if self.training.is_zero() { 0.0 } else { (self.waited.as_secs_f64() / self.training.as_secs_f64()).min(1.0) }
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
