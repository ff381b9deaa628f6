//! A training run in the middle, on disk.

use std::path::Path;

use fovea_graph::Tensor;

use crate::file::FileError;
use crate::fingerprint::Fingerprint;
use crate::place::Place;
use crate::store::{self, Contents, Header, Progress};
use crate::weights::Weights;

/// All that a run needs to go on from a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Parameters, running statistics, standardisation and class names.
    pub weights: Weights,
    /// The optimizer's moments by name, `conv1.filter.velocity`.
    pub moments: Vec<(String, Tensor)>,
    /// The number of the net's next step; more than the run's where it went further.
    pub step: u64,
    /// How many epochs the net has been trained for, likewise.
    pub epoch: u64,
    /// The key of all random numbers. Which number is drawn follows from epoch and step alone.
    pub seed: u64,
    /// Where the run is.
    pub place: Place,
    /// Which net and data it belongs to.
    pub fingerprint: Fingerprint,
}

impl Checkpoint {
    /// Writes it as safetensors, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        let tensors: Vec<_> = self.weights.tensors.iter().chain(&self.moments).collect();
        let names = |tensors: &[&(String, Tensor)]| tensors.iter().map(|(name, _)| name.clone()).collect();
        let moments = names(&tensors[self.weights.tensors.len()..]);
        store::write(path.as_ref(), &tensors[..], &self.header(names(&tensors), moments))
    }

    /// What is kept beside tensors of these names, some of which are moments; its own tensors are not looked at.
    pub(crate) fn header(&self, order: Vec<String>, moments: Vec<String>) -> Header {
        let (place, fingerprint) = (self.place.clone(), self.fingerprint.clone());
        let Self { step, epoch, seed, .. } = *self;
        let progress = Progress { step, epoch, seed, moments, place, fingerprint };
        Header { order, progress: Some(progress), ..self.weights.header() }
    }

    /// Reads the one after a step, in which nothing has changed since it was written.
    pub(crate) fn load_step(path: &Path, step: u64) -> Result<Self, FileError> {
        let checkpoint = Self::load(path)?;
        if checkpoint.place.step != step {
            let why = format!("it is of step {}", checkpoint.place.step);
            return Err(FileError::foreign(path, "what its name says", why));
        }
        Ok(checkpoint)
    }

    /// Reads one.
    ///
    /// # Errors
    /// The file cannot be read, is cut short or damaged, has no checksums, or is not a checkpoint.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let path = path.as_ref();
        let Contents { tensors, mut header, is_sealed } = store::read(path)?;
        let Some(Progress { step, epoch, seed, moments, place, fingerprint }) = header.progress.take() else {
            return Err(FileError::foreign(path, "a checkpoint", "it holds weights alone"));
        };
        if !is_sealed {
            return Err(FileError::foreign(path, "a checkpoint to go on from", "it has no checksums"));
        }
        let (moments, tensors) = tensors.into_iter().partition(|(name, _)| moments.contains(name));
        Ok(Self { weights: Weights::of(tensors, header), moments, step, epoch, seed, place, fingerprint })
    }
}
