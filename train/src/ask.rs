//! Questions that any graph can put to a net: answered once, or step by step.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::init::fill_unless;
use fovea_graph::{Backend, BackendError, Memory, Never, Outcome, Plan, State, StateId, Stop, Tensor};

use crate::compiled::{Compiled, Feeds, Numbers};
use crate::error::TrainError;
use crate::question::Question;
use crate::trainee::Trainee;

/// The outputs of a question, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    outputs: Vec<(String, Tensor)>,
}

impl Answer {
    /// An output.
    ///
    /// # Errors
    /// The question has none of this name.
    pub fn output(&self, name: &str) -> Result<&Tensor, TrainError> {
        let found = self.outputs.iter().find(|(output, _)| output == name);
        found.map(|(_, value)| value).ok_or_else(|| TrainError::NoOutput { name: name.to_string() })
    }

    /// An output, taken out of the answer.
    ///
    /// # Errors
    /// As [`Answer::output`].
    pub fn take(&mut self, name: &str) -> Result<Tensor, TrainError> {
        let at = self.outputs.iter().position(|(output, _)| output == name);
        Ok(self.outputs.swap_remove(at.ok_or_else(|| TrainError::NoOutput { name: name.to_string() })?).1)
    }

    /// All of them, in the graph's order.
    pub fn outputs(&self) -> &[(String, Tensor)] {
        &self.outputs
    }

    fn of(compiled: &Compiled) -> Result<Self, BackendError> {
        let outputs = compiled.graph().outputs.iter();
        let outputs = outputs.map(|(name, _)| Ok((name.clone(), compiled.output(name)?)));
        Ok(Self { outputs: outputs.collect::<Result<_, BackendError>>()? })
    }
}

impl Trainee {
    /// What a question gives for these tensors, one for each input of its graph; the batch is that of `images`. See
    /// [`Question`] for an example.
    ///
    /// # Errors
    /// A tensor that the question has no input for, an input without a tensor or with one of another shape; a question that
    /// updates states, which is a [`Trainee::task`]; an interrupt; the device refuses.
    pub fn ask(
        &mut self,
        question: &Question,
        feeds: &Feeds<'_>,
        interrupted: &AtomicBool,
    ) -> Result<Answer, TrainError> {
        let batch = batch(feeds)?;
        let compiled = self.programs.get(&self.net, question, batch, interrupted)?;
        let graph = compiled.graph();
        if !graph.updates.is_empty() || graph.states.len() > self.net.states.len() {
            return Err(TrainError::Inconsistent(format!(
                "`{}` changes states, and so is no question",
                question.name()
            )));
        }
        compiled.begin(&mut *self.memory, feeds, Numbers::default(), interrupted, &mut |_| ())?;
        match compiled.finish()? {
            Outcome::Interrupted => Err(TrainError::Interrupted),
            // What is not finite is an answer too.
            Outcome::Done | Outcome::NotFinite(_) => Ok(Answer::of(compiled)?),
        }
    }

    /// A question that updates states, with a copy of the net's in memory of its own: the net stays as it is. States that
    /// the question has beyond the net's begin as their declarations say; [`Task::set`] sets them.
    ///
    /// # Errors
    /// The question does not go with the net; the device refuses.
    pub fn task(&self, question: &Question, batch: usize) -> Result<Task, TrainError> {
        let mut task = Task::new(&self.net.backend, self.net.plan(question, batch, &Never)?, 0)?;
        for at in (0..self.net.states.len()).map(StateId::new) {
            task.memory.write(at, &self.memory.read(at)?)?;
        }
        Ok(task)
    }

    /// Lets go of what answering a question took, which would be at hand for the next time.
    pub fn forget(&mut self, question: &Question) {
        self.programs.forget(question);
    }

    /// Pictures `[N, H, W, C]`, raw in 0..1, as the net sees them: standardised as it was trained.
    pub fn standardised(&self, pictures: &Tensor) -> Tensor {
        let mut pictures = pictures.as_standard_layout().into_owned();
        if let Some(standardisation) = &self.standardisation {
            standardisation.apply(&mut pictures);
        }
        pictures
    }

    /// A gradient by pictures `[N, H, W, C]` as the net sees them, as one by the raw pictures.
    pub fn by_raw_pixels(&self, gradient: Tensor) -> Tensor {
        let mut gradient = gradient.as_standard_layout().into_owned();
        if let Some(standardisation) = &self.standardisation {
            standardisation.gradient(&mut gradient);
        }
        gradient
    }
}

