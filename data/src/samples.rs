//! Samples by their numbers: held in memory, or read as they are asked for.

use std::fmt::Debug;
use std::sync::Arc;

use fovea_graph::{Stop, Tensor};
use ndarray::Axis;

use crate::error::DataError;

/// So many samples are read before anybody asks again whether to go on.
const TOGETHER: usize = 64;

/// What samples are read from by their numbers, by any thread and in any order; a number gives the same values each time.
pub trait Source: Debug + Send + Sync {
    /// Writes the samples of these numbers one after the other, each channels last. There are such samples, and `values`
    /// has their length.
    ///
    /// # Errors
    /// Files that cannot be read any more, or have changed; [`DataError::Interrupted`] where `stop` ends it.
    fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError>;
}

/// The samples of a data set: small sets are held in memory, of others each is read when it is asked for.
#[derive(Clone, Debug)]
pub struct Samples {
    count: usize,
    shape: Vec<usize>,
    from: From,
}

#[derive(Clone, Debug)]
enum From {
    Memory(Arc<Tensor>),
    Source(Arc<dyn Source>),
}

impl std::convert::From<Tensor> for Samples {
    /// Samples `[N, …]`, held in memory.
    fn from(tensor: Tensor) -> Self {
        let (count, shape) = tensor.shape().split_first().map_or((0, Vec::new()), |(&n, shape)| (n, shape.to_vec()));
        let tensor = if tensor.is_standard_layout() { tensor } else { tensor.as_standard_layout().into_owned() };
        Self { count, shape, from: From::Memory(Arc::new(tensor)) }
    }
}

impl Samples {
    /// So many samples of a shape, read from a source.
    pub fn of(source: Arc<dyn Source>, count: usize, shape: &[usize]) -> Self {
        Self { count, shape: shape.to_vec(), from: From::Source(source) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One sample's shape, channels last.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many values a sample has.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// All of them, `[N, …]`, in row-major layout, where they are held in memory.
    pub fn held(&self) -> Option<&Tensor> {
        match &self.from {
            From::Memory(tensor) => Some(tensor),
            From::Source(_) => None,
        }
    }

    /// Whether these are the very same samples, in memory or read from the same source; others may have the same values.
    pub(crate) fn are(&self, other: &Self) -> bool {
        match (&self.from, &other.from) {
            (From::Memory(one), From::Memory(two)) => Arc::ptr_eq(one, two),
            (From::Source(one), From::Source(two)) => Arc::ptr_eq(one, two),
            (From::Memory(_), From::Source(_)) | (From::Source(_), From::Memory(_)) => false,
        }
    }

    /// Writes the samples of these numbers one after the other.
    ///
    /// # Errors
    /// As [`Source::read`].
    ///
    /// # Panics
    /// There is no such sample, or `values` has another length.
    pub fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError> {
        let size = self.size();
        assert_eq!(values.len(), indices.len() * size, "values of so many samples");
        assert!(indices.iter().all(|&index| index < self.count), "samples that there are");
        match &self.from {
            From::Memory(tensor) => {
                let all = tensor.as_slice().unwrap_or_default();
                for (slot, &index) in values.chunks_exact_mut(size.max(1)).zip(indices) {
                    slot.copy_from_slice(&all[index * size..][..size]);
                }
                Ok(())
            }
            From::Source(source) => source.read(indices, values, stop),
        }
    }

    /// The samples of these numbers as a tensor `[N, …]`.
    ///
    /// # Errors
    /// As [`Samples::read`].
    pub fn select(&self, indices: &[usize], stop: &dyn Stop) -> Result<Tensor, DataError> {
        let mut samples = Tensor::zeros([&[indices.len()], &self.shape[..]].concat());
        self.read(indices, samples.as_slice_mut().unwrap_or_default(), stop)?;
        Ok(samples)
    }

    /// One sample.
    ///
    /// # Errors
    /// As [`Samples::read`].
    pub fn get(&self, index: usize, stop: &dyn Stop) -> Result<Tensor, DataError> {
        Ok(self.select(&[index], stop)?.index_axis_move(Axis(0), 0))
    }

    /// Gives the values of the samples of these numbers, one sample at a time, in their order.
    ///
    /// # Errors
    /// As [`Samples::read`].
    pub fn each(&self, indices: &[usize], stop: &dyn Stop, mut give: impl FnMut(&[f32])) -> Result<(), DataError> {
        let size = self.size().max(1);
        if let Some(all) = self.held().and_then(|tensor| tensor.as_slice()) {
            for index in stop.each(indices) {
                give(&all[index? * size..][..self.size()]);
            }
            return Ok(());
        }
        let mut values = vec![0.0; indices.len().min(TOGETHER) * self.size()];
        for some in indices.chunks(TOGETHER) {
            stop.go_on()?;
            let values = &mut values[..some.len() * self.size()];
            self.read(some, values, stop)?;
            values.chunks_exact(size).for_each(&mut give);
        }
        Ok(())
    }
}
