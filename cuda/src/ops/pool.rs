//! Max and average pooling.

use fovea_graph::op::{Pool, PoolGrad, PoolKind, PoolPick};
use fovea_graph::{BackendError, Shape};

use super::maps::{counts, extent, per_block, three};
use super::{Call, grid, kernels};
use crate::kernels::Windows;

/// The windows of a pool over maps `x` with the results `y`.
fn windows(pool: &Pool, x: &Shape, y: &Shape) -> Result<Windows, BackendError> {
    // The end of any window, counted from the first padding, is within this.
    let ends = pool.size.iter().zip(&pool.pad).zip(x.spatial());
    let ends =
        ends.map(|((&size, pad), &extent)| [size, pad[0], pad[1]].iter().fold(extent, |n, &m| n.saturating_add(m)));
    three("pool", counts(&ends.collect::<Vec<_>>()), 0)?;
    // A stride beyond the map is never taken.
    let strides: Vec<usize> = pool.stride.iter().map(|&stride| stride.min(i32::MAX as usize)).collect();
    let before: Vec<usize> = pool.pad.iter().map(|&[before, _]| before).collect();
    Ok(Windows {
        extent: extent("pool", x)?,
        count: extent("pool", y)?,
        size: three("pool", counts(&pool.size), 1)?,
        stride: three("pool", counts(&strides), 1)?,
        pad: three("pool", counts(&before), 0)?,
        channels: x.channels() as i32,
    })
}

/// The largest or the mean of each window.
pub fn pool(op: &Pool, call: &Call<'_>) -> Result<(), BackendError> {
    if call.shape.elements() == 0 {
        return Ok(());
    }
    let (windows, n) = (windows(op, call.shapes[0], call.shape)?, call.len());
    let grid = grid(n, per_block(call.shape));
    match op.kind {
        PoolKind::Max => kernels::max_pool(call.queue, grid, call.x(0), call.y(), n as u64, windows),
        PoolKind::Avg => kernels::avg_pool(call.queue, grid, call.x(0), call.y(), n as u64, windows),
    }
}

/// What stands in the second input where each window of the first has its largest, or the mean of its windows.
pub fn pool_pick(op: &PoolPick, call: &Call<'_>) -> Result<(), BackendError> {
    if call.shape.elements() == 0 {
        return Ok(());
    }
    let (windows, n, (x, g)) = (windows(&op.pool, call.shapes[0], call.shape)?, call.len(), (call.x(0), call.x(1)));
    match op.pool.kind {
        PoolKind::Max => kernels::max_pool_pick(call.queue, grid(n, 256), x, g, call.y(), n as u64, windows),
        PoolKind::Avg => kernels::avg_pool(call.queue, grid(n, per_block(call.shape)), g, call.y(), n as u64, windows),
    }
}

/// Scratch memory of [`pool_grad`]: where each window of a max pool has its largest.
pub fn grad_workspace(op: &PoolGrad, dy: &Shape) -> usize {
    match op.pool.kind {
        PoolKind::Max => dy.elements(),
        PoolKind::Avg => 0,
    }
}

/// To the largest of each window its gradient, or to each of its elements an equal share.
pub fn pool_grad(op: &PoolGrad, call: &Call<'_>) -> Result<(), BackendError> {
    if call.shape.elements() == 0 {
        return Ok(());
    }
    let (n, results) = (call.len(), call.shapes[1].elements());
    let windows = windows(&op.pool, call.shape, call.shapes[1])?;
    let (queue, x, dy, dx) = (call.queue, call.x(0), call.x(1), call.y());
    match op.pool.kind {
        PoolKind::Max => {
            let switches = call.scratch(0, results).words();
            kernels::max_pool_switches(queue, grid(results, 256), x, switches.write(), results as u64, windows)?;
            kernels::max_pool_grad(queue, grid(n, 256), switches.read(), dy, dx, n as u64, windows)
        }
        PoolKind::Avg => kernels::avg_pool_grad(queue, grid(n, 256), dy, dx, n as u64, windows),
    }
}
