//! The reference: every op as plain loops in f64.
//!
//! It is the oracle that every other implementation is held against, so it is written to be read and seen to be right.
//! It does nothing for speed, reads a graph as it is, fused or not, and shares no code with any backend.

mod batch_norm;
mod concat;
mod conv;
mod correct;
mod dropout;
mod frame;
mod loss;
mod lrn;
mod matmul;
mod overlap;
mod pool;
mod relu;
mod sign_step;
mod softmax;
mod unary;
mod update;
mod upsample;
mod window;

use fovea_graph::{Graph, Node, NodeId, Op, Shape};
use ndarray::{ArrayD, Axis, IxDyn};

/// What a step is given, beside the states: [`fovea_graph::Feed`] in f64.
#[derive(Clone, Copy, Debug)]
pub struct Feed64<'a> {
    /// One array for each of the graph's inputs, in their order.
    pub inputs: &'a [&'a ArrayD<f64>],
    /// The step's learning rate; not read by inference.
    pub learning_rate: f64,
    /// The key of all random numbers.
    pub seed: u64,
    /// The number of the step: random numbers differ from step to step.
    pub step: u32,
}

/// Why a graph cannot be evaluated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReferenceError {
    /// Not as many inputs or states as the graph declares.
    #[error("the graph declares {declared} {what}, but {found} were given")]
    Count {
        /// `inputs` or `states`.
        what: &'static str,
        /// How many the graph has.
        declared: usize,
        /// How many there are.
        found: usize,
    },
    /// An input or a state of another shape than the graph declares.
    #[error("{name} is declared as {declared}, but {found:?} was given")]
    Shape {
        /// The input's or state's name.
        name: String,
        /// The declared shape.
        declared: Shape,
        /// The dimensions of what was given.
        found: Vec<usize>,
    },
    /// A label that is no class number.
    #[error("the label {label} is not one of the classes 0..{classes}")]
    Label {
        /// The label.
        label: f64,
        /// How many classes there are.
        classes: usize,
    },
}

/// The value of every node, in the order of the nodes. The states stay as they are.
pub fn evaluate(graph: &Graph, states: &[ArrayD<f64>], feed: &Feed64<'_>) -> Result<Vec<ArrayD<f64>>, ReferenceError> {
    check("inputs", graph.inputs.iter().map(|i| (&i.name, &i.shape)), feed.inputs.iter().copied())?;
    check("states", graph.states.iter().map(|s| (&s.name, &s.shape)), states.iter())?;
    let mut values = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        values.push(value(node, &values, states, feed)?);
    }
    Ok(values)
}

/// Evaluates the graph and then gives every updated state its new value, whether finite or not. Returns the value of
/// every node, which all saw the states as they were before.
pub fn step(graph: &Graph, states: &mut [ArrayD<f64>], feed: &Feed64<'_>) -> Result<Vec<ArrayD<f64>>, ReferenceError> {
    let values = evaluate(graph, states, feed)?;
    for (state, node) in &graph.updates {
        states[state.index()].clone_from(&values[node.index()]);
    }
    Ok(values)
}

/// The output of this name among the values of [`evaluate`] or [`step`]; `None` where the graph names no such output.
pub fn output<'v>(graph: &Graph, values: &'v [ArrayD<f64>], name: &str) -> Option<&'v ArrayD<f64>> {
    graph.find_output(name).map(|id| &values[id.index()])
}

/// What was given has the declared number and shapes.
fn check<'a>(
    what: &'static str,
    declared: impl ExactSizeIterator<Item = (&'a String, &'a Shape)>,
    found: impl ExactSizeIterator<Item = &'a ArrayD<f64>>,
) -> Result<(), ReferenceError> {
    if declared.len() != found.len() {
        return Err(ReferenceError::Count { what, declared: declared.len(), found: found.len() });
    }
    for ((name, shape), array) in declared.zip(found) {
        if array.shape() != shape.dims() {
            let (name, declared) = (name.clone(), shape.clone());
            return Err(ReferenceError::Shape { name, declared, found: array.shape().to_vec() });
        }
    }
    Ok(())
}

/// A value, or why there is none.
type Value = Result<ArrayD<f64>, ReferenceError>;

