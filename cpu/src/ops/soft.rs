//! Shares of classes in place of labels: the cross-entropy, its gradient, and how many are right.

use fovea_graph::Shape;
use fovea_graph::op::CrossEntropy;

use super::Call;
use super::softmax::{exponentials, largest, rows, sum_of_exponentials};
use crate::team::Team;

/// `−mean Σ w[k]·q[k]·log softmax(logits)[k]`.
pub fn cross_entropy(op: &CrossEntropy, call: Call<'_>) {
    let wanted = Wanted::under(op, call.shapes[0], call.memory.inputs.get(2).copied());
    let (x, target, vectors) = (call.memory.inputs[0], call.memory.inputs[1], call.team.vectors());
    let sum = over_rows(call.team, (x, target), call.shapes[0], call.memory.workspace, |x, shares| {
        let largest = largest(vectors, x);
        let sum = sum_of_exponentials(vectors, x, largest);
        let log = f64::from(sum).ln();
        let of =
            |(k, (x, share)): (usize, (&f32, &f32))| f64::from(wanted.of(k, *share)) * (log - f64::from(x - largest));
        x.iter().zip(shares).enumerate().map(of).sum()
    });
    call.memory.output[0] = (sum / call.shapes[0].positions().max(1) as f64) as f32;
}

/// For each class its probability times all that is wanted, less what is wanted of it.
pub fn cross_entropy_grad(op: &CrossEntropy, call: Call<'_>) {
    let [logits, target, dy, ref weights @ ..] = call.memory.inputs[..] else {
        unreachable!("the graph has checked the arity")
    };
    let wanted = Wanted::under(op, call.shape, weights.first().copied());
    let channels = call.shape.channels().max(1);
    let scale = dy[0] / call.shape.positions().max(1) as f32;
    call.team.chunks(call.memory.output, rows(channels), |start, out| {
        let known = logits[start..].chunks_exact(channels).zip(target[start..].chunks_exact(channels));
        for (dx, (x, shares)) in out.chunks_exact_mut(channels).zip(known) {
            let all: f32 = shares.iter().enumerate().map(|(k, share)| wanted.of(k, *share)).sum();
            let factor = all / exponentials(call.team.vectors(), x, dx);
            for (k, (dx, share)) in dx.iter_mut().zip(shares).enumerate() {
                *dx = scale * (*dx * factor - wanted.of(k, *share));
            }
        }
    });
}

/// What is wanted of a class: its share under smoothing, times its weight.
struct Wanted<'a> {
    own: f32,
    each: f32,
    weights: Option<&'a [f32]>,
}

impl<'a> Wanted<'a> {
    fn under(op: &CrossEntropy, logits: &Shape, weights: Option<&'a [f32]>) -> Self {
        let each = (op.smoothing / logits.channels().max(1) as f64) as f32;
        Self { own: (1.0 - op.smoothing) as f32, each, weights }
    }

    fn of(&self, class: usize, share: f32) -> f32 {
        self.weights.map_or(1.0, |weights| weights[class]) * (self.own * share + self.each)
    }
}

/// The sum of the shares whose logit is the largest, of equal ones the first.
pub fn correct(call: Call<'_>) {
    let pair = (call.memory.inputs[0], call.memory.inputs[1]);
    let sum = over_rows(call.team, pair, call.shapes[0], call.memory.workspace, |x, shares| {
        let first = (1..x.len()).fold(0, |best, k| if x[k] > x[best] { k } else { best });
        f64::from(shares[first])
    });
    call.memory.output[0] = sum as f32;
}

/// The sum over all positions of `f(logits, shares)`, in an order that follows from the shape.
fn over_rows(
    team: &Team<'_>,
    (logits, shares): (&[f32], &[f32]),
    shape: &Shape,
    workspace: &mut [f32],
    f: impl Fn(&[f32], &[f32]) -> f64 + Sync,
) -> f64 {
    let channels = shape.channels().max(1);
    let chunk = rows(channels);
    let partial = &mut workspace[..logits.len().div_ceil(chunk)];
    team.chunks(partial, 1, |task, sum| {
        let mine = task * chunk..((task + 1) * chunk).min(logits.len());
        let pairs = logits[mine.clone()].chunks_exact(channels).zip(shares[mine].chunks_exact(channels));
        sum[0] = pairs.map(|(x, shares)| f(x, shares)).sum::<f64>() as f32;
    });
    partial.iter().copied().map(f64::from).sum()
}
