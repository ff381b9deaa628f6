//! A net as it is: every repetition expanded, every default filled in, every shape known. Nothing is optional here.

mod field;
pub mod fold;
mod print;
mod seen;

use fovea_graph::Span;
use fovea_graph::op::{Frame, Function, Lrn, Pool, Upsample};

pub use field::Field;

/// A net. `layers[0]` is the input; every layer's inputs stand before it; the last layer is the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Net {
    /// Its name.
    pub name: String,
    /// Its layers.
    pub layers: Vec<Layer>,
    /// Further names of layers, in the order of the text: that of a block for its last layer (`bottleneck2`), that of an
    /// `as` behind something that is no layer of its own.
    pub named: Vec<(String, usize)>,
    /// The net that this one begins inside of.
    pub base: Option<Base>,
}

/// `vgg16.pool5 - …`: the first layers are another net's, names and all, so that its weights are theirs.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// The other net.
    pub net: String,
    /// How many of the layers, the input among them, are its.
    pub layers: usize,
}

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its name: the user's `as`, or its kind and number (`conv3`).
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// The layers it reads, by position.
    pub inputs: Vec<usize>,
    /// Its output's shape without the batch: `[28, 28, 6]`, `[120]`.
    pub output: Vec<usize>,
    /// The words that made it.
    pub span: Span,
}

/// What a layer does; every size has one entry a spatial axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The images.
    Input,
    /// Convolution.
    Conv {
        /// How many filters.
        filters: usize,
        /// The window.
        size: Vec<usize>,
        /// Steps between windows.
        stride: Vec<usize>,
        /// Padding before and after.
        pad: Vec<[usize; 2]>,
        /// Steps between a window's elements.
        dilate: Vec<usize>,
        /// Separate convolutions.
        groups: usize,
        /// Whether there is a bias.
        bias: bool,
    },
    /// Pooling.
    Pool(Pool),
    /// Fully connected; flattens what it is given.
    Fc {
        /// How many units.
        units: usize,
        /// Whether there is a bias.
        bias: bool,
    },
    /// max(x, 0).
    Relu,
    /// To a vector.
    Flatten,
    /// Zeroes at random, in training only.
    Dropout {
        /// The share that becomes 0.
        rate: f64,
    },
    /// Softmax over the channels.
    Softmax,
    /// Transposed convolution: the gradient, by its input, of the convolution that these numbers describe, from a map of
    /// the output's size.
    Deconv {
        /// How many filters: the output's channels.
        filters: usize,
        /// The window.
        size: Vec<usize>,
        /// How much larger the map becomes.
        stride: Vec<usize>,
        /// What is cropped before and after.
        pad: Vec<[usize; 2]>,
        /// Steps between a window's elements.
        dilate: Vec<usize>,
        /// Separate convolutions.
        groups: usize,
        /// Whether there is a bias.
        bias: bool,
    },
    /// The inverse of a max pool; `inputs` are the map and that pool's own input, whose maxima are the switches.
    Unpool(Pool),
    /// A larger map.
    Upsample(Upsample),
    /// An activation other than the rectifier.
    Unary(Function),
    /// Batch normalisation.
    BatchNorm {
        /// How much of a batch's statistics enters the running ones.
        momentum: f64,
        /// Added to the variance.
        eps: f64,
    },
    /// Local response normalisation.
    Lrn(Lrn),
    /// Zeros around a map, or a map cut at its edges.
    Frame(Frame),
    /// So many channels of zeros behind its input's.
    Widen(usize),
    /// Its inputs joined along the channels.
    Concat,
    /// Its inputs' sum.
    Add,
    /// The result of a side classifier whose loss joins the training loss with this weight.
    Side(f64),
}

impl Kind {
    /// The language's word.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Input => "input",
            Kind::Conv { .. } => "conv",
            Kind::Pool(_) => "pool",
            Kind::Fc { .. } => "fc",
            Kind::Relu => "relu",
            Kind::Flatten => "flatten",
            Kind::Dropout { .. } => "dropout",
            Kind::Softmax => "softmax",
            Kind::Deconv { .. } => "deconv",
            Kind::Unpool(_) => "unpool",
            Kind::Upsample(_) => "upsample",
            Kind::Unary(Function::Leaky { .. }) => "leaky",
            Kind::Unary(Function::Sigmoid) => "sigmoid",
            Kind::Unary(Function::Tanh) => "tanh",
            Kind::Unary(Function::Elu) => "elu",
            Kind::Unary(Function::Gelu) => "gelu",
            Kind::BatchNorm { .. } => "bn",
            Kind::Lrn(_) => "lrn",
            Kind::Frame(frame) if frame.edges.iter().flatten().any(|&edge| edge < 0) => "crop",
            Kind::Frame(_) => "pad",
            Kind::Widen(_) => "zeros",
            Kind::Concat => "concat",
            Kind::Add => "add",
            Kind::Side(_) => "aux",
        }
    }
}

impl Net {
    /// The input's shape without the batch.
    pub fn input(&self) -> &[usize] {
        &self.layers[0].output
    }

    /// The result's shape without the batch.
    pub fn output(&self) -> &[usize] {
        &self.layers[self.layers.len() - 1].output
    }

    /// The layer of this name, by position; a block's name is its last layer's.
    pub fn find(&self, name: &str) -> Option<usize> {
        let further = || self.named.iter().find(|(further, _)| further == name).map(|&(_, layer)| layer);
        self.layers.iter().position(|layer| layer.name == name).or_else(further)
    }
}

/// Multiply–accumulates of a layer on one image, or, of a pool, elements of its windows; in f64, because the sizes that
/// a text can ask for overflow any integer.
pub(crate) fn work(kind: &Kind, input: &[usize], output: &[usize]) -> f64 {
    let product = |sizes: &[usize]| sizes.iter().map(|&n| n as f64).product::<f64>();
    let channels = input.last().copied().unwrap_or(1) as f64;
    match kind {
        Kind::Conv { size, groups, .. } => product(output) * product(size) * channels / *groups as f64,
        Kind::Deconv { size, groups, filters, .. } => product(input) * product(size) * *filters as f64 / *groups as f64,
        Kind::Pool(pool) => product(output) * product(&pool.size),
        Kind::Unpool(pool) => product(input) * product(&pool.size),
        Kind::Fc { .. } => product(output) * product(input),
        Kind::Lrn(lrn) => product(output) * (lrn.size as f64 + 3.0),
        Kind::Upsample(_) | Kind::BatchNorm { .. } => 9.0 * product(output),
        _ => product(output),
    }
}
