//! Element by element: constants, sums, multiples, activations.

use fovea_graph::BackendError;
use fovea_graph::op::{Fill, Function, Scale, Unary, UnaryGrad};

use super::{Call, grid, kernels};

/// Elements of a block: four a thread.
const PER_BLOCK: usize = 4 * 256;

/// Every element the same.
pub fn fill(op: &Fill, call: &Call<'_>) -> Result<(), BackendError> {
    kernels::fill(call.queue, grid(call.len(), PER_BLOCK), call.y(), call.len() as u64, op.value as f32)
}

/// a + b.
pub fn add(call: &Call<'_>) -> Result<(), BackendError> {
    kernels::add(call.queue, grid(call.len(), PER_BLOCK), call.x(0), call.x(1), call.y(), call.len() as u64)
}

/// factor·x.
pub fn scale(op: &Scale, call: &Call<'_>) -> Result<(), BackendError> {
    let n = call.len();
    kernels::scale(call.queue, grid(n, PER_BLOCK), call.x(0), call.y(), n as u64, op.factor as f32)
}

/// max(x, 0).
pub fn relu(call: &Call<'_>) -> Result<(), BackendError> {
    kernels::relu(call.queue, grid(call.len(), PER_BLOCK), call.x(0), call.y(), call.len() as u64)
}

/// dy where y > 0.
pub fn relu_grad(call: &Call<'_>) -> Result<(), BackendError> {
    kernels::relu_grad(call.queue, grid(call.len(), PER_BLOCK), call.x(0), call.x(1), call.y(), call.len() as u64)
}

/// f(x).
pub fn unary(op: &Unary, call: &Call<'_>) -> Result<(), BackendError> {
    let (queue, x, y, n) = (call.queue, call.x(0), call.y(), call.len() as u64);
    let grid = grid(call.len(), PER_BLOCK);
    match op.function {
        Function::Leaky { slope } => kernels::leaky(queue, grid, x, y, n, slope as f32),
        Function::Sigmoid => kernels::sigmoid(queue, grid, x, y, n),
        Function::Tanh => kernels::hyperbolic_tangent(queue, grid, x, y, n),
        Function::Elu => kernels::elu(queue, grid, x, y, n),
        Function::Gelu => kernels::gelu(queue, grid, x, y, n),
    }
}

/// f'(x)·dy.
pub fn unary_grad(op: &UnaryGrad, call: &Call<'_>) -> Result<(), BackendError> {
    let (queue, x, dy, dx, n) = (call.queue, call.x(0), call.x(1), call.y(), call.len() as u64);
    let grid = grid(call.len(), PER_BLOCK);
    match op.function {
        Function::Leaky { slope } => kernels::leaky_grad(queue, grid, x, dy, dx, n, slope as f32),
        Function::Sigmoid => kernels::sigmoid_grad(queue, grid, x, dy, dx, n),
        Function::Tanh => kernels::hyperbolic_tangent_grad(queue, grid, x, dy, dx, n),
        Function::Elu => kernels::elu_grad(queue, grid, x, dy, dx, n),
        Function::Gelu => kernels::gelu_grad(queue, grid, x, dy, dx, n),
    }
}
