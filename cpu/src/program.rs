//! Running a plan: step after step, and only then the updates.

use std::mem::take;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fovea_graph::backend::{Exchange, tensor};
use fovea_graph::plan::{Place, Step};
use fovea_graph::shape::join;
use fovea_graph::{
    Arena, BackendError, Feed, Memory, Never, NodeId, Op, Outcome, Plan, PreparedId, Program, Shape, Tensor,
};

use crate::arena::{CpuArena, Held};
use crate::exchange::Exchanging;
use crate::guard::Guard;
use crate::memory::StateMemory;
use crate::ops::kernel::Kernel;
use crate::ops::{self, Call};
use crate::pages::Buffer;
use crate::prepared::Made;
use crate::shadow::Closed;
use crate::storage::{Access, Given, emptied, fits, zeros};
use crate::team::Team;
use crate::threads::Threads;

/// Lists of what a step reads, kept for the room that they have.
#[derive(Default)]
struct Lists {
    inputs: Vec<&'static [f32]>,
    reads: Vec<&'static [f32]>,
    shapes: Vec<&'static Shape>,
}

/// A plan with its memory.
pub struct CpuProgram {
    plan: Plan,
    /// Its number among all programs.
    id: u64,
    arena: Arc<CpuArena>,
    threads: Arc<Threads>,
    /// Each step's kernel, and where it reads and writes.
    steps: Vec<(Kernel, Access)>,
    /// What is prepared.
    prepared: Vec<Made>,
    /// What is kept of that from step to step.
    kept_memory: Buffer,
    /// What brings gradients together with those of other machines.
    exchange: Option<Exchanging>,
    /// What must be so before states are written.
    guard: Guard,
    /// Outputs that lie in a state's or the host's memory, as they were after the last step.
    kept: Vec<(String, Tensor)>,
    /// How the step that was begun ended, until it is finished.
    begun: Option<Outcome>,
    lists: Lists,
}

