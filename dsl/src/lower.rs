//! From the explicit net to the graph: each layer becomes its parameters and ops.

use fovea_graph::graph::{Init, Role, State};
use fovea_graph::op::{
    Add, BatchNorm, Bias, ChannelMean, ChannelVariance, Concat, Conv, ConvDgrad, Dropout, Fill, Matmul, Op, PoolGrad,
    Relu, Reshape, Running, ShapeError, Softmax, Statistics, Transpose, Unary,
};
use fovea_graph::{Graph, Interrupted, LayerId, Never, NodeId, Shape, StateId, Stop};

use crate::net::{Kind, Layer, Net, work};

/// The most work of one evaluation, batch included, that the counts of operations hold without overflow.
const MAX_WORK: f64 = (1u64 << 56) as f64;

/// Nodes that there is room for from the first, by layer: those of deep residual nets.
const NODES: usize = 4;

/// What the graph is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To be trained: dropout drops.
    Train,
    /// To be used: dropout is nothing.
    Infer,
}

/// The forward graph of `net` for `batch` images.
///
/// Its input is `images` `[batch, …]`, its output `result` the last layer's value; where that is a softmax, `logits` is
/// what goes into it. Both modes declare the same parameters in the same order: `conv1.filter` `[K, R, S, C/groups]` and
/// `conv1.bias` `[K]`, `fc1.weight` `[K, C]` and `fc1.bias` `[K]`.
///
/// Errors: a batch of 0, or one whose tensors cannot exist.
pub fn lower(net: &Net, batch: usize, mode: Mode) -> Result<Graph, ShapeError> {
    lower_unless(net, batch, mode, &Never).expect("nothing ends it")
}

/// The same, unless `stop`, which is asked for every layer, ends it.
///
/// # Errors
/// [`Interrupted`].
pub fn lower_unless(
    net: &Net,
    batch: usize,
    mode: Mode,
    stop: &dyn Stop,
) -> Result<Result<Graph, ShapeError>, Interrupted> {
    if let Err(error) = check_batch(net, batch) {
        return Ok(Err(error));
    }
    let mut growing = Growing::new(&net.name);
    growing.graph.nodes.reserve(NODES * net.layers.len());
    for layer in stop.each(&net.layers) {
        if let Err(error) = growing.grow(layer?, batch, mode) {
            return Ok(Err(error));
        }
    }
    let Growing { mut graph, values, .. } = growing;
    let result = values[values.len() - 1];
    graph.output("result", result);
    if let Op::Softmax(_) = graph.node(result).op {
        let logits = graph.node(result).inputs[0];
        graph.output("logits", logits);
    }
    Ok(Ok(graph))
}

/// A forward graph that grows layer by layer.
pub(crate) struct Growing {
    graph: Graph,
    /// Of each layer so far.
    values: Vec<NodeId>,
    /// How many dropout layers came before.
    dropouts: u32,
}

impl Growing {
    pub fn new(name: &str) -> Self {
        Self { graph: Graph::new(name), values: Vec::new(), dropouts: 0 }
    }

    /// Puts a layer behind those that it reads; the shape of its value, without the batch.
    pub fn grow(&mut self, layer: &Layer, batch: usize, mode: Mode) -> Result<Vec<usize>, ShapeError> {
        let inputs: Vec<NodeId> = layer.inputs.iter().map(|&input| self.values[input]).collect();
        let value = if inputs.is_empty() {
            self.graph.input("images", Shape::new([&[batch], &layer.output[..]].concat())?)
        } else {
            let id = self.graph.layer(&layer.name, layer.kind.word(), layer.span);
            LayerGraph { graph: &mut self.graph, layer, id, dropouts: &mut self.dropouts }.value(&inputs, mode)?
        };
        self.values.push(value);
        Ok(self.graph.shape(value).dims()[1..].to_vec())
    }
}

/// The batch is one, and the counts of operations stay countable.
fn check_batch(net: &Net, batch: usize) -> Result<(), ShapeError> {
    let images =
        |why: &str| ShapeError::Form { op: "images", found: [&[batch], net.input()].concat(), why: why.to_string() };
    if batch == 0 {
        return Err(images("a batch has at least one image"));
    }
    let one =
        |layer: &Layer| layer.inputs.first().map_or(0.0, |&x| work(&layer.kind, &net.layers[x].output, &layer.output));
    let total: f64 = net.layers.iter().map(one).sum();
    if total * batch as f64 > MAX_WORK {
        return Err(images("the net would take more than 2^56 steps with it"));
    }
    Ok(())
}

