//! Convolution of any rank and its two gradients.
//!
//! A convolution is a sum of products `y[i] += x[j] · w[k]`. Which three elements meet is written down once; the
//! gradients are the same sum read for another of the three.

use fovea_graph::Shape;
use fovea_graph::op::Conv;
use ndarray::ArrayD;

use super::window::Windows;
use super::{flat, from_vec};

/// `y[i] += x[j] · w[k]`.
pub(super) fn forward(conv: &Conv, x: &ArrayD<f64>, filter: &ArrayD<f64>, y: &Shape) -> ArrayD<f64> {
    let (x_dims, w_dims) = (x.shape(), filter.shape());
    let (x, w, mut sum) = (flat(x), flat(filter), vec![0.0; y.elements()]);
    for_each_product(conv, x_dims, w_dims, y.dims(), |i, j, k| sum[i] += x[j] * w[k]);
    from_vec(y, sum)
}

/// `dx[j] += dy[i] · w[k]`.
pub(super) fn dgrad(conv: &Conv, filter: &ArrayD<f64>, dy: &ArrayD<f64>, dx: &Shape) -> ArrayD<f64> {
    let (w_dims, y_dims) = (filter.shape(), dy.shape());
    let (w, dy, mut sum) = (flat(filter), flat(dy), vec![0.0; dx.elements()]);
    for_each_product(conv, dx.dims(), w_dims, y_dims, |i, j, k| sum[j] += dy[i] * w[k]);
    from_vec(dx, sum)
}

/// `dw[k] += x[j] · dy[i]`.
pub(super) fn wgrad(conv: &Conv, x: &ArrayD<f64>, dy: &ArrayD<f64>, dw: &Shape) -> ArrayD<f64> {
    let (x_dims, y_dims) = (x.shape(), dy.shape());
    let (x, dy, mut sum) = (flat(x), flat(dy), vec![0.0; dw.elements()]);
    for_each_product(conv, x_dims, dw.dims(), y_dims, |i, j, k| sum[k] += x[j] * dy[i]);
    from_vec(dw, sum)
}

/// Calls `visit(i, j, k)` for every product `x[j] · w[k]` that belongs to `y[i]`; x is `[N, spatial…, C]`, w
/// `[K, window…, C/groups]` and y `[N, spatial'…, K]`, each counted in row-major order.
fn for_each_product(conv: &Conv, x: &[usize], w: &[usize], y: &[usize], mut visit: impl FnMut(usize, usize, usize)) {
    let rank = conv.rank();
    let (batch, in_channels, out_channels) = (x[0], x[rank + 1], y[rank + 1]);
    let (in_group, out_group) = (in_channels / conv.groups, out_channels / conv.groups);
    let windows = Windows {
        extent: &x[1..=rank],
        count: &y[1..=rank],
        size: &w[1..=rank],
        stride: &conv.stride,
        dilate: &conv.dilate,
        pad: &conv.pad,
    };
    let [x_positions, y_positions, elements] =
        [windows.extent, windows.count, windows.size].map(|dims| dims.iter().product::<usize>());
    for n in 0..batch {
        windows.for_each(|p, r, at| {
            for k in 0..out_channels {
                let first = k / out_group * in_group;
                for c in 0..in_group {
                    let i = (n * y_positions + p) * out_channels + k;
                    let j = (n * x_positions + at) * in_channels + first + c;
                    visit(i, j, (k * elements + r) * in_group + c);
                }
            }
        });
    }
}
