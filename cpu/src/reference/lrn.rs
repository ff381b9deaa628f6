//! Local response normalisation across channels.

use fovea_graph::op::Lrn;
use ndarray::{ArrayD, ArrayView1};

use super::channels;

/// `x[c] · D[c]^−beta`, D the denominator without its power.
pub(super) fn forward(op: &Lrn, x: &ArrayD<f64>) -> ArrayD<f64> {
    let mut y = x.clone();
    for (mut y, x) in y.lanes_mut(channels(x)).into_iter().zip(x.lanes(channels(x))) {
        let d = denominators(op, x);
        for c in 0..x.len() {
            y[c] = x[c] * d[c].powf(-op.beta);
        }
    }
    y
}

/// `dx[j] = dy[j]·D[j]^−beta − 2·beta·alpha/size · x[j] · Σ dy[c]·x[c]·D[c]^(−beta − 1)` over the c that x[j] is a
/// neighbour of.
pub(super) fn gradient(op: &Lrn, x: &ArrayD<f64>, dy: &ArrayD<f64>) -> ArrayD<f64> {
    let mut dx = dy.clone();
    let positions = dx.lanes_mut(channels(x)).into_iter().zip(x.lanes(channels(x))).zip(dy.lanes(channels(x)));
    for ((mut dx, x), dy) in positions {
        let d = denominators(op, x);
        for j in 0..x.len() {
            let mut sum = 0.0;
            for c in (0..x.len()).filter(|&c| neighbours(op, c, j)) {
                sum += dy[c] * x[c] * d[c].powf(-op.beta - 1.0);
            }
            dx[j] = dy[j] * d[j].powf(-op.beta) - 2.0 * op.beta * op.alpha / op.size as f64 * x[j] * sum;
        }
    }
    dx
}

/// `k + alpha/size · Σ x[j]²` for each channel of one position.
fn denominators(op: &Lrn, x: ArrayView1<'_, f64>) -> Vec<f64> {
    let sum = |c| (0..x.len()).filter(|&j| neighbours(op, c, j)).map(|j| x[j] * x[j]).sum::<f64>();
    (0..x.len()).map(|c| op.k + op.alpha / op.size as f64 * sum(c)).collect()
}

/// Whether the denominator of channel `c` sums over channel `j`: of an even size, the half before c is the larger.
fn neighbours(op: &Lrn, c: usize, j: usize) -> bool {
    if j < c { c - j <= op.size / 2 } else { j - c <= (op.size - 1) / 2 }
}
