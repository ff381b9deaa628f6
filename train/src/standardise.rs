//! Bringing pictures to mean 0 and deviation 1, a channel at a time.

use fovea_graph::{Never, Stop, Tensor};
use serde::{Deserialize, Serialize};

use fovea_data::{DataError, Dataset, Normalize};

/// Mean and standard deviation of each channel over the training part. Kept with the weights: a net that was trained
/// on standardised pictures must be shown them so ever after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardisation {
    /// The mean of each channel.
    pub mean: Vec<f32>,
    /// The standard deviation of each channel; 1 where a channel is the same everywhere.
    pub deviation: Vec<f32>,
}

impl Standardisation {
    /// That of a data set's training part, unless the data are normalised in another way. It is measured once, in f64.
    ///
    /// # Errors
    /// Samples that cannot be read.
    pub fn of(data: &Dataset) -> Result<Self, DataError> {
        Self::of_unless(data, &Never)
    }

    /// The same, unless `stop`, which is asked for every picture, ends it.
    ///
    /// # Errors
    /// Samples that cannot be read; [`DataError::Interrupted`].
    pub fn of_unless(data: &Dataset, stop: &dyn Stop) -> Result<Self, DataError> {
        let channels = data.shape().last().copied().unwrap_or(1).max(1);
        match data.normalize {
            Normalize::Own => Self::measured(data, stop),
            Normalize::Raw => Ok(Self::raw(channels)),
            Normalize::Imagenet => Ok(Self::imagenet(channels)),
        }
    }

    /// Values stay as they are.
    pub fn raw(channels: usize) -> Self {
        Self { mean: vec![0.0; channels], deviation: vec![1.0; channels] }
    }

    /// By the mean and deviation of ImageNet's pictures.
    pub fn imagenet(channels: usize) -> Self {
        let of = |figures: [f32; 3]| figures.into_iter().cycle().take(channels).collect();
        Self { mean: of(Normalize::IMAGENET_MEAN), deviation: of(Normalize::IMAGENET_DEVIATION) }
    }

    /// That of a data set's training part, however it is normalised.
    ///
    /// # Errors
    /// Samples that cannot be read; [`DataError::Interrupted`].
    pub fn measured(data: &Dataset, stop: &dyn Stop) -> Result<Self, DataError> {
        let measured = data.measured(stop)?;
        let deviation = |(deviation, mean): (&f64, &f64)| {
            // The sums' own rounding leaves a little where all values are the same.
            if *deviation > 1e-12 * mean.abs() { *deviation as f32 } else { 1.0 }
        };
        let deviation = measured.deviation.iter().zip(&measured.mean).map(deviation).collect();
        Ok(Self { mean: measured.mean.iter().map(|&mean| mean as f32).collect(), deviation })
    }

    /// Standardises pictures `[…, C]` in place.
    pub fn apply(&self, images: &mut Tensor) {
        for mut channels in images.rows_mut() {
            for ((value, mean), deviation) in channels.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *value = (*value - mean) / deviation;
            }
        }
    }

    /// How far apart raw values 0 and 1 are after this, and where 0 is, a channel.
    pub(crate) fn range(&self) -> [Tensor; 2] {
        let channels = |of: Vec<f32>| Tensor::from_shape_fn(vec![of.len()], |at| of[at[0]]);
        let low = self.mean.iter().zip(&self.deviation).map(|(mean, deviation)| -mean / deviation).collect();
        [channels(self.deviation.iter().map(|deviation| 1.0 / deviation).collect()), channels(low)]
    }

    /// Makes of a gradient by standardised pictures `[…, C]` one by the pictures before that, in place.
    pub(crate) fn gradient(&self, gradient: &mut Tensor) {
        for mut channels in gradient.rows_mut() {
            channels.iter_mut().zip(&self.deviation).for_each(|(value, deviation)| *value /= deviation);
        }
    }

    /// Standardises values whose channels lie together, in place; this is done at every step.
    pub(crate) fn apply_to(&self, values: &mut [f32]) {
        if let ([mean], [deviation]) = (&self.mean[..], &self.deviation[..]) {
            return values.iter_mut().for_each(|value| *value = (*value - mean) / deviation);
        }
        for pixel in values.chunks_exact_mut(self.mean.len().max(1)) {
            for ((value, mean), deviation) in pixel.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *value = (*value - mean) / deviation;
            }
        }
    }
}
