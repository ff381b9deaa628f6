//! Losses, their gradients, how much labels count, and the number of right answers.

use fovea_graph::Shape;
use fovea_graph::op::{Correct, CrossEntropy, LabelWeight, Measure, PointwiseLoss, PointwiseLossGrad};

use super::Call;
use super::elementwise::zip;
use super::soft;
use super::softmax::{exponentials, largest, rows, sum_of_exponentials};
use crate::team::{CHUNK, Team};

/// The scratch memory of what sums over positions: a partial sum a task.
pub fn workspace(logits: &Shape) -> usize {
    logits.elements().div_ceil(rows(logits.channels().max(1)))
}

/// The scratch memory of `squared_error`: a partial sum a task.
pub fn workspace_of_squares(x: &Shape) -> usize {
    x.elements().div_ceil(CHUNK)
}

/// `−mean log softmax(logits)[label]`; with label smoothing and with labels that do not count alike.
pub fn cross_entropy(op: &CrossEntropy, call: Call<'_>) {
    if call.shapes[0] == call.shapes[1] {
        return soft::cross_entropy(op, call);
    }
    let weighing = Weighing::of(call.shapes[0], &call.memory.inputs[2..]);
    let vectors = call.team.vectors();
    let sum = over_positions(call.team, call.memory.inputs, call.shapes[0], call.memory.workspace, |x, label| {
        let label = match named(label, x.len(), op.ignore) {
            Label::Ignored => return 0.0,
            Label::Wrong => return f64::NAN,
            Label::Class(label) => label,
        };
        let largest = largest(vectors, x);
        let sum = sum_of_exponentials(vectors, x, largest);
        let log = f64::from(sum).ln();
        let own = (log - f64::from(x[label] - largest)) * f64::from(weighing.of_class(label));
        if op.smoothing == 0.0 {
            return own;
        }
        let all = x.iter().enumerate();
        let all = all.map(|(k, x)| (log - f64::from(x - largest)) * f64::from(weighing.of_class(k))).sum::<f64>();
        own * (1.0 - op.smoothing) + all * (op.smoothing / x.len() as f64)
    });
    call.memory.output[0] = weighing.share_of(sum) as f32;
}

/// At how many positions the label's logit is the largest, of equal ones the first; of shares, the sum of those whose logit
/// is the largest.
pub fn correct(op: &Correct, call: Call<'_>) {
    if call.shapes[0] == call.shapes[1] {
        return soft::correct(call);
    }
    let sum = over_positions(call.team, call.memory.inputs, call.shapes[0], call.memory.workspace, |x, label| {
        let Label::Class(label) = named(label, x.len(), op.ignore) else { return 0.0 };
        let (before, rest) = x.split_at(label);
        let right = before.iter().all(|&other| other < rest[0]) && rest.iter().all(|&other| other <= rest[0]);
        f64::from(u8::from(right))
    });
    call.memory.output[0] = sum as f32;
}

/// The sum of the labels' weights.
pub fn label_weight(op: &LabelWeight, call: Call<'_>) {
    let weights = call.memory.inputs.get(1).copied();
    let weight = |&label: &f32| match weights {
        None => {
            if op.ignore.is_some_and(|ignore| label == ignore as f32) {
                0.0
            } else {
                1.0
            }
        }
        Some(weights) => match named(label, weights.len(), op.ignore) {
            Label::Ignored => 0.0,
            Label::Wrong => f64::NAN,
            Label::Class(class) => f64::from(weights[class]),
        },
    };
    call.memory.output[0] = call.memory.inputs[0].iter().map(weight).sum::<f64>() as f32;
}

