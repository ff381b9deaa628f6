//! Adam and AdamW.
//!
//! Sources: D. Kingma and J. Ba, arXiv:1412.6980; I. Loshchilov and F. Hutter, arXiv:1711.05101; in PyTorch's form.

use fovea_graph::Feed;
use fovea_graph::op::{AdamMean, AdamSquare, AdamStep};

use super::Call;
use super::update::{clip, size, update};

/// Which input of `AdamMean` and of `AdamSquare` it may write over.
pub const OLD_MOMENT: usize = 2;

/// Which input of `AdamStep` it may write over.
pub const OLD_VALUE: usize = 0;

/// `m ← beta·m + (1 − beta)·(g + decay·w)`; inputs w, g, m.
pub fn mean(op: &AdamMean, call: Call<'_>) {
    moment(call, op.beta, op.decay, |g| g);
}

/// `v ← beta·v + (1 − beta)·(g + decay·w)²`; inputs w, g, v.
pub fn square(op: &AdamSquare, call: Call<'_>) {
    moment(call, op.beta, op.decay, |g| g * g);
}

/// `m ← beta·m + (1 − beta)·f(g + decay·w)`.
fn moment(call: Call<'_>, beta: f64, decay: f64, f: impl Fn(f32) -> f32 + Sync) {
    let factors = moment_factors(beta, decay, clip(&call, 3));
    let (w, g) = (call.memory.inputs[0], call.memory.inputs[1]);
    update(call, OLD_MOMENT, |m, i| moment_of(factors, &f, m, &g[i..], &w[i..]));
}

/// How much of a moment stays and enters, the decay, and the factor of clipped gradients.
pub fn moment_factors(beta: f64, decay: f64, clip: f32) -> [f32; 4] {
    [beta as f32, (1.0 - beta) as f32, decay as f32, clip]
}

/// The moment of one piece.
#[inline(always)]
pub fn moment_of([stays, enters, decay, clip]: [f32; 4], f: impl Fn(f32) -> f32, m: &mut [f32], g: &[f32], w: &[f32]) {
    for ((m, &g), &w) in m.iter_mut().zip(g).zip(w) {
        *m = stays * *m + enters * f(clip * g + decay * w);
    }
}

/// What the mean at most is, by what w, g and m at most are.
pub fn mean_bound(op: &AdamMean, w: f64, g: f64, m: f64) -> f64 {
    // The sum is not larger than its parts, but they must be finite too.
    size(op.beta) * m + g + size(op.decay) * w
}

/// What the mean square at most is, likewise.
pub fn square_bound(op: &AdamSquare, w: f64, g: f64, v: f64) -> f64 {
    size(op.beta) * v + (g + size(op.decay) * w).powi(2)
}

/// What the parameter at most is behind its step, by what w and m at most are: √v̂ is at least 0.
pub fn step_bound(op: &AdamStep, w: f64, m: f64, feed: &Feed<'_>) -> f64 {
    let (length, _) = lengths(op, feed);
    let eps = size(op.eps);
    w + size(feed.learning_rate * op.factor * op.decay) * w + size(length.into()) * m * (1.0 / eps).max(1.0)
}

/// The length of a step, and what the square root is multiplied by: the means freed of their beginning at 0. The first
/// step is number 0.
fn lengths(op: &AdamStep, feed: &Feed<'_>) -> (f32, f32) {
    let (rate, t) = (feed.learning_rate * op.factor, f64::from(feed.step) + 1.0);
    ((rate / (1.0 - op.beta1.powf(t))) as f32, (1.0 / (1.0 - op.beta2.powf(t))).sqrt() as f32)
}

/// `w ← w − lr·decay·w − lr·m̂/(√v̂ + eps)`; inputs w, m, v.
pub fn step(op: &AdamStep, call: Call<'_>) {
    let factors = step_factors(op, call.feed);
    let (m, v) = (call.memory.inputs[1], call.memory.inputs[2]);
    update(call, OLD_VALUE, |w, i| step_of(factors, w, &m[i..], &v[i..]));
}

/// The length of a step, what the root is multiplied by, how much the value shrinks, and eps.
pub fn step_factors(op: &AdamStep, feed: &Feed<'_>) -> [f32; 4] {
    let (length, root) = lengths(op, feed);
    [length, root, (feed.learning_rate * op.factor * op.decay) as f32, op.eps as f32]
}

/// The step of one piece.
#[inline(always)]
pub fn step_of([length, root, shrinks, eps]: [f32; 4], w: &mut [f32], m: &[f32], v: &[f32]) {
    for ((w, &m), &v) in w.iter_mut().zip(m).zip(v) {
        *w -= shrinks * *w + length * m / (v.sqrt() * root + eps);
    }
}
