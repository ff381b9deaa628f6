//! Convolution and its gradients: which algorithm, in what tiles, with how much scratch memory.

use std::fmt;

use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad};
use fovea_graph::{Graph, Node, Op, Shape};

use super::matmul::{product, tiled};
use super::{Call, depthwise, im2col, narrow, winograd};
use crate::geometry::Geometry;
use crate::kernel::{Kernel, Product, Scratch, Way};
use crate::matrix::{Matrix, MatrixMut};
use crate::simd::Vectors;

/// How `conv` is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forward {
    /// As the matrix product that a 1×1 window at stride 1 is: nothing is gathered.
    Pointwise(Product),
    /// As loops over the window, where a filter sees few channels of a map that has few.
    Direct(narrow::Bands),
    /// As loops over the window, where every filter sees one channel.
    Depthwise,
    /// By Winograd's minimal filtering.
    Winograd(winograd::Cut),
    /// As a matrix product over gathered windows.
    Im2col(im2col::ForwardCut),
}

/// How `conv_dgrad` is computed. Narrow maps have no way of their own here: most are images, whose gradient nobody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dgrad {
    /// As [`Forward::Pointwise`].
    Pointwise(Product),
    /// As [`Forward::Depthwise`].
    Depthwise,
    /// By Winograd's minimal filtering.
    Winograd(winograd::Cut),
    /// As a matrix product whose rows are added to the windows they stand for.
    Im2col(im2col::DgradCut),
}

/// How `conv_wgrad` is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wgrad {
    /// As [`Forward::Direct`].
    Direct(narrow::WgradCut),
    /// As [`Forward::Depthwise`].
    Depthwise(depthwise::WgradCut),
    /// As [`Forward::Pointwise`].
    Pointwise(im2col::WgradCut),
    /// By Winograd's minimal filtering.
    Winograd(winograd::WgradCut),
    /// As a matrix product over gathered windows.
    Im2col(im2col::WgradCut),
}

impl fmt::Display for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Forward::Pointwise(product) => write!(f, "pointwise {product}"),
            Forward::Direct(bands) => write!(f, "direct {bands}"),
            Forward::Depthwise => f.write_str("depthwise"),
            Forward::Winograd(cut) => write!(f, "winograd {cut}"),
            Forward::Im2col(cut) => write!(f, "im2col {cut}"),
        }
    }
}

impl fmt::Display for Dgrad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dgrad::Pointwise(product) => write!(f, "pointwise {product}"),
            Dgrad::Depthwise => f.write_str("depthwise"),
            Dgrad::Winograd(cut) => write!(f, "winograd {cut}"),
            Dgrad::Im2col(cut) => write!(f, "im2col {cut}"),
        }
    }
}

impl fmt::Display for Wgrad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wgrad::Direct(cut) => write!(f, "direct {cut}"),
            Wgrad::Depthwise(cut) => write!(f, "depthwise {cut}"),
            Wgrad::Pointwise(cut) => write!(f, "pointwise {cut}"),
            Wgrad::Winograd(cut) => write!(f, "winograd {cut}"),
            Wgrad::Im2col(cut) => write!(f, "im2col {cut}"),
        }
    }
}

/// The sizes of a convolution from its input and filter.
fn of_forward(op: &Conv, shapes: &[&Shape], y: &Shape) -> Geometry {
    Geometry::new(op, shapes[0], shapes[1].spatial(), y)
}

/// The sizes of the convolution whose gradient by its input this is.
fn of_dgrad(op: &ConvDgrad, shapes: &[&Shape], dx: &Shape) -> Geometry {
    Geometry::new(&op.conv, dx, shapes[0].spatial(), shapes[1])
}

/// The sizes of the convolution whose gradient by its filters this is.
fn of_wgrad(op: &ConvWgrad, shapes: &[&Shape]) -> Geometry {
    Geometry::new(&op.conv, shapes[0], &op.window, shapes[1])
}

/// Whether these are the sizes of the node's convolution.
pub fn is_of(g: &Geometry, graph: &Graph, node: &Node) -> bool {
    let shapes = graph.input_shapes(node);
    match &node.op {
        Op::Conv(op) => *g == of_forward(op, &shapes, &node.shape),
        Op::ConvDgrad(op) => *g == of_dgrad(op, &shapes, &node.shape),
        Op::ConvWgrad(op) => *g == of_wgrad(op, &shapes),
        _ => false,
    }
}

/// How `conv` is computed.
pub fn choose(op: &Conv, shapes: &[&Shape], y: &Shape, vectors: Vectors) -> Kernel {
    let g = of_forward(op, shapes, y);
    let (way, scratch) = if g.is_pointwise() {
        let (product, packed) = tiled([g.rows(), g.filters, g.channels]);
        (Forward::Pointwise(product), Scratch::default().with_packed(packed))
    } else if narrow::is_narrow(&g) {
        let bands = narrow::Bands::new(&g, vectors.lanes());
        (Forward::Direct(bands), narrow::forward_scratch(&g, &bands))
    } else if g.is_depthwise() {
        (Forward::Depthwise, Scratch::shared(depthwise::forward_workspace(&g)))
    } else if let Some((cut, scratch)) = winograd::choose(&g, vectors) {
        (Forward::Winograd(cut), scratch)
    } else {
        let cut = im2col::ForwardCut::new(&g);
        (Forward::Im2col(cut), cut.scratch(&g))
    };
    Kernel { way: Way::Conv(g, way), scratch }
}

