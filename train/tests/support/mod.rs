//! A device for tests: the f64 reference behind the backend's interface, with things that can be made to go wrong.
#![allow(dead_code)] // Each test binary uses its own part of this.

use std::any::Any;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fovea_cpu::reference::{Feed64, evaluate, output};
use fovea_graph::backend::Room;
use fovea_graph::op::{Matmul, Reshape, Softmax, Transpose};
use fovea_graph::plan::{Algorithm, Choice};
use fovea_graph::training::{Adam, Decay, Optimizer};
use fovea_graph::window::Rounding;
use fovea_graph::{
    Arena, Backend, BackendError, Device, Feed, Graph, Init, Memory, NodeId, Op, Outcome, Plan, Program, Role, Shape,
    Span, State, StateId, Tensor, op,
};
use fovea_train::{
    CheckpointEvery, DataSource, DataSpec, Dataset, Ending, EpochMetrics, Forward, Mode, Recipe, RunInfo, RunRecord,
    Runs, Schedule, WarmUp, Weights,
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
        Self::default().and(|shared| shared.room = Some(elements))
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
        Choice { algorithm: Algorithm::Plain, workspace: 0 }
    }

    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        let zero = |state: &State| Tensor::zeros(state.shape.dims());
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(Values { values: states.iter().map(zero).collect(), shared }))
    }

    fn arena(&self, elements: usize) -> Result<Arc<dyn Arena>, BackendError> {
        if self.shared.lock().unwrap().room.is_some_and(|room| elements > room) {
            let (what, needed) = ("the plan".to_string(), 4 * elements as u64);
            return Err(BackendError::OutOfMemory { what, needed, device: "oracle".into() });
        }
        Ok(Arc::new(Room(elements)))
    }

    fn compile_in(&self, plan: Plan, arena: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        assert!(plan.arena <= arena.elements());
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

/// Softmax regression, `HxWx1, softmax K`, with dropout in front where `dropout` is above 0.
pub fn regression(side: usize, classes: usize, dropout: f64) -> Forward {
    Box::new(move |batch, mode| {
        let mut g = Graph::new("regression");
        let shape = |dims: &[usize]| Shape::new(dims);
        let x = g.input("images", shape(&[batch, side, side, 1])?);
        let layer = Some(g.layer("fc1", "fc", Span::default()));
        let flat = shape(&[batch, side * side])?;
        let mut y = g.push(Op::Reshape(Reshape { shape: flat }), &[x], layer)?;
        if let (Mode::Train, true) = (mode, dropout > 0.0) {
            y = g.push(Op::Dropout(op::Dropout { rate: dropout, stream: 0 }), &[y], layer)?;
        }
        let parameter = |name: &str, dims: &[usize], init| {
            Ok::<_, fovea_train::NetworkError>(State {
                name: name.into(),
                shape: shape(dims)?,
                role: Role::Parameter,
                init,
            })
        };
        let weight = parameter("fc1.weight", &[classes, side * side], Init::HeNormal { fan_in: side * side })?;
        let (_, weight) = g.state(weight, layer);
        let (_, bias) = g.state(parameter("fc1.bias", &[classes], Init::Zeros)?, layer);
        let y = g.push(Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes)), &[y, weight], layer)?;
        let y = g.push(Op::Bias(op::Bias {}), &[y, bias], layer)?;
        let y = g.push(Op::Softmax(Softmax {}), &[y], layer)?;
        g.output("result", y);
        Ok(g)
    })
}

/// `SxSx1 - conv 8 - relu - pool - dropout 0.2, softmax K`.
pub fn convolutional(side: usize, classes: usize) -> Forward {
    Box::new(move |batch, mode| {
        let mut g = Graph::new("convolutional");
        let state = |name: &str, dims: &[usize], init| {
            Shape::new(dims).map(|shape| State { name: name.into(), shape, role: Role::Parameter, init })
        };
        let x = g.input("images", Shape::new([batch, side, side, 1])?);
        let layer = Some(g.layer("conv1", "conv", Span::default()));
        let (_, filter) = g.state(state("conv1.filter", &[8, 3, 3, 1], Init::HeNormal { fan_in: 9 })?, layer);
        let (_, bias) = g.state(state("conv1.bias", &[8], Init::Zeros)?, layer);
        let conv = op::Conv { pad: vec![[1, 1]; 2], ..op::Conv::plain(2) };
        let y = g.push(Op::Conv(conv), &[x, filter], layer)?;
        let y = g.push(Op::Bias(op::Bias {}), &[y, bias], layer)?;
        let y = g.push(Op::Relu(op::Relu {}), &[y], layer)?;
        let (kind, rounding) = (op::PoolKind::Max, Rounding::Floor);
        let pool = op::Pool { kind, size: vec![2; 2], stride: vec![2; 2], pad: vec![[0, 0]; 2], rounding };
        let mut y = g.push(Op::Pool(pool), &[y], layer)?;
        if mode == Mode::Train {
            y = g.push(Op::Dropout(op::Dropout { rate: 0.2, stream: 0 }), &[y], layer)?;
        }
        let flat = (side / 2).pow(2) * 8;
        let layer = Some(g.layer("fc1", "fc", Span::default()));
        let y = g.push(Op::Reshape(Reshape { shape: Shape::new([batch, flat])? }), &[y], layer)?;
        let (_, weight) = g.state(state("fc1.weight", &[classes, flat], Init::HeNormal { fan_in: flat })?, layer);
        let (_, bias) = g.state(state("fc1.bias", &[classes], Init::Zeros)?, layer);
        let y = g.push(Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes)), &[y, weight], layer)?;
        let y = g.push(Op::Bias(op::Bias {}), &[y, bias], layer)?;
        let y = g.push(Op::Softmax(Softmax {}), &[y], layer)?;
        g.output("result", y);
        Ok(g)
    })
}

