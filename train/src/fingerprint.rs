//! What tells one net and one data set from others.

use fovea_graph::Stop;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::forward::{Forward, Mode};
use fovea_data::{DataError, Dataset};

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
    pub(crate) fn of(forward: &Forward, data: &Dataset, batch: usize, stop: &dyn Stop) -> Result<Self, TrainError> {
        let mut graph = forward(batch, Mode::Train)?;
        graph.name.clear();
        let mut net = Digest::default();
        net.bytes(graph.to_string().as_bytes());
        Ok(Self { net: net.0, data: digest(data, stop)?, samples: data.train.len() })
    }
}

/// All that training and tests see of a data set.
fn digest(data: &Dataset, stop: &dyn Stop) -> Result<u64, DataError> {
    let mut digest = Digest::default();
    let all = [&[data.images.len()], data.shape()].concat();
    for dims in [&all[..], data.labels.positions()] {
        digest.words(dims.iter().map(|&n| n as u64));
        digest.words([u64::MAX]);
    }
    data.classes.iter().for_each(|class| digest.bytes(class.as_bytes()));
    let validation = Some(&data.validation).filter(|part| !part.is_empty());
    for part in [&data.train, &data.test].into_iter().chain(validation) {
        digest.words(part.iter().map(|&i| i as u64));
        digest.words([u64::MAX]);
    }
    // What was written before there was augmentation stays what it is.
    if !data.augment.is_empty() {
        digest.bytes(format!("{:?}", data.augment).as_bytes());
    }
    digest.words(data.labels.all().iter().map(|&label| u64::from(label)));
    for sample in 0..data.labels.len() {
        digest.words(data.labels.values(sample).iter().map(|value| u64::from(value.to_bits())));
    }
    let indices: Vec<usize> = (0..data.images.len()).collect();
    data.images.each(&indices, stop, |picture| digest.words(picture.iter().map(|value| u64::from(value.to_bits()))))?;
    Ok(digest.0)
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
