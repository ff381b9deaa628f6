//! Stochastic gradient descent with momentum and weight decay.
//!
//! Source: I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in
//! PyTorch's form (the learning rate multiplies the velocity): v ← m·v + g + d·w; w ← w − lr·v.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Rule, ShapeError, agree, arity};
use crate::autodiff::Backward;
use crate::ids::NodeId;
use crate::shape::Shape;

/// `v' = momentum·v + g + decay·w`; inputs w, g, v, all of one shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SgdVelocity {
    /// How much of the old velocity stays.
    pub momentum: f64,
    /// L2 penalty's weight.
    pub decay: f64,
}

/// `w' = w − lr·v`; inputs w and v. The learning rate comes with the step's feed: it changes from step to step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SgdStep {}

impl Rule for SgdVelocity {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [w, g, v] = arity("sgd_velocity", "three", inputs)?;
        agree("sgd_velocity", w, g)?;
        agree("sgd_velocity", w, v)?;
        Ok(w.clone())
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
