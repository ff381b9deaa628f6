//! The cross-entropy of logits against shares of classes, its gradient, and how many shares are right.

use fovea_graph::BackendError;
use fovea_graph::op::CrossEntropy;

use super::loss::{row_blocks, summed};
use super::softmax::Rows;
use super::{Call, grid, kernels};

/// −mean Σ w[k]·q[k]·log softmax(logits)[k].
pub fn cross_entropy(op: &CrossEntropy, call: &Call<'_>) -> Result<(), BackendError> {
    let Rows { rows, channels, lanes } = Rows::of(call.shapes[0]);
    let (x, target, weights, smoothing) = (call.x(0), call.x(1), call.x(2), op.smoothing as f32);
    summed(call, row_blocks(call.shapes[0]), 1.0 / f64::from(rows.max(1)), |grid, y, factor| {
        kernels::soft_cross_entropy(call.queue, grid, x, target, weights, y, rows, channels, lanes, smoothing, factor)
    })
}

/// For each class its probability times all that is wanted, less what is wanted of it.
pub fn cross_entropy_grad(op: &CrossEntropy, call: &Call<'_>) -> Result<(), BackendError> {
    let all = Rows::of(call.shape);
    let Rows { rows, channels, lanes } = all;
    let (x, target, dy, weights) = (call.x(0), call.x(1), call.x(2), call.x(3));
    let (grid, smoothing) = (grid(all.blocks(), 1), op.smoothing as f32);
    kernels::soft_cross_entropy_grad(
        call.queue,
        grid,
        x,
        target,
        dy,
        weights,
        call.y(),
        rows,
        channels,
        lanes,
        smoothing,
    )
}

/// The shares of the classes whose logits are the largest.
pub fn correct(call: &Call<'_>) -> Result<(), BackendError> {
    let Rows { rows, channels, lanes } = Rows::of(call.shapes[0]);
    summed(call, row_blocks(call.shapes[0]), 1.0, |grid, y, _| {
        kernels::soft_correct(call.queue, grid, call.x(0), call.x(1), y, rows, channels, lanes)
    })
}
