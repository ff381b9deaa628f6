//! Running a plan: step after step, and only then the updates.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::backend::tensor;
use fovea_graph::plan::{Place, Slot, Step};
use fovea_graph::{BackendError, Feed, Memory, NodeId, Op, Outcome, Plan, Program, Shape, Tensor};

use crate::memory::StateMemory;
use crate::ops::{self, Call};
use crate::storage::{Access, Buffer};
use crate::team::{CHUNK, Team, Threads};

/// A plan with its memory.
pub struct CpuProgram {
    plan: Plan,
    arena: Buffer,
    threads: Arc<Threads>,
    /// Where each step reads and writes.
    accesses: Vec<Access>,
    /// What must be finite before states are written: its name and where it lies.
    watched: Vec<(String, Slot)>,
    /// Outputs that lie in a state's or the host's memory, as they were after the last step.
    kept: Vec<(String, Tensor)>,
    /// How the step that was begun ended, until it is finished.
    begun: Option<Outcome>,
}

impl CpuProgram {
    /// Checks the plan and takes it over.
    pub fn new(plan: Plan, arena: Buffer, threads: Arc<Threads>) -> Result<Self, BackendError> {
        let accesses = plan.steps.iter().map(|step| check(&plan, step, threads.count())).collect::<Result<_, _>>()?;
        let slot = |id: NodeId| match plan.places[id.index()] {
            Place::Arena(slot) => Some(slot),
            _ => None,
        };
        let watched = plan.watched().into_iter().filter_map(|(name, id)| Some((name, slot(id)?))).collect();
        Ok(Self { plan, arena, threads, accesses, watched, kept: Vec::new(), begun: None })
    }

    /// Computes all of the plan's steps, unless `before` breaks, the feed's flag is set or the values before the updates
    /// are not finite.
    fn steps(
        &mut self,
        states: &mut [Buffer],
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Outcome, BackendError> {
        let inputs = feed.elements(&self.plan.graph)?;
        for index in 0..self.plan.steps.len() {
            if before(index).is_break() && index <= self.plan.commit {
                return Ok(Outcome::Interrupted);
            }
            if index == self.plan.commit
                && let Some(name) = self.not_finite()
            {
                return Ok(Outcome::NotFinite(name.to_string()));
            }
            // Once updates have begun they are all made.
            let stop = feed.stop.filter(|_| index < self.plan.commit);
            if !self.step(index, states, &inputs, feed, stop) {
                return Ok(Outcome::Interrupted);
            }
        }
        if before(self.plan.steps.len()).is_break() && self.plan.commit >= self.plan.steps.len() {
            return Ok(Outcome::Interrupted);
        }
        self.keep(states, &inputs)?;
        Ok(Outcome::Done)
    }

    /// Computes one step of the plan; false where `stop` has ended it in the midst.
    fn step(
        &mut self,
        index: usize,
        states: &mut [Buffer],
        inputs: &[&[f32]],
        feed: &Feed<'_>,
        stop: Option<&AtomicBool>,
    ) -> bool {
        let team = Team::new(&self.threads, stop);
        let step = &self.plan.steps[index];
        let node = self.plan.graph.node(step.node);
        let call = Call {
            algorithm: step.algorithm,
            shapes: self.plan.graph.input_shapes(node),
            shape: &node.shape,
            memory: self.accesses[index].operands(self.arena.as_mut_slice(), states, inputs),
            feed,
            team: &team,
        };
        ops::run(&node.op, call);
        team.is_done()
    }

    /// The name of the first watched value that is not finite.
    fn not_finite(&self) -> Option<&str> {
        let arena = self.arena.as_slice();
        let finite = |slot: &Slot| all_finite(&arena[slot.offset..slot.offset + slot.len]);
        self.watched.iter().find(|(_, slot)| !finite(slot)).map(|(name, _)| name.as_str())
    }

    /// An output's shape, and its elements after the last step.
    fn find(&self, name: &str) -> Result<(&Shape, &[f32]), BackendError> {
        let missing = || BackendError::Mismatch(format!("the program has no output named {name}"));
        let id = self.plan.graph.find_output(name).ok_or_else(missing)?;
        let elements = match self.plan.places[id.index()] {
            Place::Arena(slot) => Some(&self.arena.as_slice()[slot.offset..slot.offset + slot.len]),
            _ => self.kept.iter().find(|(kept, _)| kept == name).and_then(|(_, value)| value.as_slice()),
        };
        let elements = elements
            .ok_or_else(|| BackendError::Mismatch(format!("the output {name} has no value before the first step")))?;
        Ok((self.plan.graph.shape(id), elements))
    }

    /// Copies the outputs that the program itself does not hold.
    fn keep(&mut self, states: &[Buffer], inputs: &[&[f32]]) -> Result<(), BackendError> {
        self.kept.clear();
        for (name, id) in &self.plan.graph.outputs {
            let elements = match self.plan.places[id.index()] {
                Place::Arena(_) => continue,
                Place::State(state) => states[state.index()].as_slice(),
                Place::Input(input) => inputs[input.index()],
            };
            self.kept.push((name.clone(), tensor(self.plan.graph.shape(*id), elements.to_vec())?));
        }
        Ok(())
    }
}

impl Program for CpuProgram {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn begin(
        &mut self,
        memory: &mut dyn Memory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        if self.begun.is_some() {
            return Err(BackendError::Mismatch("a step was begun before the last was finished".into()));
        }
        let foreign = || BackendError::Mismatch("the memory belongs to another device".to_string());
        let memory = memory.as_any_mut().downcast_mut::<StateMemory>().ok_or_else(foreign)?;
        memory.held.begin_with(&self.plan.graph.states)?;
        self.begun = Some(self.steps(&mut memory.buffers, feed, before)?);
        Ok(())
    }

    fn finish(&mut self) -> Result<Outcome, BackendError> {
        self.begun.take().ok_or_else(|| BackendError::Mismatch("no step was begun".into()))
    }

    fn scalar(&self, name: &str) -> Result<f32, BackendError> {
        match self.find(name)? {
            (_, &[value]) => Ok(value),
            (shape, _) => Err(BackendError::Mismatch(format!("the output {name} is {shape}, not one number"))),
        }
    }

    fn output(&self, name: &str) -> Result<Tensor, BackendError> {
        let (shape, elements) = self.find(name)?;
        tensor(shape, elements.to_vec())
    }
}

/// The access of one step, if this backend can run it as the plan says.
fn check(plan: &Plan, step: &Step, threads: usize) -> Result<Access, BackendError> {
    let node = plan.graph.node(step.node);
    let op = node.op.word();
    let access = Access::new(plan, step)?;
    let runs = !matches!(node.op, Op::Input(_) | Op::State(_) | Op::Reshape(_));
    if !runs || access.in_place().is_some_and(|input| !ops::works_in_place(node, input)) {
        return Err(BackendError::Unsupported { device: "cpu".into(), op: op.into() });
    }
    let choice = ops::choose(&plan.graph, step.node, threads);
    let workspace = step.workspace.map_or(0, |slot| slot.len);
    if step.algorithm != choice.algorithm || workspace < choice.workspace {
        return Err(BackendError::Mismatch(format!("the plan's step for {op} was made for another device")));
    }
    Ok(access)
}

/// Whether every element is a finite number.
fn all_finite(x: &[f32]) -> bool {
    x.chunks(CHUNK).all(|piece| {
        crate::simd::vectorised(
            #[inline(always)]
            || piece.iter().fold(true, |finite, x| finite & x.is_finite()),
        )
    })
}
