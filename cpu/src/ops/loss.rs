//! Losses, their gradients, and the number of right answers.

use fovea_graph::Shape;

use super::Call;
use super::elementwise::zip;
use super::softmax::{exponentials, largest, rows};
use crate::simd::vectorised;
use crate::team::{CHUNK, Team};

/// The scratch memory of what sums over positions: a partial sum a task.
pub fn workspace(logits: &Shape) -> usize {
    logits.elements().div_ceil(rows(logits.channels().max(1)))
}

/// The scratch memory of `squared_error`: a partial sum a task.
pub fn workspace_of_squares(x: &Shape) -> usize {
    x.elements().div_ceil(CHUNK)
}

/// `−mean log softmax(logits)[label]`.
pub fn cross_entropy(call: Call<'_>) {
    let positions = call.shapes[0].positions().max(1) as f64;
    let sum = over_positions(call.team, &call.memory.inputs, call.shapes[0], call.memory.workspace, |x, label| {
        let Some(label) = class(label, x.len()) else { return f64::NAN };
        let largest = largest(x);
        let sum: f32 = x.iter().map(|x| (x - largest).exp()).sum();
        f64::from(sum).ln() - f64::from(x[label] - largest)
    });
    call.memory.output[0] = (sum / positions) as f32;
}

/// At how many positions the label's logit is the largest, of equal ones the first.
pub fn correct(call: Call<'_>) {
    let sum = over_positions(call.team, &call.memory.inputs, call.shapes[0], call.memory.workspace, |x, label| {
        let Some(label) = class(label, x.len()) else { return 0.0 };
        let (before, rest) = x.split_at(label);
        let right = before.iter().all(|&other| other < rest[0]) && rest.iter().all(|&other| other <= rest[0]);
        f64::from(u8::from(right))
    });
    call.memory.output[0] = sum as f32;
}

/// `(softmax(logits) − onehot(labels)) · dy / positions`.
pub fn cross_entropy_grad(call: Call<'_>) {
    let [logits, labels, dy] = call.memory.inputs[..] else { unreachable!("the graph has checked the arity") };
    let channels = call.shape.channels().max(1);
    let scale = dy[0] / call.shape.positions().max(1) as f32;
    call.team.chunks(call.memory.output, rows(channels), |start, out| {
        let known = logits[start..].chunks_exact(channels).zip(&labels[start / channels..]);
        for (dx, (x, &label)) in out.chunks_exact_mut(channels).zip(known) {
            let factor = scale / exponentials(x, dx);
            dx.iter_mut().for_each(|dx| *dx *= factor);
            match class(label, channels) {
                Some(label) => dx[label] -= scale,
                None => dx.fill(f32::NAN),
            }
        }
    });
}

/// `mean (x − target)²`.
pub fn squared_error(call: Call<'_>) {
    let (x, target) = (call.memory.inputs[0], call.memory.inputs[1]);
    let partial = &mut call.memory.workspace[..x.len().div_ceil(CHUNK)];
    call.team.chunks(partial, 1, |task, sum| {
        let piece = task * CHUNK..((task + 1) * CHUNK).min(x.len());
        let pairs = x[piece.clone()].iter().zip(&target[piece]);
        sum[0] = vectorised(
            #[inline(always)]
            || pairs.map(|(x, t)| f64::from(x - t).powi(2)).sum::<f64>(),
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

/// The class that a label names; `None` where it names none of `classes`, so that the loss can say that it is no number.
fn class(label: f32, classes: usize) -> Option<usize> {
    (label >= 0.0 && label < classes as f32).then_some(label as usize)
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
