//! Convolution and its gradients: which algorithm, and how much scratch memory.

use fovea_graph::Shape;
use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad};
use fovea_graph::plan::{Algorithm, Choice};

use super::matmul::{packed_product, product};
use super::{Call, depthwise, im2col, narrow};
use crate::geometry::Geometry;
use crate::matrix::{Matrix, MatrixMut};
use crate::team::Threads;

/// The algorithm for these sizes: a matrix product where it is one as it stands, loops where a filter sees few
/// channels, else a product over gathered windows.
fn algorithm(g: &Geometry) -> Algorithm {
    if g.is_pointwise() {
        Algorithm::Pointwise
    } else if narrow::is_narrow(g) {
        Algorithm::Direct
    } else if g.is_depthwise() {
        Algorithm::Depthwise
    } else {
        Algorithm::Im2col
    }
}

/// The algorithm of the gradient by the input. Narrow maps have no way of their own there: most are images, whose
/// gradient nobody wants.
fn dgrad_algorithm(g: &Geometry) -> Algorithm {
    match algorithm(g) {
        Algorithm::Direct => Algorithm::Im2col,
        other => other,
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

/// How `conv` is computed.
pub fn choose(op: &Conv, shapes: &[&Shape], y: &Shape, threads: &Threads) -> Choice {
    let g = of_forward(op, shapes, y);
    let workspace = match algorithm(&g) {
        Algorithm::Im2col => im2col::forward_workspace(&g, threads.count()),
        Algorithm::Direct => narrow::forward_workspace(&g, threads),
        Algorithm::Depthwise => depthwise::forward_workspace(&g),
        Algorithm::Pointwise | Algorithm::Gemm | Algorithm::ImplicitGemm | Algorithm::Plain => 0,
    };
    Choice { algorithm: algorithm(&g), workspace }
}

/// How `conv_dgrad` is computed.
pub fn choose_dgrad(op: &ConvDgrad, shapes: &[&Shape], dx: &Shape, threads: &Threads) -> Choice {
    let g = of_dgrad(op, shapes, dx);
    let workspace = match dgrad_algorithm(&g) {
        Algorithm::Im2col => im2col::dgrad_workspace(&g, threads.count()),
        Algorithm::Depthwise => depthwise::forward_workspace(&g),
        Algorithm::Direct | Algorithm::Pointwise | Algorithm::Gemm | Algorithm::ImplicitGemm | Algorithm::Plain => 0,
    };
    Choice { algorithm: dgrad_algorithm(&g), workspace }
}

/// How `conv_wgrad` is computed.
pub fn choose_wgrad(op: &ConvWgrad, shapes: &[&Shape], threads: &Threads) -> Choice {
    let g = of_wgrad(op, shapes);
    let workspace = match algorithm(&g) {
        Algorithm::Direct => narrow::wgrad_workspace(&g, threads),
        Algorithm::Depthwise => depthwise::wgrad_workspace(&g),
        Algorithm::Im2col | Algorithm::Pointwise => im2col::wgrad_workspace(&g, threads.count()),
        Algorithm::Gemm | Algorithm::ImplicitGemm | Algorithm::Plain => 0,
    };
    Choice { algorithm: algorithm(&g), workspace }
}

/// What a thread packs for [`forward`].
pub fn packed(op: &Conv, algorithm: Algorithm, shapes: &[&Shape], y: &Shape) -> usize {
    let g = of_forward(op, shapes, y);
    match algorithm {
        Algorithm::Pointwise => packed_product([g.rows(), g.filters, g.channels]),
        Algorithm::Direct | Algorithm::Depthwise => 0,
        Algorithm::Im2col | Algorithm::Gemm | Algorithm::ImplicitGemm | Algorithm::Plain => im2col::forward_packed(&g),
    }
}

/// What a thread packs for [`dgrad`].
pub fn packed_dgrad(op: &ConvDgrad, algorithm: Algorithm, shapes: &[&Shape], dx: &Shape) -> usize {
    let g = of_dgrad(op, shapes, dx);
    match algorithm {
        Algorithm::Pointwise => packed_product([g.rows(), g.channels, g.filters]),
        Algorithm::Depthwise => 0,
        Algorithm::Direct | Algorithm::Im2col | Algorithm::Gemm | Algorithm::ImplicitGemm | Algorithm::Plain => {
            im2col::dgrad_packed(&g)
        }
    }
}

/// What a thread packs for [`wgrad`].
pub fn packed_wgrad(op: &ConvWgrad, algorithm: Algorithm, shapes: &[&Shape]) -> usize {
    match algorithm {
        Algorithm::Direct | Algorithm::Depthwise => 0,
        Algorithm::Pointwise | Algorithm::Im2col | Algorithm::Gemm | Algorithm::ImplicitGemm | Algorithm::Plain => {
            im2col::wgrad_packed(&of_wgrad(op, shapes))
        }
    }
}

/// `conv`.
pub fn forward(op: &Conv, call: Call<'_>) {
    let g = of_forward(op, &call.shapes, call.shape);
    match call.algorithm {
        Algorithm::Pointwise => {
            let x = Matrix::new(call.memory.inputs[0], g.rows(), g.channels);
            let w = Matrix::new(call.memory.inputs[1], g.filters, g.channels);
            let y = MatrixMut::new(call.memory.output, g.rows(), g.filters);
            product(call.team, y, x, w.transposed(), call.memory.inputs.get(2).copied(), op.activation);
        }
        Algorithm::Direct => narrow::forward(&g, op.activation, call),
        Algorithm::Depthwise => depthwise::forward(&g, op.activation, call),
        Algorithm::Im2col | Algorithm::Gemm | Algorithm::ImplicitGemm | Algorithm::Plain => {
            im2col::forward(&g, op.activation, call)
        }
    }
}

/// `conv_dgrad`; inputs filter and dy.
pub fn dgrad(op: &ConvDgrad, call: Call<'_>) {
    let g = of_dgrad(op, &call.shapes, call.shape);
    match call.algorithm {
        Algorithm::Pointwise => {
            let w = Matrix::new(call.memory.inputs[0], g.filters, g.channels);
            let dy = Matrix::new(call.memory.inputs[1], g.rows(), g.filters);
            let dx = MatrixMut::new(call.memory.output, g.rows(), g.channels);
            product(call.team, dx, dy, w, None, None);
        }
        Algorithm::Depthwise => depthwise::dgrad(&g, call),
        Algorithm::Direct | Algorithm::Im2col | Algorithm::Gemm | Algorithm::ImplicitGemm | Algorithm::Plain => {
            im2col::dgrad(&g, call)
        }
    }
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(op: &ConvWgrad, call: Call<'_>) {
    let g = of_wgrad(op, &call.shapes);
    match call.algorithm {
        Algorithm::Direct => narrow::wgrad(&g, call),
        Algorithm::Depthwise => depthwise::wgrad(&g, call),
        Algorithm::Pointwise | Algorithm::Im2col | Algorithm::Gemm | Algorithm::ImplicitGemm | Algorithm::Plain => {
            im2col::wgrad(&g, call)
        }
    }
}
