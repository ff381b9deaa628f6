//! Losses: each is the mean over the batch (and over positions, where a class is predicted at each), a scalar.
//!
//! Source: I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press 2016, sections 6.2.2.1 (squared error) and
//! 6.2.2.3 (cross-entropy of softmax units).

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `−mean log softmax(logits)[label]`; inputs logits `[N, …, K]` and labels `[N, …]`, class numbers held as floats. Where
/// labels do not count alike: then what their weights sum up to ([`LabelWeight`](super::LabelWeight)), by which the sum
/// is divided, and the classes' weights `[K]`, if there are any. What counts for nothing in all is 0.
///
/// In place of labels there may be shares of the classes, `[N, …, K]`, as mixed samples have them (H. Zhang et al., "mixup:
/// beyond empirical risk minimization", ICLR 2018): `−mean Σ w[k]·q[k]·log softmax(logits)[k]` with
/// `q = (1 − s)·share + s/K`. Then every position counts alike, as PyTorch has it of class probabilities, none is ignored,
/// and the third input is the classes' weights w, if there are any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrossEntropy {
    /// The share s of label smoothing: the loss is (1 − s) of that of the label and s of the mean of all classes', each
    /// by its own weight (C. Szegedy et al., arXiv:1512.00567, section 7).
    #[serde(skip_serializing_if = "is_zero")]
    pub smoothing: f64,
    /// The label that counts for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore: Option<u32>,
}

/// `(softmax(logits) − onehot(labels)) · dy / positions`, of shares `(p[k]·Σ w[j]·q[j] − w[k]·q[k]) · dy / positions`; inputs
/// logits, labels or shares and the scalar dy, then the others of the loss.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CrossEntropyGrad {
    /// The loss whose gradient this is.
    #[serde(flatten)]
    pub loss: CrossEntropy,
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

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

impl CrossEntropy {
    /// Whether logits, labels and what says how much they count fit.
    fn check(&self, op: &'static str, logits: &Shape, labels: &Shape, weighing: &[&Shape]) -> Result<(), ShapeError> {
        if are_shares(logits, labels) {
            return match (self.ignore, weighing) {
                (None, []) => Ok(()),
                (None, [weights]) => check_weights(op, logits, weights),
                _ => Err(ShapeError::Arity {
                    op,
                    expected: "shares, of which none is ignored, and weights: three",
                    found: 4,
                }),
            };
        }
        check_labels(op, logits, labels)?;
        if let Some(total) = weighing.first() {
            agree(op, total, &Shape::scalar())?;
        } else if self.ignore.is_some() {
            return Err(ShapeError::Arity { op, expected: "the labels' weight among its", found: 2 });
        }
        weighing.get(1).map_or(Ok(()), |weights| check_weights(op, logits, weights))
    }
}

/// Whether logits are compared with shares of their classes, and not with labels.
pub(super) fn are_shares(logits: &Shape, target: &Shape) -> bool {
    logits.rank() >= 2 && target == logits
}

/// A weight for each class of these logits.
pub(super) fn check_weights(op: &'static str, logits: &Shape, weights: &Shape) -> Result<(), ShapeError> {
    if weights.dims() == [logits.channels()] {
        return Ok(());
    }
    Err(ShapeError::Disagree { op, left: logits.dims().to_vec(), right: weights.dims().to_vec() })
}

impl Rule for CrossEntropy {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let op = "cross_entropy";
        let (2..=4, [logits, labels, weighing @ ..]) = (inputs.len(), inputs) else {
            return Err(ShapeError::Arity { op, expected: "two to four", found: inputs.len() });
        };
        self.check(op, logits, labels, weighing)?;
        Ok(Shape::scalar())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (count, dy) = (backward.inputs(), backward.dy());
        let mut inputs = vec![backward.input(0), backward.input(1), dy];
        inputs.extend((2..count).map(|i| backward.input(i)));
        let dx = backward.push(Op::CrossEntropyGrad(CrossEntropyGrad { loss: self.clone() }), &inputs)?;
        let mut by = vec![None; count];
        by[0] = Some(dx);
        Ok(by)
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(4 * inputs[0].elements())
    }
}

