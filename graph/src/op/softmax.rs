//! Softmax over the channels, at every position.
//!
//! Source: J. Bridle, "Probabilistic interpretation of feedforward classification network outputs", Neurocomputing, 1990;
//! less the largest of the position, so that no power overflows.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `y[…, c] = exp(x[…, c] − m) / Σ_k exp(x[…, k] − m)` with m the largest of the position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Softmax {}

/// `dx = y · (dy − Σ_k y[…, k]·dy[…, k])`; inputs y and dy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoftmaxGrad {}

impl Rule for Softmax {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("softmax", "one", inputs)?;
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (y, dy) = (backward.output(), backward.dy());
        Ok(vec![Some(backward.push(Op::SoftmaxGrad(SoftmaxGrad {}), &[y, dy])?)])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(4 * output.elements())
    }
}

impl Rule for SoftmaxGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [y, dy] = arity("softmax_grad", "two", inputs)?;
        agree("softmax_grad", y, dy)?;
        Ok(y.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("softmax_grad"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(4 * output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::{given, gradient};

    #[test]
    fn the_gradient_reads_the_output_alone() {
        assert_eq!(given(Op::Softmax(Softmax {}), &[&[5, 4, 3]]), Ok((vec![5, 4, 3], Cost::elementwise(240))));
        assert_eq!(gradient(Op::Softmax(Softmax {}), &[&[5, 4, 3]]), ["softmax_grad(y, dy)"]);
        let grad = || Op::SoftmaxGrad(SoftmaxGrad {});
        assert_eq!(given(grad(), &[&[5, 3], &[5, 3]]), Ok((vec![5, 3], Cost::elementwise(60))));
        assert!(given(grad(), &[&[5, 3], &[3, 5]]).is_err());
    }
}
