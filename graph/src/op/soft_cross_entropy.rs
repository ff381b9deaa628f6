//! The cross-entropy of logits against shares of classes instead of one label: what mixed samples are compared by.
//!
//! Sources: I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press 2016, section 6.2.2.3; H. Zhang, M. Cisse,
//! Y. Dauphin and D. Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018 (arXiv:1710.09412).

use serde::{Deserialize, Serialize};

use super::loss::{check_weights, is_zero};
use super::{Cost, GradientError, Op, Rule, ShapeError, agree};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `−mean over positions of Σ w[k]·q[k]·log softmax(logits)[k]`, where `q = (1 − s)·target + s/K`; inputs logits and target,
/// both `[N, …, K]`, and the classes' weights w `[K]`, where they are not all 1. The mean counts every position alike,
/// whatever its classes weigh, as PyTorch's does of class probabilities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SoftCrossEntropy {
    /// The share s of label smoothing (C. Szegedy et al., arXiv:1512.00567, section 7).
    #[serde(skip_serializing_if = "is_zero")]
    pub smoothing: f64,
}

/// `(p[k]·Σ w[j]·q[j] − w[k]·q[k]) · dy / positions` with `p = softmax(logits)`; inputs logits, target and the scalar dy, then
/// the weights of the loss, if it has any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SoftCrossEntropyGrad {
    /// The loss whose gradient this is.
    #[serde(flatten)]
    pub loss: SoftCrossEntropy,
}

/// A share of each class at every position, and perhaps a weight for each class.
fn check(op: &'static str, logits: &Shape, target: &Shape, weights: &[&Shape]) -> Result<(), ShapeError> {
    if logits.rank() < 2 {
        let why = "logits have a batch and channels".to_string();
        return Err(ShapeError::Form { op, found: logits.dims().to_vec(), why });
    }
    agree(op, target, logits)?;
    weights.iter().try_for_each(|weights| check_weights(op, logits, weights))
}

impl Rule for SoftCrossEntropy {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let op = "soft_cross_entropy";
        let (2..=3, [logits, target, weights @ ..]) = (inputs.len(), inputs) else {
            return Err(ShapeError::Arity { op, expected: "two or three", found: inputs.len() });
        };
        check(op, logits, target, weights)?;
        Ok(Shape::scalar())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (count, dy) = (backward.inputs(), backward.dy());
        let mut inputs = vec![backward.input(0), backward.input(1), dy];
        inputs.extend((2..count).map(|i| backward.input(i)));
        let dx = backward.push(Op::SoftCrossEntropyGrad(SoftCrossEntropyGrad { loss: self.clone() }), &inputs)?;
        let mut by = vec![None; count];
        by[0] = Some(dx);
        Ok(by)
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(6 * inputs[0].elements())
    }
}

impl Rule for SoftCrossEntropyGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let op = "soft_cross_entropy_grad";
        let (3..=4, [logits, target, dy, weights @ ..]) = (inputs.len(), inputs) else {
            return Err(ShapeError::Arity { op, expected: "three or four", found: inputs.len() });
        };
        check(op, logits, target, weights)?;
        agree(op, dy, &Shape::scalar())?;
        Ok((*logits).clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("soft_cross_entropy_grad"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(7 * output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::{given, gradient};

    #[test]
    fn shares_have_the_logits_shape() {
        let soft = || Op::SoftCrossEntropy(SoftCrossEntropy { smoothing: 0.1 });
        assert_eq!(given(soft(), &[&[5, 7, 10], &[5, 7, 10]]), Ok((vec![], Cost::elementwise(2100))));
        assert_eq!(given(soft(), &[&[5, 10], &[5, 10], &[10]]), Ok((vec![], Cost::elementwise(300))));
        assert!(given(soft(), &[&[5, 10], &[5]]).is_err(), "these are labels");
        assert!(given(soft(), &[&[5, 10], &[5, 10], &[9]]).is_err());
        assert!(given(soft(), &[&[5], &[5]]).is_err(), "one axis is no batch of logits");
        assert!(given(soft(), &[&[5, 10]]).is_err());
    }

    #[test]
    fn logits_alone_have_a_gradient() {
        let soft = || Op::SoftCrossEntropy(SoftCrossEntropy { smoothing: 0.1 });
        let grad = r#"soft_cross_entropy_grad{"smoothing":0.1}(a, b, dy, c)"#;
        assert_eq!(gradient(soft(), &[&[5, 10], &[5, 10], &[10]]), [grad, "-", "-"]);
        let plain = Op::SoftCrossEntropy(SoftCrossEntropy::default());
        assert_eq!(gradient(plain, &[&[5, 10], &[5, 10]]), ["soft_cross_entropy_grad(a, b, dy)", "-"]);
        let grad = || Op::SoftCrossEntropyGrad(SoftCrossEntropyGrad::default());
        assert_eq!(given(grad(), &[&[5, 10], &[5, 10], &[]]), Ok((vec![5, 10], Cost::elementwise(350))));
        assert!(given(grad(), &[&[5, 10], &[5, 10], &[1]]).is_err());
    }
}
