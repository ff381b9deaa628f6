//! Files that are whole or not there: written aside, brought to disk, then renamed.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Write { path, source }
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
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

/// What the names of things still being written end in; they begin with a dot.
pub(crate) const PART: &str = ".part";

/// Names and permissions of what is written aside: whatever the user's mask allows, as for any other file.
pub(crate) fn aside<'a>() -> tempfile::Builder<'a, 'a> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(PART);
    builder
}

/// The folder that a path lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes `path` whole or not at all: aside first, brought to disk, renamed. What stood there before stays until then.
///
/// # Errors
/// The file cannot be written; the error names it.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace(path, bytes).map_err(FileError::write(path))?;
    sync_folder(folder_of(path));
    Ok(())
}

/// Writes files, all of them or none: nothing takes its name before all are on disk. Folders that are missing are made.
///
/// # Errors
/// A file or a folder cannot be written; the error names it, and the folders that were made are gone again.
pub fn write_all_whole<B: AsRef<[u8]>>(files: &[(PathBuf, B)]) -> Result<(), FileError> {
    let mut made = Vec::new();
    let mut write = || {
        let mut parts = Vec::with_capacity(files.len());
        for (path, bytes) in files {
            make_folder(folder_of(path), &mut made)?;
            if path.is_dir() {
                return Err(FileError::write(path)(io::ErrorKind::IsADirectory.into()));
            }
            parts.push((path, part(path, bytes.as_ref()).map_err(FileError::write(path))?));
        }
        parts.into_iter().try_for_each(|(path, part)| {
            part.persist(path).map_err(|error| FileError::write(path)(error.error))?;
            sync_folder(folder_of(path));
            Ok(())
        })
    };
    let done = write();
    if done.is_err() {
        // What is not empty was somebody else's, and stays.
        made.iter().rev().for_each(|folder| drop(std::fs::remove_dir(folder)));
    }
    done
}

/// Makes a folder and those above it; notes each that was missing.
fn make_folder(folder: &Path, made: &mut Vec<PathBuf>) -> Result<(), FileError> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_folder(above, made)?;
    }
    std::fs::create_dir(folder).map_err(FileError::write(folder))?;
    made.push(folder.to_path_buf());
    Ok(())
}

/// As [`write_whole`], but the folder's own entry may reach the disk later.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    part(path, bytes)?.persist(path)?;
    Ok(())
}

/// What will be `path`, aside and on disk; gone where it is dropped.
fn part(path: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = aside();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut part = builder.tempfile_in(folder_of(path))?;
    part.write_all(bytes)?;
    part.as_file().sync_all()?;
    Ok(part)
}

/// Brings a renaming to disk. Not every file system can; the file itself is safe by then.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
