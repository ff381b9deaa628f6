//! Adam and AdamW.

use fovea_graph::op::{AdamMean, AdamSquare, AdamStep};
use ndarray::{ArrayD, Zip};

use super::super::Feed64;

/// `beta·m + (1 − beta)·(g + decay·w)`.
pub(super) fn mean(op: &AdamMean, w: &ArrayD<f64>, g: &ArrayD<f64>, m: &ArrayD<f64>) -> ArrayD<f64> {
    m * op.beta + (g + w * op.decay) * (1.0 - op.beta)
}

/// `beta·v + (1 − beta)·(g + decay·w)²`.
pub(super) fn square(op: &AdamSquare, w: &ArrayD<f64>, g: &ArrayD<f64>, v: &ArrayD<f64>) -> ArrayD<f64> {
    let penalized = g + w * op.decay;
    v * op.beta + &penalized * &penalized * (1.0 - op.beta)
}

/// `w·(1 − lr·decay) − lr·m̂/(√v̂ + eps)`, the means freed of their beginning at 0. The first step is number 0.
pub(super) fn step(op: &AdamStep, w: &ArrayD<f64>, m: &ArrayD<f64>, v: &ArrayD<f64>, feed: &Feed64<'_>) -> ArrayD<f64> {
    let (rate, t) = (feed.learning_rate * op.factor, f64::from(feed.step) + 1.0);
    let (m_share, v_share) = (1.0 - op.beta1.powf(t), 1.0 - op.beta2.powf(t));
    Zip::from(w)
        .and(m)
        .and(v)
        .map_collect(|&w, &m, &v| w * (1.0 - rate * op.decay) - rate * (m / m_share) / ((v / v_share).sqrt() + op.eps))
}
