//! A training run in the middle, on disk.

use std::path::Path;

use fovea_graph::Tensor;

use crate::file::FileError;
use crate::store::{self, Header, Progress};
use crate::weights::Weights;

/// All that a run needs to go on from a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Parameters, standardisation and class names.
    pub weights: Weights,
    /// The optimizer's moments by name, `conv1.filter.velocity`.
    pub moments: Vec<(String, Tensor)>,
    /// How many steps the net has been trained for.
    pub step: u64,
    /// How many epochs the net has been trained for.
    pub epoch: u64,
    /// The key of all random numbers. Which number is drawn follows from epoch and step alone.
    pub seed: u64,
}

impl Checkpoint {
    /// Writes it as safetensors, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        let moments = self.moments.iter().map(|(name, _)| name.clone()).collect();
        let progress = Progress { step: self.step, epoch: self.epoch, seed: self.seed, moments };
        let tensors: Vec<_> = self.weights.tensors.iter().chain(&self.moments).collect();
        let order = tensors.iter().map(|(name, _)| name.clone()).collect();
        let header = Header { order, progress: Some(progress), ..self.weights.header() };
        store::write(path.as_ref(), &tensors, &header)
    }

    /// Reads one.
    ///
    /// # Errors
    /// The file cannot be read, is cut short, or is not a checkpoint.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let path = path.as_ref();
        let (tensors, mut header) = store::read(path)?;
        let Some(Progress { step, epoch, seed, moments }) = header.progress.take() else {
            return Err(FileError::foreign(path, "a checkpoint", "it holds weights alone"));
        };
        let (moments, tensors) = tensors.into_iter().partition(|(name, _)| moments.contains(name));
        Ok(Self { weights: Weights::of(tensors, header), moments, step, epoch, seed })
    }
}
