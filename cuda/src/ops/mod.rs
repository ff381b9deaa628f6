//! What each op does on a GPU: one file a family, and `uses.rs` with the kernels of each. This file only hands over.

use std::sync::Arc;

use fovea_graph::plan::{Choice, Type};
use fovea_graph::{BackendError, Graph, NodeId, Op, Shape};

use crate::kernels::{self, StepFeed};
use crate::ops::kernel::Kernel;
use crate::queue::{Queue, grid};
use crate::view::{In, InOut, Out};

mod channels;
mod concat;
mod conv;
mod dropout;
mod elementwise;
mod frame;
pub mod kernel;
mod loss;
mod lrn;
mod maps;
pub mod matmul;
mod overlap;
mod pool;
mod soft;
mod softmax;
pub mod update;
mod upsample;
mod uses;

pub use uses::{Uses, uses};

/// Where a value lies on the device.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// Its first byte.
    pub address: u64,
    /// How many f32.
    pub len: usize,
}

impl Range {
    /// For a kernel that reads it.
    pub fn read(self) -> In<f32> {
        In::new(self.address, self.len)
    }

    /// For a kernel that writes it.
    pub fn write(self) -> Out<f32> {
        Out::new(self.address, self.len)
    }

    /// For a kernel that changes it in place.
    pub fn update(self) -> InOut<f32> {
        InOut::new(self.address, self.len)
    }
}

/// One evaluation of one node.
pub struct Call<'a> {
    /// What the plan has chosen.
    pub kernel: Kernel,
    /// The shapes of the inputs.
    pub shapes: Vec<&'a Shape>,
    /// The output's shape.
    pub shape: &'a Shape,
    /// Where kernels are launched.
    pub queue: &'a Queue<'a>,
    pub(crate) inputs: Vec<Range>,
    pub(crate) output: Range,
    pub(crate) scratch: Range,
    pub(crate) feed: In<StepFeed>,
}

impl Call<'_> {
    /// Input number `i`, all of it; [`In::none`] where the op was given fewer.
    pub fn x(&self, i: usize) -> In<f32> {
        self.inputs.get(i).map_or(In::none(), |range| range.read())
    }

    /// The output, all of it.
    pub fn y(&self) -> Out<f32> {
        self.output.write()
    }

    /// `len` elements of the step's scratch memory from `offset` on, a multiple of 16.
    pub fn scratch(&self, offset: usize, len: usize) -> InOut<f32> {
        debug_assert!(offset.is_multiple_of(16) && offset + len <= self.scratch.len, "scratch {offset} + {len}");
        InOut::new(self.scratch.address + 4 * offset as u64, len)
    }

    /// Learning rate, step and seed.
    pub fn feed(&self) -> In<StepFeed> {
        self.feed
    }

    /// How many elements the output has.
    pub fn len(&self) -> usize {
        self.output.len
    }
}

/// How this backend computes a node.
pub fn choose(graph: &Graph, id: NodeId) -> Choice {
    let kernel = kernel(graph, id);
    Choice::new(Arc::new(kernel), workspace(graph, id, kernel) * Type::F32.bytes())
}

/// What computes a node.
fn kernel(graph: &Graph, id: NodeId) -> Kernel {
    let node = graph.node(id);
    let shapes = graph.input_shapes(node);
    match &node.op {
        Op::Conv(op) => conv::choose(op, &shapes, &node.shape),
        Op::ConvDgrad(op) => conv::choose_dgrad(op, &shapes, &node.shape),
        Op::ConvWgrad(op) => conv::choose_wgrad(op, &shapes, &node.shape),
        Op::Matmul(op) => matmul::choose(op, &shapes),
        _ => Kernel::Plain,
    }
}

/// Whether a kernel can compute a node.
pub fn suits(graph: &Graph, id: NodeId, kernel: Kernel) -> bool {
    let node = graph.node(id);
    let shapes = graph.input_shapes(node);
    match &node.op {
        Op::Conv(op) => conv::suits(op, &shapes, &node.shape, kernel),
        Op::ConvDgrad(op) => conv::suits_dgrad(op, &shapes, &node.shape, kernel),
        Op::ConvWgrad(op) => conv::suits_wgrad(op, &shapes, &node.shape, kernel),
        Op::Matmul(op) => matmul::suits(op, &shapes, kernel),
        _ => kernel == Kernel::Plain,
    }
}

