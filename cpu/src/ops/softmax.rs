//! Softmax over the channels.

use super::Call;
use crate::math::exp;
use crate::simd::Vectors;
use crate::team::CHUNK;

/// `y = exp(x − m) / Σ exp(x − m)` at every position, with m the largest of the position.
pub fn softmax(call: Call<'_>) {
    let x = call.memory.inputs[0];
    let channels = call.shape.channels().max(1);
    call.team.chunks(call.memory.output, rows(channels), |start, out| {
        for (y, x) in out.chunks_exact_mut(channels).zip(x[start..].chunks_exact(channels)) {
            let sum = exponentials(call.team.vectors(), x, y);
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

/// Numbers that go side by side: two vectors or more, whatever the processor has, so that sums are the same on all.
const LANES: usize = 16;

/// The largest element; −∞ where there is none.
pub fn largest(vectors: Vectors, x: &[f32]) -> f32 {
    vectors.run(
        #[inline(always)]
        || {
            let (whole, rest) = x.as_chunks::<LANES>();
            let mut lanes = [f32::NEG_INFINITY; LANES];
            for x in whole {
                lanes.iter_mut().zip(x).for_each(|(lane, x)| *lane = lane.max(*x));
            }
            lanes.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
        },
    )
}

/// `y = exp(x − max x)`; returns their sum.
pub fn exponentials(vectors: Vectors, x: &[f32], y: &mut [f32]) -> f32 {
    let largest = largest(vectors, x);
    vectors.run(
        #[inline(always)]
        || {
            y.iter_mut().zip(x).for_each(|(y, x)| *y = exp(x - largest));
            sum(y, |y| y)
        },
    )
}

/// `Σ exp(x − largest)`.
pub fn sum_of_exponentials(vectors: Vectors, x: &[f32], largest: f32) -> f32 {
    vectors.run(
        #[inline(always)]
        || sum(x, |x| exp(x - largest)),
    )
}

/// `Σ f(x)`.
#[inline(always)]
fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (whole, rest) = x.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for x in whole {
        lanes.iter_mut().zip(x).for_each(|(lane, &x)| *lane += f(x));
    }
    lanes.iter_mut().zip(rest).for_each(|(lane, &x)| *lane += f(x));
    lanes.iter().sum()
}