/// The digits as they are.
pub fn digits() -> Dataset {
    DataSpec { source: DataSource::Digits, size: None }.load().unwrap()
}

/// Two epochs, batch 64, plain SGD with momentum.
pub fn recipe() -> Recipe {
    Recipe {
        epochs: 2,
        batch: 64,
        optimizer: Optimizer::Sgd { momentum: 0.9, decay: 5e-4 },
        rate: 0.02,
        schedule: Schedule::Constant,
        warm_up: None,
        seed: 7,
        further: false,
        checkpoint_every: Recipe::CHECKPOINT_EVERY,
    }
}

/// What a run by this recipe is of.
pub fn info(recipe: &Recipe) -> RunInfo {
    RunInfo {
        program: "net r = 8x8x1, softmax 10\ntrain r on digits\n".into(),
        statement: "train r on digits".into(),
        net: "r".into(),
        data: "digits".into(),
        recipe: recipe.clone(),
        device: "oracle".into(),
    }
}

/// The bits of all numbers, for comparisons that know no tolerance.
pub fn bits(tensors: &[(String, Tensor)]) -> Vec<(String, Vec<u32>)> {
    tensors.iter().map(|(name, t)| (name.clone(), t.iter().map(|v| v.to_bits()).collect())).collect()
}

/// `SxSx1 - conv 6 nobias - bn - relu - pool - dropout 0.2, softmax K`.
pub fn normalised(side: usize, classes: usize) -> Forward {
    Box::new(move |batch, mode| {
        let mut g = Graph::new("normalised");
        let x = g.input("images", Shape::new([batch, side, side, 1])?);
        let y = normalised_layer(&mut g, x, 6, mode)?;
        let (kind, rounding) = (op::PoolKind::Max, Rounding::Floor);
        let pool = op::Pool { kind, size: vec![2; 2], stride: vec![2; 2], pad: vec![[0, 0]; 2], rounding };
        let layer = g.node(y).layer;
        let mut y = g.push(Op::Pool(pool), &[y], layer)?;
        if mode == Mode::Train {
            y = g.push(Op::Dropout(op::Dropout { rate: 0.2, stream: 0 }), &[y], layer)?;
        }
        let flat = (side / 2).pow(2) * 6;
        let layer = Some(g.layer("fc1", "fc", Span::default()));
        let y = g.push(Op::Reshape(Reshape { shape: Shape::new([batch, flat])? }), &[y], layer)?;
        let (_, weight) = g.state(parameter("fc1.weight", &[classes, flat], flat)?, layer);
        let (_, bias) = g.state(parameter("fc1.bias", &[classes], 0)?, layer);
        let y = g.push(Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes)), &[y, weight], layer)?;
        let y = g.push(Op::Bias(op::Bias {}), &[y, bias], layer)?;
        let y = g.push(Op::Softmax(Softmax {}), &[y], layer)?;
        g.output("result", y);
        Ok(g)
    })
}

/// `HxWx3 - conv 8 nobias - bn - relu - conv K 1x1 - softmax`: a class at every position.
pub fn per_position(height: usize, width: usize, classes: usize) -> Forward {
    Box::new(move |batch, mode| {
        let mut g = Graph::new("per_position");
        let x = g.input("images", Shape::new([batch, height, width, 3])?);
        let y = normalised_layer(&mut g, x, 8, mode)?;
        let layer = Some(g.layer("conv2", "conv", Span::default()));
        let (_, filter) = g.state(parameter("conv2.filter", &[classes, 1, 1, 8], 8)?, layer);
        let (_, bias) = g.state(parameter("conv2.bias", &[classes], 0)?, layer);
        let y = g.push(Op::Conv(op::Conv::plain(2)), &[y, filter], layer)?;
        let y = g.push(Op::Bias(op::Bias {}), &[y, bias], layer)?;
        let y = g.push(Op::Softmax(Softmax {}), &[y], layer)?;
        g.output("result", y);
        Ok(g)
    })
}

/// A parameter that begins by He's distribution, or at zero where the fan-in is 0.
fn parameter(name: &str, dims: &[usize], fan_in: usize) -> Result<State, fovea_train::NetworkError> {
    let init = if fan_in == 0 { Init::Zeros } else { Init::HeNormal { fan_in } };
    Ok(State { name: name.into(), shape: Shape::new(dims)?, role: Role::Parameter, init })
}

