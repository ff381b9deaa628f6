//! Losses: each is the mean over the batch (and over positions, where a class is predicted at each), a scalar.
//!
//! Source: I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press 2016, sections 6.2.2.1 (squared error) and
//! 6.2.2.3 (cross-entropy of softmax units).

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `−mean log softmax(logits)[label]`; inputs logits `[N, …, K]` and labels `[N, …]`, class numbers held as floats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrossEntropy {}

/// `(softmax(logits) − onehot(labels)) · dy / positions`; inputs logits, labels and the scalar dy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrossEntropyGrad {}

/// `mean (x − target)²`; inputs x and target, of one shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SquaredError {}

/// `2 (x − target) · dy / elements`; inputs x, target and the scalar dy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SquaredErrorGrad {}

/// The labels have the logits' shape without the channels.
pub(super) fn check_labels(op: &'static str, logits: &Shape, labels: &Shape) -> Result<(), ShapeError> {
    let wanted = logits.dims().split_last().map_or(&[][..], |(_, rest)| rest);
    if logits.rank() >= 2 && labels.dims() == wanted {
        return Ok(());
    }
    Err(ShapeError::Disagree { op, left: logits.dims().to_vec(), right: labels.dims().to_vec() })
}

impl Rule for CrossEntropy {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [logits, labels] = arity("cross_entropy", "two", inputs)?;
        check_labels("cross_entropy", logits, labels)?;
        Ok(Shape::scalar())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (logits, labels, dy) = (backward.input(0), backward.input(1), backward.dy());
        let dx = backward.push(Op::CrossEntropyGrad(CrossEntropyGrad {}), &[logits, labels, dy])?;
        Ok(vec![Some(dx), None])
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(4 * inputs[0].elements())
    }
}

impl Rule for CrossEntropyGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [logits, labels, dy] = arity("cross_entropy_grad", "three", inputs)?;
        check_labels("cross_entropy_grad", logits, labels)?;
        agree("cross_entropy_grad", dy, &Shape::scalar())?;
        Ok(logits.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("cross_entropy_grad"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(5 * output.elements())
    }
}

impl Rule for SquaredError {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, target] = arity("squared_error", "two", inputs)?;
        agree("squared_error", x, target)?;
        Ok(Shape::scalar())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (x, target, dy) = (backward.input(0), backward.input(1), backward.dy());
        let dx = backward.push(Op::SquaredErrorGrad(SquaredErrorGrad {}), &[x, target, dy])?;
        Ok(vec![Some(dx), None])
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(3 * inputs[0].elements())
    }
}

impl Rule for SquaredErrorGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, target, dy] = arity("squared_error_grad", "three", inputs)?;
        agree("squared_error_grad", x, target)?;
        agree("squared_error_grad", dy, &Shape::scalar())?;
        Ok(x.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("squared_error_grad"))
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
    fn a_loss_is_one_number() {
        let (cross, squared) = (|| Op::CrossEntropy(CrossEntropy {}), || Op::SquaredError(SquaredError {}));
        assert_eq!(given(cross(), &[&[5, 7, 10], &[5, 7]]), Ok((vec![], Cost::elementwise(1400))));
        assert_eq!(given(squared(), &[&[5, 7], &[5, 7]]), Ok((vec![], Cost::elementwise(105))));
        let error = "cross_entropy needs 5x10 to agree with 5x1";
        assert_eq!(given(cross(), &[&[5, 10], &[5, 1]]), Err(error.to_string()));
        assert!(given(cross(), &[&[5], &[]]).is_err(), "one axis is no batch of logits");
        assert!(given(squared(), &[&[5, 7], &[7, 5]]).is_err());
    }

    #[test]
    fn labels_and_targets_have_no_gradient() {
        assert_eq!(
            gradient(Op::CrossEntropy(CrossEntropy {}), &[&[5, 10], &[5]]),
            ["cross_entropy_grad(a, b, dy)", "-"]
        );
        assert_eq!(
            gradient(Op::SquaredError(SquaredError {}), &[&[5, 7], &[5, 7]]),
            ["squared_error_grad(a, b, dy)", "-"]
        );
    }

    #[test]
    fn a_gradient_has_the_shape_of_what_the_loss_reads_and_takes_one_number() {
        let (cross, squared) =
            (|| Op::CrossEntropyGrad(CrossEntropyGrad {}), || Op::SquaredErrorGrad(SquaredErrorGrad {}));
        assert_eq!(given(cross(), &[&[5, 10], &[5], &[]]), Ok((vec![5, 10], Cost::elementwise(250))));
        assert_eq!(given(squared(), &[&[5, 7], &[5, 7], &[]]), Ok((vec![5, 7], Cost::elementwise(70))));
        assert!(given(cross(), &[&[5, 10], &[5], &[1]]).is_err() && given(squared(), &[&[5], &[5], &[1]]).is_err());
    }
}
