//! A net on a device: its parameters, its running statistics and its compiled programs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::init::fill_unless;
use fovea_graph::shape::join;
use fovea_graph::{
    Backend, BackendError, Init, Memory, Never, NotFinite, Outcome, Plan, Role, Shape, State, StateId, Stop, Tensor,
};

use crate::batch::Batch;
use crate::checkpoint::Checkpoint;
use crate::compile::{Net, Programs};
use crate::compiled::Numbers;
use crate::error::TrainError;
use crate::fingerprint::Fingerprint;
use crate::forward::Forward;
use crate::misfit::{Misfit, NameShape};
use crate::needs::Needs;
use crate::place::Place;
use crate::question::Question;
use crate::standardise::Standardisation;
use crate::store::{self, Header, Tensors};
use crate::target::Target;
use crate::weights::Weights;

/// A net being trained or used, on a device.
pub struct Trainee {
    pub(crate) net: Net,
    pub(crate) programs: Programs,
    pub(crate) memory: Box<dyn Memory>,
    /// What `memory` holds: the net's own states, then the moments of the last optimizer.
    states: Vec<State>,
    pub(crate) standardisation: Option<Standardisation>,
    pub(crate) classes: Vec<String>,
    /// What it was trained toward, and is tested by.
    pub(crate) target: Target,
    pub(crate) progress: Progress,
    /// How many pictures a test takes at once in the run that was prepared.
    pub(crate) test_batch: usize,
    /// The seed whose first weights these still are: drawing those of a large net takes seconds.
    untouched: Option<u64>,
}

/// How long a net has been trained since its first weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Complete steps.
    pub steps: u32,
    /// Complete epochs.
    pub epochs: u32,
}

/// What came of a training step.
pub(crate) enum Stepped {
    /// It is done; the batch's loss, and how many were right where the net tells classes.
    Done { loss: f64, correct: Option<f64> },
    /// It was broken off; nothing changed.
    Interrupted,
    /// Something was not finite; nothing changed.
    NotFinite(NotFinite),
}

/// Whether these tensors are those of the states: the same names and shapes, none too many, none missing.
fn fit_states(states: &[State], tensors: &[(String, Tensor)]) -> Result<(), TrainError> {
    let needed: Vec<NameShape> = states.iter().map(|state| (state.name.clone(), state.shape.dims().to_vec())).collect();
    let found: Vec<NameShape> = tensors.iter().map(|(name, value)| (name.clone(), value.shape().to_vec())).collect();
    Misfit::between(&needed, &found, |at, shape| needed[at].1 == shape).map_err(TrainError::Misfit)
}

/// Whether these weights are this net's: the same names and shapes, none too many, none missing.
pub(crate) fn fits(net: &Net, weights: &Weights) -> Result<(), TrainError> {
    fit_states(&net.states, &weights.tensors)?;
    let channels = net.input.last().copied().unwrap_or(1);
    match &weights.standardisation {
        Some(s) if s.mean.len() != channels || s.deviation.len() != channels => {
            Err(TrainError::Standardisation { found: s.mean.len(), net: channels })
        }
        _ => Ok(()),
    }
}

impl Trainee {
    /// A net with its first weights, drawn by `seed`.
    ///
    /// # Errors
    /// The net has no graph; the device refuses.
    pub fn fresh(backend: Arc<dyn Backend>, forward: Forward, seed: u64) -> Result<Self, TrainError> {
        Self::fresh_unless(backend, forward, seed, &Never)
    }

    /// The same, unless `stop` ends it.
    ///
    /// # Errors
    /// As [`Trainee::fresh`]; [`TrainError::Interrupted`].
    pub fn fresh_unless(
        backend: Arc<dyn Backend>,
        forward: Forward,
        seed: u64,
        stop: &dyn Stop,
    ) -> Result<Self, TrainError> {
        let mut trainee = Self::zero(backend, forward, stop)?;
        trainee.reset(seed, stop)?;
        Ok(trainee)
    }

    /// A net with these weights, standardisation and class names.
    ///
    /// # Errors
    /// As [`Trainee::fresh`]; weights that are not the net's, by name or shape.
    pub fn with_weights(backend: Arc<dyn Backend>, forward: Forward, weights: &Weights) -> Result<Self, TrainError> {
        let mut trainee = Self::zero(backend, forward, &Never)?;
        fits(&trainee.net, weights)?;
        trainee.write(&weights.tensors)?;
        trainee.standardisation = weights.standardisation.clone();
        trainee.classes = weights.classes.clone();
        trainee.target = weights.target();
        Ok(trainee)
    }

