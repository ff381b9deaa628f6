//! Pictures gathered into the tensors that a step is fed.

use fovea_data::{Augment, Dataset, Labels, Samples, Subject};
use fovea_graph::{Stop, Tensor};
use ndarray::{CowArray, IxDyn};

use crate::error::TrainError;
use crate::standardise::Standardisation;

/// Pictures to draw batches from.
pub(crate) struct Pictures<'a> {
    values: Values<'a>,
    labels: Option<&'a Labels>,
    standardisation: Option<Standardisation>,
    augmented: Option<Augmented<'a>>,
}

/// How training pictures are changed, in an epoch of a run.
#[derive(Clone, Copy)]
struct Augmented<'a> {
    augment: &'a Augment,
    seed: u64,
    epoch: u32,
}

enum Values<'a> {
    Given(CowArray<'a, f32, IxDyn>),
    Of(&'a Samples),
}

impl<'a> Pictures<'a> {
    /// Pictures `[N, H, W, C]` without labels.
    pub fn new(images: &'a Tensor, standardisation: Option<Standardisation>) -> Self {
        Self { values: Values::Given(images.as_standard_layout()), labels: None, standardisation, augmented: None }
    }

    /// A data set's pictures and labels.
    pub fn of(data: &'a Dataset, standardisation: Option<Standardisation>) -> Self {
        let (values, labels) = (Values::Of(&data.images), Some(&data.labels));
        Self { values, labels, standardisation, augmented: None }
    }

    /// A data set's pictures as epoch `epoch` of a run by this seed sees them: augmented.
    pub fn training(data: &'a Dataset, standardisation: Option<Standardisation>, seed: u64, epoch: u32) -> Self {
        let augmented = Augmented { augment: &data.augment, seed, epoch };
        let augmented = Some(augmented).filter(|augmented| !augmented.augment.is_empty());
        Self { augmented, ..Self::of(data, standardisation) }
    }

    /// Whether all of them are in memory as they are wanted.
    pub fn are_at_hand(&self) -> bool {
        self.augmented.is_none()
            && match &self.values {
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
        if let Some(labels) = pictures.labels {
            let slots = self.labels.as_slice_mut().unwrap_or(&mut []);
            for (slot, &i) in slots.chunks_exact_mut(labels.per_picture().max(1)).zip(indices) {
                for (slot, &label) in slot.iter_mut().zip(labels.of(i)) {
                    *slot = label as f32;
                }
            }
        }
        if let Some(augmented) = pictures.augmented {
            self.augment(augmented, pictures, indices, stop)?;
        }
        if let Some(standardisation) = &pictures.standardisation {
            standardisation.apply_to(self.images.as_slice_mut().unwrap_or(&mut []));
        }
        Ok(())
    }

    /// Changes the pictures, and with them what is labelled at their positions.
    fn augment(
        &mut self,
        Augmented { augment, seed, epoch }: Augmented<'_>,
        pictures: &Pictures<'_>,
        indices: &[usize],
        stop: &dyn Stop,
    ) -> Result<(), TrainError> {
        let shape: Option<[usize; 3]> = self.images.shape()[1..].try_into().ok();
        let size = self.images.shape()[1..].iter().product::<usize>().max(1);
        let mean = pictures.standardisation.as_ref().map_or(&[0.0][..], |standardisation| &standardisation.mean);
        // A class of the whole picture stays where it is.
        let positions: usize = self.labels.shape()[1..].iter().product();
        let positions = if self.labels.ndim() > 1 { positions } else { 0 };
        let labels = self.labels.as_slice_mut().unwrap_or(&mut []);
        let images = self.images.as_slice_mut().unwrap_or(&mut []).chunks_exact_mut(size);
        for (n, picture) in stop.each(indices.iter().zip(images)).enumerate() {
            let (&index, values) = picture?;
            match shape {
                Some(shape) => {
                    let classes = labels.get_mut(n * positions..(n + 1) * positions).unwrap_or_default();
                    augment.apply(&mut Subject { shape, values, classes, mean }, seed, epoch, index);
                }
                None => augment.apply_to_any(values, seed, epoch, index),
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
