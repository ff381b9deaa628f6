//! Max and average pooling of any rank, and the gradient.

use fovea_graph::Shape;
use fovea_graph::op::{Pool, PoolKind};
use ndarray::ArrayD;

use super::window::Windows;
use super::{flat, from_vec};

/// The largest or the mean of each window.
pub(super) fn forward(pool: &Pool, x: &ArrayD<f64>, y: &Shape) -> ArrayD<f64> {
    pick(pool, x, x, y)
}

/// What stands in g where each window of x has its largest, or the mean of g's window.
pub(super) fn pick(pool: &Pool, x: &ArrayD<f64>, g: &ArrayD<f64>, y: &Shape) -> ArrayD<f64> {
    let members = members(pool, x.shape(), y.dims());
    let (x, g) = (flat(x), flat(g));
    let picked = members.iter().map(|window| match pool.kind {
        PoolKind::Max => g[largest(x, window)],
        PoolKind::Avg => window.iter().map(|&j| g[j]).sum::<f64>() / window.len() as f64,
    });
    from_vec(y, picked.collect())
}

/// To the largest of each window goes all of its gradient, or to each of its elements an equal share.
pub(super) fn gradient(pool: &Pool, x: &ArrayD<f64>, dy: &ArrayD<f64>) -> ArrayD<f64> {
    let members = members(pool, x.shape(), dy.shape());
    let mut dx = ArrayD::zeros(x.raw_dim());
    let (x, sum) = (flat(x), dx.as_slice_mut().expect("a new array is in row-major order"));
    for (window, &dy) in members.iter().zip(flat(dy)) {
        match pool.kind {
            PoolKind::Max => sum[largest(x, window)] += dy,
            PoolKind::Avg => window.iter().for_each(|&j| sum[j] += dy / window.len() as f64),
        }
    }
    dx
}

/// The first of the largest; what is not a number counts as larger than any, so that it does not vanish.
fn largest(x: &[f64], window: &[usize]) -> usize {
    let larger = |best: usize, j: usize| if x[j] > x[best] || x[j].is_nan() && !x[best].is_nan() { j } else { best };
    window.iter().copied().reduce(larger).expect("a window begins on the map and is wider than the padding")
}

/// For each element of y the elements of x under its window, in row-major order.
fn members(pool: &Pool, x: &[usize], y: &[usize]) -> Vec<Vec<usize>> {
    let rank = pool.rank();
    let channels = x[rank + 1];
    let windows = Windows {
        extent: &x[1..=rank],
        count: &y[1..=rank],
        size: &pool.size,
        stride: &pool.stride,
        dilate: &vec![1; rank],
        pad: &pool.pad,
    };
    let [x_positions, y_positions] = [windows.extent, windows.count].map(|dims| dims.iter().product::<usize>());
    let mut members = vec![Vec::new(); y.iter().product()];
    for n in 0..x[0] {
        windows.for_each(|p, _, at| {
            for c in 0..channels {
                members[(n * y_positions + p) * channels + c].push((n * x_positions + at) * channels + c);
            }
        });
    }
    members
}
