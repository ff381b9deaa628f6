//! Ops: what a node of the graph computes.
//!
//! One file an op and its gradients; each holds the attributes, the shape rule, the gradient, the cost, the source and
//! the tests. `backward.rs` is what a gradient sees of the graph. This file only lists ops; it decides nothing.

mod adam;
mod add;
mod backward;
mod batch_norm;
mod bias;
mod clip;
mod concat;
mod conv;
mod correct;
mod dropout;
mod frame;
mod label_weight;
mod loss;
mod lrn;
mod matmul;
mod overlap;
mod pointwise;
mod pool;
mod relu;
mod reshape;
mod rmsprop;
mod scale;
mod sgd;
mod sign_step;
mod softmax;
mod source;
#[cfg(test)]
mod testing;
mod unary;
mod upsample;

use serde::{Deserialize, Serialize};

pub use adam::{AdamMean, AdamSquare, AdamStep};
pub use add::Add;
pub use backward::{Backward, Nodes};
pub use batch_norm::{
    BatchNorm, BatchNormDgrad, BatchNormScaleGrad, ChannelMean, ChannelVariance, Running, Statistics,
};
pub use bias::{Bias, ChannelSum};
pub use clip::{ClipFactor, EPS as CLIP_EPS};
pub use concat::{ChannelSlice, Concat};
pub use conv::{Conv, ConvDgrad, ConvWgrad};
pub use correct::Correct;
pub use dropout::Dropout;
pub use frame::Frame;
pub use label_weight::LabelWeight;
pub use loss::{CrossEntropy, CrossEntropyGrad, SquaredError, SquaredErrorGrad};
pub use lrn::{Lrn, LrnGrad};
pub use matmul::{Matmul, Transpose};
pub use overlap::{Dice, DiceGrad, Overlap, OverlapGrad};
pub use pointwise::{Measure, PointwiseLoss, PointwiseLossGrad};
pub use pool::{Pool, PoolGrad, PoolKind, PoolPick};
pub use relu::{Activation, Relu, ReluGrad};
pub use reshape::Reshape;
pub use rmsprop::RmsVelocity;
pub use scale::Scale;
pub use sgd::{NesterovStep, SgdStep, SgdVelocity};
pub use sign_step::SignStep;
pub use softmax::{Softmax, SoftmaxGrad};
pub use source::Fill;
pub use unary::{Function, Unary, UnaryGrad};
pub use upsample::{Interpolation, Upsample, UpsampleGrad};

use crate::ids::{InputId, NodeId, StateId};
use crate::shape::{Shape, TooLarge, join};
use crate::stop::Interrupted;
use crate::window::WindowError;

