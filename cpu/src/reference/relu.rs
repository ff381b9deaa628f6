//! The rectifier, alone and at the end of a convolution or matrix product.

use fovea_graph::op::Activation;
use ndarray::{ArrayD, Zip};

/// max(x, 0); what is not a number stays so.
pub(super) fn forward(x: &ArrayD<f64>) -> ArrayD<f64> {
    x.mapv(|x| if x < 0.0 { 0.0 } else { x })
}

/// dy where y > 0, else 0.
pub(super) fn gradient(y: &ArrayD<f64>, dy: &ArrayD<f64>) -> ArrayD<f64> {
    Zip::from(y).and(dy).map_collect(|&y, &dy| if y > 0.0 { dy } else { 0.0 })
}

/// What is fused into an op: first the bias, one number a channel, then the activation.
pub(super) fn epilogue(y: ArrayD<f64>, bias: Option<&ArrayD<f64>>, activation: Option<Activation>) -> ArrayD<f64> {
    let y = match bias {
        Some(bias) => y + bias,
        None => y,
    };
    match activation {
        Some(Activation::Relu) => forward(&y),
        None => y,
    }
}
