//! A net on a device, and the programs of it that are kept.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::training::{Objective, objective};
use fovea_graph::{Backend, BackendError, Graph, Memory, State, Tensor};

use crate::batch::{Batch, Pictures};
use crate::compiled::{Compiled, Numbers};
use crate::error::TrainError;
use crate::forward::{Forward, Mode};
use crate::question::Question;

/// How many programs are kept: a training run needs four (each part's full and last batch), predictions two more.
const KEPT: usize = 8;

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

    /// A program for a question and a batch, by the question's route.
    pub fn compile(&self, question: &Question, batch: usize) -> Result<Compiled, TrainError> {
        let route = question.route(&self.forward, batch, &*self.backend)?;
        self.check(&route.forward, batch)?;
        Ok(Compiled::new(&*self.backend, route.plan)?)
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

/// A program that is kept, and the batch it is fed where it is fed pictures of data.
pub(crate) struct Kept {
    /// The question's name.
    name: String,
    size: usize,
    batch: Batch,
    pub compiled: Compiled,
}

impl Kept {
    /// Begins a step on the pictures `indices`, and their labels where the question asks for them.
    pub fn begin(
        &mut self,
        memory: &mut dyn Memory,
        pictures: &Pictures<'_>,
        indices: &[usize],
        numbers: Numbers,
        interrupted: &AtomicBool,
    ) -> Result<(), TrainError> {
        self.batch.gather(pictures, indices);
        let all: [(&str, &Tensor); 2] = [("images", &self.batch.images), ("labels", &self.batch.labels)];
        let graph = self.compiled.graph();
        // A net that is asked for its result alone takes no labels.
        let taken = if graph.find_input("labels").is_some() { &all[..] } else { &all[..1] };
        self.compiled.begin(memory, taken, numbers, interrupted, &mut |_| ())
    }
}

/// The programs used last.
#[derive(Default)]
pub(crate) struct Programs {
    /// The one used last stands last.
    kept: Vec<Kept>,
}

impl Programs {
    /// The program for a question and batch, compiled where it is not at hand. No step of any other may be under way.
    pub fn get(&mut self, net: &Net, question: &Question, batch: usize) -> Result<&mut Kept, TrainError> {
        let kept = match self.kept.iter().position(|kept| kept.size == batch && kept.name == question.name()) {
            Some(at) => self.kept.remove(at),
            None => {
                let compiled = match net.compile(question, batch) {
                    // What was kept for later may be what takes the room.
                    Err(TrainError::Backend(BackendError::OutOfMemory { .. })) if !self.kept.is_empty() => {
                        self.kept.clear();
                        net.compile(question, batch)?
                    }
                    compiled => compiled?,
                };
                let name = question.name().to_string();
                Kept { name, size: batch, batch: Batch::new(batch, &net.input, net.positions()), compiled }
            }
        };
        if self.kept.len() >= KEPT {
            self.kept.remove(0);
        }
        self.kept.push(kept);
        let last = self.kept.len() - 1;
        Ok(&mut self.kept[last])
    }

    /// The program used last.
    pub fn last(&mut self) -> Option<&mut Compiled> {
        self.kept.last_mut().map(|kept| &mut kept.compiled)
    }

    /// Lets go of all programs of a question, and of their memory.
    pub fn forget(&mut self, question: &Question) {
        self.kept.retain(|kept| kept.name != question.name());
    }

    /// The largest batch, at most `batch`, that the device has room for, with no tensor beyond what it can count.
    pub fn fitting(&mut self, net: &Net, question: &Question, mut batch: usize) -> Result<usize, TrainError> {
        loop {
            match self.get(net, question, batch) {
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
