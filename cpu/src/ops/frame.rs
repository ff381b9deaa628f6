//! Zeros around a map, or a map cut at its edges: copies of lines.

use fovea_graph::op::Frame;

use super::Call;
use super::channels::chunk;
use crate::geometry::axes;

/// `y[i] = x[i − before]`, and 0 where x has no such element.
pub fn frame(op: &Frame, call: Call<'_>) {
    let (x, channels) = (call.memory.inputs[0], call.shape.channels());
    let (map, out) = (axes(call.shapes[0].spatial(), 1), axes(call.shape.spatial(), 1));
    let before: [i64; 3] = axes(&op.edges, [0; 2]).map(|edge| edge[0]);
    let source = |axis: usize, at: usize| {
        let at = usize::try_from(at as i64 - before[axis]).ok()?;
        (at < map[axis]).then_some(at)
    };
    // The columns of a line that lie on the map, there and here.
    let (from, to) = (before[2].min(0).unsigned_abs() as usize, before[2].max(0) as usize);
    let count = map[2].saturating_sub(from).min(out[2].saturating_sub(to));
    let line = (out[2] * channels).max(1);
    call.team.chunks(call.memory.output, chunk(line), |start, piece| {
        for (i, y) in piece.chunks_exact_mut(line).enumerate() {
            let (rest, second) = ((start / line + i) / out[1], (start / line + i) % out[1]);
            y.fill(0.0);
            if let (Some(first), Some(second)) = (source(0, rest % out[0]), source(1, second)) {
                let at = (((rest / out[0] * map[0] + first) * map[1] + second) * map[2] + from) * channels;
                y[to * channels..(to + count) * channels].copy_from_slice(&x[at..at + count * channels]);
            }
        }
    });
}
