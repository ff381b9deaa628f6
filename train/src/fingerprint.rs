//! What tells one net and one data set from others.

use fovea_graph::Stop;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::forward::{Forward, Mode};
use fovea_data::{Dataset, Digest};

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
        Ok(Self { net: net.value(), data: data.measured(stop)?.digest, samples: data.train.len() })
    }
}
