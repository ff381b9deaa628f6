//! A net on a device, and the programs of it that are kept.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::{Arena, Backend, BackendError, Graph, Memory, Plan, State, Stop};

use crate::aim::Told;
use crate::batch::Batch;
use crate::compiled::{Compiled, Numbers};
use crate::error::TrainError;
use crate::forward::{Forward, Mode};
use crate::question::Question;
use crate::target::End;

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
    /// How it ends.
    pub end: End,
}

impl Net {
    /// Looks at the net's graph of one picture.
    pub fn new(backend: Arc<dyn Backend>, forward: Forward) -> Result<Self, TrainError> {
        let graph = forward(1, Mode::Infer)?;
        let inconsistent = |why: &str| TrainError::Inconsistent(why.into());
        let images = graph.find_input("images").ok_or_else(|| inconsistent("it has no input `images`"))?;
        let result = graph.find_output("result").ok_or_else(|| inconsistent("it has no output `result`"))?;
        let picture = |dims: &[usize]| dims.get(1..).unwrap_or(&[]).to_vec();
        let input = picture(graph.inputs[images.index()].shape.dims());
        let output = picture(graph.shape(result).dims());
        let end = End::of(&graph);
        Ok(Self { backend, forward, states: graph.states, input, output, end })
    }

    /// What it gives for a picture.
    pub fn told(&self) -> Told<'_> {
        Told { end: self.end, output: &self.output }
    }

    /// The plan for a question and a batch, by the question's route.
    pub fn plan(&self, question: &Question, batch: usize, stop: &dyn Stop) -> Result<Plan, TrainError> {
        let route = question.route_unless(&self.forward, batch, &*self.backend, stop)?;
        self.check(&route.forward, batch)?;
        Ok(route.plan)
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

/// A program that is kept.
struct Kept {
    /// The question's name.
    name: String,
    size: usize,
    compiled: Compiled,
}

/// The programs used last. They share one arena: no two of them run at once.
pub(crate) struct Programs {
    /// The one used last stands last.
    kept: Vec<Kept>,
    arena: Option<Arc<dyn Arena>>,
}

impl Programs {
    /// None yet.
    pub fn new() -> Self {
        Self { kept: Vec::new(), arena: None }
    }

    /// The program for a question and batch, compiled where it is not at hand. No step of any other may be under way.
    pub fn get(
        &mut self,
        net: &Net,
        question: &Question,
        batch: usize,
        stop: &dyn Stop,
    ) -> Result<&mut Compiled, TrainError> {
        match self.kept.iter().position(|kept| kept.size == batch && kept.name == question.name()) {
            Some(at) => {
                let kept = self.kept.remove(at);
                self.kept.push(kept);
            }
            None => self.keep(net, question, batch, net.plan(question, batch, stop)?, stop)?,
        }
        let last = self.kept.len() - 1;
        Ok(&mut self.kept[last].compiled)
    }

    /// Compiles these plans, each with its question and batch, in an arena that has room for the largest.
    pub fn prepare(
        &mut self,
        net: &Net,
        plans: Vec<(Question, usize, Plan)>,
        stop: &dyn Stop,
    ) -> Result<(), TrainError> {
        self.room(net, plans.iter().map(|(.., plan)| plan.arena).max().unwrap_or(0), stop)?;
        plans.into_iter().try_for_each(|(question, batch, plan)| {
            stop.go_on()?;
            let is_kept = self.kept.iter().any(|kept| kept.size == batch && kept.name == question.name());
            if is_kept { Ok(()) } else { self.keep(net, &question, batch, plan, stop) }
        })
    }

    fn keep(
        &mut self,
        net: &Net,
        question: &Question,
        batch: usize,
        plan: Plan,
        stop: &dyn Stop,
    ) -> Result<(), TrainError> {
        let arena = self.room(net, plan.arena, stop)?;
        let compiled = Compiled::new(net.backend.compile_in(plan, &arena)?);
        if self.kept.len() >= KEPT {
            self.kept.remove(0);
        }
        self.kept.push(Kept { name: question.name().to_string(), size: batch, compiled });
        Ok(())
    }

    /// The arena, with room for so many bytes.
    fn room(&mut self, net: &Net, bytes: usize, stop: &dyn Stop) -> Result<Arc<dyn Arena>, TrainError> {
        match &self.arena {
            Some(arena) if arena.bytes() >= bytes => Ok(Arc::clone(arena)),
            _ => {
                // What lies in a smaller one goes first: both may be more than there is.
                self.clear();
                let arena = net.backend.arena_unless(bytes, stop)?;
                self.arena = Some(Arc::clone(&arena));
                Ok(arena)
            }
        }
    }

    /// Begins a step of the program used last on a batch's pictures, and their labels where the question asks for them.
    pub fn begin(
        &mut self,
        memory: &mut dyn Memory,
        batch: &Batch,
        numbers: Numbers,
        interrupted: &AtomicBool,
    ) -> Result<(), TrainError> {
        let compiled = match self.kept.last_mut() {
            Some(kept) => &mut kept.compiled,
            None => return Err(TrainError::Inconsistent("it has no program".into())),
        };
        // A net that is asked for its result alone takes no labels.
        let (mut taken, mut count) = ([("images", &batch.images); 6], 0);
        for feed in batch.feeds().filter(|(name, _)| compiled.graph().find_input(name).is_some()) {
            taken[count] = feed;
            count += 1;
        }
        compiled.begin(memory, &taken[..count], numbers, interrupted, &mut |_| ())
    }

    /// The program used last.
    pub fn last(&mut self) -> Option<&mut Compiled> {
        self.kept.last_mut().map(|kept| &mut kept.compiled)
    }

    /// Lets go of all programs of a question; and, where none is left, of their memory.
    pub fn forget(&mut self, question: &Question) {
        self.kept.retain(|kept| kept.name != question.name());
        if self.kept.is_empty() {
            self.clear();
        }
    }

    /// Lets go of all programs and of their memory.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.arena = None;
    }

    /// The largest batch, at most `batch`, that the device has room for, with no tensor beyond what it can count.
    pub fn fitting(
        &mut self,
        net: &Net,
        question: &Question,
        mut batch: usize,
        stop: &dyn Stop,
    ) -> Result<usize, TrainError> {
        loop {
            match self.get(net, question, batch, stop) {
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
