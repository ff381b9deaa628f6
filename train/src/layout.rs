//! What stands in a run's folder, for those who write it and those who read it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::file::FileError;
use crate::recipe::{Ending, EpochMetrics, Recipe, StepMetrics};

pub(crate) const PROGRAM: &str = "program.fov";
pub(crate) const INFO: &str = "run.json";
pub(crate) const METRICS: &str = "metrics.jsonl";
pub(crate) const CHECKPOINTS: &str = "checkpoints";
pub(crate) const WEIGHTS: &str = "weights.safetensors";
/// In a run's folder: the weights of its best epoch, where the recipe keeps those.
pub const BEST: &str = "best.safetensors";

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
    /// Constants whose value was not the program's, and that value as the language writes it: from a sweep, or the command
    /// line.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
}

/// The name of a description's checksum, which finds accidents, not forgeries.
const SUM: &str = "crc32";

/// The name of the version that wrote a description.
const WRITER: &str = "fovea";

/// This version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl RunInfo {
    /// The text of `run.json`: the description, and behind it a checksum.
    pub(crate) fn sealed(&self) -> serde_json::Result<String> {
        let mut value = serde_json::to_value(self)?;
        value[WRITER] = VERSION.into();
        let sum = sum(&value);
        value[SUM] = sum.into();
        serde_json::to_string_pretty(&value)
    }

    /// The description that `run.json` holds, and whether it is as it was written; else why it holds none.
    pub(crate) fn unsealed(bytes: &[u8]) -> Result<(Self, bool), String> {
        let mut value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let written = value.as_object_mut().and_then(|object| object.remove(SUM));
        let intact = written == Some(sum(&value).into());
        let version = value.get(WRITER).and_then(Value::as_str).map(str::to_string);
        let info = serde_json::from_value(value).map_err(|error| match version {
            Some(version) if version != VERSION => format!("{error}; fovea {version} wrote it, and this is {VERSION}"),
            _ => error.to_string(),
        })?;
        Ok((info, intact))
    }
}

/// The checksum of a value's shortest text.
fn sum(value: &Value) -> String {
    format!("{:08x}", crc32fast::hash(value.to_string().as_bytes()))
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
