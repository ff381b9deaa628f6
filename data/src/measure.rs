//! What is found by walking all of a data set: how often each class is there, mean and deviation, and a digest. Labels are
//! walked once and values once, each in bounded memory, however often and by whomever the figures are asked for.

use std::sync::Arc;

use fovea_graph::Stop;

use crate::dataset::Dataset;
use crate::digest::Digest;
use crate::error::DataError;
use crate::found::{ClassCounts, Measured, Of};
use crate::labels::Labels;

/// Labels below this are counted though there is no such class.
const COUNTED: usize = 1 << 16;

impl Dataset {
    /// How often each class is there; nothing of labels that are no classes.
    ///
    /// # Errors
    /// Labels that cannot be read; [`DataError::Interrupted`].
    pub fn class_counts(&self, stop: &dyn Stop) -> Result<Arc<ClassCounts>, DataError> {
        Ok(self.counted(stop)?.0)
    }

    /// Mean, deviation and digest.
    ///
    /// # Errors
    /// Labels or values that cannot be read; [`DataError::Interrupted`].
    pub fn measured(&self, stop: &dyn Stop) -> Result<Arc<Measured>, DataError> {
        let key = self.key();
        if let Some(measured) = self.known(&key).measured {
            return Ok(measured);
        }
        let (_, digest) = self.counted(stop)?;
        let measured = Arc::new(self.measure(digest, stop)?);
        self.found.keep(Of { measured: Some(Arc::clone(&measured)), ..self.known(&key) });
        Ok(measured)
    }

    /// The classes' counts, and the digest behind the labels.
    fn counted(&self, stop: &dyn Stop) -> Result<(Arc<ClassCounts>, Digest), DataError> {
        let key = self.key();
        if let Some(counts) = self.known(&key).counts {
            return Ok(counts);
        }
        let (counts, digest) = self.count(key.clone(), stop)?;
        let counts = (Arc::new(counts), digest);
        self.found.keep(Of { counts: Some(counts.clone()), ..self.known(&key) });
        Ok(counts)
    }

    /// What is known by now of the data that this is.
    fn known(&self, key: &Digest) -> Of {
        self.found.of(key, &self.images, self.labels.shaped())
    }

    /// The digest of all that need not be read.
    fn key(&self) -> Digest {
        let mut digest = Digest::default();
        let all = [&[self.images.len()], self.shape()].concat();
        for dims in [&all[..], self.labels.positions()] {
            digest.words(dims.iter().map(|&n| n as u64));
            digest.words([u64::MAX]);
        }
        self.classes.iter().for_each(|class| digest.bytes(class.as_bytes()));
        let validation = Some(&self.validation).filter(|part| !part.is_empty());
        for part in [&self.train, &self.test].into_iter().chain(validation) {
            digest.words(part.iter().map(|&i| i as u64));
            digest.words([u64::MAX]);
        }
        // What was written before there was augmentation stays what it is.
        if !self.augment.is_empty() {
            digest.bytes(format!("{:?}", self.augment).as_bytes());
        }
        digest.words(self.labels.classes().iter().map(|&label| u64::from(label)));
        digest
    }

    /// Which samples are for training.
    fn is_train(&self, count: usize) -> Vec<bool> {
        let mut is_train = vec![false; count];
        self.train.iter().for_each(|&sample| {
            if let Some(is) = is_train.get_mut(sample) {
                *is = true;
            }
        });
        is_train
    }

