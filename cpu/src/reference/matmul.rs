//! The product of two matrices.

use fovea_graph::Shape;
use fovea_graph::op::{Matmul, Transpose};
use ndarray::{ArrayD, ArrayView2, Ix2};

use super::from_vec;

/// `y[i, j] = Σ_l op(a)[i, l] · op(b)[l, j]`.
pub(super) fn forward(op: &Matmul, a: &ArrayD<f64>, b: &ArrayD<f64>, y: &Shape) -> ArrayD<f64> {
    let (a, b) = (matrix(a, op.a), matrix(b, op.b));
    let mut products = Vec::with_capacity(y.elements());
    for i in 0..a.nrows() {
        for j in 0..b.ncols() {
            products.push((0..a.ncols()).map(|l| a[[i, l]] * b[[l, j]]).sum());
        }
    }
    from_vec(y, products)
}

/// The array as a matrix, as it is or transposed.
fn matrix(array: &ArrayD<f64>, transpose: Transpose) -> ArrayView2<'_, f64> {
    let matrix = array.view().into_dimensionality::<Ix2>().expect("the shape rule wants two axes");
    match transpose {
        Transpose::No => matrix,
        Transpose::Yes => matrix.reversed_axes(),
    }
}
