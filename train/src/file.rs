//! Files that are whole or not there: written aside, brought to disk, then renamed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What can go wrong with a file; each names it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be written.
    #[error("{} cannot be written: {}", .path.display(), reason(.source))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be read.
    #[error("{} cannot be read: {}", .path.display(), reason(.source))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ends before its own header says it does.
    #[error("{} is cut short: {why}", .path.display())]
    Cut {
        /// The file.
        path: PathBuf,
        /// Where it ends and where it should.
        why: String,
    },
    /// It is something else than its reader needs.
    #[error("{} is not {expected}: {why}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
        /// Why it is not.
        why: String,
    },
    /// There is no run of this number.
    #[error("there is no run {number} in {}", .folder.display())]
    NoRun {
        /// The number asked for.
        number: u32,
        /// Where runs are kept.
        folder: PathBuf,
    },
}

impl FileError {
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Write { path, source }
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Read { path, source }
    }

    pub(crate) fn foreign(path: &Path, expected: &'static str, why: impl ToString) -> Self {
        Self::Foreign { path: path.to_path_buf(), expected, why: why.to_string() }
    }
}

/// The operating system's reason, in words that say what to do where there is something to do.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_string(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_string(),
        io::ErrorKind::FileTooLarge => "it would be larger than files may be here".to_string(),
        io::ErrorKind::NotFound => "there is no such file or folder".to_string(),
        io::ErrorKind::PermissionDenied => "permission is denied".to_string(),
        _ => error.to_string(),
    }
}

/// What a file still being written is called: a leading dot, the final name, and what makes it this writer's own.
const ASIDE: &str = ".part";

/// A name beside `path` that nobody else uses.
pub(crate) fn aside(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}.{count}{ASIDE}", std::process::id()))
}

/// Writes `path` whole or not at all: aside first, brought to disk, renamed. What stood there before stays until then.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let part = aside(path);
    let written = write_synced(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // Nothing more can be done where even this fails; the name shows what it is.
        let _ = fs::remove_file(&part);
    }
    written.map_err(FileError::write(path))?;
    sync_folder(path.parent());
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Brings a renaming to disk. Not every file system can; the file itself is safe by then.
pub(crate) fn sync_folder(folder: Option<&Path>) {
    let folder = match folder {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
