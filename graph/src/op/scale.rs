//! A tensor times a number: the weight of a side classifier's loss.
//!
//! Source: C. Szegedy et al., "Going deeper with convolutions", arXiv:1409.4842, section 5.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `y = factor·x`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// The number.
    pub factor: f64,
}

impl Rule for Scale {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("scale", "one", inputs)?;
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let dy = backward.dy();
        Ok(vec![Some(backward.push(Op::Scale(self.clone()), &[dy])?)])
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
    fn the_gradient_is_scaled_by_the_same_number() {
        let scale = || Op::Scale(Scale { factor: 0.25 });
        assert_eq!(given(scale(), &[&[5, 3]]), Ok((vec![5, 3], Cost::elementwise(15))));
        assert_eq!(given(scale(), &[&[]]), Ok((vec![], Cost::elementwise(1))));
        assert!(given(scale(), &[]).is_err());
        assert_eq!(gradient(scale(), &[&[5, 3]]), [r#"scale{"factor":0.25}(dy)"#]);
    }
}
