//! Values on the host.

/// A tensor on the host, f32, in standard (row-major) layout.
pub type Tensor = ndarray::ArrayD<f32>;
