//! What optimizers do to parameters.

mod adam;
mod rmsprop;
mod sgd;

use fovea_graph::op::{CLIP_EPS, ClipFactor};
use fovea_graph::{Node, Op};
use ndarray::ArrayD;

use super::{Feed64, scalar};

/// The value of an update of these inputs.
pub(super) fn value(node: &Node, x: &[&ArrayD<f64>], feed: &Feed64<'_>) -> ArrayD<f64> {
    // The gradient, clipped where its factor stands behind the update's `own` inputs.
    let g = |own: usize| x.get(own).map_or_else(|| x[1].clone(), |clip| x[1] * *clip);
    let rate = feed.learning_rate;
    match &node.op {
        Op::SgdVelocity(op) => sgd::velocity(op, x[0], &g(3), x[2]),
        Op::SgdStep(op) => sgd::step(op, x[0], x[1], rate),
        Op::NesterovStep(op) => sgd::nesterov(op, x[0], &g(3), x[2], rate),
        Op::RmsVelocity(op) => rmsprop::velocity(op, [x[0], &g(4), x[2], x[3]]),
        Op::AdamMean(op) => adam::mean(op, x[0], &g(3), x[2]),
        Op::AdamSquare(op) => adam::square(op, x[0], &g(3), x[2]),
        Op::AdamStep(op) => adam::step(op, x[0], x[1], x[2], feed),
        _ => unreachable!("only updates are asked for"),
    }
}

/// `min(1, limit / (‖all of them‖ + 1e-6))`.
pub(super) fn clip_factor(op: &ClipFactor, gradients: &[&ArrayD<f64>]) -> ArrayD<f64> {
    let squares: f64 = gradients.iter().map(|g| g.iter().map(|g| g * g).sum::<f64>()).sum();
    let factor = op.limit / (squares.sqrt() + CLIP_EPS);
    // What is no number stays none.
    scalar(if factor > 1.0 { 1.0 } else { factor })
}
