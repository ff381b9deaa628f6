//! One number a channel at every position, and the sum over positions.

use fovea_graph::Shape;

use super::{Call, finish};
use crate::simd::vectorised;
use crate::team::CHUNK;

/// `y[…, c] = x[…, c] + b[c]`.
pub fn bias(call: Call<'_>) {
    let (x, b) = (call.memory.inputs[0], call.memory.inputs[1]);
    let channels = b.len().max(1);
    let chunk = (CHUNK / channels).max(1) * channels;
    call.team.chunks(call.memory.output, chunk, |start, out| {
        out.copy_from_slice(&x[start..start + out.len()]);
        vectorised(
            #[inline(always)]
            || out.chunks_exact_mut(channels).for_each(|row| finish(row, Some(b), None)),
        );
    });
}

/// How a sum over positions is cut: each piece has its own partial sums, which are added in order at the end.
struct Cut {
    /// Partial sums side by side: a whole number of positions, so that short rows of channels fill vectors too.
    lanes: usize,
    /// Elements of a piece; a multiple of `lanes`.
    piece: usize,
}

/// Follows from the shape alone.
fn cut(x: &Shape) -> Cut {
    const WIDE: usize = 64;
    const PIECES: usize = 64;
    let channels = x.channels().max(1);
    let lanes = channels * (WIDE / channels).max(1);
    let piece = CHUNK.max(x.elements() / PIECES).next_multiple_of(lanes);
    Cut { lanes, piece }
}

/// The scratch memory of `channel_sum`.
pub fn workspace(x: &Shape) -> usize {
    let Cut { lanes, piece } = cut(x);
    x.elements().div_ceil(piece) * lanes
}

/// `y[c] = Σ x[…, c]`.
pub fn channel_sum(call: Call<'_>) {
    let x = call.memory.inputs[0];
    let Cut { lanes, piece } = cut(call.shapes[0]);
    let partial = &mut call.memory.workspace[..x.len().div_ceil(piece) * lanes];
    call.team.chunks(partial, lanes, |start, sums| {
        let begin = start / lanes * piece;
        let mine = &x[begin..(begin + piece).min(x.len())];
        sums.fill(0.0);
        vectorised(
            #[inline(always)]
            || mine.chunks(lanes).for_each(|rows| sums.iter_mut().zip(rows).for_each(|(s, x)| *s += x)),
        );
    });
    let output = call.memory.output;
    output.fill(0.0);
    for sums in partial.chunks_exact(output.len().max(1)) {
        output.iter_mut().zip(sums).for_each(|(y, s)| *y += s);
    }
}
