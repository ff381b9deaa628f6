//! Pictures gathered into the tensors that a step is fed.

use fovea_graph::Tensor;
use ndarray::{CowArray, IxDyn};

use crate::dataset::Dataset;
use crate::labels::Labels;
use crate::standardise::Standardisation;

/// Pictures to draw batches from.
pub(crate) struct Pictures<'a> {
    values: CowArray<'a, f32, IxDyn>,
    labels: Option<&'a Labels>,
    standardisation: Option<Standardisation>,
}

impl<'a> Pictures<'a> {
    /// Pictures `[N, H, W, C]` without labels.
    pub fn new(images: &'a Tensor, standardisation: Option<Standardisation>) -> Self {
        Self { values: images.as_standard_layout(), labels: None, standardisation }
    }

    /// A data set's pictures and labels.
    pub fn of(data: &'a Dataset, standardisation: Option<Standardisation>) -> Self {
        Self { labels: Some(&data.labels), ..Self::new(&data.images, standardisation) }
    }
}

/// The tensors of one batch, filled anew at every step.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[N, H, W, C]`, standardised.
    pub images: Tensor,
    /// Class numbers, `[N]`, or `[N, H, W]` where there is one at every position.
    pub labels: Tensor,
}

impl Batch {
    /// Room for `batch` pictures of `shape` with a label at each of `positions`.
    pub fn new(batch: usize, shape: &[usize], positions: &[usize]) -> Self {
        let zeros = |dims: &[usize]| Tensor::zeros([&[batch], dims].concat());
        Self { images: zeros(shape), labels: zeros(positions) }
    }

    /// Fills the batch with the pictures `indices`, which exist and are as many as it has room for.
    pub fn gather(&mut self, pictures: &Pictures<'_>, indices: &[usize]) {
        let size = self.images.shape()[1..].iter().product::<usize>().max(1);
        let source = pictures.values.as_slice().unwrap_or(&[]);
        let slots = self.images.as_slice_mut().unwrap_or(&mut []);
        for (slot, &i) in slots.chunks_exact_mut(size).zip(indices) {
            slot.copy_from_slice(&source[i * size..][..size]);
            if let Some(standardisation) = &pictures.standardisation {
                standardisation.apply_to(slot);
            }
        }
        let Some(labels) = pictures.labels else { return };
        let slots = self.labels.as_slice_mut().unwrap_or(&mut []);
        for (slot, &i) in slots.chunks_exact_mut(labels.per_picture().max(1)).zip(indices) {
            for (slot, &label) in slot.iter_mut().zip(labels.of(i)) {
                *slot = label as f32;
            }
        }
    }
}
