//! Tensors joined along their channels, and a range of channels: each the other's gradient.
//!
//! Source: C. Szegedy et al., "Going deeper with convolutions", arXiv:1409.4842, section 4: the filter concatenation.

use serde::{Deserialize, Serialize};

use super::{Cost, Fill, GradientError, Op, Rule, ShapeError};
use crate::ids::NodeId;
use crate::op::Backward;
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
        dims.push(inputs.iter().fold(0, |sum: usize, s| sum.saturating_add(s.channels())));
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

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (dims, dy) = (backward.input_shape(0).dims().to_vec(), backward.dy());
        let Some((&channels, outer)) = dims.split_last() else { return Ok(vec![Some(dy)]) };
        let mut zeros = |channels: usize| -> Result<Option<NodeId>, GradientError> {
            if channels == 0 {
                return Ok(None);
            }
            let shape = Shape::new([outer, &[channels]].concat()).map_err(ShapeError::from)?;
            Ok(Some(backward.push(Op::Fill(Fill { shape, value: 0.0 }), &[])?))
        };
        // What was not taken adds nothing.
        let before = zeros(self.start)?;
        let after = zeros(channels - self.start - self.channels)?;
        let parts: Vec<NodeId> = [before, Some(dy), after].into_iter().flatten().collect();
        Ok(vec![Some(if parts.len() == 1 { dy } else { backward.push(Op::Concat(Concat {}), &parts)? })])
    }

    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).expect("it is small")
    }

    #[test]
    fn channels_add_up_and_all_else_agrees() {
        let maps =
            [shape(&[5, 28, 28, 64]), shape(&[5, 28, 28, 128]), shape(&[5, 28, 28, 32]), shape(&[5, 28, 28, 32])];
        let all: Vec<&Shape> = maps.iter().collect();
        assert_eq!(Concat {}.shape(&all), Ok(shape(&[5, 28, 28, 256]))); // GoogLeNet, inception (3a)
        assert_eq!(Concat {}.shape(&all[..1]), Ok(maps[0].clone()));
        let other = Concat {}.shape(&[&maps[0], &shape(&[5, 28, 27, 64])]).unwrap_err();
        assert_eq!(other.to_string(), "concat needs 5x28x28x64 to agree with 5x28x27x64");
        assert!(Concat {}.shape(&[&shape(&[5, 3]), &shape(&[3])]).is_err());
        assert!(Concat {}.shape(&[&Shape::scalar(), &Shape::scalar()]).is_err());
        assert!(Concat {}.shape(&[]).is_err());
    }

    #[test]
    fn channels_beyond_counting_are_an_error() {
        let half = shape(&[1 << 39]);
        assert!(Concat {}.shape(&[&half, &half]).is_ok());
        assert!(Concat {}.shape(&[&half, &half, &shape(&[1])]).is_err());
        // Of no pictures even the largest number of channels is no element.
        let (many, none) = (shape(&[0, usize::MAX]), shape(&[0, 1]));
        assert_eq!(Concat {}.shape(&[&many, &none]), Ok(many));
    }

    #[test]
    fn a_slice_lies_within_the_channels() {
        let x = shape(&[5, 4, 9]);
        let slice = |start, channels| ChannelSlice { start, channels }.shape(&[&x]);
        assert_eq!(slice(0, 9), Ok(x.clone()));
        assert_eq!(slice(2, 7), Ok(shape(&[5, 4, 7])));
        assert_eq!(slice(3, 7).unwrap_err().to_string(), "channel_slice cannot take 5x4x9: it has no channels 3 to 10");
        assert!(slice(usize::MAX, 1).is_err() && slice(1, usize::MAX).is_err() && slice(10, 0).is_err());
        assert!(ChannelSlice { start: 0, channels: 1 }.shape(&[&Shape::scalar()]).is_err());
    }

    #[test]
    fn each_input_gets_its_own_channels_of_the_gradient() {
        let by = crate::op::testing::gradient(Op::Concat(Concat {}), &[&[5, 2], &[5, 3]]);
        let slices = [r#"channel_slice{"start":0,"channels":2}(dy)"#, r#"channel_slice{"start":2,"channels":3}(dy)"#];
        assert_eq!(by, slices);
    }

    #[test]
    fn what_a_slice_leaves_out_has_a_gradient_of_0() {
        let by = |start, channels| {
            let slice = Op::ChannelSlice(ChannelSlice { start, channels });
            crate::op::testing::gradient(slice, &[&[5, 6]])
        };
        let zeros = |channels| format!(r#"fill{{"shape":[5,{channels}],"value":0.0}}()"#);
        assert_eq!(by(2, 3), [format!("concat({}, dy, {})", zeros(2), zeros(1))]);
        assert_eq!(by(0, 4), [format!("concat(dy, {})", zeros(2))]);
        assert_eq!(by(0, 6), ["dy"]);
    }
}
