//! One number a channel, added at every position; and the sum over positions, its gradient.
//!
//! Source: I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press 2016, section 9.5: one bias a channel, shared
//! by all positions.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, arity};
use crate::counted;
use crate::ids::NodeId;
use crate::op::Backward;
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
        why: format!("a bias for {} is {channels}", counted(channels, "channel")),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::{given, gradient};

    #[test]
    fn there_is_one_number_for_each_channel() {
        let bias = || Op::Bias(Bias {});
        assert_eq!(given(bias(), &[&[5, 4, 3], &[3]]), Ok((vec![5, 4, 3], Cost::elementwise(60))));
        let error = "bias cannot take 4: a bias for 3 channels is 3";
        assert_eq!(given(bias(), &[&[5, 4, 3], &[4]]), Err(error.to_string()));
        assert_eq!(given(Op::ChannelSum(ChannelSum {}), &[&[5, 4, 3]]), Ok((vec![3], Cost::elementwise(60))));
    }

    #[test]
    fn the_gradient_by_the_bias_sums_over_positions() {
        assert_eq!(gradient(Op::Bias(Bias {}), &[&[5, 4, 3], &[3]]), ["dy", "channel_sum(dy)"]);
    }
}
