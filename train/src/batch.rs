//! Pictures gathered into the tensors that a step is fed.

use fovea_graph::Tensor;
use ndarray::{CowArray, IxDyn};

use crate::standardise::Standardisation;
use fovea_data::Dataset;
use fovea_data::Labels;

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
    /// No pictures yet, of `shape` with a label at each of `positions`.
    pub fn new(shape: &[usize], positions: &[usize]) -> Self {
        let none = |dims: &[usize]| Tensor::zeros([&[0], dims].concat());
        Self { images: none(shape), labels: none(positions) }
    }

    /// Fills the batch with the pictures `indices`, which exist. Its memory is kept for the next.
    pub fn gather(&mut self, pictures: &Pictures<'_>, indices: &[usize]) {
        resize(&mut self.images, indices.len());
        resize(&mut self.labels, indices.len());
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

    /// Lets go of its memory.
    pub fn clear(&mut self) {
        *self = Self::new(&self.images.shape()[1..], &self.labels.shape()[1..]);
    }
}

/// Makes a tensor one of so many pictures; what was in it is of no use any more.
fn resize(tensor: &mut Tensor, count: usize) {
    if tensor.shape()[0] == count {
        return;
    }
    let dims: Vec<usize> = [&[count], &tensor.shape()[1..]].concat();
    let (mut values, _) = std::mem::take(tensor).into_raw_vec_and_offset();
    let length: usize = dims.iter().product();
    // A larger one is made whole, not kept beside its copy.
    if values.capacity() < length {
        values = Vec::with_capacity(length);
    }
    values.resize(length, 0.0);
    *tensor = Tensor::from_shape_vec(dims, values).expect("as many values as the shape has elements");
}
