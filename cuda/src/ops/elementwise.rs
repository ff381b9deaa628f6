//! Element by element.

use fovea_graph::BackendError;

use super::{Call, grid, kernels};

/// max(x, 0).
pub fn relu(call: &Call<'_>) -> Result<(), BackendError> {
    kernels::relu(call.queue, grid(call.len(), 256), call.x(0), call.y(), call.len() as u64)
}

/// dy where y > 0.
pub fn relu_grad(call: &Call<'_>) -> Result<(), BackendError> {
    kernels::relu_grad(call.queue, grid(call.len(), 256), call.x(0), call.x(1), call.y(), call.len() as u64)
}
