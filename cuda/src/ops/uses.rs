//! Which kernels compute which op, forward and backward: every op has its own, so nothing falls back to the host.

use fovea_graph::Op;

use crate::kernels as k;
use crate::modules::Kernel;

type Kernels = &'static [&'static Kernel];

/// The kernels of an op.
#[derive(Clone, Copy)]
pub struct Uses {
    pub(crate) forward: Kernels,
    backward: &'static [Kernels],
}

impl Uses {
    /// The names of those that compute it: one of them, or several in turn.
    pub fn forward(&self) -> Vec<&'static str> {
        self.forward.iter().map(|kernel| kernel.name).collect()
    }

    /// The names of those that compute the ops of its gradient; none where nothing flows back.
    pub fn backward(&self) -> Vec<&'static str> {
        self.backward.iter().copied().flatten().map(|kernel| kernel.name).collect()
    }
}

// Products that gather, direct ones of few channels, and (1×1) plain products of matrices.
const CONV: Kernels = &[
    &k::CONV_FPROP_2D,
    &k::CONV_FPROP_2D_WIDE,
    &k::CONV_FPROP_2D_LARGE,
    &k::CONV_FPROP_2D_SLIM,
    &k::CONV_FPROP_3D,
    &k::CONV_FPROP_3D_WIDE,
    &k::CONV_NARROW,
    &k::CONV_DEPTHWISE,
    &k::MATMUL_NT,
    &k::MATMUL_NT_WIDE,
    &k::MATMUL_NT_LARGE,
    &k::SUM_SLICES,
];
const CONV_DGRAD: Kernels = &[
    &k::CONV_DGRAD_2D,
    &k::CONV_DGRAD_2D_WIDE,
    &k::CONV_DGRAD_2D_LARGE,
    &k::CONV_DGRAD_2D_SLIM,
    &k::CONV_DGRAD_3D,
    &k::CONV_DGRAD_3D_WIDE,
    &k::CONV_DEPTHWISE_DGRAD,
    &k::MATMUL_NN,
    &k::MATMUL_NN_WIDE,
    &k::MATMUL_NN_LARGE,
    &k::SUM_SLICES,
];
const CONV_WGRAD: Kernels = &[
    &k::CONV_WGRAD_2D,
    &k::CONV_WGRAD_2D_WIDE,
    &k::CONV_WGRAD_2D_LARGE,
    &k::CONV_WGRAD_2D_SQUARE,
    &k::CONV_WGRAD_3D,
    &k::CONV_WGRAD_3D_WIDE,
    &k::CONV_DEPTHWISE_WGRAD,
    &k::MATMUL_TN,
    &k::MATMUL_TN_WIDE,
    &k::MATMUL_TN_LARGE,
    &k::SUM_SLICES,
];
const MATMUL: Kernels = &[
    &k::MATMUL_NN,
    &k::MATMUL_NN_WIDE,
    &k::MATMUL_NN_LARGE,
    &k::MATMUL_NT,
    &k::MATMUL_NT_WIDE,
    &k::MATMUL_NT_LARGE,
    &k::MATMUL_TN,
    &k::MATMUL_TN_WIDE,
    &k::MATMUL_TN_LARGE,
    &k::MATMUL_TT,
    &k::MATMUL_TT_WIDE,
    &k::MATMUL_TT_LARGE,
    &k::SUM_SLICES,
];
const CHANNEL_SUM: Kernels = &[&k::CHANNEL_SUM];
const CHANNEL_PRODUCTS: Kernels = &[&k::CHANNEL_PRODUCTS, &k::CHANNEL_SUM];
const RELU_GRAD: Kernels = &[&k::RELU_GRAD];
const UNARY: Kernels = &[&k::LEAKY, &k::SIGMOID, &k::HYPERBOLIC_TANGENT, &k::ELU, &k::GELU];
const UNARY_GRAD: Kernels =
    &[&k::LEAKY_GRAD, &k::SIGMOID_GRAD, &k::HYPERBOLIC_TANGENT_GRAD, &k::ELU_GRAD, &k::GELU_GRAD];
