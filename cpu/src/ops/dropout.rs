//! Dropout: the same mask on every backend, because its random words are addressed by position.

use fovea_graph::op::Dropout;

use super::Call;
use crate::team::CHUNK;

/// `y = x·scale` where the element's random word is at least the threshold, else 0. Four words come at a time.
pub fn dropout(op: &Dropout, call: Call<'_>) {
    const { assert!(CHUNK.is_multiple_of(4), "a chunk begins with a block of random words") };
    let x = call.memory.inputs[0];
    let (random, threshold, scale) = (op.random(call.feed.seed, call.feed.step), op.threshold(), op.scale() as f32);
    call.team.chunks(call.memory.output, CHUNK, |start, out| {
        let blocks = out.chunks_mut(4).zip(x[start..].chunks(4));
        call.team.vectors().run(
            #[inline(always)]
            || {
                for (block, (y, x)) in blocks.enumerate() {
                    let words = random.words((start / 4 + block) as u64);
                    for ((y, &x), word) in y.iter_mut().zip(x).zip(words) {
                        *y = if u64::from(word) >= threshold { x * scale } else { 0.0 };
                    }
                }
            },
        );
    });
}
