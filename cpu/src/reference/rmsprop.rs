//! RMSprop, and the factor of clipped gradients.

use fovea_graph::op::{CLIP_EPS, ClipFactor, RmsVelocity};
use ndarray::{ArrayD, Zip};

use super::scalar;

/// `momentum·b + (g + decay·w)/(√v + eps)`, v the new mean square.
pub(super) fn velocity(op: &RmsVelocity, [w, g, b, v]: [&ArrayD<f64>; 4]) -> ArrayD<f64> {
    let step = |&w: &f64, &g: &f64, &b: &f64, &v: &f64| op.momentum * b + (g + op.decay * w) / (v.sqrt() + op.eps);
    Zip::from(w).and(g).and(b).and(v).map_collect(step)
}

/// `min(1, limit / (‖all of them‖ + 1e-6))`.
pub(super) fn clip_factor(op: &ClipFactor, gradients: &[&ArrayD<f64>]) -> ArrayD<f64> {
    let squares: f64 = gradients.iter().map(|g| g.iter().map(|g| g * g).sum::<f64>()).sum();
    let factor = op.limit / (squares.sqrt() + CLIP_EPS);
    // What is no number stays none.
    scalar(if factor > 1.0 { 1.0 } else { factor })
}
