//! Pictures gathered into the tensors that a step is fed.

use fovea_graph::Tensor;
use ndarray::{CowArray, IxDyn};

use crate::dataset::Dataset;
use crate::standardise::Standardisation;

/// Pictures to draw batches from.
pub(crate) struct Pictures<'a> {
    values: CowArray<'a, f32, IxDyn>,
    labels: &'a [u32],
    standardisation: Option<Standardisation>,
}

impl<'a> Pictures<'a> {
    /// Pictures `[N, H, W, C]` without labels.
    pub fn new(images: &'a Tensor, standardisation: Option<&Standardisation>) -> Self {
        Self { values: images.as_standard_layout(), labels: &[], standardisation: standardisation.cloned() }
    }

    /// A data set's pictures and labels.
    pub fn of(data: &'a Dataset, standardisation: Option<&Standardisation>) -> Self {
        Self { labels: &data.labels, ..Self::new(&data.images, standardisation) }
    }
}

/// The tensors of one batch, filled anew at every step.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[N, H, W, C]`, standardised.
    pub images: Tensor,
    /// `[N]`, class numbers.
    pub labels: Tensor,
}

impl Batch {
    /// Room for `batch` pictures of `shape`.
    pub fn new(batch: usize, shape: &[usize]) -> Self {
        let dims: Vec<usize> = [batch].into_iter().chain(shape.iter().copied()).collect();
        Self { images: Tensor::zeros(dims), labels: Tensor::zeros(vec![batch]) }
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
        for (slot, &i) in self.labels.iter_mut().zip(indices) {
            *slot = pictures.labels.get(i).map_or(0.0, |&label| label as f32);
        }
    }
}
