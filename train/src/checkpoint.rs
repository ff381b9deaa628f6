//! A training run in the middle, on disk.

use std::path::Path;

use fovea_graph::Tensor;

use crate::file::FileError;
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
        let _ = path;
        todo!()
    }

    /// Reads one.
    ///
    /// # Errors
    /// The file cannot be read, is cut short, or is not a checkpoint.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let _ = path;
        todo!()
    }
}
