//! What stands in a run's folder, for those who write it and those who read it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::file::FileError;
use crate::recipe::{Ending, EpochMetrics, Recipe, StepMetrics};

pub(crate) const PROGRAM: &str = "program.fov";
pub(crate) const INFO: &str = "run.json";
pub(crate) const METRICS: &str = "metrics.jsonl";
pub(crate) const CHECKPOINTS: &str = "checkpoints";
pub(crate) const WEIGHTS: &str = "weights.safetensors";

/// What a run is of. `program` is kept as `program.fov`, the rest as `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The text of the program so far.
    #[serde(skip)]
    pub program: String,
    /// The statement that began it.
    pub statement: String,
    /// The net's name.
    pub net: String,
    /// The data's name.
    pub data: String,
    /// How it trains.
    pub recipe: Recipe,
    /// The device's word, `cpu`.
    pub device: String,
}

/// A line of `metrics.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Line {
    /// A step's loss.
    Step(StepMetrics),
    /// An epoch's figures.
    Epoch(EpochMetrics),
    /// How it ended.
    End { ending: Ending },
    /// A line of a later version.
    #[serde(other)]
    Other,
}

/// A run's checkpoints, oldest first, with the steps after which they were written.
pub(crate) fn checkpoints(run: &Path) -> Result<Vec<(u64, PathBuf)>, FileError> {
    let folder = run.join(CHECKPOINTS);
    let entries = fs::read_dir(&folder).map_err(FileError::read(&folder))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(FileError::read(&folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let step = name.and_then(|name| name.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok());
        found.extend(step.filter(|_| path.is_file()).map(|step| (step, path)));
    }
    found.sort_unstable();
    Ok(found)
}
