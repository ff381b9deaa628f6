//! How far regions cover each other, and the Dice loss.

use ndarray::{ArrayD, IxDyn};

use super::loss::is_ignored;
use super::{ReferenceError, channels, class, scalar};

/// What is to be covered, of the shape of p: itself, or 1 at the labels' classes and 0 elsewhere; and 1 at the positions
/// that count, else 0.
fn regions(
    p: &ArrayD<f64>,
    target: &ArrayD<f64>,
    ignore: Option<u32>,
) -> Result<(ArrayD<f64>, ArrayD<f64>), ReferenceError> {
    let ones = ArrayD::ones(p.raw_dim());
    if target.shape() == p.shape() {
        return Ok((target.clone(), ones));
    }
    let (mut there, mut counts) = (ArrayD::zeros(p.raw_dim()), ones);
    let lanes = there.lanes_mut(channels(p)).into_iter().zip(counts.lanes_mut(channels(p)));
    for ((mut there, mut counts), &label) in lanes.zip(target) {
        if is_ignored(label, ignore) {
            counts.fill(0.0);
        } else {
            let class = class(label, there.len())?;
            there[class] = 1.0;
        }
    }
    Ok((there, counts))
}

/// `Σ p·g`, `Σ p` and `Σ g` of each class.
pub(super) fn forward(
    ignore: Option<u32>,
    p: &ArrayD<f64>,
    target: &ArrayD<f64>,
) -> Result<ArrayD<f64>, ReferenceError> {
    let (there, counts) = regions(p, target, ignore)?;
    let classes = p.len_of(channels(p));
    let mut sums = ArrayD::zeros(IxDyn(&[3, classes]));
    for ((p, g), c) in p.rows().into_iter().zip(there.rows()).zip(counts.rows()) {
        for k in 0..classes {
            // What does not count may be no number.
            if c[k] == 1.0 {
                sums[[0, k]] += p[k] * g[k];
                sums[[1, k]] += p[k];
                sums[[2, k]] += g[k];
            }
        }
    }
    Ok(sums)
}

/// `d[0, k]·g + d[1, k]` where a position counts.
pub(super) fn gradient(
    ignore: Option<u32>,
    p: &ArrayD<f64>,
    target: &ArrayD<f64>,
    d: &ArrayD<f64>,
) -> Result<ArrayD<f64>, ReferenceError> {
    let (there, counts) = regions(p, target, ignore)?;
    let mut dp = ArrayD::zeros(p.raw_dim());
    for (at, dp) in dp.indexed_iter_mut() {
        let k = at[p.ndim() - 1];
        *dp = counts[&at] * (d[[0, k]] * there[&at] + d[[1, k]]);
    }
    Ok(dp)
}

/// `1 − mean (2·s[0, k] + 1) / (s[1, k] + s[2, k] + 1)`.
pub(super) fn dice(sums: &ArrayD<f64>) -> ArrayD<f64> {
    let classes = sums.shape()[1];
    let covered = |k: usize| (2.0 * sums[[0, k]] + 1.0) / (sums[[1, k]] + sums[[2, k]] + 1.0);
    scalar(1.0 - (0..classes).map(covered).sum::<f64>() / classes as f64)
}

/// The gradient of that by the sums.
pub(super) fn dice_gradient(sums: &ArrayD<f64>, dy: &ArrayD<f64>) -> ArrayD<f64> {
    let scale = dy.sum() / sums.shape()[1] as f64;
    ArrayD::from_shape_fn(sums.raw_dim(), |at| {
        let k = at[1];
        let (above, below) = (2.0 * sums[[0, k]] + 1.0, sums[[1, k]] + sums[[2, k]] + 1.0);
        if at[0] == 0 { -2.0 / below * scale } else { above / (below * below) * scale }
    })
}
