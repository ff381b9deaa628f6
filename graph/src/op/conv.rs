//! Convolution of any rank (cross-correlation, as every framework and the lecture's second slide have it) and its two
//! gradients.
//!
//! Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

use serde::{Deserialize, Serialize};

use super::bias::check_bias;
use super::{Activation, Cost, GradientError, Op, Rule, ShapeError, arity, product};
use crate::counted;
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;
use crate::window::{Rounding, Window};

/// `y[n, p…, k] = act(Σ x[n, p·stride + r·dilate − pad …, c] · w[k, r…, c] + bias[k])`.
///
/// Inputs x `[N, spatial…, C]`, filter w `[K, window…, C/groups]` and, where it is fused in, bias `[K]`; output
/// `[N, spatial'…, K]`. Filter k sees the channels of group `k / (K/groups)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conv {
    /// Steps between two windows, an axis each; its length is the rank.
    pub stride: Vec<usize>,
    /// Zeros before and after the map, an axis each.
    pub pad: Vec<[usize; 2]>,
    /// Steps between two elements of a window, an axis each.
    pub dilate: Vec<usize>,
    /// Into how many separate convolutions the channels are split.
    pub groups: usize,
    /// Applied to the result, where it is fused in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
}

/// The gradient of [`Conv`] by its input; inputs filter `[K, window…, C/groups]` and dy `[N, spatial'…, K]`, output dx
/// `[N, extent…, C]`. As a forward op this is the transposed convolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvDgrad {
    /// The convolution it belongs to; its activation is never set.
    pub conv: Conv,
    /// The spatial size of the convolution's input: several map to one output size.
    pub extent: Vec<usize>,
}

/// The gradient of [`Conv`] by its filters; inputs x `[N, spatial…, C]` and dy `[N, spatial'…, K]`, output dw
/// `[K, window…, C/groups]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvWgrad {
    /// The convolution it belongs to; its activation is never set.
    pub conv: Conv,
    /// The window of the filters.
    pub window: Vec<usize>,
}

impl Conv {
    /// A dense convolution of this rank at stride 1 with no padding.
    pub fn plain(rank: usize) -> Self {
        Self { stride: vec![1; rank], pad: vec![[0, 0]; rank], dilate: vec![1; rank], groups: 1, activation: None }
    }

    /// The number of spatial axes.
    pub fn rank(&self) -> usize {
        self.stride.len()
    }

    /// The spatial size of the output, for a map `extent` and a window `window`.
    pub fn output_extent(&self, extent: &[usize], window: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let axis = |a: usize| {
            let w = Window {
                size: window[a],
                stride: self.stride[a],
                dilate: self.dilate[a],
                pad: self.pad[a],
                rounding: Rounding::Floor,
            };
            w.output(extent[a]).map_err(|error| ShapeError::Window { axis: a, map: extent.to_vec(), error })
        };
        (0..self.rank()).map(axis).collect()
    }

    /// The attributes agree on the rank, and `x` has it.
    fn check_rank(&self, op: &'static str, x: &Shape) -> Result<(), ShapeError> {
        let rank = self.rank();
        let why = if !(1..=3).contains(&rank) || self.pad.len() != rank || self.dilate.len() != rank {
            format!("stride, padding and dilation are of {rank}, {} and {} axes", self.pad.len(), self.dilate.len())
        } else if x.rank() != rank + 2 {
            format!("a convolution over {} takes a batch of maps with {} dimensions", counted(rank, "axis"), rank + 2)
        } else if self.groups == 0 {
            "there must be at least one group".to_string()
        } else {
            return Ok(());
        };
        Err(ShapeError::Form { op, found: x.dims().to_vec(), why })
    }

