//! From a net's forward graph to a program, and the programs that are kept.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea_graph::fuse::fuse;
use fovea_graph::plan::plan;
use fovea_graph::training::{Objective, Optimizer, objective, training_step, with_loss};
use fovea_graph::{Backend, BackendError, Feed, Graph, Memory, Op, Outcome, Program, Role, State, Tensor};

use crate::batch::{Batch, Pictures};
use crate::error::TrainError;
use crate::trainee::{Forward, Mode};

/// How many programs are kept: a training run needs four (each part's full and last batch), predictions two more.
const KEPT: usize = 8;

/// What a program is for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Use {
    /// A training step.
    Train(Optimizer),
    /// The result and its loss.
    Test,
    /// The result alone.
    Predict,
}

/// A net that can be compiled for a device.
pub(crate) struct Net {
    pub backend: Arc<dyn Backend>,
    pub forward: Forward,
    /// Parameters and running statistics, in every graph's order.
    pub states: Vec<State>,
    /// One picture's shape.
    pub input: Vec<usize>,
    /// The result's shape for one picture.
    pub output: Vec<usize>,
    pub objective: Objective,
}

impl Net {
    /// Looks at the net's graph of one picture.
    pub fn new(backend: Arc<dyn Backend>, forward: Forward) -> Result<Self, TrainError> {
        let graph = forward(1, Mode::Infer).map_err(TrainError::Network)?;
        let inconsistent = |why: &str| TrainError::Inconsistent(why.into());
        let images = graph.find_input("images").ok_or_else(|| inconsistent("it has no input `images`"))?;
        let result = graph.find_output("result").ok_or_else(|| inconsistent("it has no output `result`"))?;
        let picture = |dims: &[usize]| dims.get(1..).unwrap_or(&[]).to_vec();
        let input = picture(graph.inputs[images.index()].shape.dims());
        let output = picture(graph.shape(result).dims());
        let objective = objective(&graph);
        Ok(Self { backend, forward, states: graph.states, input, output, objective })
    }

    /// Where in a picture the net tells a class: `[H, W]`, or `[]` for one class a picture.
    pub fn positions(&self) -> &[usize] {
        self.output.split_last().map_or(&[], |(_, positions)| positions)
    }

    /// A program for one use and batch.
    fn compile(&self, used: &Use, batch: usize) -> Result<Compiled, TrainError> {
        let mode = if let Use::Train(_) = used { Mode::Train } else { Mode::Infer };
        let forward = (self.forward)(batch, mode).map_err(TrainError::Network)?;
        self.check(&forward, batch)?;
        let graph = match used {
            Use::Train(optimizer) => training_step(&forward, optimizer)?,
            Use::Test => with_loss(&with_logits(forward))?,
            Use::Predict => with_logits(forward),
        };
        let program = self.backend.compile(plan(fuse(&graph), &*self.backend))?;
        Ok(Compiled {
            used: used.clone(),
            size: batch,
            batch: Batch::new(batch, &self.input, self.positions()),
            program,
        })
    }

    /// Whether a forward graph is this net's, at this batch.
    fn check(&self, forward: &Graph, batch: usize) -> Result<(), TrainError> {
        let images = forward.find_input("images").map(|id| forward.inputs[id.index()].shape.dims());
        let fits = images.is_some_and(|dims| dims.first() == Some(&batch) && dims[1..] == self.input);
        let same = forward.states.len() == self.states.len()
            && forward
                .states
                .iter()
                .zip(&self.states)
                .all(|(a, b)| (&a.name, &a.shape, a.role) == (&b.name, &b.shape, b.role));
        if fits && same && forward.inputs.len() == 1 && forward.find_output("result").is_some() {
            return Ok(());
        }
        Err(TrainError::Inconsistent(format!("at batch {batch} it has other inputs, states or results")))
    }
}

