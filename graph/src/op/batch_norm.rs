//! Batch normalisation.
//!
//! Source: S. Ioffe and C. Szegedy, "Batch normalization", arXiv:1502.03167. In training the statistics are the batch's,
//! and running ones are kept for inference: r ← (1 − m)·r + m·s, the variance with n/(n − 1), as PyTorch has it.

use serde::{Deserialize, Serialize};

use super::bias::check_bias;
use super::{ChannelSum, Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `y[c] = mean of x[…, c]`; input `[N, …, C]`, output `[C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelMean {}

/// `y[c] = mean of (x[…, c] − mean[c])²`, the biased variance; inputs x `[N, …, C]` and mean `[C]`, output `[C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelVariance {}

/// Whose statistics a batch normalisation uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistics {
    /// The batch's own: the gradient goes through them.
    Batch,
    /// Those kept from training: constants.
    Running,
}

/// `y = scale·(x − mean)/√(variance + eps) + shift`; inputs x `[N, …, C]`, mean, variance, scale and shift, each `[C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchNorm {
    /// Added to the variance.
    pub eps: f64,
    /// Whose statistics these are.
    pub statistics: Statistics,
}

/// `Σ dy·(x − mean)/√(variance + eps)` over all but the channels: the gradient by the scale. Inputs x, mean, variance and
/// dy; output `[C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchNormScaleGrad {
    /// The forward op's.
    pub eps: f64,
}

/// The gradient of [`BatchNorm`] by x; inputs x, mean, variance, scale, dy, dscale `[C]` and dshift `[C]`. With batch
/// statistics `scale/σ · (dy − dshift/n − x̂·dscale/n)`, n the positions; with running ones `scale/σ · dy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchNormDgrad {
    /// The forward op's.
    pub eps: f64,
    /// The forward op's.
    pub statistics: Statistics,
}

/// `r' = (1 − momentum)·r + momentum·correction·s`: a running statistic after a batch; inputs r and s, of one shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// How much of the batch's statistic enters.
    pub momentum: f64,
    /// n/(n − 1) for a variance, 1 for a mean.
    pub correction: f64,
}

impl Rule for ChannelMean {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("channel_mean", "one", inputs)?;
        Ok(Shape::new([x.channels()])?)
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        // The gradient through the batch's statistics is part of the normalisation's own.
        Ok(vec![None])
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(inputs[0].elements())
    }
}

impl Rule for ChannelVariance {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, mean] = arity("channel_variance", "two", inputs)?;
        check_bias("channel_variance", x.channels(), mean)?;
        Ok(mean.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Ok(vec![None, None])
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(3 * inputs[0].elements())
    }
}

impl Rule for BatchNorm {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, vectors @ ..] = arity::<5>("batch_norm", "five", inputs)?;
        for vector in vectors {
            check_bias("batch_norm", x.channels(), vector)?;
        }
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (x, mean, variance, scale) = (backward.input(0), backward.input(1), backward.input(2), backward.input(3));
        let dy = backward.dy();
        let dscale =
            backward.push(Op::BatchNormScaleGrad(BatchNormScaleGrad { eps: self.eps }), &[x, mean, variance, dy])?;
        let dshift = backward.push(Op::ChannelSum(ChannelSum {}), &[dy])?;
        let dgrad = Op::BatchNormDgrad(BatchNormDgrad { eps: self.eps, statistics: self.statistics });
        let dx = match backward.wants(0) {
            true => Some(backward.push(dgrad, &[x, mean, variance, scale, dy, dscale, dshift])?),
            false => None,
        };
        Ok(vec![dx, None, None, Some(dscale), Some(dshift)])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(2 * output.elements())
    }
}

impl Rule for BatchNormScaleGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, mean, variance, dy] = arity("batch_norm_scale_grad", "four", inputs)?;
        agree("batch_norm_scale_grad", x, dy)?;
        check_bias("batch_norm_scale_grad", x.channels(), mean)?;
        check_bias("batch_norm_scale_grad", x.channels(), variance)?;
        Ok(mean.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("batch_norm_scale_grad"))
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(3 * inputs[0].elements())
    }
}