/// How many f32 of scratch memory a kernel needs for a node.
pub fn workspace(graph: &Graph, id: NodeId, kernel: Kernel) -> usize {
    let node = graph.node(id);
    let shapes = graph.input_shapes(node);
    match &node.op {
        Op::Conv(_) | Op::ConvDgrad(_) | Op::ConvWgrad(_) | Op::Matmul(_) => kernel.slices_workspace(&node.shape),
        Op::ChannelSum(_) | Op::ChannelMean(_) | Op::ChannelVariance(_) | Op::BatchNormScaleGrad(_) => {
            channels::sum_workspace(shapes[0])
        }
        Op::PoolGrad(op) => pool::grad_workspace(op, shapes[1]),
        Op::LrnGrad(_) => lrn::grad_workspace(shapes[0]),
        Op::CrossEntropy(_) | Op::Correct(_) => loss::row_workspace(shapes[0]),
        Op::SquaredError(_) | Op::PointwiseLoss(_) | Op::LabelWeight(_) => loss::element_workspace(shapes[0]),
        Op::Overlap(_) => overlap::workspace(shapes[0]),
        Op::ClipFactor(_) => update::clip_workspace(&shapes),
        Op::Input(_)
        | Op::State(_)
        | Op::Fill(_)
        | Op::Bias(_)
        | Op::Relu(_)
        | Op::ReluGrad(_)
        | Op::Pool(_)
        | Op::Reshape(_)
        | Op::Dropout(_)
        | Op::Add(_)
        | Op::Softmax(_)
        | Op::SoftmaxGrad(_)
        | Op::CrossEntropyGrad(_)
        | Op::SquaredErrorGrad(_)
        | Op::PointwiseLossGrad(_)
        | Op::OverlapGrad(_)
        | Op::Dice(_)
        | Op::DiceGrad(_)
        | Op::SgdVelocity(_)
        | Op::SgdStep(_)
        | Op::NesterovStep(_)
        | Op::RmsVelocity(_)
        | Op::SignStep(_)
        | Op::Unary(_)
        | Op::UnaryGrad(_)
        | Op::Concat(_)
        | Op::ChannelSlice(_)
        | Op::Frame(_)
        | Op::Upsample(_)
        | Op::UpsampleGrad(_)
        | Op::BatchNorm(_)
        | Op::BatchNormDgrad(_)
        | Op::Running(_)
        | Op::Lrn(_)
        | Op::Scale(_)
        | Op::PoolPick(_)
        | Op::AdamMean(_)
        | Op::AdamSquare(_)
        | Op::AdamStep(_) => 0,
    }
}

/// Launches what computes a node.
pub fn run(op: &Op, call: &Call<'_>) -> Result<(), BackendError> {
    match op {
        Op::Fill(op) => elementwise::fill(op, call),
        Op::Conv(op) => conv::forward(op, call),
        Op::ConvDgrad(op) => conv::dgrad(op, call),
        Op::ConvWgrad(op) => conv::wgrad(op, call),
        Op::Bias(_) => channels::bias(call),
        Op::ChannelSum(_) => channels::channel_sum(call),
        Op::Matmul(op) => matmul::forward(op, call),
        Op::Relu(_) => elementwise::relu(call),
        Op::ReluGrad(_) => elementwise::relu_grad(call),
        Op::Pool(op) => pool::pool(op, call),
        Op::PoolGrad(op) => pool::pool_grad(op, call),
        Op::Dropout(op) => dropout::dropout(op, call),
        Op::Add(_) => elementwise::add(call),
        Op::Softmax(_) => softmax::softmax(call),
        Op::SoftmaxGrad(_) => softmax::softmax_grad(call),
        Op::CrossEntropy(op) => loss::cross_entropy(op, call),
        Op::CrossEntropyGrad(op) => loss::cross_entropy_grad(&op.loss, call),
        Op::SquaredError(_) => loss::squared_error(call),
        Op::SquaredErrorGrad(_) => loss::squared_error_grad(call),
        Op::LabelWeight(op) => loss::label_weight(op, call),
        Op::PointwiseLoss(op) => loss::pointwise(op, call),
        Op::PointwiseLossGrad(op) => loss::pointwise_grad(op, call),
        Op::Overlap(op) => overlap::overlap(op, call),
        Op::OverlapGrad(op) => overlap::overlap_grad(&op.overlap, call),
        Op::Dice(_) => overlap::dice(call),
        Op::DiceGrad(_) => overlap::dice_grad(call),
        Op::Correct(op) => loss::correct(op, call),
        Op::SignStep(op) => channels::sign_step(op, call),
        Op::Unary(op) => elementwise::unary(op, call),
        Op::UnaryGrad(op) => elementwise::unary_grad(op, call),
        Op::Concat(_) => concat::concat(call),
        Op::ChannelSlice(op) => concat::slice(op, call),
        Op::Frame(op) => frame::frame(op, call),
        Op::Upsample(op) => upsample::upsample(op, call),
        Op::UpsampleGrad(op) => upsample::upsample_grad(op, call),
        Op::ChannelMean(_) => channels::channel_mean(call),
        Op::ChannelVariance(_) => channels::channel_variance(call),
        Op::BatchNorm(op) => channels::batch_norm(op, call),
        Op::BatchNormScaleGrad(op) => channels::batch_norm_scale_grad(op, call),
        Op::BatchNormDgrad(op) => channels::batch_norm_dgrad(op, call),
        Op::Lrn(op) => lrn::lrn(op, call),
        Op::LrnGrad(op) => lrn::lrn_grad(op, call),
        Op::Scale(op) => elementwise::scale(op, call),
        Op::PoolPick(op) => pool::pool_pick(op, call),
        // Those of many tensors stand together in groups; the others are values that lie in memory already.
        Op::SgdVelocity(_) | Op::SgdStep(_) | Op::NesterovStep(_) | Op::RmsVelocity(_) => no_launch(op),
        Op::AdamMean(_) | Op::AdamSquare(_) | Op::AdamStep(_) => no_launch(op),
        Op::ClipFactor(_) | Op::Running(_) | Op::Input(_) | Op::State(_) | Op::Reshape(_) => no_launch(op),
    }
}

/// What a kernel was launched for that is none of its op's.
fn unfit(op: &str) -> Result<(), BackendError> {
    Err(BackendError::Mismatch(format!("the plan's step for {op} has a kernel that does not compute it")))
}

/// What is no launch of its own.
fn no_launch(op: &Op) -> Result<(), BackendError> {
    Err(BackendError::Mismatch(format!("{} is no launch of its own", op.word())))
}