/// Names the scores before a softmax as the output `logits`.
fn with_logits(mut graph: Graph) -> Graph {
    let result = graph.find_output("result").map(|id| graph.node(id));
    if let Some(node) = result
        && let Op::Softmax(_) = node.op
        && graph.find_output("logits").is_none()
    {
        let logits = node.inputs[0];
        graph.output("logits", logits);
    }
    graph
}

/// A program and the batch it is fed.
pub(crate) struct Compiled {
    used: Use,
    size: usize,
    pub batch: Batch,
    program: Box<dyn Program>,
}

/// What a step is told beside its pictures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numbers {
    pub learning_rate: f64,
    pub seed: u64,
    pub step: u32,
}

impl Compiled {
    /// Begins a step on the pictures `indices`, fewer than [`Compiled::depth`] being under way.
    pub fn begin(
        &mut self,
        memory: &mut dyn Memory,
        pictures: &Pictures<'_>,
        indices: &[usize],
        numbers: Numbers,
        interrupted: &AtomicBool,
    ) -> Result<(), BackendError> {
        self.batch.gather(pictures, indices);
        let inputs = &self.program.plan().graph.inputs;
        let tensor = |name: &str| if name == "images" { &self.batch.images } else { &self.batch.labels };
        let inputs: Vec<&Tensor> = inputs.iter().map(|input| tensor(&input.name)).collect();
        let Numbers { learning_rate, seed, step } = numbers;
        let feed = Feed { inputs: &inputs, learning_rate, seed, step, stop: Some(interrupted) };
        let mut before = |_: usize| match interrupted.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        self.program.begin(memory, &feed, &mut before)
    }

    /// Waits for the oldest step that was begun.
    pub fn finish(&mut self) -> Result<Outcome, BackendError> {
        self.program.finish()
    }

    /// How many steps may be under way, at least 1.
    pub fn depth(&self) -> usize {
        self.program.depth().max(1)
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
        self.program.plan().graph.find_output(name).is_some()
    }

    /// The states behind the net's own.
    pub fn moments(&self) -> Vec<State> {
        let states = &self.program.plan().graph.states;
        states.iter().filter(|state| state.role == Role::Moment).cloned().collect()
    }
}

/// The programs used last.
#[derive(Default)]
pub(crate) struct Programs {
    /// The one used last stands last.
    kept: Vec<Compiled>,
}

impl Programs {
    /// The program for one use and batch, compiled where it is not at hand. No step of any other may be under way.
    pub fn get(&mut self, net: &Net, used: &Use, batch: usize) -> Result<&mut Compiled, TrainError> {
        let compiled = match self.kept.iter().position(|c| c.size == batch && c.used == *used) {
            Some(at) => self.kept.remove(at),
            None => match net.compile(used, batch) {
                // What was kept for later may be what takes the room.
                Err(TrainError::Backend(BackendError::OutOfMemory { .. })) if !self.kept.is_empty() => {
                    self.kept.clear();
                    net.compile(used, batch)?
                }
                compiled => compiled?,
            },
        };
        if self.kept.len() >= KEPT {
            self.kept.remove(0);
        }
        self.kept.push(compiled);
        let last = self.kept.len() - 1;
        Ok(&mut self.kept[last])
    }

    /// The program used last.
    pub fn last(&mut self) -> Option<&mut Compiled> {
        self.kept.last_mut()
    }

    /// Lets go of all programs of one use, and of their memory.
    pub fn forget(&mut self, used: &Use) {
        self.kept.retain(|compiled| compiled.used != *used);
    }

    /// The largest batch, at most `batch`, that the device has room for, with no tensor beyond what it can count.
    pub fn fitting(&mut self, net: &Net, used: &Use, mut batch: usize) -> Result<usize, TrainError> {
        loop {
            match self.get(net, used, batch) {
                Err(TrainError::Backend(BackendError::OutOfMemory { .. } | BackendError::Unsupported { .. }))
                    if batch > 1 =>
                {
                    batch /= 2;
                }
                Err(error) => return Err(error),
                Ok(_) => return Ok(batch),
            }
        }
    }
}
