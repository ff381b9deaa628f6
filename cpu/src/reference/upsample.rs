//! Larger maps, nearest or linear, and the gradient: one axis after the other, since each interpolation is a product of
//! interpolations along the axes.

use fovea_graph::op::{Interpolation, Upsample};
use ndarray::{ArrayD, Axis};

/// Along each axis `y[i] = Σ w · x[j]`.
pub(super) fn forward(op: &Upsample, x: &ArrayD<f64>) -> ArrayD<f64> {
    let mut map = x.clone();
    for (axis, &factor) in spatial(op) {
        let mut larger = resized(&map, axis, map.len_of(axis) * factor);
        for (i, j, weight) in mixture(op.interpolation, factor, map.len_of(axis)) {
            larger.index_axis_mut(axis, i).scaled_add(weight, &map.index_axis(axis, j));
        }
        map = larger;
    }
    map
}

/// Along each axis `dx[j] = Σ w · dy[i]`.
pub(super) fn gradient(op: &Upsample, dy: &ArrayD<f64>) -> ArrayD<f64> {
    let mut map = dy.clone();
    for (axis, &factor) in spatial(op) {
        let mut smaller = resized(&map, axis, map.len_of(axis) / factor);
        for (i, j, weight) in mixture(op.interpolation, factor, smaller.len_of(axis)) {
            smaller.index_axis_mut(axis, j).scaled_add(weight, &map.index_axis(axis, i));
        }
        map = smaller;
    }
    map
}

/// The spatial axes with their factors.
fn spatial(op: &Upsample) -> impl Iterator<Item = (Axis, &usize)> {
    op.factor.iter().enumerate().map(|(a, factor)| (Axis(a + 1), factor))
}

/// Zeros in the shape of `map`, but for the length of one axis.
fn resized(map: &ArrayD<f64>, axis: Axis, len: usize) -> ArrayD<f64> {
    let mut dims = map.raw_dim();
    dims[axis.index()] = len;
    ArrayD::zeros(dims)
}

/// Which element i of the larger axis takes how much of which element j of the smaller one: (i, j, weight).
fn mixture(interpolation: Interpolation, factor: usize, extent: usize) -> Vec<(usize, usize, f64)> {
    let mut mixture = Vec::new();
    for i in 0..extent * factor {
        match interpolation {
            Interpolation::Nearest => mixture.push((i, i / factor, 1.0)),
            Interpolation::Linear => {
                // The middle of element i, measured in elements of the smaller axis from the middle of its first.
                let middle = ((i as f64 + 0.5) / factor as f64 - 0.5).clamp(0.0, extent as f64 - 1.0);
                for j in [middle.floor(), middle.floor() + 1.0] {
                    let weight = 1.0 - (middle - j).abs();
                    if weight > 0.0 {
                        mixture.push((i, j as usize, weight));
                    }
                }
            }
        }
    }
    mixture
}
