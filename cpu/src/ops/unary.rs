//! Activations other than the rectifier.

use fovea_graph::op::{Function, Unary, UnaryGrad};

use super::Call;
use super::elementwise::{map, zip};
use crate::math::{exp, exp_m1};

/// `y = f(x)`.
pub fn unary(op: &Unary, call: Call<'_>) {
    match op.function {
        Function::Leaky { slope } => map(call, leaky(slope)),
        Function::Sigmoid => map(call, |x| 1.0 / (1.0 + exp(-x))),
        Function::Tanh => map(call, tanh),
        Function::Elu => map(call, |x| if x > 0.0 { x } else { exp_m1(x) }),
        Function::Gelu => map(call, |x| x * normal_distribution(x)),
    }
}

/// `dx = f'(x) · dy`; inputs x and dy. At a kink the derivative from below.
pub fn unary_grad(op: &UnaryGrad, call: Call<'_>) {
    match op.function {
        Function::Leaky { slope } => {
            let slope = slope as f32;
            zip(call, move |x, dy| if x > 0.0 { dy } else { slope * dy });
        }
        Function::Sigmoid => zip(call, |x, dy| bell(x) * dy),
        // tanh(x) = 2·σ(2x) − 1.
        Function::Tanh => zip(call, |x, dy| 4.0 * bell(2.0 * x) * dy),
        Function::Elu => zip(call, |x, dy| if x > 0.0 { dy } else { exp(x) * dy }),
        Function::Gelu => zip(call, |x, dy| (normal_distribution(x) + x * normal_density(x)) * dy),
    }
}

fn leaky(slope: f64) -> impl Fn(f32) -> f32 + Sync {
    let slope = slope as f32;
    move |x| if x > 0.0 { x } else { slope * x }
}

/// The derivative of the logistic function: `e/(1 + e)²` with `e = exp(−|x|)`, which never overflows.
#[inline(always)]
fn bell(x: f32) -> f32 {
    let e = exp(-x.abs());
    e / ((1.0 + e) * (1.0 + e))
}

/// `(e^2|x| − 1)/(e^2|x| + 1)` with the sign of x; from |x| = 10 on that is 1.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let e = exp_m1((2.0 * x.abs()).clamp(0.0, 20.0));
    (e / (e + 2.0)).copysign(x)
}

/// Φ(x): how much of a normal distribution lies below x, within 1e-7.
///
/// Source: M. Abramowitz and I. Stegun, "Handbook of mathematical functions", formula 7.1.26, for the tail of the error
/// function.
#[inline(always)]
fn normal_distribution(x: f32) -> f32 {
    const TERMS: [f32; 5] = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];
    let t = 1.0 / (1.0 + 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2 * x.abs());
    let tail = 0.5 * t * TERMS.into_iter().fold(0.0, |sum, term| sum * t + term) * exp(-0.5 * x * x);
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// `exp(−x²/2)/√(2π)`.
#[inline(always)]
fn normal_density(x: f32) -> f32 {
    const TOP: f32 = 0.398_942_3;
    TOP * exp(-0.5 * x * x)
}
