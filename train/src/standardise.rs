//! Bringing pictures to mean 0 and deviation 1, a channel at a time.

use fovea_graph::{Interrupted, Never, Stop, Tensor};
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;

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
    /// That of a data set's training part. Sums are taken in f64.
    pub fn of(data: &Dataset) -> Self {
        Self::of_unless(data, &Never).expect("nothing ends it")
    }

    /// The same, unless `stop`, which is asked for every picture, ends it.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn of_unless(data: &Dataset, stop: &dyn Stop) -> Result<Self, Interrupted> {
        let channels = data.shape().last().copied().unwrap_or(1).max(1);
        let images = data.images.as_standard_layout();
        let pixels = images.as_slice().unwrap_or(&[]);
        let size: usize = data.shape().iter().product();
        let count = (data.train.len() * size / channels).max(1) as f64;
        // One sum over all pictures, in their order.
        let mean_of = |c: usize, figure: &dyn Fn(f64) -> f64| {
            let mut sum = 0.0;
            for picture in stop.each(data.train.iter().filter_map(|&i| pixels.get(i * size..(i + 1) * size))) {
                let values = picture?.iter().skip(c).step_by(channels);
                sum = values.fold(sum, |sum, &value| sum + figure(f64::from(value)));
            }
            Ok(sum / count)
        };
        let mean: Vec<f64> = (0..channels).map(|c| mean_of(c, &|value| value)).collect::<Result<_, Interrupted>>()?;
        let deviation = |c: usize| {
            let deviation = mean_of(c, &|value| (value - mean[c]).powi(2))?.sqrt();
            // The sums' own rounding leaves a little where all values are the same.
            Ok(if deviation > 1e-12 * mean[c].abs() { deviation as f32 } else { 1.0 })
        };
        let deviation = (0..channels).map(deviation).collect::<Result<_, Interrupted>>()?;
        Ok(Self { mean: mean.iter().map(|&m| m as f32).collect(), deviation })
    }

    /// Standardises pictures `[…, C]` in place.
    pub fn apply(&self, images: &mut Tensor) {
        for mut channels in images.rows_mut() {
            for ((value, mean), deviation) in channels.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *value = (*value - mean) / deviation;
            }
        }
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