/// One layer on its way into the graph.
struct LayerGraph<'l> {
    graph: &'l mut Graph,
    layer: &'l Layer,
    id: LayerId,
    /// How many dropout layers came before.
    dropouts: &'l mut u32,
}

impl LayerGraph<'_> {
    /// The layer's value on its inputs.
    fn value(mut self, inputs: &[NodeId], mode: Mode) -> Result<NodeId, ShapeError> {
        let x = inputs[0];
        match &self.layer.kind {
            Kind::Input => Ok(x),
            Kind::Relu => self.push(Op::Relu(Relu {}), &[x]),
            Kind::Conv { bias, .. } => {
                let y = self.conv(x)?;
                self.biased(y, *bias)
            }
            Kind::Deconv { bias, .. } => {
                let y = self.deconv(x)?;
                self.biased(y, *bias)
            }
            Kind::Pool(pool) => self.push(Op::Pool(pool.clone()), &[x]),
            // Each value goes to where its window's maximum was: the pool's gradient, used forward.
            Kind::Unpool(pool) => self.push(Op::PoolGrad(PoolGrad { pool: pool.clone() }), &[inputs[1], x]),
            Kind::Upsample(upsample) => self.push(Op::Upsample(upsample.clone()), &[x]),
            Kind::Fc { units, bias } => {
                let x = self.flat(x)?;
                let fan_in = self.graph.shape(x).channels();
                let weight = self.parameter("weight", Shape::new([*units, fan_in])?, Init::HeNormal { fan_in });
                let y = self.push(Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes)), &[x, weight])?;
                self.biased(y, *bias)
            }
            Kind::Flatten => self.flat(x),
            Kind::Dropout { rate } => {
                let stream = *self.dropouts;
                *self.dropouts += 1;
                match mode {
                    Mode::Train => self.push(Op::Dropout(Dropout { rate: *rate, stream }), &[x]),
                    Mode::Infer => Ok(x),
                }
            }
            Kind::Softmax => self.push(Op::Softmax(Softmax {}), &[x]),
            Kind::Unary(function) => self.push(Op::Unary(Unary { function: *function }), &[x]),
            Kind::BatchNorm { momentum, eps } => self.batch_norm(x, *momentum, *eps, mode),
            Kind::Lrn(lrn) => self.push(Op::Lrn(lrn.clone()), &[x]),
            Kind::Frame(frame) => self.push(Op::Frame(frame.clone()), &[x]),
            Kind::Widen(channels) => {
                let dims = self.graph.shape(x).dims();
                let shape = Shape::new([&dims[..dims.len() - 1], &[*channels]].concat())?;
                let zeros = self.push(Op::Fill(Fill { shape, value: 0.0 }), &[])?;
                self.push(Op::Concat(Concat {}), &[x, zeros])
            }
            Kind::Concat => self.push(Op::Concat(Concat {}), inputs),
            Kind::Add => {
                let mut sum = x;
                for &input in &inputs[1..] {
                    sum = self.push(Op::Add(Add {}), &[sum, input])?;
                }
                Ok(sum)
            }
            Kind::Side(weight) => {
                if mode == Mode::Train {
                    self.graph.sides.push((*weight, x));
                }
                Ok(x)
            }
        }
    }

    /// The convolution's value before its bias.
    fn conv(&mut self, x: NodeId) -> Result<NodeId, ShapeError> {
        let Kind::Conv { filters, size, stride, pad, dilate, groups, .. } = &self.layer.kind else { return Ok(x) };
        let channels = self.graph.shape(x).channels() / groups;
        let shape = Shape::new([&[*filters], &size[..], &[channels]].concat())?;
        let fan_in = shape.elements() / filters;
        let filter = self.parameter("filter", shape, Init::HeNormal { fan_in });
        let (stride, pad, dilate) = (stride.clone(), pad.clone(), dilate.clone());
        self.push(Op::Conv(Conv { stride, pad, dilate, groups: *groups, activation: None }), &[x, filter])
    }

    /// The transposed convolution's value before its bias. Each of its outputs sums about size/stride windows along an
    /// axis, which is its fan-in.
    fn deconv(&mut self, x: NodeId) -> Result<NodeId, ShapeError> {
        let Kind::Deconv { filters, size, stride, pad, dilate, groups, .. } = &self.layer.kind else { return Ok(x) };
        let channels = self.graph.shape(x).channels();
        let shape = Shape::new([&[channels], &size[..], &[filters / groups]].concat())?;
        let windows: usize = size.iter().zip(stride).map(|(size, &stride)| size.div_ceil(stride)).product();
        let filter = self.parameter("filter", shape, Init::HeNormal { fan_in: windows * (channels / groups) });
        let (stride, pad, dilate) = (stride.clone(), pad.clone(), dilate.clone());
        let conv = Conv { stride, pad, dilate, groups: *groups, activation: None };
        let extent = self.layer.output[..self.layer.output.len() - 1].to_vec();
        self.push(Op::ConvDgrad(ConvDgrad { conv, extent }), &[filter, x])
    }

    /// By the batch's statistics in training, which the running ones follow; by those otherwise.
    fn batch_norm(&mut self, x: NodeId, momentum: f64, eps: f64, mode: Mode) -> Result<NodeId, ShapeError> {
        let channels = Shape::new([self.graph.shape(x).channels()])?;
        let (_, scale) = self.state("scale", channels.clone(), Role::Parameter, Init::Ones);
        let (_, shift) = self.state("shift", channels.clone(), Role::Parameter, Init::Zeros);
        let (mean_state, running_mean) = self.state("mean", channels.clone(), Role::Running, Init::Zeros);
        let (variance_state, running_variance) = self.state("variance", channels, Role::Running, Init::Ones);
        if mode == Mode::Infer {
            let norm = BatchNorm { eps, statistics: Statistics::Running };
            return self.push(Op::BatchNorm(norm), &[x, running_mean, running_variance, scale, shift]);
        }
        let mean = self.push(Op::ChannelMean(ChannelMean {}), &[x])?;
        let variance = self.push(Op::ChannelVariance(ChannelVariance {}), &[x, mean])?;
        // A single position has no unbiased variance; its biased one, 0, serves.
        let n = self.graph.shape(x).positions() as f64;
        let unbiased = if n > 1.0 { n / (n - 1.0) } else { 1.0 };
        let follow = |correction| Op::Running(Running { momentum, correction });
        let new_mean = self.push(follow(1.0), &[running_mean, mean])?;
        let new_variance = self.push(follow(unbiased), &[running_variance, variance])?;
        self.graph.updates.extend([(mean_state, new_mean), (variance_state, new_variance)]);
        let norm = BatchNorm { eps, statistics: Statistics::Batch };
        self.push(Op::BatchNorm(norm), &[x, mean, variance, scale, shift])
    }

    fn push(&mut self, op: Op, inputs: &[NodeId]) -> Result<NodeId, ShapeError> {
        self.graph.push(op, inputs, Some(self.id))
    }

    /// Declares `conv1.filter` and its like.
    fn parameter(&mut self, what: &str, shape: Shape, init: Init) -> NodeId {
        self.state(what, shape, Role::Parameter, init).1
    }

    fn state(&mut self, what: &str, shape: Shape, role: Role, init: Init) -> (StateId, NodeId) {
        let name = format!("{}.{what}", self.layer.name);
        self.graph.state(State { name, shape, role, init }, Some(self.id))
    }

    /// `y` plus one number a channel, where the layer has a bias.
    fn biased(&mut self, y: NodeId, bias: bool) -> Result<NodeId, ShapeError> {
        if !bias {
            return Ok(y);
        }
        let shape = Shape::new([self.graph.shape(y).channels()])?;
        let bias = self.parameter("bias", shape, Init::Zeros);
        self.push(Op::Bias(Bias {}), &[y, bias])
    }

    /// `x` as a batch of vectors.
    fn flat(&mut self, x: NodeId) -> Result<NodeId, ShapeError> {
        let shape = self.graph.shape(x);
        if shape.rank() == 2 {
            return Ok(x);
        }
        let vectors = Shape::new([shape.batch(), shape.dims()[1..].iter().product()])?;
        self.push(Op::Reshape(Reshape { shape: vectors }), &[x])
    }
}
