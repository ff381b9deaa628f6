//! A constant tensor.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Rule, ShapeError, arity};
use crate::autodiff::Backward;
use crate::ids::NodeId;
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
