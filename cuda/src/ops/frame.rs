//! Zeros around a map, or a map cut at its edges.

use fovea_graph::BackendError;
use fovea_graph::op::Frame;

use super::maps::{extent, per_block, three};
use super::{Call, grid, kernels};
use crate::kernels::Edges;

/// y[i] = x[i − before], and 0 where x has no such element.
pub fn frame(op: &Frame, call: &Call<'_>) -> Result<(), BackendError> {
    if call.shape.elements() == 0 {
        return Ok(());
    }
    let (x, y) = (call.shapes[0], call.shape);
    let edges = Edges {
        extent: extent("frame", x)?,
        framed: extent("frame", y)?,
        before: three("frame", op.edges.iter().map(|&[before, _]| before), 0)?,
        channels: y.channels() as i32,
    };
    kernels::frame(call.queue, grid(call.len(), per_block(y)), call.x(0), call.y(), call.len() as u64, edges)
}
