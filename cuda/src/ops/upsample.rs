//! Larger maps, nearest or linear.

use fovea_graph::op::{Interpolation, Upsample, UpsampleGrad};
use fovea_graph::{BackendError, Shape};

use super::maps::{counts, extent, per_block, three};
use super::{Call, grid, kernels};
use crate::kernels::Enlarging;

/// The op's numbers, from the shape of the smaller map to that of the larger.
fn enlarging(op: &Upsample, smaller: &Shape, larger: &Shape) -> Result<Enlarging, BackendError> {
    Ok(Enlarging {
        extent: extent("upsample", smaller)?,
        enlarged: extent("upsample", larger)?,
        factor: three("upsample", counts(&op.factor), 1)?,
        channels: smaller.channels() as i32,
        linear: match op.interpolation {
            Interpolation::Nearest => 0,
            Interpolation::Linear => 1,
        },
    })
}

/// The enlarged map.
pub fn upsample(op: &Upsample, call: &Call<'_>) -> Result<(), BackendError> {
    if call.shape.elements() == 0 {
        return Ok(());
    }
    let (enlarging, n) = (enlarging(op, call.shapes[0], call.shape)?, call.len());
    kernels::upsample(call.queue, grid(n, per_block(call.shape)), call.x(0), call.y(), n as u64, enlarging)
}

/// The gradient of [`upsample`]: its transpose.
pub fn upsample_grad(op: &UpsampleGrad, call: &Call<'_>) -> Result<(), BackendError> {
    if call.shape.elements() == 0 {
        return Ok(());
    }
    let (enlarging, n) = (enlarging(&op.upsample, call.shape, call.shapes[0])?, call.len());
    kernels::upsample_grad(call.queue, grid(n, per_block(call.shape)), call.x(0), call.y(), n as u64, enlarging)
}
