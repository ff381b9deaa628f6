//! How far the regions that a net tells and those that are there cover each other, and the loss made of that.
//!
//! Source: F. Milletari, N. Navab and S.-A. Ahmadi, "V-Net: fully convolutional neural networks for volumetric medical image
//! segmentation", 3DV 2016, with sums instead of sums of squares below the line (C. Sudre et al., arXiv:1707.03237), over
//! the whole batch; 1 is added above and below, so that a class that is nowhere costs nothing.

use serde::{Deserialize, Serialize};

use super::loss::check_labels;
use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `[3, K]`: for each class `Σ p·g`, `Σ p` and `Σ g` over all positions that count; inputs probabilities p `[N, …, K]`, and
/// either labels `[N, …]`, which make g 1 at their class and 0 elsewhere, or g itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overlap {
    /// The label whose positions do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore: Option<u32>,
}

/// `dp = d[0, k]·g + d[1, k]` where a position counts, else 0; inputs p, labels or g, and d `[3, K]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OverlapGrad {
    /// The sums whose gradient this is.
    #[serde(flatten)]
    pub overlap: Overlap,
}

/// `1 − mean over k of (2·s[0, k] + 1) / (s[1, k] + s[2, k] + 1)`; the input is an [`Overlap`] s `[3, K]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dice {}

/// The gradient of [`Dice`] by its sums; inputs s and the scalar dy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiceGrad {}

/// Labels of the probabilities' positions, or a g of their shape.
fn check_target(op: &'static str, p: &Shape, target: &Shape) -> Result<(), ShapeError> {
    if p == target && p.rank() >= 1 { Ok(()) } else { check_labels(op, p, target) }
}

/// Three sums for each class.
fn check_sums(op: &'static str, sums: &Shape) -> Result<(), ShapeError> {
    match sums.dims() {
        [3, classes] if *classes > 0 => Ok(()),
        found => Err(ShapeError::Form { op, found: found.to_vec(), why: "it takes three sums a class".to_string() }),
    }
}

impl Rule for Overlap {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [p, target] = arity("overlap", "two", inputs)?;
        check_target("overlap", p, target)?;
        Ok(Shape::new([3, p.channels()])?)
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (p, target, d) = (backward.input(0), backward.input(1), backward.dy());
        let dp = backward.push(Op::OverlapGrad(OverlapGrad { overlap: self.clone() }), &[p, target, d])?;
        Ok(vec![Some(dp), None])
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(4 * inputs[0].elements())
    }
}

impl Rule for OverlapGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [p, target, d] = arity("overlap_grad", "three", inputs)?;
        check_target("overlap_grad", p, target)?;
        agree("overlap_grad", d, &Shape::new([3, p.channels()])?)?;
        Ok(p.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("overlap_grad"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(2 * output.elements())
    }
}

impl Rule for Dice {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [sums] = arity("dice", "one", inputs)?;
        check_sums("dice", sums)?;
        Ok(Shape::scalar())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (sums, dy) = (backward.input(0), backward.dy());
        Ok(vec![Some(backward.push(Op::DiceGrad(DiceGrad {}), &[sums, dy])?)])
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(2 * inputs[0].elements())
    }
}

impl Rule for DiceGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [sums, dy] = arity("dice_grad", "two", inputs)?;
        check_sums("dice_grad", sums)?;
        agree("dice_grad", dy, &Shape::scalar())?;
        Ok(sums.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("dice_grad"))
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
    fn three_sums_a_class_of_labels_or_of_shares() {
        let overlap = || Op::Overlap(Overlap { ignore: Some(255) });
        assert_eq!(given(overlap(), &[&[5, 7, 6, 4], &[5, 7, 6]]), Ok((vec![3, 4], Cost::elementwise(3360))));
        assert_eq!(given(overlap(), &[&[5, 7, 4], &[5, 7, 4]]), Ok((vec![3, 4], Cost::elementwise(560))));
        assert!(given(overlap(), &[&[5, 7, 4], &[5, 4]]).is_err());
        let grad = r#"overlap_grad{"ignore":255}(a, b, dy)"#;
        assert_eq!(gradient(overlap(), &[&[5, 7, 4], &[5, 7]]), [grad, "-"]);
        let grad = || Op::OverlapGrad(OverlapGrad::default());
        assert_eq!(given(grad(), &[&[5, 7, 4], &[5, 7], &[3, 4]]), Ok((vec![5, 7, 4], Cost::elementwise(280))));
        assert!(given(grad(), &[&[5, 7, 4], &[5, 7], &[3, 5]]).is_err());
    }

    #[test]
    fn the_loss_is_one_number_of_them() {
        assert_eq!(given(Op::Dice(Dice {}), &[&[3, 4]]), Ok((vec![], Cost::elementwise(24))));
        let error = "dice cannot take 2x4: it takes three sums a class";
        assert_eq!(given(Op::Dice(Dice {}), &[&[2, 4]]), Err(error.to_string()));
        assert_eq!(gradient(Op::Dice(Dice {}), &[&[3, 4]]), ["dice_grad(a, dy)"]);
        assert_eq!(given(Op::DiceGrad(DiceGrad {}), &[&[3, 4], &[]]), Ok((vec![3, 4], Cost::elementwise(24))));
        assert!(given(Op::DiceGrad(DiceGrad {}), &[&[3, 4], &[1]]).is_err());
    }
}