/// `(softmax(logits) − onehot(labels)) · dy / positions`, and the gradient of what else [`cross_entropy`] does.
pub fn cross_entropy_grad(op: &CrossEntropy, call: Call<'_>) {
    if call.shapes[0] == call.shapes[1] {
        return soft::cross_entropy_grad(op, call);
    }
    let [logits, labels, dy, ref weighing @ ..] = call.memory.inputs[..] else {
        unreachable!("the graph has checked the arity")
    };
    let weighing = Weighing::of(call.shape, weighing);
    let channels = call.shape.channels().max(1);
    let scale = weighing.share_of(f64::from(dy[0])) as f32;
    let smooth = op.smoothing as f32;
    let each = scale * smooth / channels as f32;
    let all: f32 = (0..channels).map(|k| weighing.of_class(k)).sum();
    call.team.chunks(call.memory.output, rows(channels), |start, out| {
        let known = logits[start..].chunks_exact(channels).zip(&labels[start / channels..]);
        for (dx, (x, &label)) in out.chunks_exact_mut(channels).zip(known) {
            let label = match named(label, channels, op.ignore) {
                Label::Ignored => {
                    dx.fill(0.0);
                    continue;
                }
                Label::Wrong => {
                    dx.fill(f32::NAN);
                    continue;
                }
                Label::Class(label) => label,
            };
            let own = scale * (1.0 - smooth) * weighing.of_class(label);
            let factor = (own + each * all) / exponentials(call.team.vectors(), x, dx);
            dx.iter_mut().for_each(|dx| *dx *= factor);
            dx[label] -= own;
            if smooth != 0.0 {
                dx.iter_mut().enumerate().for_each(|(k, dx)| *dx -= each * weighing.of_class(k));
            }
        }
    });
}

/// How much labels count.
struct Weighing<'a> {
    /// What all of them sum up to.
    total: f64,
    /// A weight for each class; none where all are 1.
    weights: Option<&'a [f32]>,
}

impl<'a> Weighing<'a> {
    /// As the inputs behind the labels have it.
    fn of(logits: &Shape, inputs: &[&'a [f32]]) -> Self {
        let total = inputs.first().map_or(logits.positions().max(1) as f64, |total| f64::from(total[0]));
        Self { total, weights: inputs.get(1).copied() }
    }

    fn of_class(&self, class: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[class])
    }

    /// A sum over all; 0 where nothing counts.
    fn share_of(&self, sum: f64) -> f64 {
        if self.total == 0.0 { 0.0 } else { sum / self.total }
    }
}

/// `mean (x − target)²`.
pub fn squared_error(call: Call<'_>) {
    mean_of_pairs(call, |x, t| f64::from(x - t).powi(2));
}

/// The mean of how far numbers are from their targets.
pub fn pointwise(op: &PointwiseLoss, call: Call<'_>) {
    match op.measure {
        Measure::Absolute => mean_of_pairs(call, |x, t| f64::from(x - t).abs()),
        Measure::Huber => mean_of_pairs(call, |x, t| {
            let distance = f64::from(x - t).abs();
            if distance < 1.0 { 0.5 * distance * distance } else { distance - 0.5 }
        }),
        Measure::Logistic => match call.memory.inputs.get(2).copied() {
            None => mean_of_pairs(call, |x, t| {
                let (x, t) = (f64::from(x), f64::from(t));
                // Not `x.max(0.0)`, which hides what is not a number.
                let above = if x < 0.0 { 0.0 } else { x };
                above - x * t + (-x.abs()).exp().ln_1p()
            }),
            Some(factors) => mean_of_placed_pairs(call, |x, t, i| {
                let (x, t, w) = (f64::from(x), f64::from(t), f64::from(factors[i % factors.len()]));
                let above = if x < 0.0 { 0.0 } else { x };
                // (1 − t)·log(1 + e^x) + w·t·log(1 + e^−x).
                (1.0 - t) * x + (1.0 - t + w * t) * ((-x.abs()).exp().ln_1p() + (above - x))
            }),
        },
    }
}

