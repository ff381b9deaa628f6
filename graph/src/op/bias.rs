//! One number a channel, added at every position; and the sum over positions, its gradient.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, arity};
use crate::autodiff::Backward;
use crate::ids::NodeId;
use crate::shape::Shape;

/// `y[…, c] = x[…, c] + b[c]`; inputs x `[N, …, C]` and b `[C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bias {}

/// `y[c] = Σ x[…, c]` over all other axes; input `[N, …, C]`, output `[C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelSum {}

/// The bias must have one number for each channel of `x`.
pub(super) fn check_bias(op: &'static str, channels: usize, bias: &Shape) -> Result<(), ShapeError> {
    if bias.dims() == [channels] {
        return Ok(());
    }
    Err(ShapeError::Form {
        op,
        found: bias.dims().to_vec(),
        why: format!("a bias for {channels} channels is {channels}"),
    })
}

impl Rule for Bias {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, b] = arity("bias", "two", inputs)?;
        check_bias("bias", x.channels(), b)?;
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let dy = backward.dy();
        let db = match backward.wants(1) {
            true => Some(backward.push(Op::ChannelSum(ChannelSum {}), &[dy])?),
            false => None,
        };
        Ok(vec![Some(dy), db])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(output.elements())
    }
}

impl Rule for ChannelSum {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("channel_sum", "one", inputs)?;
        Ok(Shape::new([x.channels()])?)
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("channel_sum"))
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::elementwise(inputs[0].elements())
    }
}
