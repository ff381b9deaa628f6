//! Softmax over the channels.

use super::Call;
use crate::team::CHUNK;

/// `y = exp(x − m) / Σ exp(x − m)` at every position, with m the largest of the position.
pub fn softmax(call: Call<'_>) {
    let x = call.memory.inputs[0];
    let channels = call.shape.channels().max(1);
    call.team.chunks(call.memory.output, rows(channels), |start, out| {
        for (y, x) in out.chunks_exact_mut(channels).zip(x[start..].chunks_exact(channels)) {
            let sum = exponentials(x, y);
            y.iter_mut().for_each(|y| *y /= sum);
        }
    });
}

/// `dx = y · (dy − Σ y·dy)`; inputs y and dy.
pub fn softmax_grad(call: Call<'_>) {
    let (y, dy) = (call.memory.inputs[0], call.memory.inputs[1]);
    let channels = call.shape.channels().max(1);
    call.team.chunks(call.memory.output, rows(channels), |start, out| {
        let rows = y[start..].chunks_exact(channels).zip(dy[start..].chunks_exact(channels));
        call.team.vectors().run(
            #[inline(always)]
            || {
                for (dx, (y, dy)) in out.chunks_exact_mut(channels).zip(rows) {
                    let dot: f32 = y.iter().zip(dy).map(|(y, dy)| y * dy).sum();
                    for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
                        *dx = y * (dy - dot);
                    }
                }
            },
        );
    });
}

/// Elements of a task: whole positions; exponentials are dear, so fewer than elsewhere.
pub fn rows(channels: usize) -> usize {
    (CHUNK / 8 / channels).max(1) * channels
}

/// The largest element; −∞ where there is none.
pub fn largest(x: &[f32]) -> f32 {
    x.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// `y = exp(x − max x)`; returns their sum.
pub fn exponentials(x: &[f32], y: &mut [f32]) -> f32 {
    let largest = largest(x);
    let mut sum = 0.0;
    for (y, x) in y.iter_mut().zip(x) {
        *y = (x - largest).exp();
        sum += *y;
    }
    sum
}
