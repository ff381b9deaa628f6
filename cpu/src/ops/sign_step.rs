//! A step by the sign of a slope that stays near its origin.

use fovea_graph::op::SignStep;

use super::Call;
use crate::team::CHUNK;

/// `y = x + step·unit·sign(slope)`, near the origin and in the range of the values; inputs x, slope, origin, unit and low.
pub fn sign_step(op: &SignStep, call: Call<'_>) {
    let [x, slope, origin, unit, low] = [0, 1, 2, 3, 4].map(|i| call.memory.inputs[i]);
    let (step, eps) = (op.step as f32, op.eps as f32);
    let channels = unit.len().max(1);
    let chunk = (CHUNK / channels).max(1) * channels;
    call.team.chunks(call.memory.output, chunk, |start, out| {
        let here = |values: &[f32]| start..(start + out.len()).min(values.len());
        let (x, slope, origin) = (&x[here(x)], &slope[here(slope)], &origin[here(origin)]);
        call.team.vectors().run(
            #[inline(always)]
            || {
                let rows =
                    x.chunks_exact(channels).zip(slope.chunks_exact(channels)).zip(origin.chunks_exact(channels));
                for (y, ((x, slope), origin)) in out.chunks_exact_mut(channels).zip(rows) {
                    for c in 0..channels {
                        let moved = x[c] + sign(slope[c]) * (step * unit[c]);
                        let near = within(moved, origin[c] - eps * unit[c], origin[c] + eps * unit[c]);
                        y[c] = within(near, low[c].min(origin[c]), (low[c] + unit[c]).max(origin[c]));
                    }
                }
            },
        );
    });
}

/// 0 where there is no slope: `f32::signum` gives 1 there.
#[inline(always)]
fn sign(slope: f32) -> f32 {
    if slope > 0.0 {
        1.0
    } else if slope < 0.0 {
        -1.0
    } else {
        0.0
    }
}

/// What is not a number stays so.
#[inline(always)]
fn within(x: f32, low: f32, high: f32) -> f32 {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}
