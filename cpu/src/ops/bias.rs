//! One number a channel at every position, and the sum over positions.

use super::Call;
use super::channels::sums;
use crate::epilogue::Epilogue;
use crate::team::CHUNK;

/// `y[…, c] = x[…, c] + b[c]`.
pub fn bias(call: Call<'_>) {
    let (x, b) = (call.memory.inputs[0], call.memory.inputs[1]);
    let channels = b.len().max(1);
    let chunk = (CHUNK / channels).max(1) * channels;
    call.team.chunks(call.memory.output, chunk, |start, out| {
        out.copy_from_slice(&x[start..start + out.len()]);
        call.team.vectors().run(
            #[inline(always)]
            || Epilogue::new(Some(b), None).positions(start, channels, out),
        );
    });
}

/// `y[c] = Σ x[…, c]`.
pub fn channel_sum(call: Call<'_>) {
    let memory = call.memory;
    let streams = ([memory.inputs[0]], None);
    sums(call.team, call.shapes[0], memory.workspace, streams, |x, _| x, |c, [sum]| memory.output[c] = sum as f32);
}
