//! The product of two matrices.

use fovea_graph::Shape;
use fovea_graph::op::{Matmul, Transpose};
use fovea_graph::plan::{Algorithm, Choice};

use super::Call;
use crate::product::{Columns, Cut, Factor, Left, Product, Right, Rows, Transposed};

/// The cut of a product, which follows from its sizes.
fn cut(op: &Matmul, shapes: &[&Shape], y: &Shape) -> Cut {
    let depth = match op.a {
        Transpose::No => shapes[0].dims()[1],
        Transpose::Yes => shapes[0].dims()[0],
    };
    Cut::packed_by_tasks([y.dims()[0], y.dims()[1], depth], 1)
}

/// How it is computed.
pub fn choose(op: &Matmul, shapes: &[&Shape], y: &Shape, threads: usize) -> Choice {
    Choice { algorithm: Algorithm::Gemm, workspace: threads * cut(op, shapes, y).workspace() }
}

/// `y = act(op(a)·op(b) + bias)`.
pub fn matmul(op: &Matmul, call: Call<'_>) {
    let cut = cut(op, &call.shapes, call.shape);
    let [a, b] = [0, 1].map(|i| (call.memory.inputs[i], call.shapes[i].dims()[1]));
    let (rows, columns) =
        (|(data, stride)| Rows { data, stride, next: 0 }, |(data, stride)| Columns { data, stride, next: 0 });
    let transposed = Transposed { data: a.0, stride: a.1, next: 0 };
    match (op.a, op.b) {
        (Transpose::No, Transpose::No) => product(op, &cut, &rows(a), &columns(b), call),
        (Transpose::No, Transpose::Yes) => product(op, &cut, &rows(a), &rows(b), call),
        (Transpose::Yes, Transpose::No) => product(op, &cut, &transposed, &columns(b), call),
        (Transpose::Yes, Transpose::Yes) => product(op, &cut, &transposed, &rows(b), call),
    }
}

fn product<L: Left, R: Right>(op: &Matmul, cut: &Cut, left: &L, right: &R, call: Call<'_>) {
    let product = Product {
        left,
        right: Factor::Own(right),
        place: |_, row| row * cut.columns,
        bias: call.memory.inputs.get(2).copied(),
        activation: op.activation,
    };
    product.run(call.team, cut, call.memory.output, 0, call.memory.workspace);
}