/// `conv FILTERS nobias - bn - relu`; momentum 0.1.
fn normalised_layer(g: &mut Graph, x: NodeId, filters: usize, mode: Mode) -> Result<NodeId, fovea_train::NetworkError> {
    let &[batch, height, width, channels] = g.shape(x).dims() else { return Err("not a picture".into()) };
    let layer = Some(g.layer("conv1", "conv", Span::default()));
    let (_, filter) = g.state(parameter("conv1.filter", &[filters, 3, 3, channels], 9 * channels)?, layer);
    let conv = op::Conv { pad: vec![[1, 1]; 2], ..op::Conv::plain(2) };
    let y = g.push(Op::Conv(conv), &[x, filter], layer)?;

    let layer = Some(g.layer("bn1", "bn", Span::default()));
    let of = |name: &str, role, init| {
        Ok::<_, fovea_train::NetworkError>(State {
            name: format!("bn1.{name}"),
            shape: Shape::new([filters])?,
            role,
            init,
        })
    };
    let (_, scale) = g.state(of("scale", Role::Parameter, Init::Ones)?, layer);
    let (_, shift) = g.state(of("shift", Role::Parameter, Init::Zeros)?, layer);
    let (mean_id, old_mean) = g.state(of("mean", Role::Running, Init::Zeros)?, layer);
    let (variance_id, old_variance) = g.state(of("variance", Role::Running, Init::Ones)?, layer);
    let (statistics, mean, variance) = match mode {
        Mode::Infer => (op::Statistics::Running, old_mean, old_variance),
        Mode::Train => {
            let mean = g.push(Op::ChannelMean(op::ChannelMean {}), &[y], layer)?;
            let variance = g.push(Op::ChannelVariance(op::ChannelVariance {}), &[y, mean], layer)?;
            let n = (batch * height * width) as f64;
            for (id, old, new, correction) in
                [(mean_id, old_mean, mean, 1.0), (variance_id, old_variance, variance, n / (n - 1.0))]
            {
                let running = op::Running { momentum: 0.1, correction };
                let followed = g.push(Op::Running(running), &[old, new], layer)?;
                g.updates.push((id, followed));
            }
            (op::Statistics::Batch, mean, variance)
        }
    };
    let norm = op::BatchNorm { eps: 1e-5, statistics };
    let y = g.push(Op::BatchNorm(norm), &[y, mean, variance, scale, shift], layer)?;
    Ok(g.push(Op::Relu(op::Relu {}), &[y], layer)?)
}

/// Some of the digits: `train` and `test` of them.
pub fn few_digits(train: usize, test: usize) -> Dataset {
    let mut data = digits();
    data.train.truncate(train);
    data.test.truncate(test);
    data
}

/// Adam as it is usual.
pub fn adam() -> Optimizer {
    Optimizer::Adam(Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.0, form: Decay::Gradient })
}

/// Three epochs of ten steps, the last of nine pictures.
pub fn data() -> Dataset {
    few_digits(153, 40)
}

/// Waits until the record of a run that another process writes has so many steps, and a little longer: a moment that
/// nobody chose.
pub fn until_step(runs: &Runs, number: u32, step: u64) {
    let begun = Instant::now();
    loop {
        let steps = runs.open(number).map(|record| record.steps.last().map_or(0, |last| last.step));
        if steps.as_ref().is_ok_and(|&steps| steps >= step) {
            return std::thread::sleep(Duration::from_micros(700 * step));
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "run {number} does not come to step {step}: {steps:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Dropout and batch normalisation are the net's; here are warm-up, schedule and moments.
pub fn long(optimizer: Optimizer) -> Recipe {
    let (warm_up, schedule) = (Some(WarmUp::Steps(4)), Schedule::Cosine);
    let checkpoint_every = CheckpointEvery::Steps(4);
    Recipe { epochs: 3, batch: 16, optimizer, rate: 0.01, warm_up, schedule, checkpoint_every, ..recipe() }
}

/// All that a run leaves behind, times aside.
#[derive(Debug, PartialEq)]
pub struct Left {
    pub weights: Vec<(String, Vec<u32>)>,
    pub moments: Vec<(String, Vec<u32>)>,
    pub epochs: Vec<[Option<u64>; 4]>,
    pub steps: Vec<(u64, u64, u64)>,
    pub ending: Option<Ending>,
}

pub fn left(record: &RunRecord) -> Left {
    let checkpoint = record.load_checkpoint().unwrap().unwrap();
    let weights = Weights::load(record.weights.as_ref().unwrap()).unwrap();
    assert_eq!(checkpoint.weights, weights);
    Left {
        weights: bits(&weights.tensors),
        moments: bits(&checkpoint.moments),
        epochs: record.epochs.iter().map(figures).collect(),
        steps: record.steps.iter().map(|s| (s.step, s.loss.to_bits(), s.rate.to_bits())).collect(),
        ending: record.ending.clone(),
    }
}

fn figures(epoch: &EpochMetrics) -> [Option<u64>; 4] {
    [Some(epoch.loss), epoch.accuracy, epoch.test_loss, epoch.test_accuracy].map(|v| v.map(f64::to_bits))
}
