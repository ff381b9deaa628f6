//! RMSprop's velocity; its mean square is Adam's, and its step SGD's.
//!
//! Source: G. Hinton, "Neural networks for machine learning", lecture 6e, 2012, in PyTorch's form.

use fovea_graph::op::RmsVelocity;

use super::Call;
use super::update::{clip, size, update};

/// Which input of `RmsVelocity` it may write over.
pub const OLD_VELOCITY: usize = 2;

/// `b ← momentum·b + (g + decay·w)/(√v + eps)`; inputs w, g, b and the new v.
pub fn velocity(op: &RmsVelocity, call: Call<'_>) {
    let (momentum, eps, decay) = (op.momentum as f32, op.eps as f32, op.decay as f32);
    let (w, g, v, clip) = (call.memory.inputs[0], call.memory.inputs[1], call.memory.inputs[3], clip(&call, 4));
    update(call, OLD_VELOCITY, |b, i| velocity_of([momentum, eps, decay, clip], b, &g[i..], &w[i..], &v[i..]));
}

/// The same, of one piece.
#[inline(always)]
pub fn velocity_of([momentum, eps, decay, clip]: [f32; 4], b: &mut [f32], g: &[f32], w: &[f32], v: &[f32]) {
    for (((b, &g), &w), &v) in b.iter_mut().zip(g).zip(w).zip(v) {
        *b = momentum * *b + (clip * g + decay * w) / (v.sqrt() + eps);
    }
}

/// What the velocity at most is, by what w, g and b at most are: √v is at least 0.
pub fn velocity_bound(op: &RmsVelocity, w: f64, g: f64, b: f64) -> f64 {
    let gradient = g + size(op.decay) * w;
    size(op.momentum) * b + gradient * (1.0 / size(op.eps)).max(1.0)
}
