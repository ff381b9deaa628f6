//! Stochastic gradient descent with momentum and weight decay.

use fovea_graph::Feed;
use fovea_graph::op::SgdVelocity;

use super::Call;
use super::update::{size, update};

/// Which input of `SgdVelocity` it may write over.
pub const OLD_VELOCITY: usize = 2;

/// Which input of `SgdStep` it may write over.
pub const OLD_VALUE: usize = 0;

/// `v ← momentum·v + g + decay·w`; inputs w, g, v.
pub fn velocity(op: &SgdVelocity, call: Call<'_>) {
    let (momentum, decay) = (op.momentum as f32, op.decay as f32);
    let (w, g) = (call.memory.inputs[0], call.memory.inputs[1]);
    update(call, OLD_VELOCITY, |v, i| {
        for ((v, &g), &w) in v.iter_mut().zip(&g[i..]).zip(&w[i..]) {
            *v = momentum * *v + g + decay * w;
        }
    });
}

/// What the velocity at most is, by what w, g and v at most are.
pub fn velocity_bound(op: &SgdVelocity, w: f64, g: f64, v: f64) -> f64 {
    size(op.momentum) * v + g + size(op.decay) * w
}

/// What the parameter at most is behind its step.
pub fn step_bound(w: f64, v: f64, feed: &Feed<'_>) -> f64 {
    w + size(feed.learning_rate) * v
}

/// `w ← w − lr·v`; inputs w and v.
pub fn step(call: Call<'_>) {
    let rate = call.feed.learning_rate as f32;
    let v = call.memory.inputs[1];
    update(call, OLD_VALUE, |w, i| {
        for (w, &v) in w.iter_mut().zip(&v[i..]) {
            *w -= rate * v;
        }
    });
}
