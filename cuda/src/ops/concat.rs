//! Channels joined and taken apart: copies of ranges of channels.

use fovea_graph::op::ChannelSlice;
use fovea_graph::{BackendError, Shape};

use super::{Call, grid, kernels};
use crate::kernels::ChannelRange;
use crate::view::In;

/// Copies the channels of x from `x_start` on to those of the output from `y_start` on, `channels` of them.
fn copy(
    call: &Call<'_>,
    (x, shape): (In<f32>, &Shape),
    [x_start, y_start, channels]: [usize; 3],
) -> Result<(), BackendError> {
    let [x_channels, x_start, y_channels, y_start, channels] =
        [shape.channels(), x_start, call.shape.channels(), y_start, channels].map(|n| n as i32);
    let positions = if channels == 0 { 0 } else { shape.positions() };
    let range = ChannelRange { x_channels, x_start, y_channels, y_start, channels };
    let grid = grid(positions * channels as usize, 4 * 256);
    kernels::copy_channels(call.queue, grid, x, call.y(), positions as u64, range)
}

/// All channels of the first input, then all of the second, and so on.
pub fn concat(call: &Call<'_>) -> Result<(), BackendError> {
    let mut start = 0;
    for (i, shape) in call.shapes.iter().enumerate() {
        copy(call, (call.x(i), shape), [0, start, shape.channels()])?;
        start += shape.channels();
    }
    Ok(())
}

/// The channels `start..start + channels`.
pub fn slice(op: &ChannelSlice, call: &Call<'_>) -> Result<(), BackendError> {
    copy(call, (call.x(0), call.shapes[0]), [op.start, 0, op.channels])
}
