//! Accuracy's numerator.

use serde::{Deserialize, Serialize};

use super::loss::check_labels;
use super::{Cost, GradientError, Rule, ShapeError, arity};
use crate::autodiff::Backward;
use crate::ids::NodeId;
use crate::shape::Shape;

/// At how many positions the label's logit is the largest (of equal ones the first counts); inputs logits `[N, …, K]`
/// and labels `[N, …]`, output a scalar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correct {}

impl Rule for Correct {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [logits, labels] = arity("correct", "two", inputs)?;
        check_labels("correct", logits, labels)?;
        Ok(Shape::scalar())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("correct"))
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(inputs[0].elements())
    }
}
