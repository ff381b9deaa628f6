//! Pictures drawn from a seed: the same seed gives the same pictures at every call.

mod canvas;
mod dice;
mod outline;
pub(crate) mod scenes;
pub(crate) mod shapes;

use fovea_graph::Tensor;

use crate::dataset::{Counts, Dataset};
use crate::description::Description;
use crate::error::DataError;
use crate::labels::Labels;
use crate::part::Dealt;
use crate::split::Parts;
pub use dice::Dice;

/// What was drawn: pictures one after the other, as many as there are labels.
fn drawn(
    name: &'static str,
    seed: u64,
    known: Description,
    values: Vec<f32>,
    labels: Labels,
) -> Result<Dataset, DataError> {
    let [height, width] = [known.shape[0], known.shape[1]];
    let data = Dataset::new(name, stack(name, values, height, width)?.into(), labels, known.classes);
    let data = data.dealt(parts(known.counts));
    Ok(Dataset { attribution: format!("drawn by Fovea from seed {seed}"), ..data })
}

/// Pictures of one size as a tensor `[N, H, W, 3]`.
fn stack(name: &'static str, values: Vec<f32>, height: usize, width: usize) -> Result<Tensor, DataError> {
    let count = values.len() / (height * width * 3);
    let stacked = Tensor::from_shape_vec(vec![count, height, width, 3], values);
    stacked.map_err(|why| DataError::Builtin { name, why: why.to_string() })
}

/// How so many are dealt out that have these labels.
fn dealt(counts: Counts, labels: Vec<u32>) -> Dealt {
    Dealt { parts: parts(counts), labels }
}

/// The first pictures are for training, the others for testing.
fn parts(counts: Counts) -> Parts {
    let train = 0..counts.train;
    let test = train.end..train.end + counts.test;
    Parts { train: train.collect(), validation: Vec::new(), test: test.collect() }
}