const POOL_GRAD: Kernels = &[&k::MAX_POOL_SWITCHES, &k::MAX_POOL_GRAD, &k::AVG_POOL_GRAD];
const POOL_PICK: Kernels = &[&k::MAX_POOL_PICK, &k::AVG_POOL];
const DROPOUT: Kernels = &[&k::DROPOUT];
const SOFTMAX_GRAD: Kernels = &[&k::SOFTMAX_GRAD];
const CROSS_ENTROPY: Kernels = &[&k::CROSS_ENTROPY, &k::COUNTED_CROSS_ENTROPY, &k::SOFT_CROSS_ENTROPY, &k::CHANNEL_SUM];
const CROSS_ENTROPY_GRAD: Kernels =
    &[&k::CROSS_ENTROPY_GRAD, &k::COUNTED_CROSS_ENTROPY_GRAD, &k::SOFT_CROSS_ENTROPY_GRAD];
const POINTWISE: Kernels =
    &[&k::ABSOLUTE_ERROR, &k::HUBER_ERROR, &k::LOGISTIC_ERROR, &k::WEIGHED_LOGISTIC_ERROR, &k::CHANNEL_SUM];
const POINTWISE_GRAD: Kernels =
    &[&k::ABSOLUTE_ERROR_GRAD, &k::HUBER_ERROR_GRAD, &k::LOGISTIC_ERROR_GRAD, &k::WEIGHED_LOGISTIC_ERROR_GRAD];
const OVERLAP_GRAD: Kernels = &[&k::OVERLAP_GRAD];
const DICE_GRAD: Kernels = &[&k::DICE_GRAD];
const SQUARED_ERROR_GRAD: Kernels = &[&k::SQUARED_ERROR_GRAD];
const BATCH_NORM_DGRAD: Kernels = &[&k::BATCH_NORM_DGRAD, &k::BATCH_NORM_RUNNING_DGRAD];
const COPY: Kernels = &[&k::COPY_CHANNELS];
const FILL: Kernels = &[&k::FILL];
const FRAME: Kernels = &[&k::FRAME];
const UPSAMPLE: Kernels = &[&k::UPSAMPLE];
const UPSAMPLE_GRAD: Kernels = &[&k::UPSAMPLE_GRAD];
const LRN_GRAD: Kernels = &[&k::LRN_GRAD_GIVEN, &k::LRN_GRAD];
const SCALE: Kernels = &[&k::SCALE];

