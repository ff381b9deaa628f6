//! Running a plan: its kernels are launched in order, at first one by one and from then on as one captured graph, while
//! the next batch is copied in beside it.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fovea_graph::backend::tensor;
use fovea_graph::plan::{Place, Step, Type};
use fovea_graph::{Arena, BackendError, Feed, Memory, NodeId, Op, Outcome, Plan, Program, Tensor};

use crate::arena::CudaArena;
use crate::gpu::Gpu;
use crate::guard::{self, Guard};
use crate::memory::{StateMemory, download};
use crate::ops::kernel::Kernel;
use crate::ops::update::{self, Group};
use crate::ops::{self, Call, Range};
use crate::queue::Queue;
use crate::stage::Stage;

/// How many steps may be under way: one computes while the next one's batch is copied.
pub const DEPTH: usize = 2;

/// What plans for a GPU are made for: their kernels are cut alike on all of them.
pub const MACHINE: &str = "cuda";

/// A plan with its memory on the GPU.
pub struct CudaProgram {
    plan: Plan,
    /// Its number among all programs.
    id: u64,
    arena: Arc<CudaArena>,
    stages: [Stage; DEPTH],
    guard: Guard,
    groups: Vec<Group>,
    /// The outputs of one element, in the order that every step hands them to the host.
    scalars: Vec<(String, NodeId)>,
    /// Their values in the step finished last.
    numbers: Option<Vec<f32>>,
    begun: VecDeque<Begun>,
    /// The stage of the next step.
    next: usize,
    /// The stage of the step begun last.
    last: Option<usize>,
    /// Whether a step was launched kernel by kernel before. What runs once is not worth capturing; and the driver loads a
    /// kernel at its first launch, which must not be within a capture.
    warm: bool,
    mode: Mode,
    /// How steps are launched but where they are timed one by one.
    usual: Mode,
    /// The outputs that lie in a state's memory, as the last step left them.
    kept: Vec<(String, Tensor)>,
    /// The last field, since what lies on a GPU must go before it.
    gpu: Arc<Gpu>,
}

impl Drop for CudaProgram {
    /// Waits: steps under way use pinned memory, which is freed at once. This binds the thread to the GPU, too, without
    /// which nothing can be freed; a GPU that is lost has nothing to free.
    fn drop(&mut self) {
        let _ = self.gpu.wait();
    }
}

/// How steps are launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As one captured graph.
    Captured,
    /// Kernel by kernel.
    Launched,
    /// Kernel by kernel, and each step of the plan waited for.
    Stepwise,
}

/// A step under way.
#[derive(Clone, Copy)]
enum Begun {
    /// Its results will be in this stage.
    Launched(usize),
    /// It was broken off before anything was launched that counts.
    Interrupted,
}

