//! Pictures drawn from a seed: the same seed gives the same pictures at every call.

mod canvas;
mod dice;
mod outline;
pub(crate) mod scenes;
pub(crate) mod shapes;

use fovea_graph::Tensor;

use crate::augment::Augment;
use crate::dataset::{Counts, Dataset};
use crate::description::Description;
use crate::error::DataError;
use crate::labels::Labels;
use crate::normalize::Normalize;
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
    let (train, test) = parts(known.counts);
    let [height, width] = [known.shape[0], known.shape[1]];
    Ok(Dataset {
        name: name.to_string(),
        images: stack(name, values, height, width)?.into(),
        labels,
        classes: known.classes,
        train,
        validation: Vec::new(),
        test,
        augment: Augment::default(),
        normalize: Normalize::default(),
        attribution: format!("drawn by Fovea from seed {seed}"),
        left_out: Vec::new(),
        remarks: Vec::new(),
    })
}

/// Pictures of one size as a tensor `[N, H, W, 3]`.
fn stack(name: &'static str, values: Vec<f32>, height: usize, width: usize) -> Result<Tensor, DataError> {
    let count = values.len() / (height * width * 3);
    let stacked = Tensor::from_shape_vec(vec![count, height, width, 3], values);
    stacked.map_err(|why| DataError::Builtin { name, why: why.to_string() })
}

/// How so many are dealt out that have these labels.
fn dealt(counts: Counts, labels: Vec<u32>) -> Dealt {
    let (train, test) = parts(counts);
    Dealt { parts: Parts { train, test, ..Parts::default() }, labels }
}

/// The first pictures are for training, the others for testing.
fn parts(counts: Counts) -> (Vec<usize>, Vec<usize>) {
    ((0..counts.train).collect(), (counts.train..counts.train + counts.test).collect())
}
