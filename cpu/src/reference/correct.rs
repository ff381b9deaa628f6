//! Accuracy's numerator.

use ndarray::{ArrayD, ArrayView1};

use super::loss::is_ignored;
use super::{ReferenceError, channels, class, scalar};

/// At how many positions the label's logit is the largest, of equal ones the first; or the shares of those that are.
pub(super) fn forward(
    ignore: Option<u32>,
    logits: &ArrayD<f64>,
    labels: &ArrayD<f64>,
) -> Result<ArrayD<f64>, ReferenceError> {
    let largest =
        |row: ArrayView1<'_, f64>| (0..row.len()).fold(0, |best, k| if row[k] > row[best] { k } else { best });
    let mut correct = 0.0;
    if labels.ndim() == logits.ndim() {
        for (row, shares) in logits.lanes(channels(logits)).into_iter().zip(labels.lanes(channels(labels))) {
            correct += shares[largest(row)];
        }
        return Ok(scalar(correct));
    }
    for (row, &label) in logits.lanes(channels(logits)).into_iter().zip(labels) {
        if is_ignored(label, ignore) {
            continue;
        }
        let class = class(label, row.len())?;
        if largest(row) == class {
            correct += 1.0;
        }
    }
    Ok(scalar(correct))
}
