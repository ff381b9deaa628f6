//! Reading files, and what can go wrong with one.

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What can go wrong with a file; each names it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be written.
    #[error("{} cannot be written: {}", .path.display(), reason(.why))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// It cannot be read.
    #[error("{} cannot be read: {}", .path.display(), reason(.why))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
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
    /// It is not as it was written.
    #[error("{} is damaged: {what} is not as it was written", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What of it has changed.
        what: String,
    },
    /// Another process writes this run.
    #[error(
        "{} is held by {}, which trains this run: it can go on here when that has ended",
        .folder.display(),
        .process.map_or("another process".to_string(), |process| format!("process {process}"))
    )]
    Held {
        /// The run's folder.
        folder: PathBuf,
        /// The process's number, where it is known.
        process: Option<u32>,
    },
    /// Another process writes this run, which is to be removed.
    #[error("run {number} is being trained, by {}", .process.map_or("another process".to_string(), |process| format!("process {process}")))]
    Running {
        /// The run's number.
        number: u32,
        /// The process's number, where it is known.
        process: Option<u32>,
    },
    /// A folder that is to be removed as a run's holds none.
    #[error("{} is not a run's folder: it has neither run.json nor metrics.jsonl", .folder.display())]
    NotARun {
        /// The folder.
        folder: PathBuf,
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
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |why| Self::Write { path, why }
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |why| Self::Read { path, why }
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
        io::ErrorKind::IsADirectory => "it is a folder".to_string(),
        _ => error.to_string(),
    }
}

/// Reads a file whole, links followed. What may have no end, or is used up by reading, is not opened.
///
/// # Errors
/// It is no regular file, or cannot be read; the error names it.
pub fn read_file(path: &Path) -> Result<Vec<u8>, FileError> {
    let read = || {
        regular(fs::metadata(path)?.file_type())?;
        let mut file = File::open(path)?;
        // Another may stand there by now.
        regular(file.metadata()?.file_type())?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(FileError::read(path))
}

/// Whether this is a regular file; else what it is.
pub(crate) fn regular(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {}, and a file is needed", special(kind))))
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "a device"
}