impl CpuProgram {
    /// Checks the plan and takes it over.
    pub fn new(plan: Plan, machine: &str, arena: Arc<dyn Arena>, threads: Arc<Threads>) -> Result<Self, BackendError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let foreign = |_| BackendError::Mismatch("the arena belongs to another device".into());
        let arena = arena.into_any().downcast::<CpuArena>().map_err(foreign)?;
        if arena.bytes() < plan.arena {
            return Err(BackendError::Mismatch("the arena is smaller than the plan's".into()));
        }
        if plan.machine != machine {
            return Err(BackendError::Mismatch(format!(
                "the plan was made for {}, and this is {machine}",
                plan.machine
            )));
        }
        let steps = plan.steps.iter().map(|step| check(&plan, step, threads.count())).collect::<Result<_, _>>()?;
        let guard = Guard::new(&plan);
        let prepared =
            (0..plan.prepared.len()).map(|i| Made::new(&plan, PreparedId::new(i))).collect::<Result<_, _>>()?;
        fits("what the plan prepares", plan.kept / size_of::<f32>())?;
        let kept_memory = zeros("what the plan prepares", plan.kept / size_of::<f32>(), &Never)?;
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let (exchange, kept, begun, lists) = (None, Vec::new(), None, Lists::default());
        Ok(Self { plan, id, arena, threads, steps, prepared, kept_memory, exchange, guard, kept, begun, lists })
    }

    /// Computes all of the plan's steps, unless `before` breaks, the feed's flag is set, the values before the updates are
    /// not finite, or those behind them would not be.
    fn compute(
        &mut self,
        memory: &mut StateMemory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Outcome, BackendError> {
        let mut inputs = emptied(take(&mut self.lists.inputs));
        let outcome = match feed.elements(&self.plan.graph, &mut inputs) {
            Ok(()) => self.compute_on(&inputs, memory, feed, before),
            Err(wrong) => Err(wrong),
        };
        self.lists.inputs = emptied(inputs);
        outcome
    }

    /// The same, on inputs that have been checked.
    fn compute_on(
        &mut self,
        inputs: &[&[f32]],
        memory: &mut StateMemory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Outcome, BackendError> {
        let (arena, threads) = (Arc::clone(&self.arena), Arc::clone(&self.threads));
        let mut held = arena.hold();
        held.program = self.id;
        for index in 0..self.plan.steps.len() {
            if before(index).is_break() && index <= self.plan.commit {
                return Ok(Outcome::Interrupted);
            }
            if index == self.plan.exchange
                && self.plan.commit < self.plan.steps.len()
                && let Some(exchange) = &mut self.exchange
            {
                exchange.run(held.buffer.as_mut_slice())?;
            }
            if index == self.plan.commit
                && let Some(what) =
                    self.guard.look(&self.plan, held.buffer.as_slice(), memory, inputs, feed, &self.threads)
            {
                return Ok(Outcome::NotFinite(what));
            }
            if index == self.plan.commit {
                self.plan.graph.updates.iter().for_each(|&(state, _)| memory.touch(state));
            }
            // Once updates have begun they are all made.
            let stop = feed.stop.filter(|_| index < self.plan.commit);
            let team = Team::new(&threads, stop);
            self.prepare(index, held.buffer.as_mut_slice(), memory, inputs, &team);
            self.step(index, held.buffer.as_mut_slice(), &mut memory.buffers, inputs, feed, &team);
            if !team.is_done() {
                return Ok(Outcome::Interrupted);
            }
        }
        if before(self.plan.steps.len()).is_break() && self.plan.commit >= self.plan.steps.len() {
            return Ok(Outcome::Interrupted);
        }
        self.keep(&memory.buffers, inputs)?;
        Ok(Outcome::Done)
    }

    /// Makes what a step wants made, where it is not there.
    fn prepare(&mut self, index: usize, arena: &mut [f32], memory: &StateMemory, inputs: &[&[f32]], team: &Team<'_>) {
        for &id in &self.plan.steps[index].makes {
            let mut of = emptied(take(&mut self.lists.reads));
            let kept = self.kept_memory.as_mut_slice();
            self.prepared[id.index()].make(&mut *arena, memory, inputs, kept, (team, &mut of));
            self.lists.reads = emptied(of);
        }
    }

    /// Computes one step of the plan.
    fn step(
        &mut self,
        index: usize,
        arena: &mut [f32],
        states: &mut [Buffer],
        inputs: &[&[f32]],
        feed: &Feed<'_>,
        team: &Team<'_>,
    ) {
        let given = Given { inputs, kept: self.kept_memory.as_slice() };
        let nodes = &self.plan.steps[index].nodes;
        let node = self.plan.graph.node(self.plan.steps[index].node());
        let (kernel, access) = &self.steps[index];
        let (mut reads, mut shapes) = (emptied(take(&mut self.lists.reads)), emptied(take(&mut self.lists.shapes)));
        shapes.extend(node.inputs.iter().map(|&id| self.plan.graph.shape(id)));
        let closed = Closed::new(arena, given.kept);
        let memory = access.operands(arena, states, given, &mut reads);
        closed.but_for(&memory);
        let call = Call { kernel, shapes: &shapes, shape: &node.shape, memory, feed, team };
        ops::run(&self.plan.graph, nodes, call);
        (self.lists.reads, self.lists.shapes) = (emptied(reads), emptied(shapes));
    }

    /// How often anything was prepared.
    #[cfg(test)]
    pub fn times_made(&self) -> u64 {
        self.prepared.iter().map(Made::times).sum()
    }

    /// An output after the last step.
    fn find(&self, name: &str) -> Result<Tensor, BackendError> {
        let missing = || BackendError::Mismatch(format!("the program has no output named {name}"));
        let empty = || BackendError::Mismatch(format!("the output {name} has no value before the first step"));
        let id = self.plan.graph.find_output(name).ok_or_else(missing)?;
        match self.plan.place(id) {
            Place::Arena(slot) => {
                let held = self.arena.hold();
                let elements = self.mine(&held, name)?.get(slot.floats()).ok_or_else(empty)?;
                tensor(self.plan.graph.shape(id), elements.to_vec())
            }
            _ => self.kept.iter().find(|(kept, _)| kept == name).map(|(_, value)| value.clone()).ok_or_else(empty),
        }
    }

    /// The arena's values, as long as they are this program's.
    fn mine<'h>(&self, held: &'h Held, name: &str) -> Result<&'h [f32], BackendError> {
        match held.program {
            program if program == self.id => Ok(held.buffer.as_slice()),
            0 => Err(BackendError::Mismatch(format!("the output {name} has no value before the first step"))),
            _ => Err(BackendError::Mismatch(format!("the output {name} is gone: another program has run since"))),
        }
    }

    /// Copies the outputs that the program itself does not hold.
    fn keep(&mut self, states: &[Buffer], inputs: &[&[f32]]) -> Result<(), BackendError> {
        self.kept.clear();
        for (name, id) in &self.plan.graph.outputs {
            let elements = match self.plan.place(*id) {
                Place::Arena(_) => continue,
                Place::State(state) => states[state.index()].as_slice(),
                Place::Input(input) => inputs[input.index()],
                Place::Inside => continue,
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
        self.begun = Some(self.compute(memory, feed, before)?);
        Ok(())
    }

    fn finish(&mut self) -> Result<Outcome, BackendError> {
        self.begun.take().ok_or_else(|| BackendError::Mismatch("no step was begun".into()))
    }

    fn scalar(&self, name: &str) -> Result<f32, BackendError> {
        let value = self.find(name)?;
        match value.as_slice() {
            Some(&[value]) => Ok(value),
            _ => {
                let shape = join(value.shape());
                Err(BackendError::Mismatch(format!("the output {name} is {shape}, not one number")))
            }
        }
    }

    fn output(&self, name: &str) -> Result<Tensor, BackendError> {
        self.find(name)
    }

    fn exchange_by(&mut self, exchange: Box<dyn Exchange>) -> Result<(), BackendError> {
        self.exchange = Some(Exchanging::new(&self.plan, exchange));
        Ok(())
    }
}

/// One step's kernel and access, if this backend can run it as the plan says.
fn check(plan: &Plan, step: &Step, threads: usize) -> Result<(Kernel, Access), BackendError> {
    let node = plan.graph.node(step.node());
    let op = node.op.word();
    let refuse = |why: &str| BackendError::Mismatch(format!("the plan's step for {op} {why}"));
    let access = Access::new(plan, step)?;
    let given = |id: &NodeId| matches!(plan.graph.node(*id).op, Op::Input(_) | Op::State(_) | Op::Reshape(_));
    if step.nodes.iter().any(given) || access.in_place().is_some_and(|input| !ops::works_in_place(node, input)) {
        return Err(BackendError::Unsupported { device: "cpu".into(), op: op.into() });
    }
    let kernel = Kernel::of(step).ok_or_else(|| refuse("was made for another device"))?;
    if !kernel.suits(plan, step) {
        return Err(refuse("has a kernel that does not compute it"));
    }
    if step.workspace.map_or(0, |slot| slot.len) < kernel.scratch.bytes(threads) {
        return Err(refuse("was made for fewer threads"));
    }
    Ok((kernel.clone(), access))
}