impl Rule for CrossEntropyGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let op = "cross_entropy_grad";
        let (3..=5, [logits, labels, dy, weighing @ ..]) = (inputs.len(), inputs) else {
            return Err(ShapeError::Arity { op, expected: "three to five", found: inputs.len() });
        };
        self.loss.check(op, logits, labels, weighing)?;
        agree(op, dy, &Shape::scalar())?;
        Ok((*logits).clone())
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
        let (cross, squared) = (|| Op::CrossEntropy(CrossEntropy::default()), || Op::SquaredError(SquaredError {}));
        assert_eq!(given(cross(), &[&[5, 7, 10], &[5, 7]]), Ok((vec![], Cost::elementwise(1400))));
        assert_eq!(given(squared(), &[&[5, 7], &[5, 7]]), Ok((vec![], Cost::elementwise(105))));
        let error = "cross_entropy needs 5x10 to agree with 5x1";
        assert_eq!(given(cross(), &[&[5, 10], &[5, 1]]), Err(error.to_string()));
        assert!(given(cross(), &[&[5], &[]]).is_err(), "one axis is no batch of logits");
        assert!(given(squared(), &[&[5, 7], &[7, 5]]).is_err());
    }

    #[test]
    fn what_labels_count_is_an_input() {
        let op = || CrossEntropy { smoothing: 0.1, ignore: Some(255) };
        let cross = || Op::CrossEntropy(op());
        let cost = Cost::elementwise(1400);
        assert_eq!(given(cross(), &[&[5, 7, 10], &[5, 7], &[]]), Ok((vec![], cost)));
        assert_eq!(given(cross(), &[&[5, 7, 10], &[5, 7], &[], &[10]]), Ok((vec![], cost)));
        let error = "cross_entropy needs 5x10 to agree with 9";
        assert_eq!(given(cross(), &[&[5, 10], &[5], &[], &[9]]), Err(error.to_string()));
        assert!(given(cross(), &[&[5, 10], &[5]]).is_err(), "nobody says how many are left");
        assert!(given(cross(), &[&[5, 10], &[5], &[1]]).is_err());
        let grad = r#"cross_entropy_grad{"smoothing":0.1,"ignore":255}(a, b, dy, c, d)"#;
        assert_eq!(gradient(cross(), &[&[5, 10], &[5], &[], &[10]]), [grad, "-", "-", "-"]);
        let grad = || Op::CrossEntropyGrad(CrossEntropyGrad { loss: op() });
        assert_eq!(given(grad(), &[&[5, 10], &[5], &[], &[], &[10]]), Ok((vec![5, 10], Cost::elementwise(250))));
        assert!(given(grad(), &[&[5, 10], &[5], &[]]).is_err());
    }

    #[test]
    fn shares_have_the_logits_shape() {
        let soft = || Op::CrossEntropy(CrossEntropy { smoothing: 0.1, ignore: None });
        let cost = Ok((vec![], Cost::elementwise(200)));
        assert_eq!(given(soft(), &[&[5, 10], &[5, 10]]), cost);
        assert_eq!(given(soft(), &[&[5, 10], &[5, 10], &[10]]), cost);
        assert!(given(soft(), &[&[5, 10], &[5, 10], &[9]]).is_err());
        assert!(given(soft(), &[&[5, 10], &[5, 10], &[]]).is_err(), "each position counts alike");
        assert!(given(soft(), &[&[5], &[5]]).is_err(), "one axis is no batch of logits");
        let ignoring = Op::CrossEntropy(CrossEntropy { smoothing: 0.0, ignore: Some(0) });
        assert!(given(ignoring, &[&[5, 10], &[5, 10]]).is_err());
        let grad = r#"cross_entropy_grad{"smoothing":0.1}(a, b, dy, c)"#;
        assert_eq!(gradient(soft(), &[&[5, 10], &[5, 10], &[10]]), [grad, "-", "-"]);
    }

    #[test]
    fn attributes_that_say_nothing_are_not_written() {
        let text = |op: &Op| serde_json::to_string(op).expect("ops serialise");
        let plain = Op::CrossEntropyGrad(CrossEntropyGrad::default());
        assert_eq!(text(&plain), r#"{"cross_entropy_grad":{}}"#);
        let ignoring = Op::CrossEntropy(CrossEntropy { smoothing: 0.0, ignore: Some(0) });
        assert_eq!(text(&ignoring), r#"{"cross_entropy":{"ignore":0}}"#);
        for op in [plain, ignoring] {
            assert_eq!(serde_json::from_str::<Op>(&text(&op)).expect("it was written"), op);
        }
    }

    #[test]
    fn labels_and_targets_have_no_gradient() {
        assert_eq!(
            gradient(Op::CrossEntropy(CrossEntropy::default()), &[&[5, 10], &[5]]),
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
            (|| Op::CrossEntropyGrad(CrossEntropyGrad::default()), || Op::SquaredErrorGrad(SquaredErrorGrad {}));
        assert_eq!(given(cross(), &[&[5, 10], &[5], &[]]), Ok((vec![5, 10], Cost::elementwise(250))));
        assert_eq!(given(squared(), &[&[5, 7], &[5, 7], &[]]), Ok((vec![5, 7], Cost::elementwise(70))));
        assert!(given(cross(), &[&[5, 10], &[5], &[1]]).is_err() && given(squared(), &[&[5], &[5], &[1]]).is_err());
    }
}
