//! What is known of each channel: added, summed, normalised by. Tensors are [positions, channels] here.

use fovea_graph::op::{BatchNorm, BatchNormDgrad, BatchNormScaleGrad, SignStep, Statistics};
use fovea_graph::{BackendError, Shape};

use super::{Call, kernels};
use crate::kernels::Finish;
use crate::view::{In, Out};

/// Threads of a block.
const THREADS: usize = 256;

/// How channels.cuh divides a tensor among threads.
struct Rows {
    grid: [u32; 3],
    positions: i32,
    channels: i32,
    /// Threads along the channels.
    width: i32,
}

impl Rows {
    /// Four positions or more a thread, so that it is worth its while to work out what it knows of its channels.
    fn of(shape: &Shape) -> Self {
        const POSITIONS: usize = 4;
        const BLOCKS: usize = 4096;
        let (positions, channels) = (shape.positions(), shape.channels());
        let packs = if channels.is_multiple_of(4) { channels / 4 } else { channels };
        let width = packs.max(1).next_power_of_two().min(THREADS);
        let tiles = packs.div_ceil(width);
        let shares = positions.div_ceil(THREADS / width * POSITIONS).min((BLOCKS / tiles.max(1)).max(1));
        let [tiles, shares] = [tiles, shares].map(|n| n as u32);
        Self { grid: [tiles, shares, 1], positions: positions as i32, channels: channels as i32, width: width as i32 }
    }
}

/// How channel_sums.cu divides a sum over [positions, channels].
pub struct Slices {
    /// Threads along the channels.
    pub width: usize,
    /// Blocks along the channels.
    tiles: usize,
    /// Positions of a slice.
    pub slice: usize,
    /// How many slices there are.
    pub count: usize,
}

impl Slices {
    /// As many slices as keep a large GPU busy, each thread with eight positions or more; from the shape alone, so that
    /// sums come out the same on every GPU.
    pub fn of(positions: usize, channels: usize) -> Self {
        const POSITIONS: usize = 8;
        const BLOCKS: usize = 1024;
        let width = channels.max(1).next_power_of_two().min(32);
        let tiles = channels.div_ceil(width);
        let wanted = positions.div_ceil(THREADS / width * POSITIONS).min(BLOCKS / tiles.clamp(1, BLOCKS)).max(1);
        let slice = positions.div_ceil(wanted).max(1);
        Self { width, tiles, slice, count: positions.div_ceil(slice).max(1) }
    }

    /// The blocks that sum slices.
    pub fn grid(&self) -> [u32; 3] {
        [self.tiles as u32, self.count as u32, 1]
    }
}

/// Multiplies a sum by this.
pub fn share(share: f64) -> Finish {
    Finish { share: share as f32, eps: 0.0, variance: In::none() }
}

/// Scratch memory of a sum over all but the channels of x: a partial sum a slice and channel, where there are many.
pub fn sum_workspace(x: &Shape) -> usize {
    let slices = Slices::of(x.positions(), x.channels());
    if slices.count > 1 { slices.count * x.channels() } else { 0 }
}

/// Sums over all but the channels of the first input, in two passes where there are many slices: `first` launches the
/// kernel that sums slices.
fn sum(
    call: &Call<'_>,
    finish: Finish,
    first: impl FnOnce(&Slices, Out<f32>, [i32; 4], Finish) -> Result<(), BackendError>,
) -> Result<(), BackendError> {
    let (positions, channels) = (call.shapes[0].positions(), call.shapes[0].channels());
    let slices = Slices::of(positions, channels);
    let sizes = [positions, channels, slices.slice, slices.width].map(|n| n as i32);
    if slices.count == 1 {
        return first(&slices, call.y(), sizes, finish);
    }
    let partial = call.scratch(0, slices.count * channels);
    first(&slices, partial.write(), sizes, share(1.0))?;
    add_up(call, partial.read(), slices.count, channels, finish)
}

/// y = the sum of `count` partial sums of each channel.
pub fn add_up(
    call: &Call<'_>,
    partial: In<f32>,
    count: usize,
    channels: usize,
    finish: Finish,
) -> Result<(), BackendError> {
    let slices = Slices::of(count, channels);
    let [rows, channels, width] = [count, channels, slices.width].map(|n| n as i32);
    let grid = [slices.tiles as u32, 1, 1];
    kernels::channel_sum(call.queue, grid, partial, call.y(), rows, channels, rows, width, finish)
}

/// y = `factor` times the sum of these numbers.
pub fn total(call: &Call<'_>, numbers: In<f32>, count: usize, factor: f64) -> Result<(), BackendError> {
    add_up(call, numbers, count, 1, share(factor))
}

