//! Losses, their gradients, how much labels count, and the number of right answers. Scalars are summed in two passes: a number a block, and
//! their sum.

use fovea_graph::op::{Correct, CrossEntropy, LabelWeight, Measure, PointwiseLoss, PointwiseLossGrad};
use fovea_graph::{BackendError, Shape};

use super::channels::total;
use super::softmax::Rows;
use super::{Call, grid, kernels, soft};
use crate::queue::Queue;
use crate::view::{In, Out};

/// The blocks of a first pass: few enough that the second is short. The shape alone decides, so that sums come out the same
/// on every GPU.
fn blocks(pieces: usize) -> usize {
    pieces.clamp(1, 1024)
}

/// The blocks that sum over the positions of logits.
pub fn row_blocks(logits: &Shape) -> usize {
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
pub fn summed(
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

/// Whether every label counts alike and stands for itself alone: kernels of their own know that.
fn is_plain(op: &CrossEntropy, inputs: usize, own: usize) -> bool {
    op.smoothing == 0.0 && inputs == own
}

/// The label that counts for nothing, as the kernels are told it.
pub fn ignored(ignore: Option<u32>) -> i32 {
    const NONE: i32 = -2;
    // A label that is too large for the kernels' classes is none of them.
    ignore.map_or(NONE, |label| i32::try_from(label).unwrap_or(NONE))
}

/// −mean log softmax(logits)[label]; with smoothing and with labels that do not count alike.
pub fn cross_entropy(op: &CrossEntropy, call: &Call<'_>) -> Result<(), BackendError> {
    if call.shapes[0] == call.shapes[1] {
        return soft::cross_entropy(op, call);
    }
    let Rows { rows, channels, lanes } = Rows::of(call.shapes[0]);
    let (x, labels) = (call.x(0), call.x(1));
    if is_plain(op, call.shapes.len(), 2) {
        let factor = 1.0 / f64::from(rows.max(1));
        return summed(call, row_blocks(call.shapes[0]), factor, |grid, y, factor| {
            kernels::cross_entropy(call.queue, grid, x, labels, y, rows, channels, lanes, factor)
        });
    }
    let (total, weights) = (call.x(2), call.x(3));
    let (smoothing, ignore) = (op.smoothing as f32, ignored(op.ignore));
    summed(call, row_blocks(call.shapes[0]), 1.0, |grid, y, _| {
        kernels::counted_cross_entropy(
            call.queue, grid, x, labels, total, weights, y, rows, channels, lanes, smoothing, ignore,
        )
    })
}

/// (softmax(logits) − onehot(labels))·dy/positions, and the gradient of what else [`cross_entropy`] does.
pub fn cross_entropy_grad(op: &CrossEntropy, call: &Call<'_>) -> Result<(), BackendError> {
    if call.shapes[0] == call.shapes[1] {
        return soft::cross_entropy_grad(op, call);
    }
    let all = Rows::of(call.shape);
    let Rows { rows, channels, lanes } = all;
    let (logits, labels, dy) = (call.x(0), call.x(1), call.x(2));
    let grid = grid(all.blocks(), 1);
    if is_plain(op, call.shapes.len(), 3) {
        return kernels::cross_entropy_grad(call.queue, grid, logits, labels, dy, call.y(), rows, channels, lanes);
    }
    let (total, weights, dx) = (call.x(3), call.x(4), call.y());
    let (smoothing, ignore) = (op.smoothing as f32, ignored(op.ignore));
    kernels::counted_cross_entropy_grad(
        call.queue, grid, logits, labels, dy, total, weights, dx, rows, channels, lanes, smoothing, ignore,
    )
}

/// The sum of the labels' weights.
pub fn label_weight(op: &LabelWeight, call: &Call<'_>) -> Result<(), BackendError> {
    let (n, ignore) = (call.shapes[0].elements(), ignored(op.ignore));
    summed(call, element_blocks(call.shapes[0]), 1.0, |grid, y, share| {
        kernels::label_weight(call.queue, grid, call.x(0), call.x(1), y, n as u64, ignore, share)
    })
}

/// At how many positions the label's logit is the largest.
pub fn correct(op: &Correct, call: &Call<'_>) -> Result<(), BackendError> {
    if call.shapes[0] == call.shapes[1] {
        return soft::correct(call);
    }
    let Rows { rows, channels, lanes } = Rows::of(call.shapes[0]);
    summed(call, row_blocks(call.shapes[0]), 1.0, |grid, y, _| {
        kernels::correct(call.queue, grid, call.x(0), call.x(1), y, rows, channels, lanes, ignored(op.ignore))
    })
}

/// A kernel that sums over pairs of elements: where it runs, x, target, what it writes, how many, what it multiplies by.
type OfPairs = fn(&Queue<'_>, [u32; 3], In<f32>, In<f32>, Out<f32>, u64, f32) -> Result<(), BackendError>;

/// The mean of what `kernel` sums over pairs.
fn mean_of_pairs(call: &Call<'_>, kernel: OfPairs) -> Result<(), BackendError> {
    let n = call.shapes[0].elements();
    summed(call, element_blocks(call.shapes[0]), 1.0 / n.max(1) as f64, |grid, y, factor| {
        kernel(call.queue, grid, call.x(0), call.x(1), y, n as u64, factor)
    })
}

/// mean (x − target)².
pub fn squared_error(call: &Call<'_>) -> Result<(), BackendError> {
    mean_of_pairs(call, kernels::squared_error)
}

/// The mean of how far numbers are from their targets.
pub fn pointwise(op: &PointwiseLoss, call: &Call<'_>) -> Result<(), BackendError> {
    if call.shapes.len() > 2 {
        let n = call.shapes[0].elements();
        return summed(call, element_blocks(call.shapes[0]), 1.0 / n.max(1) as f64, |grid, y, factor| {
            kernels::weighed_logistic_error(call.queue, grid, call.x(0), call.x(1), call.x(2), y, n as u64, factor)
        });
    }
    mean_of_pairs(
        call,
        match op.measure {
            Measure::Absolute => kernels::absolute_error,
            Measure::Huber => kernels::huber_error,
            Measure::Logistic => kernels::logistic_error,
        },
    )
}

/// 2(x − target)·dy/elements.
pub fn squared_error_grad(call: &Call<'_>) -> Result<(), BackendError> {
    let (n, x, target, dy) = (call.len(), call.x(0), call.x(1), call.x(2));
    kernels::squared_error_grad(call.queue, grid(n, 4 * 256), x, target, dy, call.y(), n as u64)
}

/// The gradient of [`pointwise`].
pub fn pointwise_grad(op: &PointwiseLossGrad, call: &Call<'_>) -> Result<(), BackendError> {
    let (n, x, target, dy) = (call.len(), call.x(0), call.x(1), call.x(2));
    if call.shapes.len() > 3 {
        let (grid, dx, n) = (grid(n, 256), call.y(), n as u64);
        return kernels::weighed_logistic_error_grad(call.queue, grid, x, target, dy, call.x(3), dx, n);
    }
    let kernel = match op.measure {
        Measure::Absolute => kernels::absolute_error_grad,
        Measure::Huber => kernels::huber_error_grad,
        Measure::Logistic => kernels::logistic_error_grad,
    };
    kernel(call.queue, grid(n, 4 * 256), x, target, dy, call.y(), n as u64)
}