impl CudaProgram {
    /// Checks the plan, takes it over and makes room for it.
    pub fn new(plan: Plan, gpu: Arc<Gpu>, arena: Arc<dyn Arena>, captured: bool) -> Result<Self, BackendError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        check(&plan, &gpu.name)?;
        let arena = arena.into_any().downcast::<CudaArena>().ok().filter(|arena| arena.is_of(&gpu));
        let arena = arena.ok_or_else(|| BackendError::Mismatch("the arena belongs to another device".into()))?;
        if arena.bytes() < plan.arena {
            return Err(BackendError::Mismatch("the arena is smaller than the plan's".into()));
        }
        // None may be loaded while a step is captured; and what does not compile is known before anything runs.
        for step in &plan.steps {
            for kernel in ops::uses(&plan.graph.node(step.node()).op).forward {
                gpu.function(kernel)?;
            }
        }
        for kernel in guard::KERNELS {
            gpu.function(kernel)?;
        }
        let scalars = plan
            .graph
            .outputs
            .iter()
            .filter(|(_, id)| plan.graph.shape(*id).elements() == 1 && matches!(plan.place(*id), Place::Arena(_)));
        let scalars: Vec<(String, NodeId)> = scalars.cloned().collect();
        let locate = |id: NodeId| match plan.place(id) {
            Place::Arena(slot) => Range { address: arena.address() + slot.offset as u64, len: slot.floats().len() },
            Place::State(_) | Place::Input(_) | Place::Inside => {
                unreachable!("what is watched or read at every step lies in the arena")
            }
        };
        let read: Vec<Range> = scalars.iter().map(|(_, id)| locate(*id)).collect();
        let mut groups = update::groups(&plan);
        // Gradients are looked at together with what their updates give.
        let looked: Vec<Place> = groups.iter().flat_map(|group| group.gradients(&plan)).collect();
        let mut watched = plan.watched();
        watched.retain(|(_, id)| !looked.contains(&plan.place(*id)));
        let further = update::names(&mut groups, &plan, watched.len());
        let watched = watched.into_iter().map(|(what, id)| (what, locate(id))).collect();
        let guard = Guard::new(&gpu, watched, further, &read)?;
        let stages =
            [Stage::new(&gpu, &plan.graph.inputs, read.len())?, Stage::new(&gpu, &plan.graph.inputs, read.len())?];
        let mode = if captured { Mode::Captured } else { Mode::Launched };
        Ok(Self {
            plan,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            arena,
            stages,
            guard,
            groups,
            scalars,
            numbers: None,
            begun: VecDeque::new(),
            next: 0,
            last: None,
            warm: false,
            mode,
            usual: mode,
            kept: Vec::new(),
            gpu,
        })
    }

    /// Where a node's value lies, in a step of this stage on this memory.
    fn locate(&self, id: NodeId, stage: usize, memory: &StateMemory) -> Range {
        let len = self.plan.graph.shape(id).elements();
        let address = match self.plan.place(id) {
            Place::Arena(slot) => self.arena.address() + slot.offset as u64,
            Place::State(state) => memory.address(state),
            Place::Input(input) => self.stages[stage].input(&self.gpu, input.index()),
            Place::Inside => unreachable!("`check` has seen that no step has several nodes"),
        };
        Range { address, len }
    }

    /// Where a step's scratch memory lies.
    fn scratch(&self, step: &Step) -> Range {
        step.workspace.map_or(Range { address: 0, len: 0 }, |slot| Range {
            address: self.arena.address() + slot.offset as u64,
            len: slot.floats().len(),
        })
    }

    /// Makes the tables of the updates for a stage and a memory, unless they are there. Waits for the device where they are
    /// not.
    fn tabulate(&mut self, stage: usize, memory: &StateMemory) -> Result<(), BackendError> {
        if self.stages[stage].is_bound_to(memory.id) {
            return Ok(());
        }
        let mut tables = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let bytes = group.table(&self.plan, &|id| self.locate(id, stage, memory), &|step| self.scratch(step));
            tables.push(self.gpu.upload(&bytes)?);
        }
        self.stages[stage].bind(memory.id, tables);
        Ok(())
    }

    /// Looks whether all that the updates read, and all that they would write, is finite.
    fn look(&self, queue: &Queue<'_>, stage: usize) -> Result<(), BackendError> {
        self.guard.look(&self.gpu, queue)?;
        let feed = self.stages[stage].feed(&self.gpu);
        let mut groups = self.groups.iter().zip(self.stages[stage].tables());
        groups.try_for_each(|(group, table)| {
            group.look(&self.plan, queue, self.gpu.address(table), feed, self.guard.halted(&self.gpu))
        })
    }

    /// Launches all of a step's kernels. Where `before` breaks in time, nothing that counts has been launched.
    fn launch(
        &self,
        queue: &Queue<'_>,
        stage: usize,
        memory: &StateMemory,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, BackendError> {
        let commit = self.plan.commit;
        let feed = self.stages[stage].feed(&self.gpu);
        let mut groups = self.groups.iter().zip(self.stages[stage].tables()).peekable();
        let mut grouped = 0..0;
        for (index, step) in self.plan.steps.iter().enumerate() {
            if self.mode == Mode::Stepwise {
                self.gpu.wait()?;
            }
            if before(index).is_break() && index <= commit {
                return Ok(ControlFlow::Break(()));
            }
            if index == commit {
                self.look(queue, stage)?;
            }
            if grouped.contains(&index) {
                continue;
            }
            if let Some((group, table)) = groups.next_if(|(group, _)| group.steps().start == index) {
                group.launch(queue, self.gpu.address(table), feed, self.guard.halted(&self.gpu))?;
                grouped = group.steps();
                continue;
            }
            let node = self.plan.graph.node(step.node());
            let Some(&kernel) = Kernel::of(step) else { continue };
            let call = Call {
                kernel,
                shapes: self.plan.graph.input_shapes(node),
                shape: &node.shape,
                queue,
                inputs: node.inputs.iter().map(|&id| self.locate(id, stage, memory)).collect(),
                output: self.locate(step.node(), stage, memory),
                scratch: self.scratch(step),
                feed,
            };
            ops::run(&node.op, &call)?;
        }
        if self.mode == Mode::Stepwise {
            self.gpu.wait()?;
        }
        if before(self.plan.steps.len()).is_break() && self.plan.steps.len() <= commit {
            return Ok(ControlFlow::Break(()));
        }
        self.guard.gather(&self.gpu, queue, self.stages[stage].results(&self.gpu))?;
        Ok(ControlFlow::Continue(()))
    }

    /// Launches a step in the way that its mode says.
    fn enqueue(
        &mut self,
        stage: usize,
        memory: &StateMemory,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, BackendError> {
        if self.mode != Mode::Captured || !self.warm {
            let launched = self.launch(&self.gpu.queue(), stage, memory, before)?;
            self.warm |= launched.is_continue();
            return Ok(launched);
        }
        // The whole step goes at once, so it is asked for at once.
        for index in 0..=self.plan.steps.len() {
            if before(index).is_break() && index <= self.plan.commit {
                return Ok(ControlFlow::Break(()));
            }
        }
        if self.stages[stage].graph().is_none() {
            let all = &mut |_| ControlFlow::Continue(());
            let graph = self.gpu.capture(|queue| self.launch(queue, stage, memory, all).map(|_| ()))?;
            self.stages[stage].keep(graph);
        }
        if let Some(graph) = self.stages[stage].graph() {
            self.gpu.replay(graph)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// All that is under way is given up: the device has failed.
    fn give_up(&mut self, error: BackendError) -> BackendError {
        if let BackendError::Lost { .. } = error {
            self.begun.clear();
        }
        error
    }

    /// Begins a step; [`Program::begin`] without the care for a lost device.
    fn start(
        &mut self,
        memory: &mut dyn Memory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        if self.begun.len() >= DEPTH {
            return Err(BackendError::Mismatch(format!("more than {DEPTH} steps were begun before one was finished")));
        }
        let foreign = || BackendError::Mismatch("the memory belongs to another device".to_string());
        let memory = memory.as_any_mut().downcast_mut::<StateMemory>().ok_or_else(foreign)?;
        memory.check(&self.gpu, &self.plan.graph.states)?;
        let mut inputs = Vec::new();
        feed.elements(&self.plan.graph, &mut inputs)?;
        if self.begun.is_empty() {
            self.guard.reset(&self.gpu)?;
        }
        let stage = self.next;
        self.arena.take(self.id);
        self.tabulate(stage, memory)?;
        self.stages[stage].fill(&self.gpu, &inputs, feed)?;
        match self.enqueue(stage, memory, before)? {
            ControlFlow::Break(()) => {
                // What was launched still reads this stage's batch.
                self.gpu.wait()?;
                self.begun.push_back(Begun::Interrupted);
            }
            ControlFlow::Continue(()) => {
                self.stages[stage].fetch(&self.gpu)?;
                self.begun.push_back(Begun::Launched(stage));
                self.next = (stage + 1) % DEPTH;
                self.last = Some(stage);
                self.keep(memory)?;
            }
        }
        Ok(())
    }

    /// Copies the outputs that lie in a state's memory, which the program does not hold.
    fn keep(&mut self, memory: &StateMemory) -> Result<(), BackendError> {
        self.kept.clear();
        for (name, id) in &self.plan.graph.outputs {
            if let Place::State(state) = self.plan.place(*id) {
                self.kept.push((name.clone(), memory.read(state)?));
            }
        }
        Ok(())
    }

    /// The number of an output of one element in what a step hands to the host.
    fn scalar_index(&self, name: &str) -> Option<usize> {
        self.scalars.iter().position(|(scalar, _)| scalar == name)
    }

    /// How the step of a stage ended.
    fn ended(&mut self, stage: usize) -> Result<Outcome, BackendError> {
        let (halted, numbers) = self.stages[stage].read(&self.gpu)?;
        self.numbers = Some(numbers);
        Ok(match self.guard.name(halted) {
            Some(name) => Outcome::NotFinite(name),
            None => Outcome::Done,
        })
    }
}

impl Program for CudaProgram {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn begin(
        &mut self,
        memory: &mut dyn Memory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        self.start(memory, feed, before).map_err(|error| self.give_up(error))
    }

    fn finish(&mut self) -> Result<Outcome, BackendError> {
        match self.begun.pop_front() {
            None => Err(BackendError::Mismatch("no step was begun".into())),
            Some(Begun::Interrupted) => Ok(Outcome::Interrupted),
            Some(Begun::Launched(stage)) => self.ended(stage).map_err(|error| self.give_up(error)),
        }
    }

    fn depth(&self) -> usize {
        DEPTH
    }

    fn scalar(&self, name: &str) -> Result<f32, BackendError> {
        match (self.scalar_index(name), &self.numbers) {
            (Some(index), Some(numbers)) => Ok(numbers[index]),
            _ => {
                let value = self.output(name)?;
                let only = value.iter().next().copied().filter(|_| value.len() == 1);
                only.ok_or_else(|| BackendError::Mismatch(format!("the output {name} is not one number")))
            }
        }
    }

    fn output(&self, name: &str) -> Result<Tensor, BackendError> {
        let missing = || BackendError::Mismatch(format!("the program has no output named {name}"));
        let empty = || BackendError::Mismatch(format!("the output {name} has no value before the first step"));
        let id = self.plan.graph.find_output(name).ok_or_else(missing)?;
        let stage = self.last.ok_or_else(empty)?;
        let shape = self.plan.graph.shape(id);
        match self.plan.place(id) {
            Place::Arena(_) if !self.arena.holds(self.id) => {
                Err(BackendError::Mismatch(format!("the output {name} is gone: another program has run since")))
            }
            Place::Arena(slot) => tensor(shape, download(&self.gpu, self.arena.slice(), slot.floats())?),
            Place::Input(input) => tensor(shape, self.stages[stage].download(&self.gpu, input.index())?),
            Place::Inside => Err(empty()),
            Place::State(_) => {
                let kept = self.kept.iter().find(|(kept, _)| kept == name).map(|(_, value)| value.clone());
                let value = kept.ok_or_else(empty)?;
                tensor(shape, value.into_iter().collect())
            }
        }
    }

    fn stepwise(&mut self, on: bool) {
        self.mode = if on { Mode::Stepwise } else { self.usual };
    }
}

/// Whether this backend can run the plan.
fn check(plan: &Plan, device: &str) -> Result<(), BackendError> {
    if plan.machine != MACHINE {
        return Err(BackendError::Mismatch(format!("the plan was made for {}, and this is {device}", plan.machine)));
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let node = plan.graph.node(step.node());
        let unsupported = |why: &str| BackendError::Unsupported {
            device: device.to_string(),
            op: format!("{} of {}: {why}", node.op.word(), node.shape),
        };
        let shapes = plan.graph.input_shapes(node);
        // Coordinates within a tensor have 32 bits.
        if shapes.iter().chain([&&node.shape]).any(|shape| shape.elements() > i32::MAX as usize) {
            return Err(unsupported("a tensor has more than 2147483647 elements; take a smaller batch"));
        }
        let refuse = |why: &str| BackendError::Mismatch(format!("the plan's step for {} {why}", node.op.word()));
        if step.nodes.len() > 1 || !step.reads.is_empty() {
            return Err(refuse("was made for another device"));
        }
        let kernel = *Kernel::of(step).ok_or_else(|| refuse("was made for another device"))?;
        if !ops::suits(&plan.graph, step.node(), kernel) {
            return Err(refuse("has a kernel that does not compute it"));
        }
        let scratch = ops::workspace(&plan.graph, step.node(), kernel) * Type::F32.bytes();
        if step.workspace.map_or(0, |slot| slot.len) < scratch {
            return Err(refuse("has too little scratch memory"));
        }
        let update = matches!(plan.place(step.node()), Place::State(_));
        if update != (index >= plan.commit) || update && !update::is_update(&node.op) {
            return Err(unsupported("it cannot write a state"));
        }
        if matches!(node.op, Op::Input(_) | Op::State(_) | Op::Reshape(_)) {
            return Err(unsupported("it is no computation"));
        }
    }
    Ok(())
}
