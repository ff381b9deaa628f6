//! Stochastic gradient descent with momentum and weight decay.

use fovea_graph::op::SgdVelocity;
use ndarray::ArrayD;

/// `momentum·v + g + decay·w`.
pub(super) fn velocity(op: &SgdVelocity, w: &ArrayD<f64>, g: &ArrayD<f64>, v: &ArrayD<f64>) -> ArrayD<f64> {
    v * op.momentum + g + w * op.decay
}

/// `w − lr·v`.
pub(super) fn step(w: &ArrayD<f64>, v: &ArrayD<f64>, learning_rate: f64) -> ArrayD<f64> {
    w - v * learning_rate
}