/// How many pictures are fed.
fn batch(feeds: &Feeds<'_>) -> Result<usize, TrainError> {
    let images = feeds.iter().find(|(name, _)| *name == "images");
    let (_, images) = images.ok_or_else(|| TrainError::FeedMissing { name: "images".to_string() })?;
    match images.shape().first() {
        None | Some(0) => Err(TrainError::NoPictures("look at")),
        Some(&batch) => Ok(batch),
    }
}

/// A plan that runs step after step on memory of its own.
pub struct Task {
    compiled: Compiled,
    memory: Box<dyn Memory>,
}

impl Task {
    /// A plan, its states at their first values, drawn by `seed`.
    ///
    /// # Errors
    /// The device refuses.
    pub fn new(backend: &Arc<dyn Backend>, plan: Plan, seed: u64) -> Result<Self, TrainError> {
        Self::new_unless(backend, plan, seed, &Never)
    }

    /// The same, unless `stop` ends it.
    ///
    /// # Errors
    /// The device refuses; [`TrainError::Interrupted`].
    pub fn new_unless(backend: &Arc<dyn Backend>, plan: Plan, seed: u64, stop: &dyn Stop) -> Result<Self, TrainError> {
        let mut memory = backend.allocate_unless(&plan.graph.states, stop)?;
        for (i, state) in plan.graph.states.iter().enumerate() {
            let id = StateId::new(i);
            memory.fill(id, state, &mut |elements| fill_unless(id, state, seed, elements, stop))?;
        }
        let arena = backend.arena_unless(plan.arena, stop)?;
        Ok(Self { compiled: Compiled::new(backend.compile_in(plan, &arena)?), memory })
    }

    /// Runs a step to its end.
    ///
    /// # Errors
    /// As [`Task::begin`].
    pub fn step(
        &mut self,
        feeds: &Feeds<'_>,
        numbers: Numbers,
        interrupted: &AtomicBool,
    ) -> Result<Outcome, TrainError> {
        self.begin(feeds, numbers, interrupted, &mut |_| ())?;
        self.finish()
    }

    /// Begins a step, fewer than [`Task::depth`] being under way; `before` hears of each of the plan's steps before it
    /// is computed, and `interrupted` breaks off.
    ///
    /// # Errors
    /// A tensor that the graph has no input for, an input without a tensor or with one of another shape; the device
    /// refuses.
    pub fn begin(
        &mut self,
        feeds: &Feeds<'_>,
        numbers: Numbers,
        interrupted: &AtomicBool,
        before: &mut dyn FnMut(usize),
    ) -> Result<(), TrainError> {
        self.compiled.begin(&mut *self.memory, feeds, numbers, interrupted, before)
    }

    /// Waits for the oldest step that was begun, and says how it ended.
    ///
    /// # Errors
    /// The device fails.
    pub fn finish(&mut self) -> Result<Outcome, TrainError> {
        Ok(self.compiled.finish()?)
    }

    /// How many steps may be under way, at least 1.
    pub fn depth(&self) -> usize {
        self.compiled.depth()
    }

    /// Whether each of the plan's steps is complete before the next, so that they can be timed one by one.
    pub fn stepwise(&mut self, on: bool) {
        self.compiled.stepwise(on);
    }

    /// The plan that it runs.
    pub fn plan(&self) -> &Plan {
        self.compiled.plan()
    }

    /// The outputs of the last step.
    ///
    /// # Errors
    /// No step has run yet; the device fails.
    pub fn answer(&self) -> Result<Answer, TrainError> {
        Ok(Answer::of(&self.compiled)?)
    }

    /// A state's value.
    ///
    /// # Errors
    /// There is none of this name; the device fails.
    pub fn state(&self, name: &str) -> Result<Tensor, TrainError> {
        Ok(self.memory.read(self.find(name)?)?)
    }

    /// Sets a state's value; its shape must be the declared one.
    ///
    /// # Errors
    /// There is none of this name, or it has another shape; the device fails.
    pub fn set(&mut self, name: &str, value: &Tensor) -> Result<(), TrainError> {
        Ok(self.memory.write(self.find(name)?, value)?)
    }

    fn find(&self, name: &str) -> Result<StateId, TrainError> {
        let states: &[State] = &self.compiled.graph().states;
        let at = states.iter().position(|state| state.name == name);
        at.map(StateId::new).ok_or_else(|| TrainError::Inconsistent(format!("there is no state `{name}`")))
    }
}
