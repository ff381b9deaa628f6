//! Local response normalisation across channels.
//!
//! Source: A. Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", NIPS 2012, section
//! 3.3, in the form of Caffe and PyTorch: alpha is divided by the size.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// `y[c] = x[c] / (k + alpha/size · Σ x[j]²)^beta`, j over the `size` channels around c that exist: from
/// `c − size/2` to `c + (size − 1)/2`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lrn {
    /// How many neighbouring channels, the middle one included.
    pub size: usize,
    /// Weight of the squares.
    pub alpha: f64,
    /// The power.
    pub beta: f64,
    /// The constant.
    pub k: f64,
}

/// The gradient of [`Lrn`]; inputs x and dy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LrnGrad {
    /// The op it belongs to.
    pub lrn: Lrn,
}

impl Lrn {
    /// The channels that the denominator of channel `c` sums over.
    pub fn neighbours(&self, c: usize, channels: usize) -> std::ops::Range<usize> {
        c.saturating_sub(self.size / 2)..(c + self.size.div_ceil(2)).min(channels)
    }

    /// The size must count the middle channel.
    fn check_size(&self, op: &'static str, x: &Shape) -> Result<(), ShapeError> {
        if self.size > 0 {
            return Ok(());
        }
        let why = "its size must be at least 1".to_string();
        Err(ShapeError::Form { op, found: x.dims().to_vec(), why })
    }

    /// How many channels a denominator sums over, at most.
    fn summed(&self, x: &Shape) -> usize {
        self.size.min(x.channels())
    }
}

impl Rule for Lrn {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("lrn", "one", inputs)?;
        self.check_size("lrn", x)?;
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (x, dy) = (backward.input(0), backward.dy());
        Ok(vec![Some(backward.push(Op::LrnGrad(LrnGrad { lrn: self.clone() }), &[x, dy])?)])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(output.elements().saturating_mul(self.summed(output) + 3))
    }
}

impl Rule for LrnGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, dy] = arity("lrn_grad", "two", inputs)?;
        agree("lrn_grad", x, dy)?;
        self.lrn.check_size("lrn_grad", x)?;
        Ok(x.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("lrn_grad"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(output.elements().saturating_mul(2 * self.lrn.summed(output) + 6))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn lrn(size: usize) -> Lrn {
        Lrn { size, alpha: 1e-4, beta: 0.75, k: 2.0 }
    }

    #[test]
    fn an_odd_size_lies_evenly_and_an_even_one_reaches_further_back() {
        assert_eq!(lrn(5).neighbours(4, 9), 2..7);
        assert_eq!(lrn(4).neighbours(4, 9), 2..6);
        assert_eq!(lrn(1).neighbours(4, 9), 4..5);
        assert_eq!(lrn(5).neighbours(0, 9), 0..3);
        assert_eq!(lrn(5).neighbours(8, 9), 6..9);
        assert_eq!(lrn(usize::MAX).neighbours(2, 3), 0..3);
    }

    #[test]
    fn a_size_of_zero_is_an_error_and_a_huge_one_costs_no_more_than_all_channels() {
        let x = Shape::new([1, 4, 3, 9]).expect("it is small");
        let error = "lrn cannot take 1x4x3x9: its size must be at least 1";
        assert_eq!(lrn(0).shape(&[&x]).unwrap_err().to_string(), error);
        assert!(LrnGrad { lrn: lrn(0) }.shape(&[&x, &x]).is_err());
        assert_eq!(lrn(usize::MAX).cost(&[&x], &x), Cost::elementwise(12 * 108));
        assert_eq!(LrnGrad { lrn: lrn(usize::MAX) }.cost(&[&x, &x], &x), Cost::elementwise(24 * 108));
        let other = Shape::new([1, 4, 3, 8]).expect("it is small");
        assert!(LrnGrad { lrn: lrn(5) }.shape(&[&x, &other]).is_err());
    }

    #[test]
    fn the_gradient_reads_the_input() {
        let by = crate::op::testing::gradient(Op::Lrn(lrn(5)), &[&[5, 7, 3]]);
        assert_eq!(by, [r#"lrn_grad{"lrn":{"size":5,"alpha":0.0001,"beta":0.75,"k":2.0}}(a, dy)"#]);
    }
}
