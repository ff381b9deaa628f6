//! A step by the sign of a slope that stays near where it began.
//!
//! Sources: I. Goodfellow, J. Shlens, C. Szegedy, "Explaining and harnessing adversarial examples", arXiv:1412.6572; the bound
//! of several such steps, A. Madry et al., arXiv:1706.06083.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `y = x + step·unit·sign(slope)`, brought back to where it is no further than `eps·unit` from the origin and in
/// `low..=low + unit`, or as far outside as the origin is itself. Inputs: x, slope and origin, of one shape `[…, C]`; unit and
/// low `[C]`: what a channel's raw values 0 to 1 are after they were standardised. A slope that is 0, or no number, moves nothing.
///
/// Nothing flows back: what it gives is a sample, not a function of the weights by which it was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignStep {
    /// How far a value moves, of its channel's unit.
    pub step: f64,
    /// How far from its origin it may be, of its channel's unit.
    pub eps: f64,
}

impl Rule for SignStep {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let op = "sign_step";
        let [x, slope, origin, unit, low] = arity(op, "five", inputs)?;
        agree(op, x, slope)?;
        agree(op, x, origin)?;
        let channels = Shape::new([x.channels()])?;
        agree(op, &channels, unit)?;
        agree(op, &channels, low)?;
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Ok(vec![None; backward.inputs()])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(6 * output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Op;
    use crate::op::testing::{given, gradient};

    #[test]
    fn samples_keep_their_shape_and_nothing_flows_back() {
        let step = || Op::SignStep(SignStep { step: 0.025, eps: 0.1 });
        let inputs: [&[usize]; 5] = [&[5, 4, 3], &[5, 4, 3], &[5, 4, 3], &[3], &[3]];
        assert_eq!(given(step(), &inputs), Ok((vec![5, 4, 3], Cost::elementwise(360))));
        assert_eq!(gradient(step(), &inputs), ["-"; 5]);
        for (wrong, dims) in [(1, [5, 3, 4].as_slice()), (2, &[5, 4]), (3, &[4]), (4, &[1, 3])] {
            let mut inputs = inputs;
            inputs[wrong] = dims;
            assert!(given(step(), &inputs).is_err(), "input {wrong}");
        }
        assert!(given(step(), &inputs[..4]).is_err());
    }
}
