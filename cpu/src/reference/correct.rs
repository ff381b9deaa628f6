//! Accuracy's numerator.

use ndarray::ArrayD;

use super::loss::is_ignored;
use super::{ReferenceError, channels, class, scalar};

/// At how many positions the label's logit is the largest; of equal ones the first counts.
pub(super) fn forward(
    ignore: Option<u32>,
    logits: &ArrayD<f64>,
    labels: &ArrayD<f64>,
) -> Result<ArrayD<f64>, ReferenceError> {
    let mut correct = 0.0;
    for (row, &label) in logits.lanes(channels(logits)).into_iter().zip(labels) {
        if is_ignored(label, ignore) {
            continue;
        }
        let class = class(label, row.len())?;
        let first_largest = (0..row.len()).fold(0, |best, k| if row[k] > row[best] { k } else { best });
        if first_largest == class {
            correct += 1.0;
        }
    }
    Ok(scalar(correct))
}
