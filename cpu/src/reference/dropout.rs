//! Dropout.

use fovea_graph::op::Dropout;
use ndarray::ArrayD;

use super::Feed64;

/// x/(1 − rate) where the element's random word says that it is kept, else 0.
pub(super) fn forward(op: &Dropout, x: &ArrayD<f64>, feed: &Feed64<'_>) -> ArrayD<f64> {
    let random = op.random(feed.seed, feed.step);
    let mut y = x.clone();
    for (i, element) in y.iter_mut().enumerate() {
        let kept = u64::from(random.word(i as u64)) >= op.threshold();
        *element = if kept { *element * op.scale() } else { 0.0 };
    }
    y
}