    /// A net as a checkpoint has it: with its parameters, moments and progress.
    ///
    /// # Errors
    /// As [`Trainee::with_weights`].
    pub fn with_checkpoint(
        backend: Arc<dyn Backend>,
        forward: Forward,
        checkpoint: &Checkpoint,
    ) -> Result<Self, TrainError> {
        let mut trainee = Self::zero(backend, forward, &Never)?;
        fits(&trainee.net, &checkpoint.weights)?;
        let moment = |(name, value): &(String, Tensor)| {
            let shape = Shape::new(value.shape()).map_err(|error| TrainError::Inconsistent(error.to_string()))?;
            Ok(State { name: name.clone(), shape, role: Role::Moment, init: Init::Zeros })
        };
        let moments = checkpoint.moments.iter().map(moment).collect::<Result<Vec<State>, TrainError>>()?;
        trainee.memory.replace(trainee.net.states.len(), &moments)?;
        trainee.states.extend(moments);
        trainee.restore(checkpoint)?;
        Ok(trainee)
    }

    /// The same net with the same parameters, moments and progress, in memory of its own, perhaps on another device:
    /// what is done to one does not reach the other. `forward` gives the net's graph, as it did for this one.
    ///
    /// # Errors
    /// As [`Trainee::fresh`]; a `forward` of another net.
    pub fn copy(&self, backend: Arc<dyn Backend>, forward: Forward) -> Result<Self, TrainError> {
        let mut copy = Self::zero(backend, forward, &Never)?;
        if copy.net.states != self.net.states {
            return Err(TrainError::Inconsistent("its copy has other states".into()));
        }
        copy.memory.replace(self.net.states.len(), &self.states[self.net.states.len()..])?;
        for at in (0..self.states.len()).map(StateId::new) {
            copy.memory.write(at, &self.memory.read(at)?)?;
        }
        (copy.states, copy.progress) = (self.states.clone(), self.progress);
        (copy.standardisation, copy.classes) = (self.standardisation.clone(), self.classes.clone());
        copy.target = self.target;
        Ok(copy)
    }

    /// A net whose states are all zero.
    fn zero(backend: Arc<dyn Backend>, forward: Forward, stop: &dyn Stop) -> Result<Self, TrainError> {
        let net = Net::new(backend, forward)?;
        let states = net.states.clone();
        let memory = net.backend.allocate_unless(&states, stop)?;
        Ok(Self {
            programs: Programs::new(),
            net,
            memory,
            states,
            standardisation: None,
            classes: Vec::new(),
            target: Target::default(),
            progress: Progress::default(),
            test_batch: 0,
            untouched: None,
        })
    }

    /// Whether these weights are those of the net that `forward` gives; nothing is allocated.
    ///
    /// # Errors
    /// As [`Trainee::with_weights`].
    pub fn takes(backend: Arc<dyn Backend>, forward: Forward, weights: &Weights) -> Result<(), TrainError> {
        fits(&Net::new(backend, forward)?, weights)
    }

    /// Back to the first weights that `seed` draws; moments zero, nothing trained yet, nothing known of any data.
    ///
    /// # Errors
    /// The device refuses; [`TrainError::Interrupted`], and some weights are drawn, others as they were.
    pub fn reset(&mut self, seed: u64, stop: &dyn Stop) -> Result<(), TrainError> {
        if self.untouched != Some(seed) {
            self.untouched = None;
            for (at, state) in self.states.iter().enumerate() {
                let id = StateId::new(at);
                self.memory.fill(id, state, &mut |elements| fill_unless(id, state, seed, elements, stop))?;
            }
            self.untouched = Some(seed);
        }
        (self.standardisation, self.classes, self.progress) = (None, Vec::new(), Progress::default());
        self.target = Target::default();
        Ok(())
    }

    /// The parameters and running statistics as they are now, with the standardisation and the class names. The metadata say one picture's
    /// shape, `"input": "28x28x1"`.
    ///
    /// # Errors
    /// The device refuses.
    pub fn weights(&self) -> Result<Weights, TrainError> {
        Ok(Weights { tensors: self.values(0..self.net.states.len())?, ..self.without_tensors() })
    }

    /// What the weights are kept with.
    fn without_tensors(&self) -> Weights {
        let (standardisation, classes) = (self.standardisation.clone(), self.classes.clone());
        let metadata = BTreeMap::from([("input".to_string(), join(&self.net.input))]);
        Weights { tensors: Vec::new(), standardisation, classes, metadata }.toward(self.target)
    }

