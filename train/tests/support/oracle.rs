//! A device for tests: the f64 reference behind the backend's interface, with things that can be made to go wrong.

use std::any::Any;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use fovea_cpu::reference::{Feed64, evaluate, output};
use fovea_graph::backend::Room;
use fovea_graph::plan::Choice;
use fovea_graph::{
    Arena, Backend, BackendError, Device, Feed, Graph, Memory, NodeId, Outcome, Plan, Program, State, StateId, Tensor,
};

/// What a test is told before each op: the number of the training step (of all that the device ran), and of the op.
type Hook = Box<dyn FnMut(u32, usize) + Send>;

/// The device, and what goes wrong on it.
#[derive(Clone, Default)]
pub struct Oracle {
    shared: Arc<Mutex<Shared>>,
}

/// Where a device is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// As this training step (from 1) is begun.
    Begin(u32),
    /// As it is finished.
    Finish(u32),
    /// At the first test or prediction after it.
    Infer(u32),
    /// As the memory is read after it.
    Read(u32),
}

#[derive(Default)]
struct Shared {
    /// How many steps may be under way behind the first.
    ahead: usize,
    /// How many are.
    under_way: usize,
    /// Where it is lost.
    lost_at: Option<Lost>,
    lost: bool,
    /// Training steps begun.
    steps: u32,
    /// At which of them the loss is not finite.
    poison: Option<u32>,
    /// How many f32 a plan's arena may have.
    room: Option<usize>,
    hook: Option<Hook>,
    /// The images and labels of every training step.
    seen: Vec<(Tensor, Tensor)>,
    /// How many programs of training steps there are.
    training: usize,
    /// The seed and the number that every training step was given.
    numbers: Vec<(u64, u32)>,
}

impl Shared {
    /// Whether the device is there, now that this happens to it.
    fn there(&mut self, what: Lost) -> Result<(), BackendError> {
        self.lost |= self.lost_at == Some(what);
        match self.lost {
            true => Err(BackendError::Lost { device: "oracle".into(), why: "it fell off the bus".into() }),
            false => Ok(()),
        }
    }
}

impl Oracle {
    /// It tells of a step only when it is finished, and has up to `depth` of them under way.
    pub fn behind(depth: usize) -> Self {
        Self::default().and(|shared| shared.ahead = depth - 1)
    }

    /// The same, lost at some moment.
    pub fn lost(self, at: Lost) -> Self {
        self.and(|shared| shared.lost_at = Some(at))
    }

    fn and(self, change: impl FnOnce(&mut Shared)) -> Self {
        change(&mut self.shared.lock().unwrap());
        self
    }

    /// The `step`-th training step (from 1) is not finite.
    pub fn poisoned_at(step: u32) -> Self {
        Self::default().poisoned(step)
    }

    /// The same, so poisoned.
    pub fn poisoned(self, step: u32) -> Self {
        self.and(|shared| shared.poison = Some(step))
    }

    /// A plan's arena may have so many f32.
    pub fn with_room(elements: usize) -> Self {
        Self::default().and(|shared| shared.room = Some(4 * elements))
    }

    /// Calls `hook` before each op of a training step.
    pub fn hooked(hook: impl FnMut(u32, usize) + Send + 'static) -> Self {
        Self::default().watched(hook)
    }

    /// The same, with such a hook.
    pub fn watched(self, hook: impl FnMut(u32, usize) + Send + 'static) -> Self {
        self.and(|shared| shared.hook = Some(Box::new(hook)))
    }

    /// The batches of all training steps so far.
    pub fn seen(&self) -> Vec<(Tensor, Tensor)> {
        self.shared.lock().unwrap().seen.clone()
    }

    /// How many programs of training steps there are.
    pub fn training_programs(&self) -> usize {
        self.shared.lock().unwrap().training
    }

    /// The seeds and numbers of all training steps so far.
    pub fn numbers(&self) -> Vec<(u64, u32)> {
        self.shared.lock().unwrap().numbers.clone()
    }
}

impl Backend for Oracle {
    fn device(&self) -> Device {
        Device { name: "oracle".into(), description: "f64".into(), memory: None }
    }

    fn choose(&self, _: &Graph, _: NodeId) -> Choice {
        Choice::plain()
    }

    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        let zero = |state: &State| Tensor::zeros(state.shape.dims());
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(Values { values: states.iter().map(zero).collect(), shared }))
    }

    fn arena(&self, bytes: usize) -> Result<Arc<dyn Arena>, BackendError> {
        if self.shared.lock().unwrap().room.is_some_and(|room| bytes > room) {
            let (what, needed) = ("the plan".to_string(), bytes as u64);
            return Err(BackendError::OutOfMemory { what, needed, device: "oracle".into() });
        }
        Ok(Arc::new(Room(bytes)))
    }

    fn compile_in(&self, plan: Plan, arena: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        assert!(plan.arena <= arena.bytes());
        let mut shared = self.shared.lock().unwrap();
        shared.training += usize::from(!plan.graph.updates.is_empty());
        Ok(Box::new(Steps { plan, shared: Arc::clone(&self.shared), ended: Ended::default(), begun: VecDeque::new() }))
    }
}

struct Values {
    values: Vec<Tensor>,
    shared: Arc<Mutex<Shared>>,
}

impl Values {
    /// Nobody may look at the memory while steps are under way.
    fn looked_at(&self) -> Result<(), BackendError> {
        let mut shared = self.shared.lock().unwrap();
        assert_eq!(shared.under_way, 0);
        let step = shared.steps;
        shared.there(Lost::Read(step))
    }
}

