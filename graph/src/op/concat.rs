//! Tensors joined along their channels, and a range of channels: each the other's gradient.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError};
use crate::autodiff::Backward;
use crate::ids::NodeId;
use crate::shape::Shape;

/// Joins `[N, …, C1]`, `[N, …, C2]`, … to `[N, …, C1 + C2 + …]`; all other axes agree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Concat {}

/// The channels `start..start + channels` of `[N, …, C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelSlice {
    /// The first channel.
    pub start: usize,
    /// How many.
    pub channels: usize,
}

impl Rule for Concat {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let Some((first, rest)) = inputs.split_first() else {
            return Err(ShapeError::Arity { op: "concat", expected: "one or more", found: 0 });
        };
        let outer = |s: &Shape| s.dims().split_last().map(|(_, outer)| outer.to_vec());
        let Some(mut dims) = outer(first) else {
            let why = "a scalar has no channels".into();
            return Err(ShapeError::Form { op: "concat", found: Vec::new(), why });
        };
        if let Some(other) = rest.iter().find(|s| outer(s).as_ref() != Some(&dims)) {
            let (left, right) = (first.dims().to_vec(), other.dims().to_vec());
            return Err(ShapeError::Disagree { op: "concat", left, right });
        }
        dims.push(inputs.iter().map(|s| s.channels()).sum());
        Ok(Shape::new(dims)?)
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let dy = backward.dy();
        let mut start = 0;
        let mut gradients = Vec::new();
        for i in 0..backward.inputs() {
            let channels = backward.input_shape(i).channels();
            gradients.push(match backward.wants(i) {
                true => Some(backward.push(Op::ChannelSlice(ChannelSlice { start, channels }), &[dy])?),
                false => None,
            });
            start += channels;
        }
        Ok(gradients)
    }

    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::default()
    }
}

impl Rule for ChannelSlice {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = super::arity("channel_slice", "one", inputs)?;
        let end = self.start.checked_add(self.channels);
        let fits = |channels: usize| end.is_some_and(|end| end <= channels);
        let Some((_, outer)) = x.dims().split_last().filter(|(channels, _)| fits(**channels)) else {
            let why = format!("it has no channels {} to {}", self.start, self.start.saturating_add(self.channels));
            return Err(ShapeError::Form { op: "channel_slice", found: x.dims().to_vec(), why });
        };
        Ok(Shape::new([outer, &[self.channels]].concat())?)
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("channel_slice"))
    }

    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::default()
    }
}
