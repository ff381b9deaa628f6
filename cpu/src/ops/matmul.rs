//! The product of two matrices.

use fovea_graph::Shape;
use fovea_graph::op::{Activation, Matmul, Transpose};

use super::{Call, finish};
use crate::kernel::{Kernel, Product, Scratch, Way};
use crate::matrix::{self, Matrix, MatrixMut, Store, Tile, cut};
use crate::simd::Vectors;
use crate::team::Team;

/// Rows, columns and depth.
pub fn sizes(op: &Matmul, shapes: &[&Shape], y: &Shape) -> [usize; 3] {
    let depth = match op.a {
        Transpose::No => shapes[0].dims()[1],
        Transpose::Yes => shapes[0].dims()[0],
    };
    [y.dims()[0], y.dims()[1], depth]
}

/// How `matmul` is computed.
pub fn choose(op: &Matmul, shapes: &[&Shape], y: &Shape) -> Kernel {
    let (product, packed) = tiled(sizes(op, shapes, y));
    Kernel::new(Way::Product(product), Scratch::default().with_packed(packed))
}

/// A product cut so that every thread has work, and what a thread packs for it.
pub fn tiled(sizes: [usize; 3]) -> (Product, usize) {
    let tile = cut(sizes);
    (Product { sizes, tile }, matrix::packed([tile[0], tile[1], sizes[2]]))
}

/// `y = act(op(a)·op(b) + bias)`.
pub fn matmul(op: &Matmul, call: Call<'_>) {
    let Way::Product(tiles) = &call.kernel.way else { unreachable!("checked when it is compiled") };
    let view = |i: usize, transpose| {
        let dims = call.shapes[i].dims();
        let matrix = Matrix::new(call.memory.inputs[i], dims[0], dims[1]);
        match transpose {
            Transpose::No => matrix,
            Transpose::Yes => matrix.transposed(),
        }
    };
    let dims = call.shape.dims();
    let y = MatrixMut::new(call.memory.output, dims[0], dims[1]);
    let bias = call.memory.inputs.get(2).copied();
    product(call.team, tiles, y, view(0, op.a), view(1, op.b), bias, op.activation);
}

/// `y = act(a·b + bias)`, on all threads.
pub fn product(
    team: &Team<'_>,
    tiles: &Product,
    y: MatrixMut<'_>,
    a: Matrix<'_>,
    b: Matrix<'_>,
    bias: Option<&[f32]>,
    activation: Option<Activation>,
) {
    let [rows, columns] = tiles.tile;
    team.each(y.tiles(rows, columns), &mut [], 0, |mut tile, _| {
        let (a, b) = (a.rows(tile.rows.clone()), b.columns(tile.columns.clone()));
        tile.matrix.product(Store::Set, a, b);
        epilogue(team.vectors(), &mut tile, bias, activation);
    });
}

/// Bias and activation on a tile that has just been computed.
pub fn epilogue(vectors: Vectors, tile: &mut Tile<'_>, bias: Option<&[f32]>, activation: Option<Activation>) {
    if bias.is_none() && activation.is_none() {
        return;
    }
    let bias = bias.map(|bias| &bias[tile.columns.clone()]);
    vectors.run(
        #[inline(always)]
        || (0..tile.rows.len()).for_each(|row| finish(tile.matrix.row(row), bias, activation)),
    );
}
