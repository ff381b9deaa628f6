//! Writing decoded pictures: into a file of another name, which gets its own once it is whole.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::levels::Levels;
use super::{HEAD, MAGIC};

/// How the names of files end that are not whole yet.
const HALF: &str = "half";

/// Whether a file of this name is not whole.
pub(super) fn is_half(name: &OsStr) -> bool {
    std::path::Path::new(name).extension().is_some_and(|ending| ending == HALF)
}

/// A file that is being written; dropped before it is whole, it is removed.
pub(crate) struct Writer {
    file: BufWriter<File>,
    half: PathBuf,
    path: PathBuf,
    digest: [u8; 32],
    levels: Levels,
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn begin(path: PathBuf, digest: [u8; 32], levels: Levels) -> io::Result<Self> {
        // Two programs may decode one set at the same time.
        let half = path.with_extension(format!("{}.{HALF}", std::process::id()));
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&half)?);
        file.write_all(&[0; HEAD as usize])?;
        Ok(Self { file, half, path, digest, levels, bytes: Vec::new() })
    }

    /// Appends the values of samples.
    ///
    /// # Errors
    /// The disk is full, say.
    pub fn push(&mut self, values: &[f32]) -> io::Result<()> {
        self.bytes.clear();
        self.levels.write(values, &mut self.bytes);
        self.file.write_all(&self.bytes)
    }

    /// Ends the file of so many samples, and says which of the set's files are none of them, and why.
    ///
    /// # Errors
    /// The disk is full, say.
    pub fn finish(mut self, count: usize, left_out: &[(usize, String)]) -> io::Result<()> {
        let lines: String = left_out.iter().map(|(at, why)| format!("{at} {}\n", why.replace('\n', " "))).collect();
        self.file.write_all(lines.as_bytes())?;
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(0))?;
        let numbers = [count as u64, lines.len() as u64].map(u64::to_le_bytes).concat();
        file.write_all(&[&MAGIC[..], &self.digest, &numbers].concat())?;
        // A name must not lead to pixels that a power cut has taken.
        file.sync_all()?;
        fs::rename(&self.half, &self.path)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whole, it has another name by now.
        let _ = fs::remove_file(&self.half);
    }
}
