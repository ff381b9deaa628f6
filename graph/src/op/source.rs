//! A constant tensor.
//!
//! Source: A. Griewank and A. Walther, "Evaluating Derivatives", 2nd ed., SIAM 2008, section 3.2: differentiation begins with
//! the gradient of the loss by itself, which is one.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Rule, ShapeError, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// A tensor of `shape`, every element `value`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// Its shape.
    pub shape: Shape,
    /// Its elements.
    pub value: f64,
}

impl Rule for Fill {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [] = arity("fill", "no", inputs)?;
        Ok(self.shape.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Ok(Vec::new())
    }

    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Op;
    use crate::op::testing::{given, gradient};

    #[test]
    fn it_reads_nothing_and_has_the_shape_that_it_is_told() {
        let fill = |dims: &[usize]| Op::Fill(Fill { shape: Shape::new(dims).expect("it is small"), value: 1.0 });
        assert_eq!(given(fill(&[2, 3]), &[]), Ok((vec![2, 3], Cost::default())));
        assert_eq!(given(fill(&[2, 3]), &[&[2, 3]]), Err("fill takes no inputs, not 1".to_string()));
        assert!(gradient(fill(&[2, 3]), &[]).is_empty());
    }
}
