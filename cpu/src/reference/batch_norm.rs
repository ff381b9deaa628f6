//! Batch normalisation: statistics, normalisation, gradients and running statistics.

use fovea_graph::op::{BatchNormDgrad, Running, Statistics};
use ndarray::ArrayD;

use super::{channel_sum, channels};

/// Each channel's mean.
pub(super) fn mean(x: &ArrayD<f64>) -> ArrayD<f64> {
    channel_sum(x) / positions(x)
}

/// Each channel's mean square distance from `mean`.
pub(super) fn variance(x: &ArrayD<f64>, mean: &ArrayD<f64>) -> ArrayD<f64> {
    channel_sum(&(x - mean).mapv(|distance| distance * distance)) / positions(x)
}

/// `scale · x̂ + shift`.
pub(super) fn forward(eps: f64, x: &ArrayD<f64>, [mean, variance, scale, shift]: [&ArrayD<f64>; 4]) -> ArrayD<f64> {
    normalized(eps, x, mean, variance) * scale + shift
}

/// `Σ dy · x̂` over all but the channels.
pub(super) fn scale_gradient(
    eps: f64,
    x: &ArrayD<f64>,
    [mean, variance]: [&ArrayD<f64>; 2],
    dy: &ArrayD<f64>,
) -> ArrayD<f64> {
    channel_sum(&(normalized(eps, x, mean, variance) * dy))
}

/// `scale/σ · (dy − dshift/n − x̂·dscale/n)` where the statistics follow x, `scale/σ · dy` where they do not.
pub(super) fn gradient(
    op: &BatchNormDgrad,
    x: &ArrayD<f64>,
    [mean, variance, scale]: [&ArrayD<f64>; 3],
    dy: &ArrayD<f64>,
    [dscale, dshift]: [&ArrayD<f64>; 2],
) -> ArrayD<f64> {
    let n = positions(x);
    let by_normalized = match op.statistics {
        Statistics::Batch => dy - &(dshift / n) - normalized(op.eps, x, mean, variance) * &(dscale / n),
        Statistics::Running => dy.clone(),
    };
    by_normalized * &(scale / &deviation(op.eps, variance))
}

/// `(1 − momentum)·r + momentum·correction·s`.
pub(super) fn running(op: &Running, r: &ArrayD<f64>, s: &ArrayD<f64>) -> ArrayD<f64> {
    r * (1.0 - op.momentum) + s * (op.momentum * op.correction)
}

/// x̂ = `(x − mean) / σ`.
fn normalized(eps: f64, x: &ArrayD<f64>, mean: &ArrayD<f64>, variance: &ArrayD<f64>) -> ArrayD<f64> {
    (x - mean) / &deviation(eps, variance)
}

/// σ = `√(variance + eps)`.
fn deviation(eps: f64, variance: &ArrayD<f64>) -> ArrayD<f64> {
    variance.mapv(|v| (v + eps).sqrt())
}

/// How many elements a channel has.
fn positions(x: &ArrayD<f64>) -> f64 {
    (x.len() / x.len_of(channels(x))) as f64
}