/// The kernels of an op. Exhaustive: a new op does not compile without its line here.
pub fn uses(op: &Op) -> Uses {
    let of = |forward, backward| Uses { forward, backward };
    match op {
        // Values that lie in memory already.
        Op::Input(_) | Op::State(_) | Op::Reshape(_) => of(&[], &[]),
        Op::Fill(_) => of(FILL, &[]),
        Op::Conv(_) => of(CONV, &[CONV_DGRAD, CONV_WGRAD]),
        Op::ConvDgrad(_) => of(CONV_DGRAD, &[CONV, CONV_WGRAD]),
        Op::ConvWgrad(_) => of(CONV_WGRAD, &[]),
        Op::Bias(_) => of(&[&k::BIAS], &[CHANNEL_SUM]),
        Op::ChannelSum(_) => of(CHANNEL_SUM, &[]),
        Op::Matmul(_) => of(MATMUL, &[MATMUL]),
        Op::Relu(_) => of(&[&k::RELU], &[RELU_GRAD]),
        Op::ReluGrad(_) => of(RELU_GRAD, &[]),
        Op::Pool(_) => of(&[&k::MAX_POOL, &k::AVG_POOL], &[POOL_GRAD]),
        Op::PoolGrad(_) => of(POOL_GRAD, &[POOL_PICK]),
        Op::PoolPick(_) => of(POOL_PICK, &[]),
        Op::Dropout(_) => of(DROPOUT, &[DROPOUT]),
        // Its gradient is the one that arrives, for both.
        Op::Add(_) => of(&[&k::ADD], &[]),
        Op::Softmax(_) => of(&[&k::SOFTMAX], &[SOFTMAX_GRAD]),
        Op::SoftmaxGrad(_) => of(SOFTMAX_GRAD, &[]),
        Op::CrossEntropy(_) => of(CROSS_ENTROPY, &[CROSS_ENTROPY_GRAD]),
        Op::CrossEntropyGrad(_) => of(CROSS_ENTROPY_GRAD, &[]),
        Op::SquaredError(_) => of(&[&k::SQUARED_ERROR, &k::CHANNEL_SUM], &[SQUARED_ERROR_GRAD]),
        Op::SquaredErrorGrad(_) => of(SQUARED_ERROR_GRAD, &[]),
        Op::LabelWeight(_) => of(&[&k::LABEL_WEIGHT, &k::CHANNEL_SUM], &[]),
        Op::PointwiseLoss(_) => of(POINTWISE, &[POINTWISE_GRAD]),
        Op::PointwiseLossGrad(_) => of(POINTWISE_GRAD, &[]),
        Op::Overlap(_) => of(&[&k::OVERLAP, &k::CHANNEL_SUM], &[OVERLAP_GRAD]),
        Op::OverlapGrad(_) => of(OVERLAP_GRAD, &[]),
        Op::Dice(_) => of(&[&k::DICE], &[DICE_GRAD]),
        Op::DiceGrad(_) => of(DICE_GRAD, &[]),
        Op::Correct(_) => of(&[&k::CORRECT, &k::SOFT_CORRECT, &k::CHANNEL_SUM], &[]),
        Op::SignStep(_) => of(&[&k::SIGN_STEP], &[]),
        Op::Unary(_) => of(UNARY, &[UNARY_GRAD]),
        Op::UnaryGrad(_) => of(UNARY_GRAD, &[]),
        Op::Concat(_) => of(COPY, &[COPY]),
        Op::ChannelSlice(_) => of(COPY, &[COPY, FILL]),
        Op::Frame(_) => of(FRAME, &[FRAME]),
        Op::Upsample(_) => of(UPSAMPLE, &[UPSAMPLE_GRAD]),
        Op::UpsampleGrad(_) => of(UPSAMPLE_GRAD, &[UPSAMPLE]),
        Op::ChannelMean(_) => of(CHANNEL_SUM, &[]),
        Op::ChannelVariance(_) => of(&[&k::CHANNEL_SQUARES, &k::CHANNEL_SUM], &[]),
        Op::BatchNorm(_) => of(&[&k::BATCH_NORM], &[CHANNEL_PRODUCTS, CHANNEL_SUM, BATCH_NORM_DGRAD]),
        Op::BatchNormScaleGrad(_) => of(CHANNEL_PRODUCTS, &[]),
        Op::BatchNormDgrad(_) => of(BATCH_NORM_DGRAD, &[]),
        Op::Running(_) => of(&[&k::RUNNING], &[]),
        Op::Lrn(_) => of(&[&k::LRN], &[LRN_GRAD]),
        Op::LrnGrad(_) => of(LRN_GRAD, &[]),
        Op::Scale(_) => of(SCALE, &[SCALE]),
        // A step is the one of RMSprop, too.
        Op::SgdStep(_) => of(&[&k::SGD_LOOK, &k::SGD, &k::RMSPROP_LOOK, &k::RMSPROP], &[]),
        Op::SgdVelocity(_) | Op::NesterovStep(_) => of(&[&k::SGD_LOOK, &k::SGD], &[]),
        Op::RmsVelocity(_) => of(&[&k::RMSPROP_LOOK, &k::RMSPROP], &[]),
        Op::ClipFactor(_) => of(&[&k::GRADIENT_NORMS, &k::CLIP_FACTOR], &[]),
        Op::AdamMean(_) | Op::AdamSquare(_) | Op::AdamStep(_) => of(&[&k::ADAM_LOOK, &k::ADAM], &[]),
    }
}
