//! The sum of two tensors of one shape.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Rule, ShapeError, agree, arity};
use crate::autodiff::Backward;
use crate::ids::NodeId;
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
