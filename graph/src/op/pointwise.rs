//! Losses of one number against another, other than the squared error: the mean over all elements.
//!
//! Sources: beside each measure.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// How far a number x is from its target t.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// `|x − t|`; at a kink the derivative is 0.
    Absolute,
    /// `(x − t)²/2` up to a distance of 1, from there on `|x − t| − 1/2` (P. Huber, "Robust estimation of a location
    /// parameter", Annals of Mathematical Statistics 35, 1964).
    Huber,
    /// `−t·log σ(x) − (1 − t)·log(1 − σ(x))` with the logistic function σ, x being a logit: the cross-entropy of one class
    /// that is there or not (I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press 2016, section 6.2.2.2).
    Logistic,
}

/// `mean measure(x, target)`; inputs x and target, of one shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointwiseLoss {
    /// What is measured.
    pub measure: Measure,
}

/// `∂measure/∂x · dy / elements`; inputs x, target and the scalar dy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointwiseLossGrad {
    /// What was measured.
    pub measure: Measure,
}

impl Rule for PointwiseLoss {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, target] = arity("pointwise_loss", "two", inputs)?;
        agree("pointwise_loss", x, target)?;
        Ok(Shape::scalar())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (x, target, dy) = (backward.input(0), backward.input(1), backward.dy());
        let grad = Op::PointwiseLossGrad(PointwiseLossGrad { measure: self.measure });
        Ok(vec![Some(backward.push(grad, &[x, target, dy])?), None])
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(3 * inputs[0].elements())
    }
}

impl Rule for PointwiseLossGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, target, dy] = arity("pointwise_loss_grad", "three", inputs)?;
        agree("pointwise_loss_grad", x, target)?;
        agree("pointwise_loss_grad", dy, &Shape::scalar())?;
        Ok(x.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("pointwise_loss_grad"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(2 * output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::{given, gradient};

    #[test]
    fn each_measure_gives_one_number_and_a_gradient_by_what_is_measured() {
        for (measure, word) in
            [(Measure::Absolute, "absolute"), (Measure::Huber, "huber"), (Measure::Logistic, "logistic")]
        {
            let loss = || Op::PointwiseLoss(PointwiseLoss { measure });
            assert_eq!(given(loss(), &[&[5, 7], &[5, 7]]), Ok((vec![], Cost::elementwise(105))));
            assert!(given(loss(), &[&[5, 7], &[7, 5]]).is_err());
            let grad = format!(r#"pointwise_loss_grad{{"measure":"{word}"}}(a, b, dy)"#);
            assert_eq!(gradient(loss(), &[&[5, 7], &[5, 7]]), [grad.as_str(), "-"]);
            let grad = || Op::PointwiseLossGrad(PointwiseLossGrad { measure });
            assert_eq!(given(grad(), &[&[5, 7], &[5, 7], &[]]), Ok((vec![5, 7], Cost::elementwise(70))));
            assert!(given(grad(), &[&[5, 7], &[5, 7], &[1]]).is_err());
        }
    }
}