    /// The filters fit the channels of `x`.
    fn check_filter(&self, op: &'static str, channels: usize, filter: &Shape) -> Result<(), ShapeError> {
        self.check_rank(op, filter)?;
        let (k, per_group) = (filter.batch(), filter.channels());
        if per_group.checked_mul(self.groups) != Some(channels) {
            let (groups, each) = (counted(self.groups, "group"), counted(per_group, "channel"));
            let why = format!("{groups} of {each} make another number than {channels}");
            return Err(ShapeError::Form { op, found: filter.dims().to_vec(), why });
        }
        if !k.is_multiple_of(self.groups) {
            let (filters, groups) = (counted(k, "filter"), counted(self.groups, "group"));
            let why = format!("{filters} cannot be divided into {groups}");
            return Err(ShapeError::Form { op, found: filter.dims().to_vec(), why });
        }
        Ok(())
    }

    /// Multiply–accumulates: every output element is a sum over the window and the channels of its group.
    fn work(&self, output: &Shape, filter: &[usize]) -> usize {
        output.elements().saturating_mul(product(&filter[1..]))
    }
}

impl Rule for Conv {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let (x, filter) = match inputs {
            [x, filter] | [x, filter, _] => (x, filter),
            _ => {
                return Err(ShapeError::Arity { op: "conv", expected: "two or three", found: inputs.len() });
            }
        };
        self.check_rank("conv", x)?;
        self.check_filter("conv", x.channels(), filter)?;
        if let Some(bias) = inputs.get(2) {
            check_bias("conv", filter.batch(), bias)?;
        }
        let spatial = self.output_extent(x.spatial(), filter.spatial())?;
        Ok(Shape::new([&[x.batch()], &spatial[..], &[filter.batch()]].concat())?)
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        if self.activation.is_some() || backward.inputs() > 2 {
            return Err(GradientError::Undefined("conv with a fused bias or activation"));
        }
        let (x, filter, dy) = (backward.input(0), backward.input(1), backward.dy());
        let dx = match backward.wants(0) {
            true => {
                let extent = backward.input_shape(0).spatial().to_vec();
                Some(backward.push(Op::ConvDgrad(ConvDgrad { conv: self.clone(), extent }), &[filter, dy])?)
            }
            false => None,
        };
        let dw = match backward.wants(1) {
            true => {
                let window = backward.input_shape(1).spatial().to_vec();
                Some(backward.push(Op::ConvWgrad(ConvWgrad { conv: self.clone(), window }), &[x, dy])?)
            }
            false => None,
        };
        Ok(vec![dx, dw])
    }

    fn cost(&self, inputs: &[&Shape], output: &Shape) -> Cost {
        let epilogue = usize::from(inputs.len() > 2) + usize::from(self.activation.is_some());
        Cost::macs(self.work(output, inputs[1].dims())) + Cost::elementwise(epilogue * output.elements())
    }
}

impl Rule for ConvDgrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [filter, dy] = arity("conv_dgrad", "two", inputs)?;
        let channels = filter.channels().saturating_mul(self.conv.groups);
        self.conv.check_filter("conv_dgrad", channels, filter)?;
        self.conv.check_rank("conv_dgrad", dy)?;
        let rank_fits = self.extent.len() == self.conv.rank();
        let expected = if rank_fits { self.conv.output_extent(&self.extent, filter.spatial())? } else { Vec::new() };
        if dy.channels() != filter.batch() || dy.spatial() != expected {
            let want = [&[dy.batch()], &expected[..], &[filter.batch()]].concat();
            return Err(ShapeError::Disagree { op: "conv_dgrad", left: dy.dims().to_vec(), right: want });
        }
        Ok(Shape::new([&[dy.batch()], &self.extent[..], &[channels]].concat())?)
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        // Linear in both: the gradient by dy is the convolution itself, the one by the filter a wgrad.
        let (filter, dy, g) = (backward.input(0), backward.input(1), backward.dy());
        let by_filter = match backward.wants(0) {
            true => {
                let window = backward.input_shape(0).spatial().to_vec();
                Some(backward.push(Op::ConvWgrad(ConvWgrad { conv: self.conv.clone(), window }), &[g, dy])?)
            }
            false => None,
        };
        let by_dy = match backward.wants(1) {
            true => Some(backward.push(Op::Conv(self.conv.clone()), &[g, filter])?),
            false => None,
        };
        Ok(vec![by_filter, by_dy])
    }

    fn cost(&self, inputs: &[&Shape], _: &Shape) -> Cost {
        Cost::macs(self.conv.work(inputs[1], inputs[0].dims()))
    }
}