/// Its gradient.
pub fn pointwise_grad(op: &PointwiseLossGrad, call: Call<'_>) {
    let scale = call.memory.inputs[2][0] / call.shape.elements().max(1) as f32;
    match op.measure {
        Measure::Absolute => zip(call, |x, t| sign(x - t) * scale),
        // What is not a number stays so.
        Measure::Huber => zip(call, |x, t| (if (x - t).abs() >= 1.0 { sign(x - t) } else { x - t }) * scale),
        Measure::Logistic => match call.memory.inputs.get(3).copied() {
            None => zip(call, |x, t| (logistic(x) - t) * scale),
            Some(factors) => {
                let (x, t) = (call.memory.inputs[0], call.memory.inputs[1]);
                call.team.chunks(call.memory.output, CHUNK, |start, out| {
                    for ((i, dx), (&x, &t)) in (start..).zip(out).zip(x[start..].iter().zip(&t[start..])) {
                        let w = factors[i % factors.len()];
                        *dx = ((w * t + 1.0 - t) * logistic(x) - w * t) * scale;
                    }
                });
            }
        },
    }
}

/// The logistic function.
#[inline(always)]
fn logistic(x: f32) -> f32 {
    let e = (-x.abs()).exp();
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// −1, 0 or 1; not a number where `x` is none.
#[inline(always)]
fn sign(x: f32) -> f32 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// The mean of `f` over the pairs of elements of the first two inputs.
fn mean_of_pairs(call: Call<'_>, f: impl Fn(f32, f32) -> f64 + Sync) {
    mean_of_placed_pairs(
        call,
        #[inline(always)]
        |x, t, _| f(x, t),
    );
}

/// The same where the place of the pair counts, too.
#[inline(always)]
fn mean_of_placed_pairs(call: Call<'_>, f: impl Fn(f32, f32, usize) -> f64 + Sync) {
    let (x, target) = (call.memory.inputs[0], call.memory.inputs[1]);
    let partial = &mut call.memory.workspace[..x.len().div_ceil(CHUNK)];
    call.team.chunks(partial, 1, |task, sum| {
        let piece = task * CHUNK..((task + 1) * CHUNK).min(x.len());
        let pairs = x[piece.clone()].iter().zip(&target[piece.clone()]).zip(piece);
        sum[0] = call.team.vectors().run(
            #[inline(always)]
            || pairs.map(|((&x, &t), i)| f(x, t, i)).sum::<f64>(),
        ) as f32;
    });
    let sum: f64 = partial.iter().copied().map(f64::from).sum();
    call.memory.output[0] = (sum / x.len().max(1) as f64) as f32;
}

/// `2 (x − target) · dy / elements`.
pub fn squared_error_grad(call: Call<'_>) {
    let scale = 2.0 * call.memory.inputs[2][0] / call.shape.elements().max(1) as f32;
    zip(call, |x, target| (x - target) * scale);
}

/// What a label says.
pub enum Label {
    /// That its position counts for nothing.
    Ignored,
    /// A class.
    Class(usize),
    /// None of the classes, so that the loss can say that it is no number.
    Wrong,
}

/// What a label says of so many classes.
pub fn named(label: f32, classes: usize, ignore: Option<u32>) -> Label {
    if ignore.is_some_and(|ignore| label == ignore as f32) {
        Label::Ignored
    } else if label >= 0.0 && label < classes as f32 {
        Label::Class(label as usize)
    } else {
        Label::Wrong
    }
}

/// The sum over all positions of `f(logits, label)`, in an order that follows from the shape.
fn over_positions(
    team: &Team<'_>,
    inputs: &[&[f32]],
    shape: &Shape,
    workspace: &mut [f32],
    f: impl Fn(&[f32], f32) -> f64 + Sync,
) -> f64 {
    let (logits, labels) = (inputs[0], inputs[1]);
    let channels = shape.channels().max(1);
    let chunk = rows(channels);
    let partial = &mut workspace[..logits.len().div_ceil(chunk)];
    team.chunks(partial, 1, |task, sum| {
        let start = task * chunk;
        let mine = logits[start..(start + chunk).min(logits.len())].chunks_exact(channels);
        sum[0] = mine.zip(&labels[start / channels..]).map(|(x, &label)| f(x, label)).sum::<f64>() as f32;
    });
    partial.iter().copied().map(f64::from).sum()
}
