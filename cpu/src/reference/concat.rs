//! Channels joined and taken apart.

use fovea_graph::op::ChannelSlice;
use ndarray::{ArrayD, ArrayViewD, Slice};

use super::channels;

/// All channels of the first, then all of the second, and so on.
pub(super) fn forward(parts: &[ArrayViewD<'_, f64>]) -> ArrayD<f64> {
    let axis = ndarray::Axis(parts[0].ndim() - 1);
    let joined = ndarray::concatenate(axis, parts).expect("the shape rule has compared the other axes");
    joined.as_standard_layout().into_owned()
}

/// The channels `start..start + channels`.
pub(super) fn slice(op: &ChannelSlice, x: &ArrayD<f64>) -> ArrayD<f64> {
    let range = Slice::from(op.start..op.start + op.channels);
    x.slice_axis(channels(x), range).as_standard_layout().into_owned()
}
