//! Training runs on disk: a folder each, numbered from 1.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::file::FileError;
use crate::recipe::Recipe;
use crate::record::RunRecord;

/// The folder that holds all runs.
#[derive(Clone, Debug)]
pub struct Runs {
    folder: PathBuf,
}

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

/// A run being written.
#[derive(Debug)]
pub struct RunFolder {
    number: u32,
    folder: PathBuf,
}

impl Runs {
    /// The runs in this folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins a run: claims the next number and writes what it is of.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn create(&self, info: &RunInfo) -> Result<RunFolder, FileError> {
        let _ = info;
        todo!()
    }

    /// The newest run's number.
    ///
    /// # Errors
    /// The folder cannot be read; one that does not exist has no runs.
    pub fn last(&self) -> Result<Option<u32>, FileError> {
        todo!()
    }

    /// All runs' numbers, ascending.
    ///
    /// # Errors
    /// The folder cannot be read; one that does not exist has no runs.
    pub fn list(&self) -> Result<Vec<u32>, FileError> {
        todo!()
    }

    /// What a run has on disk, finished or not.
    ///
    /// # Errors
    /// There is no such run; its files cannot be read or are not a run's.
    pub fn open(&self, number: u32) -> Result<RunRecord, FileError> {
        let _ = number;
        todo!()
    }
}

impl RunFolder {
    /// The run's number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.folder
    }
}
