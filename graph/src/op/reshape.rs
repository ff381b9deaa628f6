//! The same elements, in the same order, in another shape; `flatten` is one.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, arity};
use crate::autodiff::Backward;
use crate::ids::NodeId;
use crate::shape::Shape;

/// `y` has the elements of `x` in row-major order and the shape `shape`. Costs nothing: the plan lets both share memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reshape {
    /// The new shape, with the same number of elements.
    pub shape: Shape,
}

impl Rule for Reshape {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("reshape", "one", inputs)?;
        if x.elements() != self.shape.elements() {
            let why = format!("{} elements do not make {}", x.elements(), self.shape);
            return Err(ShapeError::Form { op: "reshape", found: x.dims().to_vec(), why });
        }
        Ok(self.shape.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (shape, dy) = (backward.input_shape(0).clone(), backward.dy());
        Ok(vec![Some(backward.push(Op::Reshape(Reshape { shape }), &[dy])?)])
    }

    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::default()
    }
}
