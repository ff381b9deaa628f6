//! Softmax over the channels.

use fovea_graph::{BackendError, Shape};

use super::{Call, grid, kernels};

/// How rows.cuh divides rows of channels among threads.
pub struct Rows {
    /// How many rows there are.
    pub rows: i32,
    /// How long a row is.
    pub channels: i32,
    /// Threads of a row: as many as it has channels, at most a warp, or a block where they are many.
    pub lanes: i32,
}

impl Rows {
    /// The rows of a tensor.
    pub fn of(shape: &Shape) -> Self {
        let channels = shape.channels();
        let lanes = if channels > 1024 { 256 } else { channels.max(1).next_power_of_two().min(32) };
        Self { rows: shape.positions() as i32, channels: channels as i32, lanes: lanes as i32 }
    }

    /// How many blocks it takes for every thread to be busy once.
    pub fn blocks(&self) -> usize {
        (self.rows as usize).div_ceil(256 / self.lanes as usize)
    }
}

/// exp(x) over its sum.
pub fn softmax(call: &Call<'_>) -> Result<(), BackendError> {
    let all = Rows::of(call.shape);
    let Rows { rows, channels, lanes } = all;
    kernels::softmax(call.queue, grid(all.blocks(), 1), call.x(0), call.y(), rows, channels, lanes)
}

/// y·(dy − Σ y·dy).
pub fn softmax_grad(call: &Call<'_>) -> Result<(), BackendError> {
    let all = Rows::of(call.shape);
    let Rows { rows, channels, lanes } = all;
    kernels::softmax_grad(call.queue, grid(all.blocks(), 1), call.x(0), call.x(1), call.y(), rows, channels, lanes)
}
