//! Activations other than the rectifier.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use fovea_graph::op::Function;
use ndarray::{ArrayD, Zip};

/// f(x).
pub(super) fn forward(function: Function, x: &ArrayD<f64>) -> ArrayD<f64> {
    x.mapv(|x| match function {
        Function::Leaky { slope } => if_positive(x, x, slope * x),
        Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Function::Tanh => x.tanh(),
        Function::Elu => if_positive(x, x, x.exp_m1()),
        Function::Gelu => x * normal_distribution(x),
    })
}

/// f'(x) · dy; at a kink the derivative from below, as in PyTorch.
pub(super) fn gradient(function: Function, x: &ArrayD<f64>, dy: &ArrayD<f64>) -> ArrayD<f64> {
    let derivative = |x: f64| match function {
        Function::Leaky { slope } => if_positive(x, 1.0, slope),
        Function::Sigmoid => {
            // σ(x)·(1 − σ(x)) is the same for −x, and so is free of the difference where σ is nearly 1.
            let e = (-x.abs()).exp();
            e / ((1.0 + e) * (1.0 + e))
        }
        Function::Tanh => 1.0 / (x.cosh() * x.cosh()),
        Function::Elu => if_positive(x, 1.0, x.exp()),
        Function::Gelu => normal_distribution(x) + x * (-x * x / 2.0).exp() / (2.0 * PI).sqrt(),
    };
    Zip::from(x).and(dy).map_collect(|&x, &dy| derivative(x) * dy)
}

fn if_positive(x: f64, positive: f64, other: f64) -> f64 {
    if x > 0.0 { positive } else { other }
}

/// Φ(x): how much of a normal distribution lies below x.
fn normal_distribution(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}