/// How `conv_dgrad` is computed.
pub fn choose_dgrad(op: &ConvDgrad, shapes: &[&Shape], dx: &Shape, vectors: Vectors) -> Kernel {
    let g = of_dgrad(op, shapes, dx);
    let (way, scratch) = if g.is_pointwise() {
        let (product, packed) = tiled([g.rows(), g.channels, g.filters]);
        (Dgrad::Pointwise(product), Scratch::default().with_packed(packed))
    } else if g.is_depthwise() {
        (Dgrad::Depthwise, Scratch::shared(depthwise::forward_workspace(&g)))
    } else if let Some((cut, scratch)) = winograd::choose_dgrad(&g, vectors) {
        (Dgrad::Winograd(cut), scratch)
    } else {
        let cut = im2col::DgradCut::new(&g);
        (Dgrad::Im2col(cut), cut.scratch(&g))
    };
    Kernel { way: Way::ConvDgrad(g, way), scratch }
}

/// How `conv_wgrad` is computed.
pub fn choose_wgrad(op: &ConvWgrad, shapes: &[&Shape], vectors: Vectors) -> Kernel {
    let g = of_wgrad(op, shapes);
    let (way, scratch) = if g.is_pointwise() {
        let cut = im2col::WgradCut::new(&g);
        (Wgrad::Pointwise(cut), cut.scratch(&g))
    } else if narrow::is_narrow(&g) {
        let cut = narrow::WgradCut::new(&g, vectors.lanes());
        (Wgrad::Direct(cut), cut.scratch(&g))
    } else if g.is_depthwise() {
        let cut = depthwise::WgradCut::new(&g);
        (Wgrad::Depthwise(cut), Scratch::shared(cut.workspace(&g)))
    } else if let Some((cut, scratch)) = winograd::choose_wgrad(&g, vectors) {
        (Wgrad::Winograd(cut), scratch)
    } else {
        let cut = im2col::WgradCut::new(&g);
        (Wgrad::Im2col(cut), cut.scratch(&g))
    };
    Kernel { way: Way::ConvWgrad(g, way), scratch }
}

/// `conv`.
pub fn forward(op: &Conv, call: Call<'_>) {
    let Way::Conv(g, way) = &call.kernel.way else { unreachable!("checked when it is compiled") };
    match way {
        Forward::Pointwise(tiles) => {
            let x = Matrix::new(call.memory.inputs[0], g.rows(), g.channels);
            let w = Matrix::new(call.memory.inputs[1], g.filters, g.channels);
            let y = MatrixMut::new(call.memory.output, g.rows(), g.filters);
            product(call.team, tiles, y, x, w.transposed(), call.memory.inputs.get(2).copied(), op.activation);
        }
        Forward::Direct(bands) => narrow::forward(g, bands, op.activation, call),
        Forward::Depthwise => depthwise::forward(g, op.activation, call),
        Forward::Winograd(cut) => winograd::forward(g, cut, op.activation, call),
        Forward::Im2col(cut) => im2col::forward(g, cut, op.activation, call),
    }
}

/// `conv_dgrad`; inputs filter and dy.
pub fn dgrad(call: Call<'_>) {
    let Way::ConvDgrad(g, way) = &call.kernel.way else { unreachable!("checked when it is compiled") };
    match way {
        Dgrad::Pointwise(tiles) => {
            let w = Matrix::new(call.memory.inputs[0], g.filters, g.channels);
            let dy = Matrix::new(call.memory.inputs[1], g.rows(), g.filters);
            let dx = MatrixMut::new(call.memory.output, g.rows(), g.channels);
            product(call.team, tiles, dx, dy, w, None, None);
        }
        Dgrad::Depthwise => depthwise::dgrad(g, call),
        Dgrad::Winograd(cut) => winograd::dgrad(g, cut, call),
        Dgrad::Im2col(cut) => im2col::dgrad(g, cut, call),
    }
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(call: Call<'_>) {
    let Way::ConvWgrad(g, way) = &call.kernel.way else { unreachable!("checked when it is compiled") };
    match way {
        Wgrad::Direct(cut) => narrow::wgrad(g, cut, call),
        Wgrad::Depthwise(cut) => depthwise::wgrad(g, cut, call),
        Wgrad::Winograd(cut) => winograd::wgrad(g, cut, call),
        Wgrad::Pointwise(cut) | Wgrad::Im2col(cut) => im2col::wgrad(g, cut, call),
    }
}
