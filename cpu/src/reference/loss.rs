//! Losses and their gradients.

use fovea_graph::op::{CrossEntropy, LabelWeight, Measure};
use ndarray::{ArrayD, ArrayView1, Zip};

use super::{ReferenceError, channels, class, scalar, softmax};

/// How much labels count: what all sum up to, and a weight for each class, each where it was given. Of shares the first are
/// the weights.
#[derive(Clone, Copy)]
pub(super) struct Weighing<'a> {
    pub total: Option<&'a ArrayD<f64>>,
    pub weights: Option<&'a ArrayD<f64>>,
}

impl Weighing<'_> {
    fn of_class(&self, class: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[[class]])
    }

    /// A sum over these labels, divided by what they count; 0 where nothing does.
    fn share_of(&self, sum: f64, labels: &ArrayD<f64>) -> f64 {
        let total = self.total.map_or(labels.len() as f64, |total| total.sum());
        if total == 0.0 { 0.0 } else { sum / total }
    }
}

/// What [`CrossEntropy`] says, over the positions whose label is not ignored.
pub(super) fn cross_entropy(
    op: &CrossEntropy,
    logits: &ArrayD<f64>,
    labels: &ArrayD<f64>,
    weighing: Weighing<'_>,
) -> Result<ArrayD<f64>, ReferenceError> {
    if labels.ndim() == logits.ndim() {
        return Ok(soft_cross_entropy(op, logits, labels, weighing.total));
    }
    let mut sum = 0.0;
    for (row, &label) in logits.lanes(channels(logits)).into_iter().zip(labels) {
        if is_ignored(label, op.ignore) {
            continue;
        }
        let of = |k: usize| weighing.of_class(k) * softmax::negative_log(row, k);
        let all: f64 = (0..row.len()).map(of).sum();
        sum += (1.0 - op.smoothing) * of(class(label, row.len())?) + op.smoothing / row.len() as f64 * all;
    }
    Ok(scalar(weighing.share_of(sum, labels)))
}

/// The gradient of that: for each class its probability, less what the label and the smoothing want of it.
pub(super) fn cross_entropy_gradient(
    op: &CrossEntropy,
    logits: &ArrayD<f64>,
    labels: &ArrayD<f64>,
    dy: &ArrayD<f64>,
    weighing: Weighing<'_>,
) -> Result<ArrayD<f64>, ReferenceError> {
    if labels.ndim() == logits.ndim() {
        return Ok(soft_cross_entropy_gradient(op, logits, labels, dy, weighing.total));
    }
    let mut dx = softmax::forward(logits);
    for (mut row, &label) in dx.lanes_mut(channels(logits)).into_iter().zip(labels) {
        if is_ignored(label, op.ignore) {
            row.fill(0.0);
            continue;
        }
        let label = class(label, row.len())?;
        let each = op.smoothing / row.len() as f64;
        let wanted = |k: usize| {
            let own = if k == label { 1.0 - op.smoothing } else { 0.0 };
            weighing.of_class(k) * (own + each)
        };
        let all: f64 = (0..row.len()).map(wanted).sum();
        row.indexed_iter_mut().for_each(|(k, p)| *p = *p * all - wanted(k));
    }
    Ok(dx * weighing.share_of(dy.sum(), labels))
}

/// The sum of the weights of the labels that are not ignored.
pub(super) fn label_weight(
    op: &LabelWeight,
    labels: &ArrayD<f64>,
    weights: Option<&ArrayD<f64>>,
) -> Result<ArrayD<f64>, ReferenceError> {
    let mut sum = 0.0;
    for &label in labels.iter().filter(|&&label| !is_ignored(label, op.ignore)) {
        sum += match weights {
            Some(weights) => weights[[class(label, weights.len())?]],
            None => 1.0,
        };
    }
    Ok(scalar(sum))
}

/// Whether a position counts for nothing.
pub(super) fn is_ignored(label: f64, ignore: Option<u32>) -> bool {
    ignore.is_some_and(|ignore| label == f64::from(ignore))
}

