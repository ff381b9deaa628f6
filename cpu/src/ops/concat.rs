//! Channels joined and taken apart: copies of short runs.

use fovea_graph::op::ChannelSlice;

use super::Call;
use super::channels::chunk;

/// All channels of the first input, then all of the second, and so on.
pub fn concat(call: Call<'_>) {
    let channels = call.shape.channels().max(1);
    let (inputs, shapes) = (call.memory.inputs, call.shapes);
    call.team.chunks(call.memory.output, chunk(channels), |start, out| {
        let mut first = 0;
        for (x, shape) in inputs.iter().zip(shapes) {
            let mine = shape.channels();
            if mine > 0 {
                let x = x[start / channels * mine..].chunks_exact(mine);
                for (y, x) in out.chunks_exact_mut(channels).zip(x) {
                    y[first..first + mine].copy_from_slice(x);
                }
            }
            first += mine;
        }
    });
}

/// The channels `start..start + channels`.
pub fn slice(op: &ChannelSlice, call: Call<'_>) {
    let (x, all, channels) = (call.memory.inputs[0], call.shapes[0].channels(), op.channels.max(1));
    call.team.chunks(call.memory.output, chunk(channels), |start, out| {
        let x = x[start / channels * all..].chunks_exact(all.max(1));
        for (y, x) in out.chunks_exact_mut(channels).zip(x) {
            y.copy_from_slice(&x[op.start..op.start + channels]);
        }
    });
}
