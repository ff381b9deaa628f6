//! Why data cannot be had.

use std::path::{Path, PathBuf};

use fovea_graph::Interrupted;

use crate::resize::MAX_SIDE;

/// Why data cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A size of no pixels, or of more than [`MAX_SIDE`](crate::DataSpec::MAX_SIDE) along a side.
    #[error("`size {height}x{width}`: a side has 1 to {MAX_SIDE} pixels")]
    Size {
        /// The height asked for.
        height: usize,
        /// The width asked for.
        width: usize,
    },
    /// Built-in data that cannot be unpacked: a defect of the build.
    #[error("the built-in {name} cannot be read: {why}")]
    Builtin {
        /// The data's name.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Files that are no data as they are.
    #[error(transparent)]
    Unfit(Box<Unfit>),
    /// It was broken off before all pictures were there.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// What of a `data` statement a mistake is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause {
    /// `images "pets/"`, `npy "x.npy"`: what the pictures or samples are read from.
    Samples,
    /// `labels "y.npy"`
    Labels,
    /// `size 64x64`
    Size,
    /// `split 80/20`
    Split,
    /// `shape 128x3`
    Shape,
}

/// Somebody's files that are no data as they are: which, what was found, what was expected, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// What of the statement it is about.
    pub clause: Clause,
    /// The file or folder, as it was named, and the way from there.
    pub path: PathBuf,
    /// What is wrong, for after the file's name and a colon.
    pub message: String,
    /// What was found, in few words.
    pub found: Option<String>,
    /// What was expected, in few words.
    pub expected: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for Unfit {}

impl Unfit {
    /// A mistake at a file or folder.
    pub(crate) fn new(clause: Clause, path: &Path, message: impl Into<String>) -> Self {
        let (path, message) = (path.to_path_buf(), message.into());
        Self { clause, path, message, found: None, expected: None, help: None }
    }

    /// What was found.
    pub(crate) fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// What was expected.
    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// What to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<Unfit> for DataError {
    fn from(unfit: Unfit) -> Self {
        DataError::Unfit(Box::new(unfit))
    }
}
