//! Softmax over the channels.

use ndarray::{ArrayD, ArrayView1};

use super::channels;

/// `exp(x − m) / Σ exp(x − m)` at every position, with m the largest of the position.
pub(super) fn forward(x: &ArrayD<f64>) -> ArrayD<f64> {
    let mut y = x.clone();
    for mut row in y.lanes_mut(channels(x)) {
        let largest = row.fold(f64::NEG_INFINITY, |m, &x| m.max(x));
        row.mapv_inplace(|x| (x - largest).exp());
        let sum = row.sum();
        row.mapv_inplace(|e| e / sum);
    }
    y
}

/// `y · (dy − Σ y·dy)` at every position.
pub(super) fn gradient(y: &ArrayD<f64>, dy: &ArrayD<f64>) -> ArrayD<f64> {
    let mut dx = dy.clone();
    for (mut row, y) in dx.lanes_mut(channels(y)).into_iter().zip(y.lanes(channels(y))) {
        let inner = row.dot(&y);
        row.zip_mut_with(&y, |d, y| *d = y * (*d - inner));
    }
    dx
}

/// `−log softmax(logits)[class]` at one position.
pub(super) fn negative_log(logits: ArrayView1<'_, f64>, class: usize) -> f64 {
    let largest = logits.fold(f64::NEG_INFINITY, |m, &x| m.max(x));
    logits.iter().map(|x| (x - largest).exp()).sum::<f64>().ln() + largest - logits[class]
}
