//! A plan made runnable, fed and read by name.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea_graph::{BackendError, Feed, Graph, Memory, Outcome, Plan, Program, Tensor};

use crate::error::TrainError;

/// The tensors that a step is given, by the names of the graph's inputs.
pub type Feeds<'a> = [(&'a str, &'a Tensor)];

/// What a step is told beside its tensors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers {
    /// Its learning rate; read by updates alone.
    pub learning_rate: f64,
    /// The key of all random numbers.
    pub seed: u64,
    /// Its number: random numbers differ from step to step.
    pub step: u32,
}

/// A program. The memory of its states is another's.
pub(crate) struct Compiled {
    program: Box<dyn Program>,
}

impl Compiled {
    /// One that runs a plan.
    pub fn new(program: Box<dyn Program>) -> Self {
        Self { program }
    }

    /// What is computed.
    pub fn graph(&self) -> &Graph {
        &self.program.plan().graph
    }

    /// The plan that it runs.
    pub fn plan(&self) -> &Plan {
        self.program.plan()
    }

    /// Begins a step, fewer than [`Compiled::depth`] being under way; `before` hears of each of the plan's steps before it
    /// is computed. Once `interrupted` is set the step ends, in the midst of an op where the device can.
    ///
    /// # Errors
    /// A tensor that the graph has no input for, an input without a tensor; the device refuses.
    pub fn begin(
        &mut self,
        memory: &mut dyn Memory,
        feeds: &Feeds<'_>,
        numbers: Numbers,
        interrupted: &AtomicBool,
        before: &mut dyn FnMut(usize),
    ) -> Result<(), TrainError> {
        let graph = &self.program.plan().graph;
        let known = || graph.inputs.iter().map(|input| input.name.clone()).collect();
        if let Some((name, _)) = feeds.iter().find(|(name, _)| graph.find_input(name).is_none()) {
            return Err(TrainError::FeedUnknown { name: name.to_string(), known: known() });
        }
        let tensor = |name: &str| {
            let found = feeds.iter().find(|(fed, _)| *fed == name);
            found.map(|&(_, tensor)| tensor).ok_or_else(|| TrainError::FeedMissing { name: name.to_string() })
        };
        let inputs = graph.inputs.iter().map(|input| tensor(&input.name)).collect::<Result<Vec<_>, _>>()?;
        let Numbers { learning_rate, seed, step } = numbers;
        let feed = Feed { inputs: &inputs, learning_rate, seed, step, stop: Some(interrupted) };
        let mut before = |step| {
            before(step);
            if interrupted.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        Ok(self.program.begin(memory, &feed, &mut before)?)
    }

    /// Waits for the oldest step that was begun.
    pub fn finish(&mut self) -> Result<Outcome, BackendError> {
        self.program.finish()
    }

    /// How many steps may be under way, at least 1.
    pub fn depth(&self) -> usize {
        self.program.depth().max(1)
    }

    /// Whether each of the plan's steps is complete before the next, so that they can be timed one by one.
    pub fn stepwise(&mut self, on: bool) {
        self.program.stepwise(on);
    }

    /// A scalar output of the step finished last.
    pub fn number(&self, name: &str) -> Result<f64, BackendError> {
        self.program.scalar(name).map(f64::from)
    }

    /// An output of the last step.
    pub fn output(&self, name: &str) -> Result<Tensor, BackendError> {
        self.program.output(name)
    }

    /// Whether there is such an output.
    pub fn has(&self, name: &str) -> bool {
        self.graph().find_output(name).is_some()
    }
}
