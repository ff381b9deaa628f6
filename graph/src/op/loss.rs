//! Losses: each is the mean over the batch (and over positions, where a class is predicted at each), a scalar.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::autodiff::Backward;
use crate::ids::NodeId;
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
