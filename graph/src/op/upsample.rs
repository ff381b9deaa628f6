//! Larger maps without parameters.
//!
//! Sources: J. Long et al., "Fully convolutional networks for semantic segmentation", arXiv:1411.4038, section 3.3 (linear);
//! A. Odena et al., "Deconvolution and checkerboard artifacts", Distill 2016 (nearest).

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn upsample(factor: &[usize]) -> Upsample {
        Upsample { factor: factor.to_vec(), interpolation: Interpolation::Linear }
    }

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).expect("it is small")
    }

    #[test]
    fn each_axis_grows_by_its_factor_and_the_gradient_shrinks_back() {
        for (factor, x, y) in [
            (&[2][..], &[5, 7, 3][..], &[5, 14, 3][..]),
            (&[2, 3], &[5, 7, 4, 3], &[5, 14, 12, 3]),
            (&[1, 2, 4], &[1, 3, 4, 5, 6], &[1, 3, 8, 20, 6]),
        ] {
            let (upsample, x, y) = (upsample(factor), shape(x), shape(y));
            assert_eq!(upsample.shape(&[&x]), Ok(y.clone()));
            assert_eq!(UpsampleGrad { upsample }.shape(&[&y]), Ok(x));
        }
    }

    #[test]
    fn factors_that_do_not_fit_or_cannot_be_counted_are_errors() {
        let x = shape(&[1, 4, 6, 3]);
        for factor in [&[2][..], &[2, 2, 2], &[], &[0, 2], &[2, usize::MAX], &[usize::MAX; 2], &[1 << 20, 1 << 20]] {
            assert!(upsample(factor).shape(&[&x]).is_err(), "{factor:?}");
            assert!(UpsampleGrad { upsample: upsample(factor) }.shape(&[&x]).is_err(), "{factor:?}");
        }
        // 6 is no multiple of 4, and nothing remains of a scalar.
        assert!(UpsampleGrad { upsample: upsample(&[2, 4]) }.shape(&[&x]).is_err());
        assert!(upsample(&[2]).shape(&[&Shape::scalar()]).is_err());
        assert!(UpsampleGrad { upsample: upsample(&[2]) }.shape(&[&Shape::scalar()]).is_err());
    }

    #[test]
    fn linear_samples_lie_at_the_middles_of_pixels() {
        let by_two = upsample(&[2]);
        // By two: a quarter before and behind each middle; the edges repeat.
        let sources: Vec<_> = (0..6).map(|i| by_two.sources(0, i, 3)).collect();
        assert_eq!(sources[1..5], [(0, 1, 0.25), (0, 1, 0.75), (1, 2, 0.25), (1, 2, 0.75)]);
        assert_eq!(sources[0], (0, 1, 0.0));
        assert_eq!((sources[5].0, sources[5].1), (2, 2));
    }

    #[test]
    fn the_gradient_goes_back_by_the_same_factors() {
        let by = crate::op::testing::gradient(Op::Upsample(upsample(&[2])), &[&[5, 7, 3]]);
        assert_eq!(by, [r#"upsample_grad{"upsample":{"factor":[2],"interpolation":"linear"}}(dy)"#]);
    }
}