/// The value of one node, from the values of the nodes before it.
fn value(node: &Node, values: &[ArrayD<f64>], states: &[ArrayD<f64>], feed: &Feed64<'_>) -> Value {
    let x = |i: usize| -> &ArrayD<f64> { &values[NodeId::index(node.inputs[i])] };
    let given = |i: usize| node.inputs.get(i).map(|id| &values[id.index()]);
    let weighing = |i: usize| loss::Weighing { total: given(i), weights: given(i + 1) };
    let all = || (0..node.inputs.len()).map(x).collect::<Vec<_>>();
    let updated = || update::value(node, &all(), feed);
    Ok(match &node.op {
        Op::Input(id) => feed.inputs[id.index()].as_standard_layout().into_owned(),
        Op::State(id) => states[id.index()].as_standard_layout().into_owned(),
        Op::Fill(op) => ArrayD::from_elem(IxDyn(op.shape.dims()), op.value),
        Op::Conv(op) => relu::epilogue(conv::forward(op, x(0), x(1), &node.shape), given(2), op.activation),
        Op::ConvDgrad(op) => conv::dgrad(&op.conv, x(0), x(1), &node.shape),
        Op::ConvWgrad(op) => conv::wgrad(&op.conv, x(0), x(1), &node.shape),
        Op::Bias(_) => x(0) + x(1),
        Op::ChannelSum(_) => channel_sum(x(0)),
        Op::Matmul(op) => relu::epilogue(matmul::forward(op, x(0), x(1), &node.shape), given(2), op.activation),
        Op::Relu(_) => relu::forward(x(0)),
        Op::ReluGrad(_) => relu::gradient(x(0), x(1)),
        Op::Pool(op) => pool::forward(op, x(0), &node.shape),
        Op::PoolGrad(op) => pool::gradient(&op.pool, x(0), x(1)),
        Op::Reshape(_) => from_vec(&node.shape, x(0).iter().copied().collect()),
        Op::Dropout(op) => dropout::forward(op, x(0), feed),
        Op::Add(_) => x(0) + x(1),
        Op::Softmax(_) => softmax::forward(x(0)),
        Op::SoftmaxGrad(_) => softmax::gradient(x(0), x(1)),
        Op::CrossEntropy(op) => loss::cross_entropy(op, x(0), x(1), weighing(2))?,
        Op::CrossEntropyGrad(op) => loss::cross_entropy_gradient(&op.loss, x(0), x(1), x(2), weighing(3))?,
        Op::LabelWeight(op) => loss::label_weight(op, x(0), given(1))?,
        Op::PointwiseLoss(op) => loss::pointwise(op.measure, x(0), x(1), given(2)),
        Op::PointwiseLossGrad(op) => loss::pointwise_gradient(op.measure, x(0), x(1), x(2), given(3)),
        Op::Overlap(op) => overlap::forward(op.ignore, x(0), x(1))?,
        Op::OverlapGrad(op) => overlap::gradient(op.overlap.ignore, x(0), x(1), x(2))?,
        Op::Dice(_) => overlap::dice(x(0)),
        Op::DiceGrad(_) => overlap::dice_gradient(x(0), x(1)),
        Op::SquaredError(_) => loss::squared_error(x(0), x(1)),
        Op::SquaredErrorGrad(_) => loss::squared_error_gradient(x(0), x(1), x(2)),
        Op::Correct(op) => correct::forward(op.ignore, x(0), x(1))?,
        Op::ClipFactor(op) => update::clip_factor(op, &all()),
        Op::SgdVelocity(_) | Op::SgdStep(_) | Op::NesterovStep(_) | Op::RmsVelocity(_) => updated(),
        Op::AdamMean(_) | Op::AdamSquare(_) | Op::AdamStep(_) => updated(),
        Op::SignStep(op) => sign_step::forward(op, [x(0), x(1), x(2)], x(3), x(4)),
        Op::Unary(op) => unary::forward(op.function, x(0)),
        Op::UnaryGrad(op) => unary::gradient(op.function, x(0), x(1)),
        Op::Concat(_) => concat::forward(&all().iter().map(|x| x.view()).collect::<Vec<_>>()),
        Op::ChannelSlice(op) => concat::slice(op, x(0)),
        Op::Frame(op) => frame::forward(op, x(0), &node.shape),
        Op::Upsample(op) => upsample::forward(op, x(0)),
        Op::UpsampleGrad(op) => upsample::gradient(&op.upsample, x(0)),
        Op::ChannelMean(_) => batch_norm::mean(x(0)),
        Op::ChannelVariance(_) => batch_norm::variance(x(0), x(1)),
        Op::BatchNorm(op) => batch_norm::forward(op.eps, x(0), [x(1), x(2), x(3), x(4)]),
        Op::BatchNormScaleGrad(op) => batch_norm::scale_gradient(op.eps, x(0), [x(1), x(2)], x(3)),
        Op::BatchNormDgrad(op) => batch_norm::gradient(op, x(0), [x(1), x(2), x(3)], x(4), [x(5), x(6)]),
        Op::Running(op) => batch_norm::running(op, x(0), x(1)),
        Op::Lrn(op) => lrn::forward(op, x(0)),
        Op::LrnGrad(op) => lrn::gradient(&op.lrn, x(0), x(1)),
        Op::Scale(op) => x(0) * op.factor,
        Op::PoolPick(op) => pool::pick(&op.pool, x(0), x(1), &node.shape),
    })
}

/// An array of no axes.
fn scalar(value: f64) -> ArrayD<f64> {
    ArrayD::from_elem(IxDyn(&[]), value)
}

/// These elements, in row-major order.
fn from_vec(shape: &Shape, elements: Vec<f64>) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(shape.dims()), elements).expect("the shape rule has counted the elements")
}

/// The elements in row-major order. Every value of the reference is kept in that order.
fn flat(array: &ArrayD<f64>) -> &[f64] {
    array.as_slice().expect("every value is kept in row-major order")
}

/// The axis of the channels.
fn channels(array: &ArrayD<f64>) -> Axis {
    Axis(array.ndim() - 1)
}

/// The sum over all but the channels.
fn channel_sum(x: &ArrayD<f64>) -> ArrayD<f64> {
    let zeros = ArrayD::zeros(IxDyn(&[x.len_of(channels(x))]));
    x.rows().into_iter().fold(zeros, |sum, row| sum + row)
}

/// The class that a label, held as a float, names.
fn class(label: f64, classes: usize) -> Result<usize, ReferenceError> {
    (0..classes).find(|&k| k as f64 == label).ok_or(ReferenceError::Label { label, classes })
}
