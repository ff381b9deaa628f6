//! Decoded pictures on disk: what was decoded once is read from here the next time.
//!
//! A set is a file, named by a digest of all that decides its values: the files it was made from, their lengths and times,
//! and how they were brought to size. Whatever is wrong with such a file, the set is decoded anew.

mod disk;
mod identity;
pub(crate) mod levels;
mod write;

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use fovea_graph::Stop;
use sha2::{Digest, Sha256};

use crate::error::{Clause, DataError, Unfit};
use crate::room::Kept;
use crate::samples::Source;
pub(crate) use disk::Disk;
pub(crate) use identity::Identity;
use levels::Levels;
pub(crate) use write::Writer;

/// What a file begins with; another form is another version.
const MAGIC: &[u8; 16] = b"fovea pictures 1";
/// Magic, digest, and two numbers: how many samples, and how many bytes of text follow them.
const HEAD: u64 = 64;

/// A file that decoded pictures may be in.
pub(crate) struct Entry {
    kept: Kept,
    digest: [u8; 32],
    levels: Levels,
    /// How many values a sample has.
    size: usize,
}

/// Decoded pictures that are there.
#[derive(Debug)]
pub(crate) struct Stored {
    file: File,
    path: PathBuf,
    levels: Levels,
    size: usize,
    pub count: usize,
    /// Which of the set's files are none of them, by number, and why.
    pub left_out: Vec<(usize, String)>,
}

impl Entry {
    /// The file for what `identity` describes.
    pub fn new(kept: &Kept, identity: &Identity, levels: Levels, size: usize) -> Self {
        let mut digest = Sha256::new();
        digest.update((levels.width() as u64).to_le_bytes());
        digest.update((size as u64).to_le_bytes());
        digest.update(identity.bytes());
        Self { kept: kept.clone(), digest: digest.finalize().into(), levels, size }
    }

    fn path(&self) -> PathBuf {
        let name: String = self.digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.kept.folder.join(name)
    }

    /// What was written before, whole; `None` where there is nothing of use.
    pub fn find(&self) -> Option<Stored> {
        let path = self.path();
        let file = File::open(&path).ok()?;
        let mut head = [0; HEAD as usize];
        read_at(&file, &mut head, 0).ok()?;
        if head[..16] != *MAGIC || head[16..48] != self.digest {
            return None;
        }
        let number = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap_or_default());
        let (count, text) = (number(48), number(56));
        let values = count.checked_mul((self.size * self.levels.width()) as u64)?;
        let end = HEAD.checked_add(values)?;
        if file.metadata().ok()?.len() != end.checked_add(text)? {
            return None;
        }
        let mut lines = vec![0; usize::try_from(text).ok()?];
        read_at(&file, &mut lines, end).ok()?;
        let line = |line: &str| line.split_once(' ').and_then(|(at, why)| Some((at.parse().ok()?, why.to_string())));
        let left_out = String::from_utf8(lines).ok()?.lines().map(line).collect::<Option<_>>()?;
        // Which sets were used last is told by the time; where that cannot be set, the set merely goes earlier.
        let _ = file.set_modified(SystemTime::now());
        let (levels, size, count) = (self.levels, self.size, usize::try_from(count).ok()?);
        Some(Stored { file, path, levels, size, count, left_out })
    }

    /// Begins to write so many samples. What was used longest ago makes way; `None` where more would be kept than may be.
    ///
    /// # Errors
    /// The folder cannot be made, or written to.
    pub fn create(&self, count: usize) -> io::Result<Option<Writer>> {
        let bytes = (count * self.size * self.levels.width()) as u64;
        fs::create_dir_all(&self.kept.folder)?;
        if bytes > self.kept.most {
            return Ok(None);
        }
        self.make_way(bytes)?;
        Writer::begin(self.path(), self.digest, self.levels).map(Some)
    }

    /// Removes what was used longest ago, until so many bytes more are no more than may be kept; and what others that were
    /// broken off have left behind.
    fn make_way(&self, bytes: u64) -> io::Result<()> {
        const DAY: u64 = 24 * 60 * 60;
        let mut sets = Vec::new();
        for entry in fs::read_dir(&self.kept.folder)? {
            let (entry, now) = (entry?, SystemTime::now());
            let Ok(found) = entry.metadata() else { continue };
            let used = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let is_half = write::is_half(&entry.file_name());
            if is_half && now.duration_since(used).is_ok_and(|age| age.as_secs() > DAY) {
                // Where it cannot be removed it only takes room.
                let _ = fs::remove_file(entry.path());
            } else if found.is_file() && !is_half {
                sets.push((used, found.len(), entry.path()));
            }
        }
        sets.sort();
        let mut total: u64 = sets.iter().map(|(_, length, _)| length).sum();
        for (_, length, path) in sets {
            if total.saturating_add(bytes) <= self.kept.most {
                break;
            }
            fs::remove_file(path)?;
            total -= length;
        }
        Ok(())
    }
}

impl Source for Stored {
    fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError> {
        let width = self.size * self.levels.width();
        let mut bytes = vec![0; width];
        for sample in stop.each(indices.iter().zip(values.chunks_exact_mut(self.size.max(1)))) {
            let (&at, values) = sample?;
            read_at(&self.file, &mut bytes, HEAD + (at * width) as u64).map_err(|error| {
                let unfit = Unfit::new(Clause::Samples, &self.path, format!("the decoded pictures are gone: {error}"));
                DataError::from(unfit.help("run the `data` statement again: they are decoded anew"))
            })?;
            self.levels.read(&bytes, values);
        }
        Ok(())
    }
}

/// Reads bytes at a place, whatever other threads do with the file.
#[cfg(unix)]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

/// Reads bytes at a place, whatever other threads do with the file.
#[cfg(windows)]
pub(crate) fn read_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => (bytes, at) = (&mut bytes[count..], at + count as u64),
        }
    }
    Ok(())
}
