//! All that decides the values of a set, in one row of bytes.

use std::path::Path;
use std::time::SystemTime;

use crate::stamp::Stamp;

/// All that decides the values of a set.
#[derive(Default)]
pub(crate) struct Identity(Vec<u8>);

impl Identity {
    /// Adds a text, or a number as bytes.
    pub fn text(&mut self, bytes: &[u8]) {
        self.0.extend((bytes.len() as u64).to_le_bytes());
        self.0.extend(bytes);
    }

    /// Adds numbers.
    pub fn numbers(&mut self, numbers: &[usize]) {
        numbers.iter().for_each(|number| self.text(&number.to_le_bytes()));
    }

    /// Adds where a file or folder is.
    pub fn place(&mut self, path: &Path) {
        self.text(path.canonicalize().as_deref().unwrap_or(path).as_os_str().as_encoded_bytes());
    }

    /// Adds a file's name, its length and when it was written.
    pub fn file(&mut self, name: &Path, stamp: &Stamp) {
        self.text(name.as_os_str().as_encoded_bytes());
        self.text(&stamp.length.to_le_bytes());
        let written = stamp.written.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        self.text(&written.map_or(0, |time| time.as_nanos()).to_le_bytes());
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
