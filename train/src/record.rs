//! Reading a run back.

use std::path::PathBuf;

use crate::recipe::{Ending, EpochMetrics, StepMetrics};
use crate::runs::RunInfo;

/// What a run has on disk, finished or not.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Its number.
    pub number: u32,
    /// Its folder.
    pub folder: PathBuf,
    /// What it is of.
    pub info: RunInfo,
    /// The complete epochs.
    pub epochs: Vec<EpochMetrics>,
    /// Losses of single steps, some in each epoch.
    pub steps: Vec<StepMetrics>,
    /// How it ended; `None` while it runs, or where it was killed.
    pub ending: Option<Ending>,
    /// The last weights, where it ended.
    pub weights: Option<PathBuf>,
    /// The last checkpoint, where there is one.
    pub checkpoint: Option<PathBuf>,
}