    /// Writes [`Trainee::weights`], a tensor at a time.
    pub(crate) fn save_weights(&self, path: &Path) -> Result<(), TrainError> {
        self.save_with(path, BTreeMap::new())
    }

    /// The same, with the epoch of a run that they are of in the metadata, `"epoch": "7"`.
    pub(crate) fn save_weights_of(&self, path: &Path, epoch: usize) -> Result<(), TrainError> {
        self.save_with(path, BTreeMap::from([("epoch".to_string(), epoch.to_string())]))
    }

    fn save_with(&self, path: &Path, metadata: BTreeMap<String, String>) -> Result<(), TrainError> {
        let states = States { states: &self.states[..self.net.states.len()], memory: &*self.memory };
        let mut weights = self.without_tensors();
        weights.metadata.extend(metadata);
        store::write(path, &states, &Header { order: states.names(), ..weights.header() })
    }

    /// A parameter or a running statistic as it is now, by its name: `conv1.filter`.
    ///
    /// # Errors
    /// The net has none of this name; the device refuses.
    pub fn state(&self, name: &str) -> Result<Tensor, TrainError> {
        let at = self.net.states.iter().position(|state| state.name == name);
        let at = at.ok_or_else(|| TrainError::Inconsistent(format!("it has no {name}")))?;
        Ok(self.memory.read(StateId::new(at))?)
    }

    /// Writes all that is needed to go on from this place in a run, a tensor at a time.
    pub(crate) fn save_checkpoint(
        &self,
        path: &Path,
        seed: u64,
        place: &Place,
        fingerprint: &Fingerprint,
    ) -> Result<(), TrainError> {
        let Progress { steps, epochs } = self.progress;
        let (weights, place, fingerprint) = (self.without_tensors(), place.clone(), fingerprint.clone());
        let (step, epoch, moments) = (steps.into(), epochs.into(), Vec::new());
        let checkpoint = Checkpoint { weights, moments, step, epoch, seed, place, fingerprint };
        let states = States { states: &self.states, memory: &*self.memory };
        let moments = states.names().split_off(self.net.states.len());
        store::write(path, &states, &checkpoint.header(states.names(), moments))
    }

    /// Whether a checkpoint of a run by this optimizer is this net's, moments included. Its programs are compiled.
    pub(crate) fn resumes(&self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        fits(&self.net, &checkpoint.weights)?;
        fit_states(&self.states[self.net.states.len()..], &checkpoint.moments)
    }