impl Rule for ConvWgrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, dy] = arity("conv_wgrad", "two", inputs)?;
        self.conv.check_rank("conv_wgrad", x)?;
        let channels = x.channels() / self.conv.groups;
        let filter = Shape::new([&[dy.channels()], &self.window[..], &[channels]].concat())?;
        self.conv.check_filter("conv_wgrad", x.channels(), &filter)?;
        let expected = self.conv.output_extent(x.spatial(), &self.window)?;
        if dy.rank() != x.rank() || dy.spatial() != expected || dy.batch() != x.batch() {
            let want = [&[x.batch()], &expected[..], &[dy.channels()]].concat();
            return Err(ShapeError::Disagree { op: "conv_wgrad", left: dy.dims().to_vec(), right: want });
        }
        Ok(filter)
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("conv_wgrad"))
    }

    fn cost(&self, inputs: &[&Shape], output: &Shape) -> Cost {
        Cost::macs(self.conv.work(inputs[1], output.dims()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transposed_convolution_takes_every_size_that_leads_back_and_no_other() {
        let shape = |dims: &[usize]| Shape::new(dims).expect("it is small");
        let (filter, x) = (shape(&[8, 3, 3, 5]), shape(&[2, 4, 4, 8]));
        let conv = Conv { stride: vec![2; 2], pad: vec![[1, 1]; 2], ..Conv::plain(2) };
        let to = |extent: &[usize]| ConvDgrad { conv: conv.clone(), extent: extent.to_vec() }.shape(&[&filter, &x]);
        for extent in [[7, 7], [7, 8], [8, 8]] {
            assert_eq!(to(&extent), Ok(shape(&[2, extent[0], extent[1], 5])));
        }
        for extent in [&[6, 8][..], &[8, 9], &[8], &[8, 8, 8], &[0, 8], &[usize::MAX, 8]] {
            assert!(to(extent).is_err(), "{extent:?}");
        }
    }

    #[test]
    fn work_beyond_counting_is_the_most_that_can_be_counted() {
        let shape = |dims: &[usize]| Shape::new(dims).expect("it can be counted");
        let (x, filter) = (shape(&[1, 1 << 20, 1 << 20, 1]), shape(&[1, 1 << 19, 1 << 19, 1]));
        let conv = Conv::plain(2);
        let y = conv.shape(&[&x, &filter]).expect("the window fits");
        assert_eq!(conv.cost(&[&x, &filter], &y).macs, u64::MAX);
        assert_eq!((conv.cost(&[&x, &filter], &y) + Cost::elementwise(1)).flops, u64::MAX);
    }

    #[test]
    fn a_convolution_has_two_gradients_and_the_transposed_one_has_the_convolution_back() {
        use crate::op::testing::gradient;
        let conv = || Conv { stride: vec![2], pad: vec![[1, 1]], ..Conv::plain(1) };
        let by = gradient(Op::Conv(conv()), &[&[5, 8, 3], &[4, 3, 3]]);
        let plain = r#"{"stride":[2],"pad":[[1,1]],"dilate":[1],"groups":1}"#;
        assert_eq!(by[0], format!(r#"conv_dgrad{{"conv":{plain},"extent":[8]}}(b, dy)"#));
        assert_eq!(by[1], format!(r#"conv_wgrad{{"conv":{plain},"window":[3]}}(a, dy)"#));
        let dgrad = Op::ConvDgrad(ConvDgrad { conv: conv(), extent: vec![8] });
        let by = gradient(dgrad, &[&[4, 3, 3], &[5, 4, 4]]);
        assert_eq!(by[0], format!(r#"conv_wgrad{{"conv":{plain},"window":[3]}}(dy, b)"#));
        assert_eq!(by[1], format!("conv{plain}(dy, a)"));
    }
}
