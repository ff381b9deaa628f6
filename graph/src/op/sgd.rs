//! Stochastic gradient descent with momentum, Nesterov's too, and weight decay.
//!
//! Source: I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in
//! PyTorch's form (the learning rate multiplies the velocity): v ← m·v + g + d·w; w ← w − lr·v, or by Nesterov
//! w ← w − lr·(g + d·w + m·v).

use serde::{Deserialize, Serialize};

use super::clip::unclipped;
use super::{Cost, GradientError, Rule, ShapeError, agree, arity, is_one, one};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `v' = momentum·v + g + decay·w`; inputs w, g, v, all of one shape, and perhaps the factor of g.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SgdVelocity {
    /// How much of the old velocity stays.
    pub momentum: f64,
    /// L2 penalty's weight.
    pub decay: f64,
}

/// `w' = w − lr·factor·v`; inputs w and v. The learning rate comes with the step's feed: it changes from step to step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SgdStep {
    /// Of the learning rate, for this parameter.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub factor: f64,
}

/// `w' = w − lr·factor·(g + decay·w + momentum·v)`; inputs w, g and the new velocity v, and perhaps the factor of g.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NesterovStep {
    /// How much of the new velocity is added.
    pub momentum: f64,
    /// L2 penalty's weight.
    pub decay: f64,
    /// Of the learning rate, for this parameter.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub factor: f64,
}

impl Rule for SgdVelocity {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        alike("sgd_velocity", unclipped("sgd_velocity", inputs, 3)?)
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("sgd_velocity"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(4 * output.elements())
    }
}

impl Rule for SgdStep {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [w, v] = arity("sgd_step", "two", inputs)?;
        agree("sgd_step", w, v)?;
        Ok(w.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("sgd_step"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(2 * output.elements())
    }
}

impl Rule for NesterovStep {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        alike("nesterov_step", unclipped("nesterov_step", inputs, 3)?)
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("nesterov_step"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(6 * output.elements())
    }
}

/// Three tensors of one shape.
pub(super) fn alike(op: &'static str, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
    let [w, a, b] = arity(op, "three", inputs)?;
    agree(op, w, a)?;
    agree(op, w, b)?;
    Ok(w.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Op;
    use crate::op::testing::given;

    #[test]
    fn a_parameter_its_gradient_and_its_velocity_have_one_shape() {
        let velocity = || Op::SgdVelocity(SgdVelocity { momentum: 0.9, decay: 1e-4 });
        let step = || Op::SgdStep(SgdStep { factor: 1.0 });
        assert_eq!(given(velocity(), &[&[5, 7], &[5, 7], &[5, 7]]), Ok((vec![5, 7], Cost::elementwise(140))));
        assert_eq!(given(step(), &[&[5, 7], &[5, 7]]), Ok((vec![5, 7], Cost::elementwise(70))));
        let other: &[usize] = &[7, 5];
        assert!(given(velocity(), &[&[5, 7], other, &[5, 7]]).is_err());
        assert!(given(velocity(), &[&[5, 7], &[5, 7], other]).is_err());
        assert!(given(step(), &[&[5, 7], other]).is_err() && given(step(), &[&[5, 7]]).is_err());
        let nesterov = || Op::NesterovStep(NesterovStep { momentum: 0.9, decay: 1e-4, factor: 1.0 });
        assert_eq!(given(nesterov(), &[&[5, 7], &[5, 7], &[5, 7]]), Ok((vec![5, 7], Cost::elementwise(210))));
        assert!(given(nesterov(), &[&[5, 7], &[5, 7], other]).is_err());
    }
}
