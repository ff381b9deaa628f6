//! What the tests and the benchmark share: small nets, random values, one comparison.
#![allow(dead_code, clippy::unwrap_used)]

use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use fovea_cpu::reference::{Feed64, evaluate, output};
use fovea_cpu::{Cpu, Instructions};
use fovea_graph::fuse::fuse;
use fovea_graph::init::initial;
use fovea_graph::op::{self, PoolKind, Statistics, Transpose};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::plan::plan;
use fovea_graph::training::{Adam, Decay, Optimizer, training_step};
use fovea_graph::window::Rounding;
use fovea_graph::{
    Backend, Feed, Graph, Init, Memory, NodeId, Op, Outcome, Program, Role, Shape, Span, State, StateId,
};
use fovea_graph::{LayerId, Tensor};
use ndarray::{ArrayD, Dimension, IxDyn};

/// The CPU with two threads, once for each set of instructions that this machine has.
pub static CPUS: LazyLock<Vec<Cpu>> = LazyLock::new(|| each_set(2));

/// The CPU with so many threads, once for each set of instructions that this machine has.
pub fn each_set(threads: usize) -> Vec<Cpu> {
    Instructions::available().into_iter().map(|set| Cpu::with(Some(threads), set).unwrap()).collect()
}

pub fn shape(dims: &[usize]) -> Shape {
    Shape::new(dims).unwrap()
}

/// Normal random numbers.
pub fn random(dims: &[usize], seed: u64) -> Tensor {
    let stream = Stream::new(seed, Purpose::Data, 0);
    let n = dims.iter().product::<usize>();
    Tensor::from_shape_vec(IxDyn(dims), (0..n).map(|i| stream.normal(i as u64) as f32).collect()).unwrap()
}

/// Class numbers.
pub fn labels(dims: &[usize], classes: usize, seed: u64) -> Tensor {
    let stream = Stream::new(seed, Purpose::Data, 1);
    let n = dims.iter().product::<usize>() as u64;
    let numbers = (0..n).map(|i| stream.below(i, classes as u64) as f32);
    Tensor::from_shape_vec(IxDyn(dims), numbers.collect()).unwrap()
}

pub fn wide(x: &Tensor) -> ArrayD<f64> {
    x.mapv(f64::from)
}

/// Every element agrees within `tolerance` times the largest.
pub fn check_close(what: &str, found: &Tensor, expected: &ArrayD<f64>, tolerance: f64) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    let scale = expected.iter().fold(1e-3, |m: f64, x| m.max(x.abs()));
    for ((at, &f), &e) in found.indexed_iter().zip(expected) {
        let off = (f64::from(f) - e).abs();
        assert!(off <= tolerance * scale, "{what}: {f} at {:?}, expected {e} (largest {scale})", at.slice());
    }
}

/// A graph of one op on inputs of these shapes, with the output `y`.
pub fn single(op: Op, dims: &[&[usize]]) -> Graph {
    let mut graph = Graph::new("single");
    let inputs: Vec<NodeId> = dims.iter().enumerate().map(|(i, d)| graph.input(&format!("in{i}"), shape(d))).collect();
    let y = graph.push(op, &inputs, None).unwrap();
    graph.output("y", y);
    graph
}

