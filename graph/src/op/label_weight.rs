//! How much a batch's labels count.
//!
//! Source: A. Paszke et al., "PyTorch: an imperative style, high-performance deep learning library", NeurIPS 2019: what its
//! cross-entropy divides by.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Rule, ShapeError};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// The sum of the weights of all labels but those that are ignored, a scalar; inputs labels of any shape, class numbers
/// held as floats, and the classes' weights `[K]`, where they are not all 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelWeight {
    /// The label that counts for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore: Option<u32>,
}

impl Rule for LabelWeight {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let op = "label_weight";
        match inputs {
            [_] => Ok(Shape::scalar()),
            [_, weights] if weights.rank() == 1 => Ok(Shape::scalar()),
            [_, weights] => {
                let why = "a weight for each class is one line of numbers".to_string();
                Err(ShapeError::Form { op, found: weights.dims().to_vec(), why })
            }
            _ => Err(ShapeError::Arity { op, expected: "one or two", found: inputs.len() }),
        }
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("label_weight"))
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
    fn labels_of_any_shape_have_one_weight() {
        let weight = || Op::LabelWeight(LabelWeight { ignore: Some(255) });
        assert_eq!(given(weight(), &[&[5]]), Ok((vec![], Cost::elementwise(5))));
        assert_eq!(given(weight(), &[&[5, 7, 6], &[4]]), Ok((vec![], Cost::elementwise(210))));
        let error = "label_weight cannot take 4x1: a weight for each class is one line of numbers";
        assert_eq!(given(weight(), &[&[5], &[4, 1]]), Err(error.to_string()));
        assert!(given(weight(), &[]).is_err());
    }
}
