//! The sum of two tensors of one shape.
//!
//! Source: K. He et al., "Deep residual learning for image recognition", arXiv:1512.03385, equation 1: the shortcut.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `y = a + b`; all three of one shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Add {}

impl Rule for Add {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [a, b] = arity("add", "two", inputs)?;
        agree("add", a, b)?;
        Ok(a.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Ok(vec![Some(backward.dy()), Some(backward.dy())])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Op;
    use crate::op::testing::{given, gradient};

    #[test]
    fn both_terms_have_one_shape_and_the_gradient_of_the_sum() {
        let add = || Op::Add(Add {});
        assert_eq!(given(add(), &[&[5, 4, 3], &[5, 4, 3]]), Ok((vec![5, 4, 3], Cost::elementwise(60))));
        let error = "add needs 5x4x3 to agree with 5x4x2";
        assert_eq!(given(add(), &[&[5, 4, 3], &[5, 4, 2]]), Err(error.to_string()));
        assert!(given(add(), &[&[5]]).is_err());
        assert_eq!(gradient(add(), &[&[2, 3], &[2, 3]]), ["dy", "dy"]);
    }
}
