//! Stochastic gradient descent with momentum and weight decay.

use fovea_graph::Feed;
use fovea_graph::op::{NesterovStep, SgdStep, SgdVelocity};

use super::Call;
use super::update::{clip, size, update};

/// Which input of `SgdVelocity` it may write over.
pub const OLD_VELOCITY: usize = 2;

/// Which input of `SgdStep` and of `NesterovStep` it may write over.
pub const OLD_VALUE: usize = 0;

/// `v ← momentum·v + g + decay·w`; inputs w, g, v.
pub fn velocity(op: &SgdVelocity, call: Call<'_>) {
    let (momentum, decay, clip) = (op.momentum as f32, op.decay as f32, clip(&call, 3));
    let (w, g) = (call.memory.inputs[0], call.memory.inputs[1]);
    update(call, OLD_VELOCITY, |v, i| velocity_of([momentum, decay, clip], v, &g[i..], &w[i..]));
}

/// The same, of one piece.
#[inline(always)]
pub fn velocity_of([momentum, decay, clip]: [f32; 3], v: &mut [f32], g: &[f32], w: &[f32]) {
    for ((v, &g), &w) in v.iter_mut().zip(g).zip(w) {
        *v = momentum * *v + clip * g + decay * w;
    }
}

/// What the velocity at most is, by what w, g and v at most are.
pub fn velocity_bound(op: &SgdVelocity, w: f64, g: f64, v: f64) -> f64 {
    size(op.momentum) * v + g + size(op.decay) * w
}

/// What the parameter at most is behind its step.
pub fn step_bound(op: &SgdStep, w: f64, v: f64, feed: &Feed<'_>) -> f64 {
    w + size(feed.learning_rate * op.factor) * v
}

/// What the parameter at most is behind a step by Nesterov.
pub fn nesterov_bound(op: &NesterovStep, [w, g, v]: [f64; 3], feed: &Feed<'_>) -> f64 {
    w + size(feed.learning_rate * op.factor) * (g + size(op.decay) * w + size(op.momentum) * v)
}

/// `w ← w − lr·factor·v`; inputs w and v.
pub fn step(op: &SgdStep, call: Call<'_>) {
    let rate = (call.feed.learning_rate * op.factor) as f32;
    let v = call.memory.inputs[1];
    update(call, OLD_VALUE, |w, i| step_of(rate, w, &v[i..]));
}

/// The same, of one piece.
#[inline(always)]
pub fn step_of(rate: f32, w: &mut [f32], v: &[f32]) {
    for (w, &v) in w.iter_mut().zip(v) {
        *w -= rate * v;
    }
}

/// `w ← w − lr·factor·(g + decay·w + momentum·v)`; inputs w, g and the new v.
pub fn nesterov(op: &NesterovStep, call: Call<'_>) {
    let (rate, clip) = ((call.feed.learning_rate * op.factor) as f32, clip(&call, 3));
    let (momentum, decay) = (op.momentum as f32, op.decay as f32);
    let (g, v) = (call.memory.inputs[1], call.memory.inputs[2]);
    update(call, OLD_VALUE, |w, i| nesterov_of([rate, momentum, decay, clip], w, &g[i..], &v[i..]));
}

/// The same, of one piece.
#[inline(always)]
pub fn nesterov_of([rate, momentum, decay, clip]: [f32; 4], w: &mut [f32], g: &[f32], v: &[f32]) {
    for ((w, &g), &v) in w.iter_mut().zip(g).zip(v) {
        *w -= rate * (clip * g + decay * *w + momentum * v);
    }
}
