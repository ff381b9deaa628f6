//! Clipping: all gradients shortened together, so that they are no longer than a limit.
//!
//! Source: R. Pascanu et al., "On the difficulty of training recurrent neural networks", ICML 2013, in PyTorch's form
//! (`clip_grad_norm_`): every gradient times min(1, limit / (‖all of them‖ + 1e-6)).

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Rule, ShapeError, agree};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// Added to the norm, which may be 0.
pub const EPS: f64 = 1e-6;

/// `min(1, limit / (‖all inputs‖ + 1e-6))`, one norm over the elements of all inputs, of which there is at least one; the
/// output is a scalar. Updates take it behind their other inputs, and read each gradient times it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipFactor {
    /// How long all gradients together may be.
    pub limit: f64,
}

impl Rule for ClipFactor {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        match inputs {
            [] => Err(ShapeError::Arity { op: "clip_factor", expected: "at least one", found: 0 }),
            _ => Ok(Shape::scalar()),
        }
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("clip_factor"))
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        let elements = inputs.iter().fold(0, |sum: usize, input| sum.saturating_add(input.elements()));
        Cost::elementwise(elements.saturating_mul(2))
    }
}

/// An update's own inputs, `count` of them: the factor of clipped gradients, a scalar, may stand behind them.
pub(super) fn unclipped<'a, 's>(
    op: &'static str,
    inputs: &'a [&'s Shape],
    count: usize,
) -> Result<&'a [&'s Shape], ShapeError> {
    match inputs.split_at_checked(count) {
        Some((own, [factor])) => agree(op, factor, &Shape::scalar()).map(|()| own),
        _ => Ok(inputs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::given;
    use crate::op::{NesterovStep, Op, SgdVelocity};

    #[test]
    fn one_factor_comes_of_all_gradients() {
        let clip = || Op::ClipFactor(ClipFactor { limit: 1.0 });
        assert_eq!(given(clip(), &[&[5, 7], &[3], &[2, 2, 2]]), Ok((vec![], Cost::elementwise(92))));
        assert_eq!(given(clip(), &[]), Err("clip_factor takes at least one inputs, not 0".into()));
    }

    #[test]
    fn an_update_takes_a_factor_behind_its_inputs_and_no_other_tensor() {
        let velocity = || Op::SgdVelocity(SgdVelocity { momentum: 0.9, decay: 0.0 });
        assert_eq!(given(velocity(), &[&[5], &[5], &[5], &[]]), Ok((vec![5], Cost::elementwise(20))));
        assert!(given(velocity(), &[&[5], &[5], &[5], &[5]]).is_err());
        let step = || Op::NesterovStep(NesterovStep { momentum: 0.9, decay: 0.0, factor: 1.0 });
        assert!(given(step(), &[&[5], &[5], &[5], &[]]).is_ok());
        assert!(given(step(), &[&[5], &[5], &[5], &[], &[]]).is_err());
    }
}
