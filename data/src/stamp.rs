//! What tells that a file has changed.

use std::fs::Metadata;
use std::time::SystemTime;

/// A file's length and when it was written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub length: u64,
    pub written: Option<SystemTime>,
}

impl Stamp {
    pub fn of(file: &Metadata) -> Self {
        Self { length: file.len(), written: file.modified().ok() }
    }
}

/// What to say of a file that is not as it was when it was looked at.
pub(crate) const CHANGED: &str = "it has changed since the data were declared";
/// What to do then.
pub(crate) const DECLARE_AGAIN: &str = "run the `data` statement again once the files rest";
