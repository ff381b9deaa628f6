//! The product of two matrices.

use fovea_graph::Shape;
use fovea_graph::op::{Matmul, Transpose};

use super::Call;
use crate::kernel::{Kernel, Way};
use crate::product::{Columns, Cut, Factor, Left, Product, Right, Rows, Thin, Transposed, dots, streams};

/// Rows, columns and depth.
pub fn sizes(op: &Matmul, shapes: &[&Shape], y: &Shape) -> [usize; 3] {
    let depth = match op.a {
        Transpose::No => shapes[0].dims()[1],
        Transpose::Yes => shapes[0].dims()[0],
    };
    [y.dims()[0], y.dims()[1], depth]
}

/// How `matmul` is computed, on vectors of so many lanes.
pub fn choose(op: &Matmul, shapes: &[&Shape], y: &Shape, lanes: usize) -> Kernel {
    let sizes = sizes(op, shapes, y);
    if op.a == Transpose::No
        && let Some(cut) = Thin::new(sizes, lanes)
    {
        return Kernel::new(Way::Thin(cut), cut.scratch());
    }
    let cut = Cut::packed_by_tasks(sizes, 1, lanes);
    Kernel::new(Way::Product(cut), cut.scratch())
}

/// `y = act(op(a)·op(b) + bias)`.
pub fn matmul(op: &Matmul, call: Call<'_>) {
    let [(a, across), (b, along)] = [0, 1].map(|i| (call.memory.inputs[i], call.shapes[i].dims()[1]));
    let rows = Rows { data: a, stride: across, next: 0 };
    let transposed = Transposed { data: a, stride: across, next: 0 };
    let columns = Columns { data: b, stride: along, next: 0 };
    // Seen transposed, its rows are the columns.
    let turned = Rows { data: b, stride: along, next: 0 };
    if let Way::Thin(cut) = &call.kernel.way {
        let (bias, memory) = (call.memory.inputs.get(2).copied(), call.memory);
        return match op.b {
            Transpose::Yes => dots(call.team, cut, [rows, turned], bias, op.activation, memory.output),
            Transpose::No => {
                streams(call.team, cut, (rows, columns), bias, op.activation, memory.output, memory.workspace)
            }
        };
    }
    match (op.a, op.b) {
        (Transpose::No, Transpose::No) => product(op, &rows, &columns, call),
        (Transpose::No, Transpose::Yes) => product(op, &rows, &turned, call),
        (Transpose::Yes, Transpose::No) => product(op, &transposed, &columns, call),
        (Transpose::Yes, Transpose::Yes) => product(op, &transposed, &turned, call),
    }
}

fn product<L: Left, R: Right>(op: &Matmul, left: &L, right: &R, call: Call<'_>) {
    let Way::Product(cut) = &call.kernel.way else { unreachable!("checked when it is compiled") };
    let product = Product {
        left,
        right: Factor::Own(right),
        place: |_, row| row * cut.columns,
        bias: call.memory.inputs.get(2).copied(),
        activation: op.activation,
    };
    product.run(call.team, cut, call.memory.output, 0, call.memory.workspace);
}
