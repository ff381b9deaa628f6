//! How far regions cover each other, and the Dice loss.

use fovea_graph::op::Overlap;
use fovea_graph::{BackendError, Shape};

use super::channels::{Slices, add_up, share};
use super::loss::ignored;
use super::{Call, grid, kernels};

/// Scratch memory of [`overlap`]: three partial sums a slice and channel, where there are many slices.
pub fn workspace(p: &Shape) -> usize {
    let slices = Slices::of(p.positions(), p.channels());
    if slices.count > 1 { slices.count * 3 * p.channels() } else { 0 }
}

/// Whether the target is a class a position, and not a share of each.
fn labelled(p: &Shape, target: &Shape) -> i32 {
    i32::from(p != target)
}

/// Σ p·g, Σ p and Σ g of each class.
pub fn overlap(op: &Overlap, call: &Call<'_>) -> Result<(), BackendError> {
    let (p, target) = (call.shapes[0], call.shapes[1]);
    let slices = Slices::of(p.positions(), p.channels());
    let [positions, channels, slice, width] =
        [p.positions(), p.channels(), slices.slice, slices.width].map(|n| n as i32);
    let [tiles, count, _] = slices.grid();
    let partial = (slices.count > 1).then(|| call.scratch(0, slices.count * 3 * p.channels()));
    let y = partial.map_or(call.y(), |partial| partial.write());
    let (labelled, ignore) = (labelled(p, target), ignored(op.ignore));
    let (x, target) = (call.x(0), call.x(1));
    kernels::overlap(call.queue, [tiles, count, 3], x, target, y, positions, channels, slice, width, labelled, ignore)?;
    match partial {
        Some(partial) => add_up(call, partial.read(), slices.count, 3 * p.channels(), share(1.0)),
        None => Ok(()),
    }
}

/// d[0, k]·g + d[1, k] where a position counts.
pub fn overlap_grad(op: &Overlap, call: &Call<'_>) -> Result<(), BackendError> {
    let (n, channels) = (call.len(), call.shape.channels() as i32);
    let (target, d, dp) = (call.x(1), call.x(2), call.y());
    let (labelled, ignore) = (labelled(call.shape, call.shapes[1]), ignored(op.ignore));
    kernels::overlap_grad(call.queue, grid(n, 256), target, d, dp, n as u64, channels, labelled, ignore)
}

/// 1 − the mean of how much of each class is covered.
pub fn dice(call: &Call<'_>) -> Result<(), BackendError> {
    kernels::dice(call.queue, [1, 1, 1], call.x(0), call.y(), call.shapes[0].channels() as i32)
}

/// Its gradient by the sums.
pub fn dice_grad(call: &Call<'_>) -> Result<(), BackendError> {
    let grid = grid(call.len(), 256);
    kernels::dice_grad(call.queue, grid, call.x(0), call.x(1), call.y(), call.shape.channels() as i32)
}