pub fn feed<'a>(inputs: &'a [&'a Tensor]) -> Feed<'a> {
    Feed { inputs, learning_rate: 0.05, seed: 7, step: 3, stop: None }
}

pub fn go(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// One op on the backend.
pub fn run_single(backend: &dyn Backend, graph: &Graph, inputs: &[&Tensor]) -> Tensor {
    let mut program = backend.compile(plan(graph.clone(), backend)).unwrap();
    let mut memory = backend.allocate(&graph.states).unwrap();
    assert_eq!(program.run(&mut *memory, &feed(inputs), &mut go).unwrap(), Outcome::Done);
    program.output("y").unwrap()
}

/// One op on each backend and on the reference.
pub fn check_single(backends: &[Cpu], op: Op, dims: &[&[usize]]) {
    let inputs: Vec<Tensor> = dims.iter().enumerate().map(|(i, d)| random(d, i as u64 + 1)).collect();
    check_single_on(backends, op, &inputs, 1e-5);
}

/// One op on each backend and on the reference, on these values.
pub fn check_single_on(backends: &[Cpu], op: Op, inputs: &[Tensor], tolerance: f64) {
    let dims: Vec<&[usize]> = inputs.iter().map(|x| x.shape()).collect();
    let graph = single(op, &dims);
    let values: Vec<&Tensor> = inputs.iter().collect();
    let found: Vec<Tensor> = backends.iter().map(|backend| run_single(backend, &graph, &values)).collect();
    let inputs: Vec<ArrayD<f64>> = inputs.iter().map(wide).collect();
    let inputs: Vec<&ArrayD<f64>> = inputs.iter().collect();
    let feed = Feed64 { inputs: &inputs, learning_rate: 0.05, seed: 7, step: 3 };
    let values = evaluate(&graph, &[], &feed).unwrap();
    for (backend, found) in backends.iter().zip(&found) {
        let what = format!("on {}: {graph}", backend.device().description);
        check_close(&what, found, output(&graph, &values, "y").unwrap(), tolerance);
    }
}

/// A net under construction.
pub struct Net {
    pub graph: Graph,
    last: NodeId,
    layers: usize,
}

impl Net {
    pub fn new(name: &str, images: &[usize]) -> Self {
        let mut graph = Graph::new(name);
        let last = graph.input("images", shape(images));
        Self { graph, last, layers: 0 }
    }

    fn layer(&mut self, kind: &str) -> Option<LayerId> {
        self.layers += 1;
        Some(self.graph.layer(&format!("{kind}{}", self.layers), kind, Span::default()))
    }

    fn push(mut self, op: Op, more: &[NodeId], layer: Option<LayerId>) -> Self {
        let inputs = [&[self.last], more].concat();
        self.last = self.graph.push(op, &inputs, layer).unwrap();
        self
    }

    fn state(&mut self, name: String, dims: &[usize], init: Init, layer: Option<LayerId>) -> NodeId {
        self.graph.state(State { name, shape: shape(dims), role: Role::Parameter, init }, layer).1
    }

    /// Bias and weights of a layer.
    fn parameters(&mut self, kind: &str, weight: &str, dims: &[usize]) -> (NodeId, NodeId, Option<LayerId>) {
        let layer = self.layer(kind);
        let name = format!("{kind}{}", self.layers);
        let init = Init::HeNormal { fan_in: dims[1..].iter().product() };
        let w = self.state(format!("{name}.{weight}"), dims, init, layer);
        let b = self.state(format!("{name}.bias"), &dims[..1], Init::Zeros, layer);
        (w, b, layer)
    }

    /// A convolution with a square window and the same padding all round, and its bias.
    pub fn conv(mut self, filters: usize, window: usize, pad: usize) -> Self {
        let channels = self.graph.shape(self.last).channels();
        let (w, b, layer) = self.parameters("conv", "filter", &[filters, window, window, channels]);
        let conv = op::Conv { pad: vec![[pad, pad]; 2], ..op::Conv::plain(2) };
        self.push(Op::Conv(conv), &[w], layer).push(Op::Bias(op::Bias {}), &[b], layer)
    }

    pub fn relu(mut self) -> Self {
        let layer = self.layer("relu");
        self.push(Op::Relu(op::Relu {}), &[], layer)
    }

    /// A convolution without a bias that keeps the map's size but for its stride, and batch normalisation over the batch;
    /// the running statistics follow.
    pub fn conv_bn(mut self, filters: usize, window: usize, stride: usize) -> Self {
        let channels = self.graph.shape(self.last).channels();
        let layer = self.layer("conv");
        let dims = [filters, window, window, channels];
        let init = Init::HeNormal { fan_in: dims[1..].iter().product() };
        let w = self.state(format!("conv{}.filter", self.layers), &dims, init, layer);
        let pad = vec![[(window - 1) / 2; 2]; 2];
        let conv = op::Conv { stride: vec![stride; 2], pad, ..op::Conv::plain(2) };
        self.push(Op::Conv(conv), &[w], layer).bn()
    }

    fn bn(mut self) -> Self {
        let (layer, x) = (self.layer("bn"), self.last);
        let (name, dims) = (format!("bn{}", self.layers), [self.graph.shape(x).channels()]);
        let n = self.graph.shape(x).positions() as f64;
        let mean = self.graph.push(Op::ChannelMean(op::ChannelMean {}), &[x], layer).unwrap();
        let variance = self.graph.push(Op::ChannelVariance(op::ChannelVariance {}), &[x, mean], layer).unwrap();
        let scale = self.state(format!("{name}.scale"), &dims, Init::Ones, layer);
        let shift = self.state(format!("{name}.shift"), &dims, Init::Zeros, layer);
        for (kind, init, batch, correction) in
            [("mean", Init::Zeros, mean, 1.0), ("variance", Init::Ones, variance, n / (n - 1.0))]
        {
            let state = State { name: format!("{name}.{kind}"), shape: shape(&dims), role: Role::Running, init };
            let (id, old) = self.graph.state(state, layer);
            let running = Op::Running(op::Running { momentum: 0.1, correction });
            let new = self.graph.push(running, &[old, batch], layer).unwrap();
            self.graph.updates.push((id, new));
        }
        let normalize = op::BatchNorm { eps: 1e-5, statistics: Statistics::Batch };
        self.push(Op::BatchNorm(normalize), &[mean, variance, scale, shift], layer)
    }

    /// Two 3×3 convolutions and a shortcut (K. He et al., "Deep residual learning", arXiv:1512.03385).
    pub fn residual(self, filters: usize, stride: usize) -> Self {
        let (x, channels) = (self.last, self.graph.shape(self.last).channels());
        let mut net = self.conv_bn(filters, 3, stride).relu().conv_bn(filters, 3, 1);
        let long = net.last;
        net.last = x;
        if stride > 1 || channels != filters {
            net = net.conv_bn(filters, 1, stride);
        }
        let layer = net.layer("add");
        net.push(Op::Add(op::Add {}), &[long], layer).relu()
    }

    /// The mean of each channel's map.
    pub fn average(mut self) -> Self {
        let layer = self.layer("pool");
        let size = self.graph.shape(self.last).spatial().to_vec();
        let pad = vec![[0, 0]; size.len()];
        let pool = op::Pool { kind: PoolKind::Avg, stride: size.clone(), size, pad, rounding: Rounding::Floor };
        self.push(Op::Pool(pool), &[], layer)
    }

    /// The largest of 2×2.
    pub fn pool(mut self) -> Self {
        let layer = self.layer("pool");
        let (size, pad) = (vec![2, 2], vec![[0, 0]; 2]);
        let pool = op::Pool { kind: PoolKind::Max, stride: size.clone(), size, pad, rounding: Rounding::Floor };
        self.push(Op::Pool(pool), &[], layer)
    }

    pub fn dropout(mut self, rate: f64) -> Self {
        let layer = self.layer("dropout");
        self.push(Op::Dropout(op::Dropout { rate, stream: 0 }), &[], layer)
    }

    /// A fully connected layer, flattening what comes in.
    pub fn fc(mut self, outputs: usize) -> Self {
        let (batch, all) = (self.graph.shape(self.last).batch(), self.graph.shape(self.last).elements());
        let flat = shape(&[batch, all / batch]);
        let (w, b, layer) = self.parameters("fc", "weight", &[outputs, all / batch]);
        self.push(Op::Reshape(op::Reshape { shape: flat }), &[], layer)
            .push(Op::Matmul(op::Matmul::new(Transpose::No, Transpose::Yes)), &[w], layer)
            .push(Op::Bias(op::Bias {}), &[b], layer)
    }

    /// The class probabilities; the forward graph.
    pub fn softmax(mut self) -> Graph {
        let layer = self.layer("softmax");
        let mut net = self.push(Op::Softmax(op::Softmax {}), &[], layer);
        net.graph.output("result", net.last);
        net.graph
    }

    /// What the last layer gives; the forward graph.
    pub fn end(mut self) -> Graph {
        self.graph.output("result", self.last);
        self.graph
    }
}

/// LeNet-5 on digits (Y. LeCun et al., "Gradient-based learning applied to document recognition", 1998).
pub fn lenet(batch: usize) -> Graph {
    let net = Net::new("lenet", &[batch, 28, 28, 1]).conv(6, 5, 2).relu().pool().conv(16, 5, 0).relu().pool();
    net.fc(120).relu().fc(84).relu().fc(10).softmax()
}

/// `[(CONV-RELU)^2-POOL]^3-(FC-RELU)^1` with 32, 64 and 128 filters.
pub fn pattern(batch: usize) -> Graph {
    let mut net = Net::new("pattern", &[batch, 32, 32, 3]);
    for filters in [32, 64, 128] {
        net = net.conv(filters, 3, 1).relu().conv(filters, 3, 1).relu().pool();
    }
    net.fc(256).relu().fc(10).softmax()
}

/// Three residual blocks of 16, 32 and 64 filters.
pub fn residual(batch: usize, size: usize) -> Graph {
    let net = Net::new("residual", &[batch, size, size, 3]).conv_bn(16, 3, 1).relu();
    net.residual(16, 1).residual(32, 2).residual(64, 2).average().fc(10).softmax()
}

/// With a large eps: else the first steps are as long for a gradient that is only rounding as for any other, and no two
/// computations of them agree.
pub fn adam(form: Decay) -> Optimizer {
    Optimizer::Adam(Adam { beta1: 0.9, beta2: 0.999, eps: 1e-3, decay: 1e-2, form })
}

pub fn sgd() -> Optimizer {
    Optimizer::Sgd { momentum: 0.9, decay: 5e-4 }
}

/// A training step ready to run: program, states, images and labels.
pub struct Training {
    pub graph: Graph,
    pub program: Box<dyn Program>,
    pub memory: Box<dyn Memory>,
    pub images: Tensor,
    pub labels: Tensor,
    pub rate: f64,
}

impl Training {
    /// The fused training step of a net that ends in softmax.
    pub fn new(backend: &dyn Backend, forward: &Graph) -> Self {
        Self::of(backend, fuse(&training_step(forward, &sgd()).unwrap()))
    }

    /// This training step.
    pub fn of(backend: &dyn Backend, graph: Graph) -> Self {
        let program = backend.compile(plan(graph.clone(), backend)).unwrap();
        let mut memory = backend.allocate(&graph.states).unwrap();
        for (i, state) in graph.states.iter().enumerate() {
            memory.write(StateId::new(i), &initial(StateId::new(i), state, 1)).unwrap();
        }
        let images = random(graph.inputs[0].shape.dims(), 11);
        let classes = labels(graph.inputs[1].shape.dims(), 10, 12);
        Self { graph, program, memory, images, labels: classes, rate: 0.01 }
    }

    pub fn step(&mut self, step: u32) -> Outcome {
        self.step_watched(step, &mut go)
    }

    pub fn step_watched(&mut self, step: u32, before: &mut dyn FnMut(usize) -> ControlFlow<()>) -> Outcome {
        self.step_stopped(step, None, before)
    }

    /// A step that the flag ends.
    pub fn step_stopped(
        &mut self,
        step: u32,
        stop: Option<&AtomicBool>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Outcome {
        let inputs = [&self.images, &self.labels];
        let feed = Feed { inputs: &inputs, learning_rate: self.rate, seed: 5, step, stop };
        self.program.run(&mut *self.memory, &feed, before).unwrap()
    }

    pub fn loss(&self) -> f32 {
        self.program.output("loss").unwrap()[IxDyn(&[])]
    }

    /// The bits of every state.
    pub fn bits(&self) -> Vec<Vec<u32>> {
        let states = (0..self.graph.states.len()).map(|i| self.memory.read(StateId::new(i)).unwrap());
        states.map(|x| x.iter().map(|v| v.to_bits()).collect()).collect()
    }
}
