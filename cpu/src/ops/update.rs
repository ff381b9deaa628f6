//! Updates of states: they write over the old value where the plan says so.

use super::Call;
use crate::team::CHUNK;

/// Applies `f` to the output, which first gets the old value (input number `old`) where it does not lie there already;
/// `f` sees a piece and the index of its first element.
pub fn update(call: Call<'_>, old: usize, f: impl Fn(&mut [f32], usize) + Sync) {
    let copied = call.memory.in_place.is_none().then(|| call.memory.inputs[old]);
    call.team.chunks(call.memory.output, CHUNK, |start, piece| {
        if let Some(copied) = copied {
            piece.copy_from_slice(&copied[start..start + piece.len()]);
        }
        call.team.vectors().run(
            #[inline(always)]
            || f(piece, start),
        );
    });
}

/// What an update multiplies its gradient by: the factor of clipped gradients, which stands behind its `own` inputs.
pub fn clip(call: &Call<'_>, own: usize) -> f32 {
    call.memory.inputs.get(own).and_then(|factor| factor.first()).copied().unwrap_or(1.0)
}

/// The magnitude of a factor as the loops have it: in f32, where it may be infinite.
pub fn size(factor: f64) -> f64 {
    f64::from((factor as f32).abs())
}
