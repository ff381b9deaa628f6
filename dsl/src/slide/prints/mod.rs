//! What frameworks print of a network: Keras' `summary`, torchsummary, torchinfo, Darknet. All are listings of layers
//! with
//! their figures; what they leave out (windows, strides, paddings) is inferred from the figures that they print.
//!
//! ```text
//! plain ─a reader a tool─▶ Print (layers as they are listed) ─infer─▶ what each does ─draft─▶ Draft
//! ```

mod choice;
mod convs;
mod darknet;
mod draft;
mod geometry;
mod infer;
mod keras;
mod options;
mod pools;
mod shape;
mod torch;

use std::collections::BTreeSet;
use std::ops::Range;

use super::MOST_LAYERS;
use super::draft::{Claim, Draft, Join, Order, Remark, Stated};
use super::figure::Unread;
use super::number::Number;

/// What a tool printed of a network.
#[derive(Clone, Debug, Default)]
struct Print {
    /// Which tool's print it is.
    form: &'static str,
    tool: Tool,
    /// The layers, in order.
    layers: Vec<Layer>,
    /// The input's shape, channels last, where it is printed apart from the layers.
    input: Option<Stated<Vec<usize>>>,
    /// Figures of the whole network.
    totals: Vec<Claim>,
    /// Modules that hold others and of which nothing says how those are joined.
    joints: Vec<Range<usize>>,
    /// Normalisation has no scale.
    is_unscaled: bool,
    /// A module stands above those that it holds.
    is_tree: bool,
    /// The layers that feed others by name.
    is_fed: BTreeSet<usize>,
    remarks: Vec<Remark>,
    unread: Vec<Unread>,
}

/// A tool, and with it what its layers can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tool {
    /// Padding is `valid` or `same`; normalisation counts four numbers a channel.
    #[default]
    Keras,
    /// Padding is a number; normalisation counts two numbers a channel.
    Torch,
    /// Padding is half the window, and a pool's map is padded at its end.
    Darknet,
}

/// A layer as a print lists it.
#[derive(Clone, Debug, Default)]
struct Layer {
    name: String,
    kind: LayerKind,
    /// Where it stands.
    place: Range<usize>,
    /// The layers that feed it, by position; the one above where there are none.
    from: Vec<usize>,
    /// Its input's shape, as it is printed.
    input: Option<Stated<Vec<usize>>>,
    /// Its output's.
    output: Option<Stated<Vec<usize>>>,
    order: Order,
    parameters: Option<(Number, Range<usize>)>,
    operations: Option<(Number, Range<usize>)>,
    window: Option<Stated<Vec<usize>>>,
    stride: Option<Stated<Vec<usize>>>,
    filters: Option<Stated<usize>>,
    groups: Option<usize>,
}

/// What a layer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum LayerKind {
    /// The network's input.
    Input,
    Conv,
    /// A convolution of each channel by itself.
    Depthwise,
    Deconv,
    MaxPool,
    MeanPool,
    /// A pool over the whole map, or to a stated size.
    GlobalMean,
    GlobalMax,
    AdaptiveMean,
    Fc,
    Bn,
    Lrn,
    /// A convolution of each channel by itself, and a 1×1 convolution behind it.
    Separable,
    /// A shortcut's 1×1 convolution and its normalisation, as one.
    Projection,
    /// Zeros around the map.
    ZeroPad,
    Upsample,
    Flatten,
    /// Several layers' outputs, joined.
    Merge(Join),
    /// An activation or another layer without a size, by the language's word.
    Word(&'static str),
    /// Nothing happens to what flows.
    #[default]
    Nothing,
}

/// Reads a text made plain as what one of the tools prints; `None` where it is none of them.
pub fn read(plain: &str) -> Option<Draft> {
    let mut print = keras::read(plain).or_else(|| torch::read(plain)).or_else(|| darknet::read(plain))?;
    if print.layers.len() > MOST_LAYERS {
        let expected = format!("a network of at most {MOST_LAYERS} layers");
        print.unread.push(draft::unread(plain, &print, MOST_LAYERS, &expected));
        print.layers.truncate(MOST_LAYERS);
    }
    Some(draft::draft(plain, print))
}

#[cfg(test)]
mod tests;
