//! Updates of parameters. They write over their state's old value where the plan says so.

use fovea_graph::op::SgdVelocity;

use super::Call;
use crate::simd::vectorised;
use crate::team::CHUNK;

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

/// Applies `f` to the output, which first gets the old value (input number `old`) where it does not lie there already;
/// `f` sees a piece and the index of its first element.
fn update(call: Call<'_>, old: usize, f: impl Fn(&mut [f32], usize) + Sync) {
    let copied = call.memory.in_place.is_none().then(|| call.memory.inputs[old]);
    call.team.chunks(call.memory.output, CHUNK, |start, piece| {
        if let Some(copied) = copied {
            piece.copy_from_slice(&copied[start..start + piece.len()]);
        }
        vectorised(
            #[inline(always)]
            || f(piece, start),
        );
    });
}