/// What a node computes from its inputs. Every op has exactly one output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// A tensor that the host supplies at every step.
    Input(InputId),
    /// A parameter, moment or running statistic, as it is when the step begins.
    State(StateId),
    /// A constant.
    Fill(Fill),
    /// Convolution of any rank, with bias and activation where they are fused in.
    Conv(Conv),
    /// The gradient of a convolution by its input; as a forward op, the transposed convolution.
    ConvDgrad(ConvDgrad),
    /// The gradient of a convolution by its filters.
    ConvWgrad(ConvWgrad),
    /// Adds one number a channel.
    Bias(Bias),
    /// Sums over all but the channels: the gradient of `Bias` by its second input.
    ChannelSum(ChannelSum),
    /// Product of two matrices; a fully connected layer.
    Matmul(Matmul),
    /// max(x, 0).
    Relu(Relu),
    /// The gradient of `Relu`.
    ReluGrad(ReluGrad),
    /// Max or average pooling.
    Pool(Pool),
    /// The gradient of `Pool`.
    PoolGrad(PoolGrad),
    /// The same elements in another shape.
    Reshape(Reshape),
    /// Zeroes elements at random and scales the rest; its own gradient.
    Dropout(Dropout),
    /// Sum of two tensors.
    Add(Add),
    /// Softmax over the channels.
    Softmax(Softmax),
    /// The gradient of `Softmax`.
    SoftmaxGrad(SoftmaxGrad),
    /// Mean cross-entropy of logits against labels, or against shares of classes.
    CrossEntropy(CrossEntropy),
    /// The gradient of `CrossEntropy`.
    CrossEntropyGrad(CrossEntropyGrad),
    /// Mean squared error against a target.
    SquaredError(SquaredError),
    /// The gradient of `SquaredError`.
    SquaredErrorGrad(SquaredErrorGrad),
    /// How much labels count.
    LabelWeight(LabelWeight),
    /// Mean distance of numbers from their targets.
    PointwiseLoss(PointwiseLoss),
    /// The gradient of `PointwiseLoss`.
    PointwiseLossGrad(PointwiseLossGrad),
    /// How far regions cover each other.
    Overlap(Overlap),
    /// The gradient of `Overlap`.
    OverlapGrad(OverlapGrad),
    /// Soft Dice loss.
    Dice(Dice),
    /// The gradient of `Dice`.
    DiceGrad(DiceGrad),
    /// How many positions have their label's logit as the largest.
    Correct(Correct),
    /// The new velocity of a parameter under SGD with momentum.
    SgdVelocity(SgdVelocity),
    /// The new value of a parameter under SGD.
    SgdStep(SgdStep),
    /// The same with Nesterov's momentum.
    NesterovStep(NesterovStep),
    /// The new velocity of a parameter under RMSprop.
    RmsVelocity(RmsVelocity),
    /// What all gradients are multiplied by where they are clipped.
    ClipFactor(ClipFactor),
    /// A step by the sign of a slope that stays near its origin.
    SignStep(SignStep),
    /// An activation other than the rectifier.
    Unary(Unary),
    /// The gradient of `Unary`.
    UnaryGrad(UnaryGrad),
    /// Joins tensors along their channels.
    Concat(Concat),
    /// A range of channels.
    ChannelSlice(ChannelSlice),
    /// Zeros around a map, or a map cut at its edges.
    Frame(Frame),
    /// A larger map, nearest or linear.
    Upsample(Upsample),
    /// The gradient of `Upsample`.
    UpsampleGrad(UpsampleGrad),
    /// Each channel's mean.
    ChannelMean(ChannelMean),
    /// Each channel's variance.
    ChannelVariance(ChannelVariance),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// The gradient of `BatchNorm` by its scale.
    BatchNormScaleGrad(BatchNormScaleGrad),
    /// The gradient of `BatchNorm` by its input.
    BatchNormDgrad(BatchNormDgrad),
    /// A running statistic after a batch.
    Running(Running),
    /// Local response normalisation.
    Lrn(Lrn),
    /// The gradient of `Lrn`.
    LrnGrad(LrnGrad),
    /// A tensor times a number.
    Scale(Scale),
    /// What stands where a pool's maxima are.
    PoolPick(PoolPick),
    /// The new mean gradient under Adam.
    AdamMean(AdamMean),
    /// The new mean square gradient under Adam.
    AdamSquare(AdamSquare),
    /// The new value of a parameter under Adam.
    AdamStep(AdamStep),
}

/// What every op says of itself; implemented once in each op's file.
pub trait Rule {
    /// The output's shape, or why these inputs do not fit.
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError>;

    /// Appends the nodes that compute the gradients by the inputs, from the gradient by the output; one entry an input,
    /// `None` where nothing flows or nothing is wanted.
    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError>;

    /// The work of one evaluation.
    fn cost(&self, inputs: &[&Shape], output: &Shape) -> Cost;
}

/// Arithmetic work, at most `u64::MAX` of each. Memory traffic follows from the shapes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Multiply–accumulates of convolutions and matrix products; nothing else counts.
    pub macs: u64,
    /// Floating-point operations: two a multiply–accumulate, one an elementwise operation.
    pub flops: u64,
}

impl Cost {
    /// Work of multiply–accumulates alone.
    pub fn macs(macs: usize) -> Self {
        Self { macs: macs as u64, flops: (macs as u64).saturating_mul(2) }
    }

    /// Work of elementwise operations alone.
    pub fn elementwise(flops: usize) -> Self {
        Self { macs: 0, flops: flops as u64 }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { macs: self.macs.saturating_add(other.macs), flops: self.flops.saturating_add(other.flops) }
    }
}

