//! Adam, and AdamW where the decay acts on the weights themselves.
//!
//! Sources: D. Kingma and J. Ba, arXiv:1412.6980; I. Loshchilov and F. Hutter, arXiv:1711.05101; in PyTorch's form.

use serde::{Deserialize, Serialize};

use super::clip::unclipped;
use super::sgd::alike;
use super::{Cost, GradientError, Rule, ShapeError, is_one, one};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `m' = beta·m + (1 − beta)·(g + decay·w)`; inputs w, g, m, all of one shape, and perhaps the factor of g.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamMean {
    /// How much of the old mean stays.
    pub beta: f64,
    /// L2 penalty's weight; 0 for AdamW.
    pub decay: f64,
}

/// `v' = beta·v + (1 − beta)·(g + decay·w)²`; inputs w, g, v, all of one shape, and perhaps the factor of g.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamSquare {
    /// How much of the old mean square stays.
    pub beta: f64,
    /// L2 penalty's weight; 0 for AdamW.
    pub decay: f64,
}

/// `w' = w·(1 − lr·decay) − lr·m̂/(√v̂ + eps)` with `m̂ = m/(1 − beta1^t)`, `v̂ = v/(1 − beta2^t)`, t the number of steps
/// taken with this one and lr times the factor for lr; inputs w, m and v. The learning rate and t come with the step's feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamStep {
    /// The mean's.
    pub beta1: f64,
    /// The mean square's.
    pub beta2: f64,
    /// Keeps the quotient finite.
    pub eps: f64,
    /// AdamW's decay; 0 for Adam.
    pub decay: f64,
    /// Of the learning rate, for this parameter.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub factor: f64,
}

impl Rule for AdamMean {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        alike("adam_mean", unclipped("adam_mean", inputs, 3)?)
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("adam_mean"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(5 * output.elements())
    }
}

impl Rule for AdamSquare {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        alike("adam_square", unclipped("adam_square", inputs, 3)?)
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("adam_square"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(6 * output.elements())
    }
}

impl Rule for AdamStep {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        alike("adam_step", inputs)
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("adam_step"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(8 * output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_its_gradient_and_its_moments_have_one_shape() {
        let [w, other] = [[5, 7], [7, 5]].map(|dims| Shape::new(dims).expect("it is small"));
        let step = AdamStep { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.0, factor: 1.0 };
        let ops: [&dyn Rule; 3] = [&AdamMean { beta: 0.9, decay: 0.0 }, &AdamSquare { beta: 0.999, decay: 0.0 }, &step];
        for op in ops {
            assert_eq!(op.shape(&[&w, &w, &w]), Ok(w.clone()));
            assert!(op.shape(&[&w, &other, &w]).is_err() && op.shape(&[&w, &w, &other]).is_err());
            assert!(op.shape(&[&w, &w]).is_err());
        }
    }

    #[test]
    fn an_update_has_no_gradient_and_costs_what_its_formula_has() {
        use crate::op::Op;
        use crate::op::testing::given;
        let inputs: [&[usize]; 3] = [&[5, 7]; 3];
        let cost = |op| given(op, &inputs).map(|(_, cost)| cost);
        assert_eq!(cost(Op::AdamMean(AdamMean { beta: 0.9, decay: 0.0 })), Ok(Cost::elementwise(175)));
        assert_eq!(cost(Op::AdamSquare(AdamSquare { beta: 0.9, decay: 0.0 })), Ok(Cost::elementwise(210)));
        let step = AdamStep { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.0, factor: 1.0 };
        assert_eq!(cost(Op::AdamStep(step)), Ok(Cost::elementwise(280)));
    }
}
