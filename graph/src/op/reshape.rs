//! The same elements, in the same order, in another shape; `flatten` is one.
//!
//! Source: C. Harris et al., "Array programming with NumPy", Nature 585 (2020): `reshape` in row-major order.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, arity};
use crate::counted;
use crate::ids::NodeId;
use crate::op::Backward;
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
            let why = format!("{} cannot make {}", counted(x.elements(), "element"), self.shape);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::{given, gradient};

    #[test]
    fn no_element_is_lost_and_nothing_is_done() {
        let flat = || Op::Reshape(Reshape { shape: Shape::new([5, 48]).expect("it is small") });
        assert_eq!(given(flat(), &[&[5, 4, 4, 3]]), Ok((vec![5, 48], Cost::default())));
        let error = "reshape cannot take 5x4x4x2: 160 elements cannot make 5x48";
        assert_eq!(given(flat(), &[&[5, 4, 4, 2]]), Err(error.to_string()));
        assert_eq!(gradient(flat(), &[&[5, 4, 4, 3]]), [r#"reshape{"shape":[5,4,4,3]}(dy)"#]);
    }
}
