//! Losses, their gradients, and the number of right answers. Scalars are summed in two passes: a number a block, and
//! their sum.

use fovea_graph::{BackendError, Shape};

use super::channels::total;
use super::softmax::Rows;
use super::{Call, grid, kernels};
use crate::view::Out;

/// The blocks of a first pass: few enough that the second is short. The shape alone decides, so that sums come out the same
/// on every GPU.
fn blocks(pieces: usize) -> usize {
    pieces.clamp(1, 1024)
}

/// The blocks that sum over the positions of logits.
fn row_blocks(logits: &Shape) -> usize {
    blocks(Rows::of(logits).blocks())
}

/// The blocks that sum over elements.
fn element_blocks(x: &Shape) -> usize {
    blocks(x.elements().div_ceil(16 * 256))
}

/// Scratch memory of [`cross_entropy`] and [`correct`].
pub fn row_workspace(logits: &Shape) -> usize {
    several(row_blocks(logits))
}

/// Scratch memory of [`squared_error`].
pub fn element_workspace(x: &Shape) -> usize {
    several(element_blocks(x))
}

/// A number a block, where there is more than one.
fn several(blocks: usize) -> usize {
    if blocks > 1 { blocks } else { 0 }
}

/// `factor` times a sum, of which `first` launches so many blocks; where there is one block it multiplies by itself.
fn summed(
    call: &Call<'_>,
    blocks: usize,
    factor: f64,
    first: impl FnOnce([u32; 3], Out<f32>, f32) -> Result<(), BackendError>,
) -> Result<(), BackendError> {
    let grid = [blocks as u32, 1, 1];
    if blocks == 1 {
        return first(grid, call.y(), factor as f32);
    }
    let partial = call.scratch(0, blocks);
    first(grid, partial.write(), 1.0)?;
    total(call, partial.read(), blocks, factor)
}

/// −mean log softmax(logits)[label].
pub fn cross_entropy(call: &Call<'_>) -> Result<(), BackendError> {
    let Rows { rows, channels, lanes } = Rows::of(call.shapes[0]);
    let factor = 1.0 / f64::from(rows.max(1));
    summed(call, row_blocks(call.shapes[0]), factor, |grid, y, factor| {
        kernels::cross_entropy(call.queue, grid, call.x(0), call.x(1), y, rows, channels, lanes, factor)
    })
}

/// (softmax(logits) − onehot(labels))·dy/positions.
pub fn cross_entropy_grad(call: &Call<'_>) -> Result<(), BackendError> {
    let all = Rows::of(call.shape);
    let Rows { rows, channels, lanes } = all;
    let (logits, labels, dy) = (call.x(0), call.x(1), call.x(2));
    let grid = grid(all.blocks(), 1);
    kernels::cross_entropy_grad(call.queue, grid, logits, labels, dy, call.y(), rows, channels, lanes)
}

/// At how many positions the label's logit is the largest.
pub fn correct(call: &Call<'_>) -> Result<(), BackendError> {
    let Rows { rows, channels, lanes } = Rows::of(call.shapes[0]);
    summed(call, row_blocks(call.shapes[0]), 1.0, |grid, y, _| {
        kernels::correct(call.queue, grid, call.x(0), call.x(1), y, rows, channels, lanes)
    })
}

/// mean (x − target)².
pub fn squared_error(call: &Call<'_>) -> Result<(), BackendError> {
    let n = call.shapes[0].elements();
    summed(call, element_blocks(call.shapes[0]), 1.0 / n.max(1) as f64, |grid, y, factor| {
        kernels::squared_error(call.queue, grid, call.x(0), call.x(1), y, n as u64, factor)
    })
}

/// 2(x − target)·dy/elements.
pub fn squared_error_grad(call: &Call<'_>) -> Result<(), BackendError> {
    let (n, x, target, dy) = (call.len(), call.x(0), call.x(1), call.x(2));
    kernels::squared_error_grad(call.queue, grid(n, 4 * 256), x, target, dy, call.y(), n as u64)
}
