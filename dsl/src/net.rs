//! A net as it is: every repetition expanded, every default filled in, every shape known. Nothing is optional here.

use fovea_graph::Span;

/// A net. `layers[0]` is the input; every layer's inputs stand before it; the last layer is the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Net {
    /// Its name.
    pub name: String,
    /// Its layers.
    pub layers: Vec<Layer>,
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
    Pool(fovea_graph::op::Pool),
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
}