impl Rule for BatchNormDgrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, mean, variance, scale, dy, dscale, dshift] = arity("batch_norm_dgrad", "seven", inputs)?;
        agree("batch_norm_dgrad", x, dy)?;
        for vector in [mean, variance, scale, dscale, dshift] {
            check_bias("batch_norm_dgrad", x.channels(), vector)?;
        }
        Ok(x.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("batch_norm_dgrad"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(6 * output.elements())
    }
}

impl Rule for Running {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [running, batch] = arity("running", "two", inputs)?;
        agree("running", running, batch)?;
        Ok(running.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("running"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(3 * output.elements())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).expect("it is small")
    }

    #[test]
    fn every_vector_has_one_number_for_each_channel() {
        let (x, c, other) = (shape(&[5, 4, 3, 7]), shape(&[7]), shape(&[4]));
        let norm = BatchNorm { eps: 1e-5, statistics: Statistics::Batch };
        let dgrad = BatchNormDgrad { eps: 1e-5, statistics: Statistics::Batch };
        let scale = BatchNormScaleGrad { eps: 1e-5 };
        assert_eq!(ChannelMean {}.shape(&[&x]), Ok(c.clone()));
        assert_eq!(ChannelVariance {}.shape(&[&x, &c]), Ok(c.clone()));
        assert_eq!(norm.shape(&[&x, &c, &c, &c, &c]), Ok(x.clone()));
        assert_eq!(dgrad.shape(&[&x, &c, &c, &c, &x, &c, &c]), Ok(x.clone()));
        assert_eq!(scale.shape(&[&x, &c, &c, &x]), Ok(c.clone()));
        assert!(ChannelVariance {}.shape(&[&x, &other]).is_err());
        for wrong in 1..5 {
            let mut inputs = [&x, &c, &c, &c, &c];
            inputs[wrong] = &other;
            assert!(norm.shape(&inputs).is_err(), "input {wrong}");
        }
        for wrong in 1..7 {
            let mut inputs = [&x, &c, &c, &c, &x, &c, &c];
            inputs[wrong] = &other;
            assert!(dgrad.shape(&inputs).is_err(), "input {wrong}");
        }
        for wrong in 1..4 {
            let mut inputs = [&x, &c, &c, &x];
            inputs[wrong] = &other;
            assert!(scale.shape(&inputs).is_err(), "input {wrong}");
        }
    }

    #[test]
    fn too_few_inputs_are_an_error() {
        let (x, c) = (shape(&[5, 7]), shape(&[7]));
        let norm = BatchNorm { eps: 1e-5, statistics: Statistics::Running };
        assert_eq!(norm.shape(&[&x, &c]).unwrap_err().to_string(), "batch_norm takes five inputs, not 2");
        assert!(ChannelMean {}.shape(&[]).is_err());
        let running = Running { momentum: 0.1, correction: 1.0 };
        assert_eq!(running.shape(&[&c, &c]), Ok(c.clone()));
        assert!(running.shape(&[&c, &x]).is_err());
    }

    #[test]
    fn the_gradient_by_x_uses_those_by_scale_and_shift_and_the_statistics_have_none_of_their_own() {
        let norm = BatchNorm { eps: 0.5, statistics: Statistics::Batch };
        let by = crate::op::testing::gradient(Op::BatchNorm(norm), &[&[5, 4, 3], &[3], &[3], &[3], &[3]]);
        let (scale, shift) = (r#"batch_norm_scale_grad{"eps":0.5}(a, b, c, dy)"#, "channel_sum(dy)");
        let x = format!(r#"batch_norm_dgrad{{"eps":0.5,"statistics":"batch"}}(a, b, c, d, dy, {scale}, {shift})"#);
        assert_eq!(by, [&x, "-", "-", scale, shift]);
    }
}