    /// Walks the labels; `digest` has taken in what comes before them.
    fn count(&self, mut digest: Digest, stop: &dyn Stop) -> Result<(ClassCounts, Digest), DataError> {
        let (mut counts, most) = (ClassCounts::default(), self.classes.len().max(COUNTED));
        let indices: Vec<usize> = (0..self.labels.len()).collect();
        let mut is_train = self.is_train(indices.len()).into_iter();
        let mut count = |label: u32, is_train: bool| {
            let class = label as usize;
            if class >= most {
                counts.beyond = Some(counts.beyond.map_or(label, |other| other.min(label)));
                return;
            }
            if counts.all.len() <= class {
                counts.all.resize(class + 1, 0);
                counts.train.resize(class + 1, 0);
            }
            counts.all[class] += 1;
            counts.train[class] += u64::from(is_train);
        };
        match &self.labels {
            Labels::Class(labels) => labels.iter().zip(is_train).for_each(|(&label, is_train)| count(label, is_train)),
            Labels::Map(maps) => maps.each(&indices, stop, |map| {
                let is_train = is_train.next().unwrap_or(false);
                map.iter().for_each(|&label| count(label as u32, is_train));
                digest.words(map.iter().map(|&label| u64::from(label as u32)));
            })?,
            Labels::Several(all) | Labels::Numbers(all) => {
                let take = |values: &[f32]| digest.words(values.iter().map(|value| u64::from(value.to_bits())));
                all.each(&indices, stop, take)?;
            }
        }
        Ok((counts, digest))
    }

    /// Walks the values; `digest` has taken in what comes before them.
    fn measure(&self, mut digest: Digest, stop: &dyn Stop) -> Result<Measured, DataError> {
        let channels = self.shape().last().copied().unwrap_or(1).max(1);
        let indices: Vec<usize> = (0..self.images.len()).collect();
        let mut is_train = self.is_train(indices.len()).into_iter();
        let mut sums = vec![Sum::default(); channels];
        let mut own = vec![0.0; channels];
        self.images.each(&indices, stop, |values| {
            digest.words(values.iter().map(|value| u64::from(value.to_bits())));
            if is_train.next().unwrap_or(false) {
                add(&mut sums, &mut own, values);
            }
        })?;
        let deviation = |sum: &Sum| (sum.spread / sum.count.max(1.0)).sqrt();
        Ok(Measured {
            mean: sums.iter().map(|sum| sum.mean).collect(),
            deviation: sums.iter().map(deviation).collect(),
            digest: digest.value(),
        })
    }
}

/// A channel's values so far: how many, their mean, and the sum of their squared distances from it.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    count: f64,
    mean: f64,
    spread: f64,
}

/// Adds a sample's values, whose channels lie together. Its own means and spreads are taken first, about its own mean, and
/// then put together with those before (T. Chan, G. Golub and R. LeVeque, "Algorithms for computing the sample variance",
/// The American Statistician 37, 1983): values far from zero lose nothing. `own` is room for a number a channel.
fn add(sums: &mut [Sum], own: &mut [f64], values: &[f32]) {
    let count = (values.len() / sums.len()) as f64;
    if count == 0.0 {
        return;
    }
    own.fill(0.0);
    for pixel in values.chunks_exact(sums.len()) {
        own.iter_mut().zip(pixel).for_each(|(own, &value)| *own += f64::from(value));
    }
    own.iter_mut().for_each(|own| *own /= count);
    for (sum, mean) in sums.iter_mut().zip(&*own) {
        let off = mean - sum.mean;
        let all = sum.count + count;
        sum.spread += off * off * (sum.count * count / all);
        sum.mean += off * (count / all);
        sum.count = all;
    }
    for pixel in values.chunks_exact(sums.len()) {
        for ((sum, mean), &value) in sums.iter_mut().zip(&*own).zip(pixel) {
            sum.spread += (f64::from(value) - mean).powi(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against both passes over all values at once, in f64.
    #[test]
    fn mean_and_deviation_are_those_of_all_values() {
        let value =
            |n: usize| 1000.0 + ((n * 7919) % 1013) as f32 / 64.0 + if n.is_multiple_of(2) { 500.0 } else { 0.0 };
        let values: Vec<f32> = (0..2 * 3 * 50).map(value).collect();
        let mut sums = vec![Sum::default(); 2];
        values.chunks(6).for_each(|sample| add(&mut sums, &mut [0.0; 2], sample));
        for (channel, sum) in sums.iter().enumerate() {
            let of: Vec<f64> = values.iter().skip(channel).step_by(2).map(|&value| f64::from(value)).collect();
            let mean = of.iter().sum::<f64>() / of.len() as f64;
            let spread = of.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            assert!((sum.mean / mean - 1.0).abs() < 1e-14 && (sum.spread / spread - 1.0).abs() < 1e-12, "{sum:?}");
        }
    }
}