    /// Takes over all that a checkpoint holds; it fits.
    pub(crate) fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        self.untouched = None;
        self.write(&checkpoint.weights.tensors)?;
        self.write(&checkpoint.moments)?;
        let count = |number: u64| {
            u32::try_from(number).map_err(|_| TrainError::Inconsistent("it was trained for too many steps".into()))
        };
        self.progress = Progress { steps: count(checkpoint.step)?, epochs: count(checkpoint.epoch)? };
        self.standardisation = checkpoint.weights.standardisation.clone();
        self.classes.clone_from(&checkpoint.weights.classes);
        self.target = checkpoint.weights.target();
        Ok(())
    }

    /// Sets states by name; those that are not among the net's are left out.
    fn write(&mut self, tensors: &[(String, Tensor)]) -> Result<(), BackendError> {
        let places: BTreeMap<&str, usize> =
            self.states.iter().zip(0..).map(|(state, at)| (state.name.as_str(), at)).collect();
        for (name, value) in tensors {
            if let Some(&at) = places.get(name.as_str()) {
                self.memory.write(StateId::new(at), value)?;
            }
        }
        Ok(())
    }

    /// States by name.
    fn values(&self, range: std::ops::Range<usize>) -> Result<Vec<(String, Tensor)>, BackendError> {
        range.map(|at| Ok((self.states[at].name.clone(), self.memory.read(StateId::new(at))?))).collect()
    }

    /// The declarations of parameters and running statistics, in the net's order.
    pub fn states(&self) -> &[State] {
        &self.net.states
    }

    /// How many numbers gradients adjust.
    pub fn parameter_count(&self) -> usize {
        self.count(Role::Parameter)
    }

    /// How many numbers follow the batches' statistics: no parameters, but part of the weights.
    pub fn running_count(&self) -> usize {
        self.count(Role::Running)
    }

    fn count(&self, role: Role) -> usize {
        self.net.states.iter().filter(|state| state.role == role).map(|state| state.shape.elements()).sum()
    }

    /// One picture's shape, `[H, W, C]`.
    pub fn input_shape(&self) -> &[usize] {
        &self.net.input
    }

    /// The shape of the result for one picture; `[K]` for a classifier of K classes.
    pub fn output_shape(&self) -> &[usize] {
        &self.net.output
    }

    /// What it was trained toward, and is tested by.
    pub fn target(&self) -> Target {
        self.target
    }

    /// How pictures are standardised; `None` before any training.
    pub fn standardisation(&self) -> Option<&Standardisation> {
        self.standardisation.as_ref()
    }

    /// The classes' names; empty before any training.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The device it is on.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.net.backend
    }

    /// Compiles all that a run takes and makes room for the moments of its steps. The net's own states stay as they are, and
    /// so do moments that both the last optimizer and this one have. Where some are new, steps are numbered from 0 again:
    /// Adam's first means count by that number how long they have been gathering.
    pub(crate) fn prepare(&mut self, needs: Needs, stop: &dyn Stop) -> Result<(), TrainError> {
        let Needs { plans, test_batch, .. } = needs;
        self.test_batch = test_batch;
        let moments =
            |plan: &Plan| plan.graph.states.iter().filter(|state| state.role == Role::Moment).cloned().collect();
        let moments: Vec<State> = plans.first().map(|(.., plan)| moments(plan)).unwrap_or_default();
        self.programs.prepare(&self.net, plans, stop)?;
        let own = self.net.states.len();
        if moments == self.states[own..] {
            return Ok(());
        }
        let held = |state: &State| self.states.iter().position(|held| held == state);
        let known: Vec<(StateId, Tensor)> = (own..)
            .zip(&moments)
            .filter_map(|(at, state)| Some((StateId::new(at), self.memory.read(StateId::new(held(state)?)))))
            .map(|(at, value)| Ok((at, value?)))
            .collect::<Result<_, BackendError>>()?;
        if known.len() < moments.len() {
            self.progress.steps = 0;
        }
        self.memory.replace_unless(own, &moments, stop)?;
        self.states.truncate(own);
        self.states.extend(moments);
        Ok(known.iter().try_for_each(|(at, value)| self.memory.write(*at, value))?)
    }

    /// Begins a training step on a batch. While steps are under way, fewer than [`Trainee::depth`], those
    /// begun after them take as many pictures, and nothing else is asked of the net.
    pub(crate) fn begin(
        &mut self,
        question: &Question,
        batch: &Batch,
        numbers: Numbers,
        interrupted: &AtomicBool,
    ) -> Result<(), TrainError> {
        self.programs.get(&self.net, question, batch.len(), interrupted)?;
        self.untouched = None;
        self.programs.begin(&mut *self.memory, batch, numbers, interrupted)
    }

    /// How the oldest step that was begun ended; a complete one is counted.
    pub(crate) fn finish(&mut self) -> Result<Stepped, TrainError> {
        let none = || TrainError::Inconsistent("no step was begun".into());
        let compiled = self.programs.last().ok_or_else(none)?;
        Ok(match compiled.finish()? {
            Outcome::Interrupted => Stepped::Interrupted,
            Outcome::NotFinite(what) => Stepped::NotFinite(what),
            Outcome::Done => {
                self.progress.steps += 1;
                let correct = compiled.has("correct").then(|| compiled.number("correct")).transpose()?;
                Stepped::Done { loss: compiled.number("loss")?, correct }
            }
        })
    }

    /// How many of the steps begun last may be under way at once.
    pub(crate) fn depth(&mut self) -> usize {
        self.programs.last().map_or(1, |compiled| compiled.depth())
    }
}

/// States as they stand in memory, to be written.
struct States<'a> {
    states: &'a [State],
    memory: &'a dyn Memory,
}

impl States<'_> {
    fn names(&self) -> Vec<String> {
        self.states.iter().map(|state| state.name.clone()).collect()
    }
}

impl Tensors for States<'_> {
    type Error = TrainError;

    fn list(&self) -> Vec<(&str, &[usize])> {
        self.states.iter().map(|state| (state.name.as_str(), state.shape.dims())).collect()
    }

    fn look(&self, at: usize, look: &mut dyn FnMut(&[f32])) -> Result<(), TrainError> {
        Ok(self.memory.look(StateId::new(at), look)?)
    }
}
