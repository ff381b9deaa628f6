//! The rectifier.
//!
//! Source: V. Nair and G. Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// What a convolution or matrix product may apply to its own result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(x, 0).
    Relu,
}

/// `y = max(x, 0)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relu {}

/// `dx = dy where y > 0, else 0`; inputs y (the output of `Relu`, so that x need not be kept) and dy.
/// The gradient at exactly 0 is 0, as in PyTorch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReluGrad {}

impl Rule for Relu {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("relu", "one", inputs)?;
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (y, dy) = (backward.output(), backward.dy());
        Ok(vec![Some(backward.push(Op::ReluGrad(ReluGrad {}), &[y, dy])?)])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(output.elements())
    }
}

impl Rule for ReluGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [y, dy] = arity("relu_grad", "two", inputs)?;
        agree("relu_grad", y, dy)?;
        Ok(y.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("relu_grad"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::{given, gradient};

    #[test]
    fn the_gradient_reads_the_output_so_that_the_input_need_not_be_kept() {
        assert_eq!(given(Op::Relu(Relu {}), &[&[5, 4, 3]]), Ok((vec![5, 4, 3], Cost::elementwise(60))));
        assert_eq!(gradient(Op::Relu(Relu {}), &[&[5, 4, 3]]), ["relu_grad(y, dy)"]);
        let grad = || Op::ReluGrad(ReluGrad {});
        assert_eq!(given(grad(), &[&[5, 4], &[5, 4]]), Ok((vec![5, 4], Cost::elementwise(20))));
        assert!(given(grad(), &[&[5, 4], &[4, 5]]).is_err() && given(grad(), &[&[5, 4]]).is_err());
    }
}
