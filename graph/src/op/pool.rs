//! Max and average pooling, of any rank.
//!
//! Sources: D. Scherer et al., "Evaluation of pooling operations in convolutional architectures for object recognition",
//! ICANN 2010; M. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", arXiv:1311.2901 (unpooling).

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity, product};
use crate::counted;
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;
use crate::window::{Rounding, Window};

/// What a window becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    /// Its largest element; padding never wins.
    Max,
    /// The mean of those of its elements that lie on the map; padding does not count.
    Avg,
}

/// Pools each channel by itself; input `[N, spatial…, C]`, output `[N, spatial'…, C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Max or average.
    pub kind: PoolKind,
    /// The window, an axis each; its length is the rank.
    pub size: Vec<usize>,
    /// Steps between two windows, an axis each.
    pub stride: Vec<usize>,
    /// Padding before and after the map, an axis each.
    pub pad: Vec<[usize; 2]>,
    /// Whether a partial last window counts.
    pub rounding: Rounding,
}

/// The gradient of [`Pool`]; inputs x `[N, spatial…, C]` (the pool's input) and dy `[N, spatial'…, C]`, output dx.
///
/// Of equal maxima the first in row-major order gets the gradient, as in PyTorch; overlapping windows add up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolGrad {
    /// The pool it belongs to.
    pub pool: Pool,
}

/// `y[window] = g[the place of the window's maximum in x]`: the transpose of [`PoolGrad`] for max pooling, and so the gradient
/// of unpooling. Inputs x `[N, spatial…, C]` and g of its shape, output `[N, spatial'…, C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolPick {
    /// The pool whose maxima are picked; for averages it is the pool itself, applied to g.
    pub pool: Pool,
}

impl Pool {
    /// The number of spatial axes.
    pub fn rank(&self) -> usize {
        self.size.len()
    }

    /// The spatial size of the output for a map `extent`.
    pub fn output_extent(&self, extent: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let axis = |a: usize| {
            let w = Window {
                size: self.size[a],
                stride: self.stride[a],
                dilate: 1,
                pad: self.pad[a],
                rounding: self.rounding,
            };
            w.output(extent[a]).map_err(|error| ShapeError::Window { axis: a, map: extent.to_vec(), error })
        };
        (0..self.rank()).map(axis).collect()
    }

    /// The output's shape for the input `x`.
    fn output(&self, op: &'static str, x: &Shape) -> Result<Shape, ShapeError> {
        let rank = self.rank();
        if !(1..=3).contains(&rank) || self.stride.len() != rank || self.pad.len() != rank || x.rank() != rank + 2 {
            let why =
                format!("a pool over {} takes a batch of maps with {} dimensions", counted(rank, "axis"), rank + 2);
            return Err(ShapeError::Form { op, found: x.dims().to_vec(), why });
        }
        let spatial = self.output_extent(x.spatial())?;
        Ok(Shape::new([&[x.batch()], &spatial[..], &[x.channels()]].concat())?)
    }
}

impl Rule for Pool {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("pool", "one", inputs)?;
        self.output("pool", x)
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (x, dy) = (backward.input(0), backward.dy());
        Ok(vec![Some(backward.push(Op::PoolGrad(PoolGrad { pool: self.clone() }), &[x, dy])?)])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(output.elements().saturating_mul(product(&self.size)))
    }
}

impl Rule for PoolGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, dy] = arity("pool_grad", "two", inputs)?;
        agree("pool_grad", dy, &self.pool.output("pool_grad", x)?)?;
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        // Linear in dy; where the maxima lie does not change with x, almost everywhere.
        let (x, g) = (backward.input(0), backward.dy());
        let picked = match backward.wants(1) {
            true => Some(backward.push(Op::PoolPick(PoolPick { pool: self.pool.clone() }), &[x, g])?),
            false => None,
        };
        Ok(vec![None, picked])
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(inputs[1].elements().saturating_mul(product(&self.pool.size)))
    }
}

impl Rule for PoolPick {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, g] = arity("pool_pick", "two", inputs)?;
        agree("pool_pick", x, g)?;
        self.pool.output("pool_pick", x)
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("pool_pick"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(output.elements().saturating_mul(product(&self.pool.size)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(size: usize, stride: usize, pad: usize, rank: usize) -> Pool {
        let (size, stride, pad) = (vec![size; rank], vec![stride; rank], vec![[pad; 2]; rank]);
        Pool { kind: PoolKind::Max, size, stride, pad, rounding: Rounding::Floor }
    }

    #[test]
    fn unpooling_needs_the_pools_own_map_and_result() {
        let shape = |dims: &[usize]| Shape::new(dims).expect("it is small");
        let (x, y) = (shape(&[5, 7, 4, 3]), shape(&[5, 3, 2, 3]));
        let pool = pool(2, 2, 0, 2);
        assert_eq!(pool.shape(&[&x]), Ok(y.clone()));
        assert_eq!(PoolGrad { pool: pool.clone() }.shape(&[&x, &y]), Ok(x.clone()));
        assert_eq!(PoolPick { pool: pool.clone() }.shape(&[&x, &x]), Ok(y.clone()));
        assert!(PoolGrad { pool: pool.clone() }.shape(&[&x, &x]).is_err());
        assert!(PoolGrad { pool: pool.clone() }.shape(&[&x, &shape(&[5, 3, 2, 4])]).is_err());
        assert!(PoolPick { pool }.shape(&[&x, &y]).is_err());
    }

    #[test]
    fn work_beyond_counting_is_the_most_that_can_be_counted() {
        let one = Shape::new([1; 5]).expect("it is small");
        let pool = pool((1 << 39) + 1, 1, 1 << 38, 3);
        assert_eq!(pool.shape(&[&one]), Ok(one.clone()));
        assert_eq!(pool.cost(&[&one], &one).flops, u64::MAX);
    }

    #[test]
    fn the_gradient_of_a_pool_finds_its_maxima_again_and_that_of_unpooling_picks_them() {
        use crate::op::testing::gradient;
        let attributes = r#"{"pool":{"kind":"max","size":[2],"stride":[2],"pad":[[0,0]],"rounding":"floor"}}"#;
        let (pool, unpool) = (pool(2, 2, 0, 1), PoolGrad { pool: pool(2, 2, 0, 1) });
        assert_eq!(gradient(Op::Pool(pool), &[&[5, 6, 3]]), [format!("pool_grad{attributes}(a, dy)")]);
        let by = gradient(Op::PoolGrad(unpool), &[&[5, 6, 3], &[5, 3, 3]]);
        assert_eq!(by, ["-".to_string(), format!("pool_pick{attributes}(a, dy)")]);
    }
}
