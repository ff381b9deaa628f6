//! Larger maps without parameters.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::autodiff::Backward;
use crate::ids::NodeId;
use crate::shape::Shape;

/// How the elements in between are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// The nearest element, repeated.
    Nearest,
    /// Linear along each axis, samples at pixel centres (PyTorch's `align_corners=False`).
    Linear,
}

/// Multiplies each spatial axis; `[N, spatial…, C]` to `[N, factor·spatial…, C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upsample {
    /// By how much, an axis each.
    pub factor: Vec<usize>,
    /// How the elements in between are filled.
    pub interpolation: Interpolation,
}

/// The gradient of [`Upsample`], its transpose; input dy, output of the smaller shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpsampleGrad {
    /// The op it belongs to.
    pub upsample: Upsample,
}

impl Upsample {
    /// Where output element `i` of an axis takes its value from, in a map of `extent` elements: the two elements and the
    /// second one's weight.
    pub fn sources(&self, axis: usize, i: usize, extent: usize) -> (usize, usize, f64) {
        let factor = self.factor[axis];
        match self.interpolation {
            Interpolation::Nearest => (i / factor, i / factor, 0.0),
            Interpolation::Linear => {
                let at = ((i as f64 + 0.5) / factor as f64 - 0.5).max(0.0);
                let low = (at as usize).min(extent - 1);
                (low, (low + 1).min(extent - 1), at - low as f64)
            }
        }
    }

    fn output(&self, op: &'static str, x: &Shape) -> Result<Shape, ShapeError> {
        if x.rank() != self.factor.len() + 2 || self.factor.is_empty() || self.factor.contains(&0) {
            let why = format!("factors {:?} do not fit its axes", self.factor);
            return Err(ShapeError::Form { op, found: x.dims().to_vec(), why });
        }
        let mut dims = x.dims().to_vec();
        for (dim, &factor) in dims[1..].iter_mut().zip(&self.factor) {
            *dim = dim.saturating_mul(factor);
        }
        Ok(Shape::new(dims)?)
    }
}

impl Rule for Upsample {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("upsample", "one", inputs)?;
        self.output("upsample", x)
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let dy = backward.dy();
        Ok(vec![Some(backward.push(Op::UpsampleGrad(UpsampleGrad { upsample: self.clone() }), &[dy])?)])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(match self.interpolation {
            Interpolation::Nearest => 0,
            Interpolation::Linear => 3 * self.factor.len() * output.elements(),
        })
    }
}

impl Rule for UpsampleGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [dy] = arity("upsample_grad", "one", inputs)?;
        let mut dims = dy.dims().to_vec();
        let fits = dims.len() == self.upsample.factor.len() + 2 && !self.upsample.factor.contains(&0);
        if fits {
            for (dim, &factor) in dims[1..].iter_mut().zip(&self.upsample.factor) {
                *dim /= factor;
            }
        }
        let dx = Shape::new(dims)?;
        agree("upsample_grad", dy, &self.upsample.output("upsample_grad", &dx)?)?;
        Ok(dx)
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let g = backward.dy();
        Ok(vec![Some(backward.push(Op::Upsample(self.upsample.clone()), &[g])?)])
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(inputs[0].elements())
    }
}
