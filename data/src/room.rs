//! What data may take of memory and disk.

use std::path::PathBuf;

/// What data may take of memory and disk while they are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Samples of at most so many bytes, as numbers of 32 bits, are held in memory. Of more, each is read when it is asked
    /// for; at most so many bytes of decoded pictures are kept where there is no folder to keep them in.
    pub held: u64,
    /// Where decoded pictures are kept for the next time; `None` keeps none.
    pub kept: Option<Kept>,
}

/// A folder for decoded pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The folder, which is made when it is needed.
    pub folder: PathBuf,
    /// The most bytes that it holds: the sets used longest ago go first.
    pub most: u64,
}

impl Room {
    /// How much is held in memory where nobody says.
    pub const HELD: u64 = 256 << 20;
    /// How much a folder holds where nobody says.
    pub const KEPT: u64 = 8 << 30;

    /// So much in memory, nothing on disk.
    pub fn in_memory(held: u64) -> Self {
        Self { held, kept: None }
    }

    /// As usual, with this folder.
    pub fn with_folder(folder: PathBuf) -> Self {
        Self { held: Self::HELD, kept: Some(Kept { folder, most: Self::KEPT }) }
    }
}

/// Nothing on disk.
impl Default for Room {
    fn default() -> Self {
        Self::in_memory(Self::HELD)
    }
}
