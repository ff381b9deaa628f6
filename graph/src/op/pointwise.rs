//! Losses of one number against another, other than the squared error: the mean over all elements.
//!
//! Sources: beside each measure.

use serde::{Deserialize, Serialize};

use super::loss::check_weights;
use super::{Cost, GradientError, Op, Rule, ShapeError, agree};
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

/// `mean measure(x, target)`; inputs x and target, of one shape `[…, K]`. The logistic measure may have a third: how often
/// what is there counts, `[K]`, a factor w of its first term `−t·log σ(x)` for each class (PyTorch calls it `pos_weight`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointwiseLoss {
    /// What is measured.
    pub measure: Measure,
}

/// `∂measure/∂x · dy / elements`; inputs x, target and the scalar dy, then the factors w of the loss, if it has any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointwiseLossGrad {
    /// What was measured.
    pub measure: Measure,
}

impl Measure {
    /// Whether what is there may count by factors: of the logistic measure alone, one for each class.
    fn check_factors(self, op: &'static str, x: &Shape, factors: &[&Shape]) -> Result<(), ShapeError> {
        match (self, factors) {
            (_, []) => Ok(()),
            (Self::Logistic, [factors]) => check_weights(op, x, factors),
            _ => Err(ShapeError::Arity { op, expected: "no factors for this measure: two", found: 3 }),
        }
    }
}

impl Rule for PointwiseLoss {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let op = "pointwise_loss";
        let (2..=3, [x, target, factors @ ..]) = (inputs.len(), inputs) else {
            return Err(ShapeError::Arity { op, expected: "two or three", found: inputs.len() });
        };
        agree(op, x, target)?;
        self.measure.check_factors(op, x, factors)?;
        Ok(Shape::scalar())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (count, dy) = (backward.inputs(), backward.dy());
        let mut inputs = vec![backward.input(0), backward.input(1), dy];
        inputs.extend((2..count).map(|i| backward.input(i)));
        let grad = Op::PointwiseLossGrad(PointwiseLossGrad { measure: self.measure });
        let mut by = vec![None; count];
        by[0] = Some(backward.push(grad, &inputs)?);
        Ok(by)
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(3 * inputs[0].elements())
    }
}

impl Rule for PointwiseLossGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let op = "pointwise_loss_grad";
        let (3..=4, [x, target, dy, factors @ ..]) = (inputs.len(), inputs) else {
            return Err(ShapeError::Arity { op, expected: "three or four", found: inputs.len() });
        };
        agree(op, x, target)?;
        agree(op, dy, &Shape::scalar())?;
        self.measure.check_factors(op, x, factors)?;
        Ok((*x).clone())
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
    fn what_is_there_may_count_by_factors_where_it_is_a_class() {
        let loss = |measure| Op::PointwiseLoss(PointwiseLoss { measure });
        let inputs: [&[usize]; 3] = [&[5, 7], &[5, 7], &[7]];
        assert_eq!(given(loss(Measure::Logistic), &inputs), Ok((vec![], Cost::elementwise(105))));
        let grad = r#"pointwise_loss_grad{"measure":"logistic"}(a, b, dy, c)"#;
        assert_eq!(gradient(loss(Measure::Logistic), &inputs), [grad, "-", "-"]);
        assert!(given(loss(Measure::Logistic), &[&[5, 7], &[5, 7], &[5]]).is_err());
        assert!(given(loss(Measure::Huber), &inputs).is_err(), "numbers are not there or not");
    }

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