impl Memory for Values {
    fn read(&self, state: StateId) -> Result<Tensor, BackendError> {
        self.looked_at()?;
        Ok(self.values[state.index()].clone())
    }

    fn write(&mut self, state: StateId, value: &Tensor) -> Result<(), BackendError> {
        self.looked_at()?;
        assert_eq!(self.values[state.index()].shape(), value.shape());
        self.values[state.index()].clone_from(value);
        Ok(())
    }

    fn replace(&mut self, kept: usize, states: &[State]) -> Result<(), BackendError> {
        self.looked_at()?;
        self.values.truncate(kept);
        self.values.extend(states.iter().map(|state| Tensor::zeros(state.shape.dims())));
        Ok(())
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

struct Steps {
    plan: Plan,
    shared: Arc<Mutex<Shared>>,
    /// The steps under way, of which nobody has been told.
    begun: VecDeque<Ended>,
    /// The step finished last.
    ended: Ended,
}

/// What came of a step: its number among the training steps, how it ended, its outputs.
#[derive(Default)]
struct Ended {
    step: u32,
    outcome: Option<Outcome>,
    outputs: Vec<(String, Tensor)>,
}

impl Drop for Steps {
    fn drop(&mut self) {
        assert!(self.begun.is_empty() || std::thread::panicking());
        if !self.plan.graph.updates.is_empty() {
            self.shared.lock().unwrap().training -= 1;
        }
    }
}

impl Steps {
    fn step(
        &self,
        memory: &mut dyn Memory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Ended, BackendError> {
        let graph = &self.plan.graph;
        let mut shared = self.shared.lock().unwrap();
        let training = !graph.updates.is_empty();
        if training {
            shared.steps += 1;
            shared.seen.push((feed.inputs[0].clone(), feed.inputs[1].clone()));
            shared.numbers.push((feed.seed, feed.step));
        }
        let step = shared.steps;
        shared.there(if training { Lost::Begin(step) } else { Lost::Infer(step) })?;
        let ended = |outcome, outputs| Ok(Ended { step, outcome: Some(outcome), outputs });
        for op in 0..=self.plan.steps.len() {
            if let (Some(hook), true) = (&mut shared.hook, training) {
                hook(step, op);
            }
            // A device that gets the whole step at once asks only before it.
            let asks = shared.ahead == 0 || op == 0;
            if asks && before(op).is_break() && (op <= self.plan.commit || !training) {
                return ended(Outcome::Interrupted, Vec::new());
            }
        }
        let halted = |ended: &&Ended| matches!(ended.outcome, Some(Outcome::NotFinite(_)));
        if let Some(halted) = self.begun.iter().find(halted) {
            return Ok(Ended { step, outcome: halted.outcome.clone(), outputs: Vec::new() });
        }
        if training && shared.poison == Some(step) {
            return ended(Outcome::NotFinite("loss".into()), Vec::new());
        }
        let memory = &mut memory.as_any_mut().downcast_mut::<Values>().unwrap().values;
        let wide = |t: &Tensor| t.mapv(f64::from);
        let states: Vec<_> = memory[..graph.states.len()].iter().map(wide).collect();
        let inputs: Vec<_> = feed.inputs.iter().map(|t| wide(t)).collect();
        let inputs: Vec<_> = inputs.iter().collect();
        let feed = Feed64 { inputs: &inputs, learning_rate: feed.learning_rate, seed: feed.seed, step: feed.step };
        let values = evaluate(graph, &states, &feed).unwrap();
        let narrow = |name: &str| output(graph, &values, name).unwrap().mapv(|v| v as f32);
        let outputs = graph.outputs.iter().map(|(name, _)| (name.clone(), narrow(name))).collect();
        if values.iter().any(|value| value.iter().any(|v| !(*v as f32).is_finite())) {
            return ended(Outcome::NotFinite("loss".into()), outputs);
        }
        for &(state, node) in &graph.updates {
            memory[state.index()] = values[node.index()].mapv(|v| v as f32);
        }
        ended(Outcome::Done, outputs)
    }

    fn told(&self, name: &str) -> Result<Tensor, BackendError> {
        let found = self.ended.outputs.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.clone()).ok_or_else(|| BackendError::Mismatch(name.into()))
    }
}

impl Program for Steps {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn depth(&self) -> usize {
        1 + self.shared.lock().unwrap().ahead
    }

    fn begin(
        &mut self,
        memory: &mut dyn Memory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        assert!(self.begun.len() < self.depth());
        assert_eq!(self.begun.len(), self.shared.lock().unwrap().under_way, "another program's steps are under way");
        match self.step(memory, feed, before) {
            Ok(ended) => {
                self.begun.push_back(ended);
                self.shared.lock().unwrap().under_way += 1;
                Ok(())
            }
            Err(lost) => {
                self.begun.clear();
                self.shared.lock().unwrap().under_way = 0;
                Err(lost)
            }
        }
    }

    fn finish(&mut self) -> Result<Outcome, BackendError> {
        self.ended = self.begun.pop_front().unwrap();
        let mut shared = self.shared.lock().unwrap();
        shared.under_way -= 1;
        if let Err(lost) = shared.there(Lost::Finish(self.ended.step)) {
            self.begun.clear();
            shared.under_way = 0;
            return Err(lost);
        }
        Ok(self.ended.outcome.clone().unwrap())
    }

    fn scalar(&self, name: &str) -> Result<f32, BackendError> {
        Ok(self.told(name)?.sum())
    }

    fn output(&self, name: &str) -> Result<Tensor, BackendError> {
        assert!(self.begun.is_empty());
        self.told(name)
    }
}
