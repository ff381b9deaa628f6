//! Ops that take one element, or one of each input, to one element.

use fovea_graph::op::{Fill, Scale};

use super::Call;
use crate::math::rectify;
use crate::team::CHUNK;

/// Every element is the value.
pub fn fill(op: &Fill, call: Call<'_>) {
    call.memory.output.fill(op.value as f32);
}

/// `y = max(x, 0)`.
pub fn relu(call: Call<'_>) {
    map(call, rectify);
}

/// `y = a + b`.
pub fn add(call: Call<'_>) {
    zip(call, |a, b| a + b);
}

/// `dx = dy where y > 0`; inputs y and dy.
pub fn relu_grad(call: Call<'_>) {
    zip(call, |y, dy| if y > 0.0 { dy } else { 0.0 });
}

/// `y = factor·x`.
pub fn scale(op: &Scale, call: Call<'_>) {
    let factor = op.factor as f32;
    map(call, |x| factor * x);
}

/// One element of the input to one of the output.
pub fn map(call: Call<'_>, f: impl Fn(f32) -> f32 + Sync) {
    let x = call.memory.inputs[0];
    call.team.chunks(call.memory.output, CHUNK, |start, out| {
        call.team.vectors().run(
            #[inline(always)]
            || {
                for (y, &x) in out.iter_mut().zip(&x[start..]) {
                    *y = f(x);
                }
            },
        );
    });
}

/// One element of the first two inputs to one of the output.
pub fn zip(call: Call<'_>, f: impl Fn(f32, f32) -> f32 + Sync) {
    let (a, b) = (call.memory.inputs[0], call.memory.inputs[1]);
    call.team.chunks(call.memory.output, CHUNK, |start, out| {
        call.team.vectors().run(
            #[inline(always)]
            || {
                for ((y, &a), &b) in out.iter_mut().zip(&a[start..]).zip(&b[start..]) {
                    *y = f(a, b);
                }
            },
        );
    });
}
