//! A training run in the middle, on disk.

use std::path::Path;

use fovea_graph::Tensor;
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::file::FileError;
use crate::store::{self, Contents, Header, Progress};
use crate::trainee::{Mode, Trainee};
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

/// A place in a run: how far it is, and what its running epoch has added up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Complete steps of the run.
    pub step: u64,
    /// Complete epochs of the run, tests included.
    pub epochs: u64,
    /// Complete steps of the epoch after those.
    pub batches: u64,
    /// Their losses, each times its batch's pictures.
    pub loss: f64,
    /// How many labels were right in them, where the net tells classes.
    pub correct: Option<f64>,
    /// How long they took.
    pub seconds: f64,
}

/// What tells one net and one data set from others, by digests of the net's graph and of the pictures and labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The net's graph, its name aside.
    pub net: u64,
    /// Pictures, labels, class names and parts.
    pub data: u64,
    /// How many training pictures there are.
    pub samples: usize,
}

impl Fingerprint {
    /// That of a net, trained by this batch, and its data.
    pub(crate) fn of(trainee: &Trainee, data: &Dataset, batch: usize) -> Result<Self, TrainError> {
        let mut graph = (trainee.net.forward)(batch, Mode::Train).map_err(TrainError::Network)?;
        graph.name.clear();
        let mut net = Digest::default();
        net.bytes(graph.to_string().as_bytes());
        Ok(Self { net: net.0, data: digest(data), samples: data.train.len() })
    }
}

/// All that training and tests see of a data set.
fn digest(data: &Dataset) -> u64 {
    let mut digest = Digest::default();
    for dims in [data.images.shape(), data.labels.positions()] {
        digest.words(dims.iter().map(|&n| n as u64));
        digest.words([u64::MAX]);
    }
    data.classes.iter().for_each(|class| digest.bytes(class.as_bytes()));
    for part in [&data.train, &data.test] {
        digest.words(part.iter().map(|&i| i as u64));
        digest.words([u64::MAX]);
    }
    digest.words(data.labels.all().iter().map(|&label| u64::from(label)));
    digest.words(data.images.iter().map(|value| u64::from(value.to_bits())));
    digest.0
}

/// The Fowler–Noll–Vo hash (FNV-1a, 64 bits), taken a word at a time: it tells accidents apart, not attacks.
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Digest {
    fn words(&mut self, words: impl IntoIterator<Item = u64>) {
        for word in words {
            self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01B3);
            // A product carries upwards only; this brings the upper bits back down.
            self.0 ^= self.0 >> 32;
        }
    }

    /// A text and its end.
    fn bytes(&mut self, bytes: &[u8]) {
        self.words(bytes.iter().map(|&byte| u64::from(byte)));
        self.words([u64::MAX]);
    }
}

impl Checkpoint {
    /// Writes it as safetensors, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        let progress = Progress {
            step: self.step,
            epoch: self.epoch,
            seed: self.seed,
            moments: self.moments.iter().map(|(name, _)| name.clone()).collect(),
            place: self.place.clone(),
            fingerprint: self.fingerprint.clone(),
        };
        let tensors: Vec<_> = self.weights.tensors.iter().chain(&self.moments).collect();
        let order = tensors.iter().map(|(name, _)| name.clone()).collect();
        let header = Header { order, progress: Some(progress), ..self.weights.header() };
        store::write(path.as_ref(), &tensors, &header)
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
