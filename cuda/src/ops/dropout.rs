//! Dropout, with the random words of every other backend.

use fovea_graph::BackendError;
use fovea_graph::op::Dropout;
use fovea_graph::philox::Purpose;

use super::{Call, grid, kernels};

/// x/(1 − rate) where the element's random word says that it is kept, else 0.
pub fn dropout(op: &Dropout, call: &Call<'_>) -> Result<(), BackendError> {
    let n = call.len();
    // The rate is below 1, and so this below 2^32.
    let threshold = op.threshold() as u32;
    let (x, y, feed, scale) = (call.x(0), call.y(), call.feed(), op.scale() as f32);
    let (purpose, grid) = (Purpose::Dropout as u32, grid(n, 4 * 256));
    kernels::dropout(call.queue, grid, x, y, feed, n as u64, purpose, op.stream, threshold, scale)
}
