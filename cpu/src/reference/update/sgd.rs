//! Stochastic gradient descent with momentum and weight decay.

use fovea_graph::op::{NesterovStep, SgdStep, SgdVelocity};
use ndarray::ArrayD;

/// `momentum·v + g + decay·w`.
pub(super) fn velocity(op: &SgdVelocity, w: &ArrayD<f64>, g: &ArrayD<f64>, v: &ArrayD<f64>) -> ArrayD<f64> {
    v * op.momentum + g + w * op.decay
}

/// `w − lr·factor·v`.
pub(super) fn step(op: &SgdStep, w: &ArrayD<f64>, v: &ArrayD<f64>, learning_rate: f64) -> ArrayD<f64> {
    w - v * (learning_rate * op.factor)
}

/// `w − lr·factor·(g + decay·w + momentum·v)`, v the new velocity.
pub(super) fn nesterov(
    op: &NesterovStep,
    w: &ArrayD<f64>,
    g: &ArrayD<f64>,
    v: &ArrayD<f64>,
    learning_rate: f64,
) -> ArrayD<f64> {
    w - (g + w * op.decay + v * op.momentum) * (learning_rate * op.factor)
}
