//! Where in a run a checkpoint is.

use serde::{Deserialize, Serialize};

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
