//! Pictures gathered into the tensors that a step is fed.

use fovea_data::{Dataset, Labels, Samples};
use fovea_graph::{Stop, Tensor};
use ndarray::{CowArray, IxDyn};

use crate::error::TrainError;
use crate::standardise::Standardisation;

/// Pictures to draw batches from.
pub(crate) struct Pictures<'a> {
    values: Values<'a>,
    labels: Option<&'a Labels>,
    standardisation: Option<Standardisation>,
}

enum Values<'a> {
    Given(CowArray<'a, f32, IxDyn>),
    Of(&'a Samples),
}

impl<'a> Pictures<'a> {
    /// Pictures `[N, H, W, C]` without labels.
    pub fn new(images: &'a Tensor, standardisation: Option<Standardisation>) -> Self {
        Self { values: Values::Given(images.as_standard_layout()), labels: None, standardisation }
    }

    /// A data set's pictures and labels.
    pub fn of(data: &'a Dataset, standardisation: Option<Standardisation>) -> Self {
        Self { values: Values::Of(&data.images), labels: Some(&data.labels), standardisation }
    }

    /// Whether all of them are in memory.
    pub fn are_at_hand(&self) -> bool {
        match &self.values {
            Values::Given(_) => true,
            Values::Of(samples) => samples.held().is_some(),
        }
    }

    /// A batch for them, of none yet.
    pub fn batch(&self) -> Batch {
        let shape = match &self.values {
            Values::Given(values) => values.shape().get(1..).unwrap_or_default(),
            Values::Of(samples) => samples.shape(),
        };
        Batch::new(shape, self.labels.map_or(&[], Labels::positions))
    }

    /// Writes the pictures `indices`, as they are.
    fn read(&self, indices: &[usize], slots: &mut [f32], stop: &dyn Stop) -> Result<(), TrainError> {
        match &self.values {
            Values::Of(samples) => samples.read(indices, slots, stop)?,
            Values::Given(values) => {
                let (size, all) = (slots.len() / indices.len().max(1), values.as_slice().unwrap_or_default());
                for (slot, &i) in slots.chunks_exact_mut(size.max(1)).zip(indices) {
                    slot.copy_from_slice(&all[i * size..][..size]);
                }
            }
        }
        Ok(())
    }
}

/// The tensors of one batch.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[N, H, W, C]`, standardised.
    pub images: Tensor,
    /// Class numbers, `[N]`, or `[N, H, W]` where there is one at every position.
    pub labels: Tensor,
}

impl Batch {
    /// No pictures yet, of `shape` with a label at each of `positions`.
    fn new(shape: &[usize], positions: &[usize]) -> Self {
        let none = |dims: &[usize]| Tensor::zeros([&[0], dims].concat());
        Self { images: none(shape), labels: none(positions) }
    }

    /// How many pictures it has.
    pub fn len(&self) -> usize {
        self.images.shape().first().copied().unwrap_or(0)
    }

    /// Fills the batch with the pictures `indices`, which exist. Its memory is kept for the next.
    ///
    /// # Errors
    /// Pictures that cannot be read; [`TrainError::Interrupted`].
    pub fn gather(&mut self, pictures: &Pictures<'_>, indices: &[usize], stop: &dyn Stop) -> Result<(), TrainError> {
        resize(&mut self.images, indices.len());
        resize(&mut self.labels, indices.len());
        let slots = self.images.as_slice_mut().unwrap_or(&mut []);
        pictures.read(indices, slots, stop)?;
        if let Some(standardisation) = &pictures.standardisation {
            standardisation.apply_to(slots);
        }
        let Some(labels) = pictures.labels else { return Ok(()) };
        let slots = self.labels.as_slice_mut().unwrap_or(&mut []);
        for (slot, &i) in slots.chunks_exact_mut(labels.per_picture().max(1)).zip(indices) {
            for (slot, &label) in slot.iter_mut().zip(labels.of(i)) {
                *slot = label as f32;
            }
        }
        Ok(())
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
