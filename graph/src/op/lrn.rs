//! Local response normalisation across channels.
//!
//! Source: A. Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", NIPS 2012, section
//! 3.3, in the form of Caffe and PyTorch: alpha is divided by the size.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::autodiff::Backward;
use crate::ids::NodeId;
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
        c.saturating_sub(self.size / 2)..(c + (self.size - 1) / 2 + 1).min(channels)
    }
}

impl Rule for Lrn {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("lrn", "one", inputs)?;
        if self.size == 0 {
            let why = "its size must be at least 1".to_string();
            return Err(ShapeError::Form { op: "lrn", found: x.dims().to_vec(), why });
        }
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (x, dy) = (backward.input(0), backward.dy());
        Ok(vec![Some(backward.push(Op::LrnGrad(LrnGrad { lrn: self.clone() }), &[x, dy])?)])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise((self.size + 3) * output.elements())
    }
}

impl Rule for LrnGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, dy] = arity("lrn_grad", "two", inputs)?;
        agree("lrn_grad", x, dy)?;
        Ok(x.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("lrn_grad"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise((2 * self.lrn.size + 6) * output.elements())
    }
}
