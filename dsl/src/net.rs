//! A net as it is: every repetition expanded, every default filled in, every shape known. Nothing is optional here.

use std::fmt;

use fovea_graph::Span;
use fovea_graph::op::PoolKind;
use fovea_graph::shape::join;
use fovea_graph::window::Rounding;

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
    /// Transposed convolution; `conv` is the convolution whose gradient it computes, from its output's size `extent`.
    Deconv {
        /// How many filters: the output's channels.
        filters: usize,
        /// The window.
        size: Vec<usize>,
        /// How much larger the map becomes, an axis each.
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
    Unpool(fovea_graph::op::Pool),
    /// A larger map.
    Upsample(fovea_graph::op::Upsample),
    /// An activation other than the rectifier.
    Unary(fovea_graph::op::Function),
    /// Batch normalisation.
    BatchNorm {
        /// How much of a batch's statistics enters the running ones.
        momentum: f64,
        /// Added to the variance.
        eps: f64,
    },
    /// Local response normalisation.
    Lrn(fovea_graph::op::Lrn),
    /// Zeros around a map, or a map cut at its edges.
    Frame(fovea_graph::op::Frame),
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

/// Multiply–accumulates of a layer on one image, or, of a pool, elements of its windows; in f64, because the sizes that
/// a text can ask for overflow any integer.
pub(crate) fn work(kind: &Kind, input: &[usize], output: &[usize]) -> f64 {
    let product = |sizes: &[usize]| sizes.iter().map(|&n| n as f64).product::<f64>();
    let channels = input.last().copied().unwrap_or(1) as f64;
    match kind {
        Kind::Conv { size, groups, .. } => product(output) * product(size) * channels / *groups as f64,
        Kind::Pool(pool) => product(output) * product(&pool.size),
        Kind::Fc { .. } => product(output) * product(input),
        _ => product(output),
    }
}

impl fmt::Display for Net {
    /// A row a layer: name, every option and default, input and output shape.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self.layers.iter().map(|layer| layer.kind.to_string()).collect();
        let names = self.layers.iter().map(|layer| layer.name.chars().count()).max().unwrap_or(0);
        let widest = kinds.iter().map(|kind| kind.chars().count()).max().unwrap_or(0);
        for (layer, kind) in self.layers.iter().zip(&kinds) {
            let output = join(&layer.output);
            write!(f, "{:names$}  {kind:widest$}  ", layer.name)?;
            match layer.inputs[..] {
                [] => writeln!(f, "{output}")?,
                [input, ..] => writeln!(f, "{} → {output}", join(&self.layers[input].output))?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Kind {
    /// The layer as it could be written, no default left out: `conv 6 5x5 stride 1 pad 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Conv { filters, size, stride, pad, dilate, groups, bias } => {
                write!(f, "conv {filters} {} stride {} pad {}", join(size), sizes(stride), pads(pad))?;
                if dilate.iter().any(|&d| d != 1) {
                    write!(f, " dilate {}", sizes(dilate))?;
                }
                if *groups != 1 {
                    write!(f, " groups {groups}")?;
                }
                f.write_str(if *bias { "" } else { " nobias" })
            }
            Kind::Pool(pool) => {
                let kind = if pool.kind == PoolKind::Max { "max" } else { "avg" };
                let (size, stride, pad) = (join(&pool.size), sizes(&pool.stride), pads(&pool.pad));
                write!(f, "pool {kind} {size} stride {stride} pad {pad}")?;
                f.write_str(if pool.rounding == Rounding::Ceil { " ceil" } else { "" })
            }
            Kind::Fc { units, bias } => write!(f, "fc {units}{}", if *bias { "" } else { " nobias" }),
            Kind::Dropout { rate } => write!(f, "dropout {rate}"),
            Kind::Input | Kind::Relu | Kind::Flatten | Kind::Softmax => f.write_str(self.word()),
        }
    }
}

/// One number where all axes agree, else one an axis: `2`, `2x1`.
fn sizes(sizes: &[usize]) -> String {
    match sizes {
        [first, rest @ ..] if rest.iter().all(|n| n == first) => first.to_string(),
        _ => join(sizes),
    }
}

/// The same for paddings; where the two sides differ, `0+1`.
fn pads(pads: &[[usize; 2]]) -> String {
    let axis = |[before, after]: &[usize; 2]| match before == after {
        true => before.to_string(),
        false => format!("{before}+{after}"),
    };
    match pads {
        [first, rest @ ..] if rest.iter().all(|p| p == first) => axis(first),
        _ => pads.iter().map(axis).collect::<Vec<_>>().join("x"),
    }
}
