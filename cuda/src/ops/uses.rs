//! Which kernels compute which op, forward and backward: every op has its own, so nothing falls back to the host.

use fovea_graph::Op;

use crate::kernels as k;
use crate::kernels::Kernel;

type Kernels = &'static [&'static Kernel];

/// The kernels of an op.
#[derive(Clone, Copy)]
pub struct Uses {
    /// One of these computes it, or several in turn.
    pub forward: Kernels,
    /// Those of its gradient; empty where nothing flows back.
    pub backward: Kernels,
}

const CHANNEL_SUMS: Kernels = &[&k::CHANNEL_SUM];
const CHANNEL_SQUARES: Kernels = &[&k::CHANNEL_SQUARES, &k::CHANNEL_SUM];
const CHANNEL_PRODUCTS: Kernels = &[&k::CHANNEL_PRODUCTS, &k::CHANNEL_SUM];
const UNARY: Kernels = &[&k::LEAKY, &k::SIGMOID, &k::HYPERBOLIC_TANGENT, &k::ELU, &k::GELU];
const UNARY_GRAD: Kernels =
    &[&k::LEAKY_GRAD, &k::SIGMOID_GRAD, &k::HYPERBOLIC_TANGENT_GRAD, &k::ELU_GRAD, &k::GELU_GRAD];
const POOL_GRAD: Kernels = &[&k::MAX_POOL_SWITCHES, &k::MAX_POOL_GRAD, &k::AVG_POOL_GRAD];
const POOL_PICK: Kernels = &[&k::MAX_POOL_PICK, &k::AVG_POOL];
const BATCH_NORM_GRAD: Kernels =
    &[&k::CHANNEL_PRODUCTS, &k::CHANNEL_SUM, &k::BATCH_NORM_DGRAD, &k::BATCH_NORM_RUNNING_DGRAD];
const COPY: Kernels = &[&k::COPY_CHANNELS];
const FRAME: Kernels = &[&k::FRAME];
const LRN_GRAD: Kernels = &[&k::LRN_GRAD_GIVEN, &k::LRN_GRAD];

/// The kernels of an op. Exhaustive: a new op does not compile without its line here.
pub fn uses(op: &Op) -> Uses {
    let of = |forward, backward| Uses { forward, backward };
    match op {
        // Values that lie in memory already.
        Op::Input(_) | Op::State(_) | Op::Reshape(_) => of(&[], &[]),
        Op::Fill(_) => of(&[&k::FILL], &[]),
        Op::Conv(_) => of(CONV, CONV_GRAD),
        Op::ConvDgrad(_) => of(CONV_DGRAD, CONV_DGRAD_GRAD),
        Op::ConvWgrad(_) => of(CONV_WGRAD, &[]),
        Op::Bias(_) => of(&[&k::BIAS], CHANNEL_SUMS),
        Op::ChannelSum(_) => of(CHANNEL_SUMS, &[]),
        Op::Matmul(_) => of(MATMUL, MATMUL),
        Op::Relu(_) => of(&[&k::RELU], &[&k::RELU_GRAD]),
        Op::ReluGrad(_) => of(&[&k::RELU_GRAD], &[]),
        Op::Pool(_) => of(&[&k::MAX_POOL, &k::AVG_POOL], POOL_GRAD),
        Op::PoolGrad(_) => of(POOL_GRAD, POOL_PICK),
        Op::PoolPick(_) => of(POOL_PICK, &[]),
        Op::Dropout(_) => of(&[&k::DROPOUT], &[&k::DROPOUT]),
        Op::Add(_) => of(&[&k::ADD], &[]),
        Op::Softmax(_) => of(&[&k::SOFTMAX], &[&k::SOFTMAX_GRAD]),
        Op::SoftmaxGrad(_) => of(&[&k::SOFTMAX_GRAD], &[]),
        Op::CrossEntropy(_) => of(&[&k::CROSS_ENTROPY, &k::CHANNEL_SUM], &[&k::CROSS_ENTROPY_GRAD]),
        Op::CrossEntropyGrad(_) => of(&[&k::CROSS_ENTROPY_GRAD], &[]),
        Op::SquaredError(_) => of(&[&k::SQUARED_ERROR, &k::CHANNEL_SUM], &[&k::SQUARED_ERROR_GRAD]),
        Op::SquaredErrorGrad(_) => of(&[&k::SQUARED_ERROR_GRAD], &[]),
        Op::Correct(_) => of(&[&k::CORRECT, &k::CHANNEL_SUM], &[]),
        Op::Unary(_) => of(UNARY, UNARY_GRAD),
        Op::UnaryGrad(_) => of(UNARY_GRAD, &[]),
        Op::Concat(_) => of(COPY, COPY),
        Op::ChannelSlice(_) => of(COPY, &[]),
        Op::Frame(_) => of(FRAME, FRAME),
        Op::Upsample(_) => of(&[&k::UPSAMPLE], &[&k::UPSAMPLE_GRAD]),
        Op::UpsampleGrad(_) => of(&[&k::UPSAMPLE_GRAD], &[&k::UPSAMPLE]),
        Op::ChannelMean(_) => of(CHANNEL_SUMS, &[]),
        Op::ChannelVariance(_) => of(CHANNEL_SQUARES, &[]),
        Op::BatchNorm(_) => of(&[&k::BATCH_NORM], BATCH_NORM_GRAD),
        Op::BatchNormScaleGrad(_) => of(CHANNEL_PRODUCTS, &[]),
        Op::BatchNormDgrad(_) => of(&[&k::BATCH_NORM_DGRAD, &k::BATCH_NORM_RUNNING_DGRAD], &[]),
        Op::Running(_) => of(&[&k::RUNNING], &[]),
        Op::Lrn(_) => of(&[&k::LRN], LRN_GRAD),
        Op::LrnGrad(_) => of(LRN_GRAD, &[]),
        Op::Scale(_) => of(&[&k::SCALE], &[&k::SCALE]),
        Op::SgdVelocity(_) | Op::SgdStep(_) => of(&[&k::SGD], &[]),
        Op::AdamMean(_) | Op::AdamSquare(_) | Op::AdamStep(_) => of(&[&k::ADAM], &[]),
    }
}

const CONV: Kernels = &[];
const CONV_GRAD: Kernels = &[];
const CONV_DGRAD: Kernels = &[];
const CONV_DGRAD_GRAD: Kernels = &[];
const CONV_WGRAD: Kernels = &[];
const MATMUL: Kernels = &[];