/// What [`CrossEntropy`] says of shares.
fn soft_cross_entropy(
    op: &CrossEntropy,
    logits: &ArrayD<f64>,
    target: &ArrayD<f64>,
    weights: Option<&ArrayD<f64>>,
) -> ArrayD<f64> {
    let axis = channels(logits);
    let mut sum = 0.0;
    for (row, shares) in logits.lanes(axis).into_iter().zip(target.lanes(axis)) {
        let wanted = wanted(op, shares, weights);
        sum += wanted.iter().enumerate().map(|(k, wanted)| wanted * softmax::negative_log(row, k)).sum::<f64>();
    }
    scalar(sum / positions(logits))
}

/// The gradient of that: for each class its probability times all that is wanted, less what is wanted of it.
fn soft_cross_entropy_gradient(
    op: &CrossEntropy,
    logits: &ArrayD<f64>,
    target: &ArrayD<f64>,
    dy: &ArrayD<f64>,
    weights: Option<&ArrayD<f64>>,
) -> ArrayD<f64> {
    let axis = channels(logits);
    let mut dx = softmax::forward(logits);
    for (mut row, shares) in dx.lanes_mut(axis).into_iter().zip(target.lanes(axis)) {
        let wanted = wanted(op, shares, weights);
        let all: f64 = wanted.iter().sum();
        row.iter_mut().zip(wanted).for_each(|(p, wanted)| *p = *p * all - wanted);
    }
    dx * (dy.sum() / positions(logits))
}

/// What is wanted of each class: its share under smoothing, times its weight.
fn wanted(op: &CrossEntropy, shares: ArrayView1<'_, f64>, weights: Option<&ArrayD<f64>>) -> Vec<f64> {
    let each = op.smoothing / shares.len() as f64;
    let of =
        |(k, share): (usize, &f64)| weights.map_or(1.0, |weights| weights[[k]]) * ((1.0 - op.smoothing) * share + each);
    shares.iter().enumerate().map(of).collect()
}

/// How many positions there are.
fn positions(logits: &ArrayD<f64>) -> f64 {
    logits.len() as f64 / logits.shape()[channels(logits).index()] as f64
}

/// `mean measure(x, target)`; what is there counts by the factors of its classes, where there are any.
pub(super) fn pointwise(
    measure: Measure,
    x: &ArrayD<f64>,
    target: &ArrayD<f64>,
    factors: Option<&ArrayD<f64>>,
) -> ArrayD<f64> {
    let of = |x: f64, t: f64, w: f64| match measure {
        Measure::Absolute => (x - t).abs(),
        Measure::Huber if (x - t).abs() < 1.0 => (x - t) * (x - t) / 2.0,
        Measure::Huber => (x - t).abs() - 0.5,
        // −t·log σ(x) − (1 − t)·log σ(−x), where log σ(x) = −log(1 + e^−x).
        Measure::Logistic => w * t * softplus(-x) + (1.0 - t) * softplus(x),
    };
    let sum = Zip::from(x).and(target).and(&spread(factors, x)).fold(0.0, |sum, &x, &t, &w| sum + of(x, t, w));
    scalar(sum / x.len() as f64)
}

/// `∂measure/∂x · dy / elements`.
pub(super) fn pointwise_gradient(
    measure: Measure,
    x: &ArrayD<f64>,
    target: &ArrayD<f64>,
    dy: &ArrayD<f64>,
    factors: Option<&ArrayD<f64>>,
) -> ArrayD<f64> {
    let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
    let of = |x: f64, t: f64, w: f64| match measure {
        Measure::Absolute => sign(x - t),
        Measure::Huber if (x - t).abs() >= 1.0 => sign(x - t),
        Measure::Huber => x - t,
        // w·t·(σ(x) − 1) + (1 − t)·σ(x).
        Measure::Logistic => (w * t + 1.0 - t) / (1.0 + (-x).exp()) - w * t,
    };
    let scale = dy.sum() / x.len() as f64;
    Zip::from(x).and(target).and(&spread(factors, x)).map_collect(|&x, &t, &w| of(x, t, w) * scale)
}

/// A factor for each element: that of its class, or 1.
fn spread(factors: Option<&ArrayD<f64>>, x: &ArrayD<f64>) -> ArrayD<f64> {
    match factors.and_then(|factors| factors.broadcast(x.raw_dim())) {
        Some(factors) => factors.to_owned(),
        None => ArrayD::ones(x.raw_dim()),
    }
}

/// `log(1 + e^x)`.
fn softplus(x: f64) -> f64 {
    let above = if x < 0.0 { 0.0 } else { x };
    above + (-x.abs()).exp().ln_1p()
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
