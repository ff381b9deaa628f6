//! Accuracy's numerator.
//!
//! Source: I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press 2016, section 5.1.2.

use serde::{Deserialize, Serialize};

use super::loss::{are_shares, check_labels};
use super::{Cost, GradientError, Rule, ShapeError, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// At how many positions the label's logit is the largest (of equal ones the first counts); inputs logits `[N, …, K]`
/// and labels `[N, …]`, output a scalar. In place of labels there may be shares of the classes, `[N, …, K]`: then a position
/// counts by the share of the class whose logit is the largest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Correct {
    /// The label that is never right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore: Option<u32>,
}

impl Rule for Correct {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [logits, labels] = arity("correct", "two", inputs)?;
        if !are_shares(logits, labels) {
            check_labels("correct", logits, labels)?;
        }
        Ok(Shape::scalar())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("correct"))
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(inputs[0].elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Op;
    use crate::op::testing::given;

    #[test]
    fn labels_have_a_class_for_each_position() {
        let correct = || Op::Correct(Correct::default());
        assert_eq!(given(correct(), &[&[5, 10], &[5]]), Ok((vec![], Cost::elementwise(50))));
        assert_eq!(given(correct(), &[&[5, 7, 6, 3], &[5, 7, 6]]), Ok((vec![], Cost::elementwise(630))));
        assert_eq!(given(correct(), &[&[5, 10], &[5, 10]]), Ok((vec![], Cost::elementwise(50))), "shares");
        for wrong in [&[5, 9][..], &[4], &[]] {
            assert!(given(correct(), &[&[5, 10], wrong]).is_err(), "{wrong:?}");
        }
    }
}
