//! Zeros around a map, or a map cut at its edges: `pad` and `crop`.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, arity};
use crate::autodiff::Backward;
use crate::ids::NodeId;
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
        Self { edges: self.edges.iter().map(|&[a, b]| [-a, -b]).collect() }
    }
}

impl Rule for Frame {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("frame", "one", inputs)?;
        let form = |why: String| ShapeError::Form { op: "frame", found: x.dims().to_vec(), why };
        if x.rank() != self.edges.len() + 2 || self.edges.is_empty() {
            return Err(form(format!("a frame of {} axes fits a map of as many", self.edges.len())));
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
