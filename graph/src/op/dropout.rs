//! Dropout: zeroes elements at random during training.
//!
//! Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014);
//! scaled at training time ("inverted"), so that inference has no op at all.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::philox::{Purpose, Stream};
use crate::shape::Shape;

/// `y = x / (1 − rate)` where the element is kept, else 0. Linear with a mask that depends only on seed, step, `stream`
/// and the element's position: so the gradient is the same op applied to dy, and no mask is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dropout {
    /// The share of elements that become 0, in 0..1.
    pub rate: f64,
    /// The number of this dropout layer in its net; different layers draw different masks.
    pub stream: u32,
}

impl Dropout {
    /// The random stream of this layer at one step.
    pub fn random(&self, seed: u64, step: u32) -> Stream {
        Stream::new(seed, Purpose::Dropout, self.stream).at_step(step)
    }

    /// An element is kept when its random word is at least this; 2^32·rate.
    pub fn threshold(&self) -> u64 {
        (self.rate * 4_294_967_296.0) as u64
    }

    /// What kept elements are multiplied by: 1/(1 − rate).
    pub fn scale(&self) -> f64 {
        1.0 / (1.0 - self.rate)
    }
}

impl Rule for Dropout {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("dropout", "one", inputs)?;
        if !(0.0..1.0).contains(&self.rate) {
            let why = format!("the rate {} is not in 0..1", self.rate);
            return Err(ShapeError::Form { op: "dropout", found: x.dims().to_vec(), why });
        }
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let dy = backward.dy();
        Ok(vec![Some(backward.push(Op::Dropout(self.clone()), &[dy])?)])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::{given, gradient};

    fn dropout(rate: f64) -> Dropout {
        Dropout { rate, stream: 3 }
    }

    #[test]
    fn the_rate_is_a_share_below_one() {
        assert_eq!(given(Op::Dropout(dropout(0.5)), &[&[5, 3]]), Ok((vec![5, 3], Cost::elementwise(15))));
        for rate in [1.0, -0.1, f64::NAN] {
            assert!(given(Op::Dropout(dropout(rate)), &[&[5, 3]]).is_err(), "{rate}");
        }
    }

    #[test]
    fn kept_elements_grow_as_much_as_the_others_take_away() {
        assert_eq!((dropout(0.75).scale(), dropout(0.75).threshold()), (4.0, 3 << 30));
        assert_eq!((dropout(0.0).scale(), dropout(0.0).threshold()), (1.0, 0));
    }

    #[test]
    fn the_gradient_draws_the_same_mask() {
        assert_eq!(gradient(Op::Dropout(dropout(0.5)), &[&[5, 3]]), [r#"dropout{"rate":0.5,"stream":3}(dy)"#]);
    }
}
