//! The product of two matrices.

use fovea_graph::Shape;
use fovea_graph::op::{Matmul, Transpose};

use super::Call;
use crate::epilogue::Epilogue;
use crate::ops::kernel::{Form, Kernel, Way};
use crate::product::{self, Columns, Cut, Factor, Left, Product, Right, Rows, Thin, Transposed, dots, streams};
use crate::scratch::Scratch;
use crate::team::Team;

/// Rows, columns and depth.
pub fn sizes(op: &Matmul, shapes: &[&Shape], y: &Shape) -> [usize; 3] {
    let depth = match op.a {
        Transpose::No => shapes[0].dims()[1],
        Transpose::Yes => shapes[0].dims()[0],
    };
    [y.dims()[0], y.dims()[1], depth]
}

/// How `matmul` is computed, on vectors of so many lanes. A right factor that is kept from step to step is packed once,
/// unless the rows are few: then it is read as it lies.
pub fn choose(op: &Matmul, shapes: &[&Shape], y: &Shape, lanes: usize, is_kept: bool) -> Kernel {
    let sizes = sizes(op, shapes, y);
    if op.a == Transpose::No
        && let Some(cut) = Thin::new(sizes, lanes)
    {
        return Kernel::new(Way::Thin(cut), cut.scratch());
    }
    if is_kept {
        let cut = Cut::packed_before(sizes, 1, lanes);
        let kernel = Kernel::new(Way::Product(cut), Scratch::each(cut.workspace()));
        return kernel.with_wanted(1, Form::Weights(op.b, cut), cut.packed());
    }
    let [rows, columns, depth] = sizes;
    let cut = if depth <= SHALLOW && rows * columns >= LARGE {
        Cut::packed_before(sizes, 1, lanes)
    } else {
        Cut::packed_by_tasks(sizes, 1, lanes)
    };
    Kernel::new(Way::Product(cut), cut.scratch())
}

/// Products of at most this depth with at least so many elements are as fast as memory takes them: tasks are whole rows, and
/// write one line behind another. The gradients by the weights of large fully connected layers are such.
const SHALLOW: usize = 64;
/// See [`SHALLOW`].
const LARGE: usize = 1 << 20;

/// The right factor of a product, packed.
pub fn pack_weights(transpose: Transpose, cut: &Cut, w: &[f32], packed: &mut [f32], team: &Team<'_>) {
    match transpose {
        Transpose::No => product::pack(team, cut, &Columns { data: w, stride: cut.columns, next: 0 }, packed),
        Transpose::Yes => product::pack(team, cut, &Rows { data: w, stride: cut.depth, next: 0 }, packed),
    }
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
        (Transpose::No, Transpose::No) => multiply(op, &rows, &columns, call),
        (Transpose::No, Transpose::Yes) => multiply(op, &rows, &turned, call),
        (Transpose::Yes, Transpose::No) => multiply(op, &transposed, &columns, call),
        (Transpose::Yes, Transpose::Yes) => multiply(op, &transposed, &turned, call),
    }
}

fn multiply<L: Left, R: Right>(op: &Matmul, left: &L, right: &R, call: Call<'_>) {
    let Way::Product(cut) = &call.kernel.way else { unreachable!("checked when it is compiled") };
    let prepared = call.memory.prepared.first().copied();
    let shared = if prepared.is_none() { cut.packed() } else { 0 };
    let (packed, workspace) = call.memory.workspace.split_at_mut(shared);
    if shared > 0 {
        product::pack(call.team, cut, right, packed);
    }
    let product = Product {
        left,
        right: match prepared {
            Some(packed) => Factor::Packed(packed),
            None if shared > 0 => Factor::Packed(packed),
            None => Factor::Own(right),
        },
        place: |_, row| row * cut.columns,
        epilogue: Epilogue::new(call.memory.inputs.get(2).copied(), op.activation),
    };
    product.run(call.team, cut, call.memory.output, 0, workspace);
}
