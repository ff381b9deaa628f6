//! RMSprop.

use fovea_graph::op::RmsVelocity;
use ndarray::{ArrayD, Zip};

/// `momentum·b + (g + decay·w)/(√v + eps)`, v the new mean square.
pub(super) fn velocity(op: &RmsVelocity, [w, g, b, v]: [&ArrayD<f64>; 4]) -> ArrayD<f64> {
    let step = |&w: &f64, &g: &f64, &b: &f64, &v: &f64| op.momentum * b + (g + op.decay * w) / (v.sqrt() + op.eps);
    Zip::from(w).and(g).and(b).and(v).map_collect(step)
}