/// Why inputs do not fit an op.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// Another number of inputs than the op takes.
    #[error("{op} takes {expected} {}, not {found}", if *expected == "one" { "input" } else { "inputs" })]
    Arity {
        /// The op's word.
        op: &'static str,
        /// How many it takes.
        expected: &'static str,
        /// How many it was given.
        found: usize,
    },
    /// A shape of the wrong form.
    #[error("{op} cannot take {}: {why}", join(.found))]
    Form {
        /// The op's word.
        op: &'static str,
        /// The shape that does not fit.
        found: Vec<usize>,
        /// What it should be.
        why: String,
    },
    /// Two shapes that must agree.
    #[error("{op} needs {} to agree with {}", join(.left), join(.right))]
    Disagree {
        /// The op's word.
        op: &'static str,
        /// One shape.
        left: Vec<usize>,
        /// The other.
        right: Vec<usize>,
    },
    /// A window that does not slide over its map.
    #[error("along axis {axis} of {}: {error}", join(.map))]
    Window {
        /// The spatial axis, 0 the first.
        axis: usize,
        /// The spatial extent of the map.
        map: Vec<usize>,
        /// What is wrong.
        error: WindowError,
    },
    /// A tensor too large to exist.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// Why a gradient cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GradientError {
    /// The op has no gradient.
    #[error("{0} has no gradient")]
    Undefined(&'static str),
    /// A gradient of what the graph does not give.
    #[error("the graph has no output `{0}` to take the gradient of")]
    NoOutput(String),
    /// A gradient by what the graph does not read.
    #[error("the graph has no input or state `{0}`")]
    NoVariable(String),
    /// A gradient by the last maps of a graph without any.
    #[error("the graph has no maps of more than one position")]
    NoMaps,
    /// A gradient node that does not fit: a defect of an op's rule.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// It was broken off.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Op {
    /// The op's own rules. `Input` and `State` have none: the graph's tables say their shapes.
    pub fn rule(&self) -> Option<&dyn Rule> {
        Some(match self {
            Op::Input(_) | Op::State(_) => return None,
            Op::Fill(op) => op,
            Op::Conv(op) => op,
            Op::ConvDgrad(op) => op,
            Op::ConvWgrad(op) => op,
            Op::Bias(op) => op,
            Op::ChannelSum(op) => op,
            Op::Matmul(op) => op,
            Op::Relu(op) => op,
            Op::ReluGrad(op) => op,
            Op::Pool(op) => op,
            Op::PoolGrad(op) => op,
            Op::Reshape(op) => op,
            Op::Dropout(op) => op,
            Op::Add(op) => op,
            Op::Softmax(op) => op,
            Op::SoftmaxGrad(op) => op,
            Op::CrossEntropy(op) => op,
            Op::CrossEntropyGrad(op) => op,
            Op::SquaredError(op) => op,
            Op::SquaredErrorGrad(op) => op,
            Op::LabelWeight(op) => op,
            Op::PointwiseLoss(op) => op,
            Op::PointwiseLossGrad(op) => op,
            Op::Overlap(op) => op,
            Op::OverlapGrad(op) => op,
            Op::Dice(op) => op,
            Op::DiceGrad(op) => op,
            Op::Correct(op) => op,
            Op::SgdVelocity(op) => op,
            Op::SgdStep(op) => op,
            Op::NesterovStep(op) => op,
            Op::RmsVelocity(op) => op,
            Op::ClipFactor(op) => op,
            Op::SignStep(op) => op,
            Op::Unary(op) => op,
            Op::UnaryGrad(op) => op,
            Op::Concat(op) => op,
            Op::ChannelSlice(op) => op,
            Op::Frame(op) => op,
            Op::Upsample(op) => op,
            Op::UpsampleGrad(op) => op,
            Op::ChannelMean(op) => op,
            Op::ChannelVariance(op) => op,
            Op::BatchNorm(op) => op,
            Op::BatchNormScaleGrad(op) => op,
            Op::BatchNormDgrad(op) => op,
            Op::Running(op) => op,
            Op::Lrn(op) => op,
            Op::LrnGrad(op) => op,
            Op::Scale(op) => op,
            Op::PoolPick(op) => op,
            Op::AdamMean(op) => op,
            Op::AdamSquare(op) => op,
            Op::AdamStep(op) => op,
        })
    }

    /// The word of the text form, `conv_wgrad`.
    pub fn word(&self) -> &'static str {
        match self {
            Op::Input(_) => "input",
            Op::State(_) => "state",
            Op::Fill(_) => "fill",
            Op::Conv(_) => "conv",
            Op::ConvDgrad(_) => "conv_dgrad",
            Op::ConvWgrad(_) => "conv_wgrad",
            Op::Bias(_) => "bias",
            Op::ChannelSum(_) => "channel_sum",
            Op::Matmul(_) => "matmul",
            Op::Relu(_) => "relu",
            Op::ReluGrad(_) => "relu_grad",
            Op::Pool(_) => "pool",
            Op::PoolGrad(_) => "pool_grad",
            Op::Reshape(_) => "reshape",
            Op::Dropout(_) => "dropout",
            Op::Add(_) => "add",
            Op::Softmax(_) => "softmax",
            Op::SoftmaxGrad(_) => "softmax_grad",
            Op::CrossEntropy(_) => "cross_entropy",
            Op::CrossEntropyGrad(_) => "cross_entropy_grad",
            Op::SquaredError(_) => "squared_error",
            Op::SquaredErrorGrad(_) => "squared_error_grad",
            Op::LabelWeight(_) => "label_weight",
            Op::PointwiseLoss(_) => "pointwise_loss",
            Op::PointwiseLossGrad(_) => "pointwise_loss_grad",
            Op::Overlap(_) => "overlap",
            Op::OverlapGrad(_) => "overlap_grad",
            Op::Dice(_) => "dice",
            Op::DiceGrad(_) => "dice_grad",
            Op::Correct(_) => "correct",
            Op::SgdVelocity(_) => "sgd_velocity",
            Op::SgdStep(_) => "sgd_step",
            Op::NesterovStep(_) => "nesterov_step",
            Op::RmsVelocity(_) => "rms_velocity",
            Op::ClipFactor(_) => "clip_factor",
            Op::SignStep(_) => "sign_step",
            Op::Unary(_) => "unary",
            Op::UnaryGrad(_) => "unary_grad",
            Op::Concat(_) => "concat",
            Op::ChannelSlice(_) => "channel_slice",
            Op::Frame(_) => "frame",
            Op::Upsample(_) => "upsample",
            Op::UpsampleGrad(_) => "upsample_grad",
            Op::ChannelMean(_) => "channel_mean",
            Op::ChannelVariance(_) => "channel_variance",
            Op::BatchNorm(_) => "batch_norm",
            Op::BatchNormScaleGrad(_) => "batch_norm_scale_grad",
            Op::BatchNormDgrad(_) => "batch_norm_dgrad",
            Op::Running(_) => "running",
            Op::Lrn(_) => "lrn",
            Op::LrnGrad(_) => "lrn_grad",
            Op::Scale(_) => "scale",
            Op::PoolPick(_) => "pool_pick",
            Op::AdamMean(_) => "adam_mean",
            Op::AdamSquare(_) => "adam_square",
            Op::AdamStep(_) => "adam_step",
        }
    }
}

/// Exactly `N` inputs, or the error that says so.
fn arity<'a, const N: usize>(
    op: &'static str,
    expected: &'static str,
    inputs: &[&'a Shape],
) -> Result<[&'a Shape; N], ShapeError> {
    inputs.try_into().map_err(|_| ShapeError::Arity { op, expected, found: inputs.len() })
}

/// A parameter's factor of the learning rate, unless it has its own.
fn one() -> f64 {
    1.0
}

/// Whether a parameter has no factor of its own, so that the text form has no word of it.
fn is_one(factor: &f64) -> bool {
    *factor == 1.0
}

/// The product of these counts; `usize::MAX` where it is beyond that.
fn product(counts: &[usize]) -> usize {
    counts.iter().fold(1, |product: usize, &count| product.saturating_mul(count))
}

/// Two shapes that must be the same.
pub(crate) fn agree(op: &'static str, left: &Shape, right: &Shape) -> Result<(), ShapeError> {
    if left == right {
        return Ok(());
    }
    Err(ShapeError::Disagree { op, left: left.dims().to_vec(), right: right.dims().to_vec() })
}
