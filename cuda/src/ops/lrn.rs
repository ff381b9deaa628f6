//! Local response normalisation across channels.

use fovea_graph::op::{Lrn, LrnGrad};
use fovea_graph::{BackendError, Shape};

use super::{Call, grid, kernels};
use crate::kernels::Response;

/// The op's numbers; neighbours beyond the channels are none.
fn response(op: &Lrn, x: &Shape) -> Response {
    let channels = x.channels();
    let reach = |size: usize| size.min(channels) as i32;
    Response {
        channels: channels as i32,
        before: reach(op.size / 2),
        after: reach(op.size.saturating_sub(1) / 2),
        alpha: (op.alpha / op.size as f64) as f32,
        beta: op.beta as f32,
        k: op.k as f32,
    }
}

/// x·D^−beta.
pub fn lrn(op: &Lrn, call: &Call<'_>) -> Result<(), BackendError> {
    let n = call.len();
    kernels::lrn(call.queue, grid(n, 256), call.x(0), call.y(), n as u64, response(op, call.shape))
}

/// Scratch memory of [`lrn_grad`]: what each channel gives to its neighbours.
pub fn grad_workspace(x: &Shape) -> usize {
    x.elements()
}

/// The gradient of [`lrn`].
pub fn lrn_grad(op: &LrnGrad, call: &Call<'_>) -> Result<(), BackendError> {
    let (n, response) = (call.len(), response(&op.lrn, call.shape));
    let (queue, x, dy, given) = (call.queue, call.x(0), call.x(1), call.scratch(0, n));
    kernels::lrn_grad_given(queue, grid(n, 256), x, dy, given.write(), n as u64, response)?;
    kernels::lrn_grad(queue, grid(n, 256), x, dy, given.read(), call.y(), n as u64, response)
}
