//! RMSprop. Its mean square is Adam's, [`AdamSquare`](super::AdamSquare), and its step SGD's, [`SgdStep`](super::SgdStep).
//!
//! Source: G. Hinton, "Neural networks for machine learning", lecture 6e, 2012, in PyTorch's form: eps outside of the
//! root, and momentum over the divided gradients.

use serde::{Deserialize, Serialize};

use super::clip::unclipped;
use super::{Cost, GradientError, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `b' = momentum·b + (g + decay·w)/(√v + eps)`; inputs w, g, b and the new mean square v, all of one shape, and perhaps
/// the factor of g.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RmsVelocity {
    /// How much of the old velocity stays.
    pub momentum: f64,
    /// Keeps the quotient finite.
    pub eps: f64,
    /// L2 penalty's weight.
    pub decay: f64,
}

impl Rule for RmsVelocity {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [w, others @ ..] = arity::<4>("rms_velocity", "four", unclipped("rms_velocity", inputs, 4)?)?;
        others.iter().try_for_each(|other| agree("rms_velocity", w, other))?;
        Ok(w.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("rms_velocity"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(7 * output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Op;
    use crate::op::testing::given;

    #[test]
    fn a_parameter_its_gradient_and_its_moments_have_one_shape() {
        let velocity = || Op::RmsVelocity(RmsVelocity { momentum: 0.9, eps: 1e-8, decay: 0.0 });
        let own: &[usize] = &[5, 7];
        assert_eq!(given(velocity(), &[own; 4]), Ok((vec![5, 7], Cost::elementwise(245))));
        assert_eq!(given(velocity(), &[own, own, own, own, &[]]), Ok((vec![5, 7], Cost::elementwise(245))));
        let other: &[usize] = &[7, 5];
        for at in 1..4 {
            let mut inputs = [own; 4];
            inputs[at] = other;
            assert!(given(velocity(), &inputs).is_err());
        }
        assert!(given(velocity(), &[own; 3]).is_err() && given(velocity(), &[own; 5]).is_err());
    }
}
