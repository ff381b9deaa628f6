//! Losses and their gradients.

use ndarray::{ArrayD, Zip};

use super::{ReferenceError, channels, class, scalar, softmax};

/// `−mean log softmax(logits)[label]` over the positions.
pub(super) fn cross_entropy(logits: &ArrayD<f64>, labels: &ArrayD<f64>) -> Result<ArrayD<f64>, ReferenceError> {
    let mut sum = 0.0;
    for (row, &label) in logits.lanes(channels(logits)).into_iter().zip(labels) {
        sum += softmax::negative_log(row, class(label, row.len())?);
    }
    Ok(scalar(sum / labels.len() as f64))
}

/// `(softmax(logits) − onehot(labels)) · dy / positions`.
pub(super) fn cross_entropy_gradient(
    logits: &ArrayD<f64>,
    labels: &ArrayD<f64>,
    dy: &ArrayD<f64>,
) -> Result<ArrayD<f64>, ReferenceError> {
    let mut dx = softmax::forward(logits);
    for (mut row, &label) in dx.lanes_mut(channels(logits)).into_iter().zip(labels) {
        let class = class(label, row.len())?;
        row[class] -= 1.0;
    }
    Ok(dx * (dy.sum() / labels.len() as f64))
}

/// `mean (x − target)²`.
pub(super) fn squared_error(x: &ArrayD<f64>, target: &ArrayD<f64>) -> ArrayD<f64> {
    let squares = Zip::from(x).and(target).fold(0.0, |sum, x, t| sum + (x - t) * (x - t));
    scalar(squares / x.len() as f64)
}

/// `2 (x − target) · dy / elements`.
pub(super) fn squared_error_gradient(x: &ArrayD<f64>, target: &ArrayD<f64>, dy: &ArrayD<f64>) -> ArrayD<f64> {
    (x - target) * (2.0 * dy.sum() / x.len() as f64)
}
