//! Zeros around a map, or a map cut at its edges: `pad` and `crop`.
//!
//! Sources: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285 (zeros around);
//! O. Ronneberger et al., "U-Net", arXiv:1505.04597 (cut edges).

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, arity};
use crate::counted;
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// Adds zeros before and after each spatial axis; a negative number cuts as many elements off. Linear, and its gradient
/// is the frame with all numbers negated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Before and after, an axis each.
    pub edges: Vec<[i64; 2]>,
}

impl Frame {
    /// The frame that undoes this one.
    pub fn inverse(&self) -> Self {
        Self { edges: self.edges.iter().map(|edges| edges.map(i64::saturating_neg)).collect() }
    }
}

impl Rule for Frame {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("frame", "one", inputs)?;
        let form = |why: String| ShapeError::Form { op: "frame", found: x.dims().to_vec(), why };
        if x.rank() != self.edges.len() + 2 || self.edges.is_empty() {
            return Err(form(format!("a frame of {} fits a map of as many", counted(self.edges.len(), "axis"))));
        }
        let mut dims = x.dims().to_vec();
        for (dim, &[before, after]) in dims[1..].iter_mut().zip(&self.edges) {
            let size = i64::try_from(*dim).ok().and_then(|n| n.checked_add(before)).and_then(|n| n.checked_add(after));
            // Neither edge may cut more than there is, even where the other adds.
            let cut = before.min(0).saturating_add(after.min(0)).unsigned_abs() as usize;
            match size {
                Some(size) if size > 0 && cut < *dim => *dim = size as usize,
                _ => return Err(form(format!("{before} and {after} at the edges leave nothing of {dim}"))),
            }
        }
        Ok(Shape::new(dims)?)
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let dy = backward.dy();
        Ok(vec![Some(backward.push(Op::Frame(self.inverse()), &[dy])?)])
    }

    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(edges: &[[i64; 2]], dims: &[usize]) -> Result<Vec<usize>, String> {
        let x = Shape::new(dims).expect("it is small");
        let frame = Frame { edges: edges.to_vec() };
        let y = frame.shape(&[&x]).map_err(|e| e.to_string())?;
        // What was cut off comes back as zeros: the frame that undoes this one always fits.
        assert_eq!(frame.inverse().shape(&[&y]), Ok(x));
        Ok(y.dims().to_vec())
    }

    #[test]
    fn each_edge_grows_or_is_cut() {
        assert_eq!(framed(&[[1, 2], [0, 3]], &[5, 4, 3, 2]), Ok(vec![5, 7, 6, 2]));
        assert_eq!(framed(&[[-2, -2], [-16, -16]], &[1, 28, 256, 1]), Ok(vec![1, 24, 224, 1]));
        assert_eq!(framed(&[[-3, 5]], &[1, 4, 2]), Ok(vec![1, 6, 2]));
        assert_eq!(framed(&[[0, 0], [0, 0], [1, -1]], &[1, 2, 3, 4, 5]), Ok(vec![1, 2, 3, 4, 5]));
    }

    #[test]
    fn nothing_left_and_nothing_countable_are_errors() {
        let nothing = "frame cannot take 1x4x2: -2 and -2 at the edges leave nothing of 4";
        assert_eq!(framed(&[[-2, -2]], &[1, 4, 2]), Err(nothing.to_string()));
        // The whole map is cut off, and only zeros would remain.
        for edges in [[-4, 9], [9, -4], [-5, 9]] {
            assert!(framed(&[edges], &[1, 4, 2]).is_err(), "{edges:?}");
        }
        for a in [i64::MIN, i64::MIN + 1, i64::MAX, 1 << 41] {
            for b in [i64::MIN, -(1 << 41), 0, 1, i64::MAX] {
                assert!(framed(&[[a, b]], &[1, 4, 2]).is_err(), "{a} {b}");
                assert!(framed(&[[b, a]], &[1, 4, 2]).is_err(), "{b} {a}");
            }
        }
        assert!(framed(&[], &[1, 2]).is_err());
        assert!(framed(&[[1, 1]], &[1, 4, 4, 2]).is_err());
        assert_eq!(Frame { edges: vec![[i64::MIN, 0]] }.inverse().edges, [[i64::MAX, 0]]);
    }

    #[test]
    fn the_gradient_undoes_the_frame() {
        let frame = Frame { edges: vec![[1, -2]] };
        assert_eq!(crate::op::testing::gradient(Op::Frame(frame), &[&[5, 7, 3]]), [r#"frame{"edges":[[-1,2]]}(dy)"#]);
    }
}
