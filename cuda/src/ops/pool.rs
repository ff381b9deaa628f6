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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use fovea_graph::window::Rounding;

    use super::*;

    #[test]
    fn windows_of_fewer_axes_have_leading_ones_and_sizes_beyond_counting_are_refused() {
        let shape = |dims: &[usize]| Shape::new(dims).unwrap();
        let pool = |size: usize, stride: usize, pad: usize| Pool {
            kind: PoolKind::Max,
            size: vec![size],
            stride: vec![stride],
            pad: vec![[pad, pad]],
            rounding: Rounding::Floor,
        };
        let found = windows(&pool(3, 2, 1), &shape(&[5, 9, 7]), &shape(&[5, 5, 7])).unwrap();
        assert_eq!((found.extent, found.count, found.channels), ([1, 1, 9], [1, 1, 5], 7));
        assert_eq!((found.size, found.stride, found.pad), ([1, 1, 3], [1, 1, 2], [0, 0, 1]));
        let one = shape(&[1, 1, 1]);
        assert!(windows(&pool(1, usize::MAX, 0), &one, &one).is_ok());
        assert!(windows(&pool((1 << 39) + 1, 1, 1 << 38), &one, &one).is_err());
        assert!(windows(&pool(usize::MAX, 1, usize::MAX), &one, &one).is_err());
    }
}
