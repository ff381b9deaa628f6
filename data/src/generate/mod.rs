//! Pictures drawn from a seed: the same seed gives the same pictures at every call.

mod canvas;
mod dice;
mod outline;
pub(crate) mod scenes;
pub(crate) mod shapes;

use fovea_graph::Tensor;

use crate::dataset::Counts;
use crate::error::DataError;

/// Pictures of one size as a tensor `[N, H, W, 3]`.
fn stack(name: &'static str, values: Vec<f32>, height: usize, width: usize) -> Result<Tensor, DataError> {
    let count = values.len() / (height * width * 3);
    let stacked = Tensor::from_shape_vec(vec![count, height, width, 3], values);
    stacked.map_err(|why| DataError::Builtin { name, why: why.to_string() })
}

/// The first pictures are for training, the others for testing.
fn parts(counts: Counts) -> (Vec<usize>, Vec<usize>) {
    ((0..counts.train).collect(), (counts.train..counts.train + counts.test).collect())
}
