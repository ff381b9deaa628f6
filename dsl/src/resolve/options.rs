//! What the options of a layer said. What was not said stays open, because the defaults depend on the map.

use fovea_graph::Span;
use fovea_graph::op::{Function, Interpolation, Lrn, PoolKind};
use fovea_graph::window::Rounding;

use super::expand::Wire;
use crate::syntax::LayerWord;

/// What the options of a layer said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Options {
    Conv(Conv),
    Deconv(Conv, Option<Said<Target>>),
    Pool(Pool),
    /// The pool whose inverse it is.
    Unpool(Said<Wire>),
    Upsample(Option<Said<Sizes>>, Interpolation),
    Fc {
        units: Option<usize>,
        bias: bool,
    },
    Dropout {
        rate: f64,
    },
    Relu,
    Unary(Function),
    Bn {
        momentum: f64,
        eps: f64,
    },
    Lrn(Lrn),
    Flatten,
    Softmax,
    Crop(Said<Target>),
    Pad(Said<Sizes>),
}

/// The size that a layer is to give.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    Size(Sizes),
    /// The size of another layer's map.
    Of(Wire),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conv {
    pub filters: Option<Said<usize>>,
    pub size: Option<Said<Sizes>>,
    pub stride: Option<Said<Sizes>>,
    pub padding: Option<Said<Padding>>,
    pub dilate: Option<Said<Sizes>>,
    pub groups: Option<Said<usize>>,
    pub bias: Option<Said<bool>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pool {
    pub kind: Option<Said<PoolKind>>,
    pub size: Option<Said<Sizes>>,
    pub stride: Option<Said<Sizes>>,
    pub padding: Option<Said<Padding>>,
    pub rounding: Option<Said<Rounding>>,
    /// The window is the map.
    pub global: Option<Said<()>>,
}

/// One number for every axis, or one number an axis.
pub(super) type Sizes = Vec<usize>;

/// How a map is padded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// So that the output is ⌈n/stride⌉.
    Same,
    /// Not at all.
    Valid,
    /// By this much on both sides.
    By(Sizes),
}

/// Something that was said, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said<T> {
    pub value: T,
    pub span: Span,
}

impl Options {
    /// The language's word for the layer.
    pub fn word(&self) -> LayerWord {
        match self {
            Options::Conv(_) => LayerWord::Conv,
            Options::Deconv(..) => LayerWord::Deconv,
            Options::Pool(_) => LayerWord::Pool,
            Options::Unpool(_) => LayerWord::Unpool,
            Options::Upsample(..) => LayerWord::Upsample,
            Options::Fc { .. } => LayerWord::Fc,
            Options::Dropout { .. } => LayerWord::Dropout,
            Options::Relu => LayerWord::Relu,
            Options::Unary(Function::Leaky { .. }) => LayerWord::Leaky,
            Options::Unary(Function::Sigmoid) => LayerWord::Sigmoid,
            Options::Unary(Function::Tanh) => LayerWord::Tanh,
            Options::Unary(Function::Elu) => LayerWord::Elu,
            Options::Unary(Function::Gelu) => LayerWord::Gelu,
            Options::Bn { .. } => LayerWord::Bn,
            Options::Lrn(_) => LayerWord::Lrn,
            Options::Flatten => LayerWord::Flatten,
            Options::Softmax => LayerWord::Softmax,
            Options::Crop(_) => LayerWord::Crop,
            Options::Pad(_) => LayerWord::Pad,
        }
    }

    /// The layer whose map's size it takes.
    pub fn model(&mut self) -> Option<&mut Wire> {
        match self {
            Options::Deconv(_, Some(Said { value: Target::Of(wire), .. }))
            | Options::Crop(Said { value: Target::Of(wire), .. })
            | Options::Unpool(Said { value: wire, .. }) => Some(wire),
            _ => None,
        }
    }

    /// By how many powers of two, so to speak, the layer makes the map smaller: default filters double with each.
    pub fn halvings(&self) -> i32 {
        match self {
            Options::Conv(conv) => i32::from(conv.strides()),
            Options::Pool(pool) => i32::from(pool.strides()),
            Options::Deconv(conv, _) if conv.stride.is_none() || conv.strides() => -1,
            Options::Unpool(_) => -1,
            Options::Upsample(factor, _) => -i32::from(factor.as_ref().is_none_or(|f| f.value.iter().any(|&n| n > 1))),
            _ => 0,
        }
    }
}

impl Pool {
    /// Whether the pool makes the map smaller, so that default filters double behind it.
    pub fn strides(&self) -> bool {
        let longer = |sizes: &Said<Sizes>| sizes.value.iter().any(|&n| n > 1);
        self.global.is_some() || self.stride.as_ref().or(self.size.as_ref()).is_none_or(longer)
    }
}

impl Conv {
    /// Whether the convolution makes the map smaller.
    pub fn strides(&self) -> bool {
        self.stride.as_ref().is_some_and(|s| s.value.iter().any(|&n| n > 1))
    }
}