/// Σ x.
pub fn channel_sum(call: &Call<'_>) -> Result<(), BackendError> {
    summed(call, 1.0)
}

/// The mean of x.
pub fn channel_mean(call: &Call<'_>) -> Result<(), BackendError> {
    summed(call, 1.0 / call.shapes[0].positions() as f64)
}

fn summed(call: &Call<'_>, factor: f64) -> Result<(), BackendError> {
    sum(call, share(factor), |slices, y, [positions, channels, slice, width], finish| {
        let grid = slices.grid();
        kernels::channel_sum(call.queue, grid, call.x(0), y, positions, channels, slice, width, finish)
    })
}

/// The mean of (x − mean)².
pub fn channel_variance(call: &Call<'_>) -> Result<(), BackendError> {
    let finish = share(1.0 / call.shapes[0].positions() as f64);
    sum(call, finish, |slices, y, [positions, channels, slice, width], finish| {
        let (x, mean) = (call.x(0), call.x(1));
        kernels::channel_squares(call.queue, slices.grid(), x, mean, y, positions, channels, slice, width, finish)
    })
}

/// Σ dy·(x − mean)/σ.
pub fn batch_norm_scale_grad(op: &BatchNormScaleGrad, call: &Call<'_>) -> Result<(), BackendError> {
    let finish = Finish { share: 1.0, eps: op.eps as f32, variance: call.x(2) };
    sum(call, finish, |slices, y, [positions, channels, slice, width], finish| {
        let (x, mean, dy) = (call.x(0), call.x(1), call.x(3));
        kernels::channel_products(call.queue, slices.grid(), x, mean, dy, y, positions, channels, slice, width, finish)
    })
}

/// x + b.
pub fn bias(call: &Call<'_>) -> Result<(), BackendError> {
    let Rows { grid, positions, channels, width } = Rows::of(call.shape);
    kernels::bias(call.queue, grid, call.x(0), call.x(1), call.y(), positions, channels, width)
}

/// scale·(x − mean)/σ + shift.
pub fn batch_norm(op: &BatchNorm, call: &Call<'_>) -> Result<(), BackendError> {
    let Rows { grid, positions, channels, width } = Rows::of(call.shape);
    let [x, mean, variance, scale, shift] = [0, 1, 2, 3, 4].map(|i| call.x(i));
    let (y, eps) = (call.y(), op.eps as f32);
    kernels::batch_norm(call.queue, grid, x, mean, variance, scale, shift, y, positions, channels, width, eps)
}

/// The gradient of batch normalisation by x.
pub fn batch_norm_dgrad(op: &BatchNormDgrad, call: &Call<'_>) -> Result<(), BackendError> {
    let Rows { grid, positions, channels, width } = Rows::of(call.shape);
    let [x, mean, variance, scale, dy, dscale, dshift] = [0, 1, 2, 3, 4, 5, 6].map(|i| call.x(i));
    let (queue, dx, eps) = (call.queue, call.y(), op.eps as f32);
    match op.statistics {
        Statistics::Batch => kernels::batch_norm_dgrad(
            queue, grid, x, mean, variance, scale, dy, dscale, dshift, dx, positions, channels, width, eps,
        ),
        Statistics::Running => {
            kernels::batch_norm_running_dgrad(queue, grid, variance, scale, dy, dx, positions, channels, width, eps)
        }
    }
}

/// A step by the sign of a slope that stays near its origin.
pub fn sign_step(op: &SignStep, call: &Call<'_>) -> Result<(), BackendError> {
    let Rows { grid, positions, channels, width } = Rows::of(call.shape);
    let [x, slope, origin, unit, low] = [0, 1, 2, 3, 4].map(|i| call.x(i));
    let (y, step, eps) = (call.y(), op.step as f32, op.eps as f32);
    kernels::sign_step(call.queue, grid, x, slope, origin, unit, low, y, positions, channels, width, step, eps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_every_position_once_and_no_slice_is_empty() {
        for channels in [1, 3, 5, 32, 64, 513, 40_000] {
            for positions in [0, 1, 7, 63, 64, 1000, 12_345, 802_816, 1 << 30] {
                let slices = Slices::of(positions, channels);
                assert!(slices.count * slices.slice >= positions, "{positions} x {channels}");
                assert!((slices.count - 1) * slices.slice < positions.max(1), "{positions} x {channels}");
                assert!(slices.tiles * slices.width >= channels && slices.count <= 1024);
            }
        }
    }
}
