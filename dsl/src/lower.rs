//! From the explicit net to the graph: each layer becomes its parameters and ops.

use fovea_graph::graph::{Init, Role, State};
use fovea_graph::op::{Bias, Conv, Dropout, Matmul, Op, Relu, Reshape, ShapeError, Softmax, Transpose};
use fovea_graph::{Graph, LayerId, NodeId, Shape};

use crate::net::{Kind, Layer, Net, work};

/// The most work of one evaluation, batch included, that the counts of operations hold without overflow.
const MAX_WORK: f64 = (1u64 << 56) as f64;

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
    check_batch(net, batch)?;
    let mut graph = Graph::new(&net.name);
    let mut values: Vec<NodeId> = Vec::with_capacity(net.layers.len());
    let mut dropouts = 0;
    for layer in &net.layers {
        let inputs: Vec<NodeId> = layer.inputs.iter().map(|&input| values[input]).collect();
        let value = match inputs.first() {
            None => graph.input("images", Shape::new([&[batch], &layer.output[..]].concat())?),
            Some(&x) => {
                let id = graph.layer(&layer.name, layer.kind.word(), layer.span);
                LayerGraph { graph: &mut graph, layer, id, dropouts: &mut dropouts }.value(x, mode)?
            }
        };
        values.push(value);
    }
    let result = values[values.len() - 1];
    graph.output("result", result);
    if let Op::Softmax(_) = graph.node(result).op {
        let logits = graph.node(result).inputs[0];
        graph.output("logits", logits);
    }
    Ok(graph)
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
    /// The layer's value on `x`.
    fn value(mut self, x: NodeId, mode: Mode) -> Result<NodeId, ShapeError> {
        match &self.layer.kind {
            Kind::Input => Ok(x),
            Kind::Relu => self.push(Op::Relu(Relu {}), &[x]),
            Kind::Conv { filters, size, stride, pad, dilate, groups, bias } => {
                let channels = self.graph.shape(x).channels() / groups;
                let shape = Shape::new([&[*filters], &size[..], &[channels]].concat())?;
                let fan_in = shape.elements() / filters;
                let filter = self.parameter("filter", shape, Init::HeNormal { fan_in });
                let (stride, pad, dilate) = (stride.clone(), pad.clone(), dilate.clone());
                let conv = Conv { stride, pad, dilate, groups: *groups, activation: None };
                let y = self.push(Op::Conv(conv), &[x, filter])?;
                self.biased(y, *bias)
            }
            Kind::Pool(pool) => self.push(Op::Pool(pool.clone()), &[x]),
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
            _ => Ok(x),
        }
    }

    fn push(&mut self, op: Op, inputs: &[NodeId]) -> Result<NodeId, ShapeError> {
        self.graph.push(op, inputs, Some(self.id))
    }

    /// Declares `conv1.filter` and its like.
    fn parameter(&mut self, what: &str, shape: Shape, init: Init) -> NodeId {
        let name = format!("{}.{what}", self.layer.name);
        self.graph.state(State { name, shape, role: Role::Parameter, init }, Some(self.id)).1
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
