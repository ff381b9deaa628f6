//! Files that are whole or not there: written aside, brought to disk, then renamed.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::file::{FileError, regular};

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

/// Writes `path` whole or not at all: aside first, brought to disk, renamed. What stood there before stays until then,
/// and the new file has its permissions. Where `path` is a link, the file behind it is written.
///
/// # Errors
/// The file cannot be written, or something else than a file stands there; the error names it.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let written = replace(path, bytes).map_err(FileError::write(path))?;
    sync_folder(folder_of(&written));
    Ok(())
}

/// As [`write_whole`], with what `fill` writes, so that it need not be in memory at once.
pub(crate) fn write_whole_by<E: From<FileError>>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let target = Target::of(path).map_err(FileError::write(path))?;
    let part = target.begin().map_err(FileError::write(path))?;
    let mut buffer = BufWriter::new(part.as_file());
    fill(&mut buffer)?;
    buffer.flush().and_then(|()| part.as_file().sync_all()).map_err(FileError::write(path))?;
    drop(buffer);
    part.persist(&target.path).map_err(|error| FileError::write(path)(error.error))?;
    sync_folder(folder_of(&target.path));
    Ok(())
}

/// Whether [`write_whole`] may write this path, as far as can be told without writing.
///
/// # Errors
/// Something else than a file stands there, or a file that may not be written; the error names it.
pub fn is_writable(path: &Path) -> Result<(), FileError> {
    Target::of(path).map(drop).map_err(FileError::write(path))
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
            let target = Target::of(path).map_err(FileError::write(path))?;
            let part = target.part(bytes.as_ref()).map_err(FileError::write(path))?;
            parts.push((path, target, part));
        }
        parts.into_iter().try_for_each(|(path, target, part)| {
            part.persist(&target.path).map_err(|error| FileError::write(path)(error.error))?;
            sync_folder(folder_of(&target.path));
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

/// As [`write_whole`], but the folder's own entry may reach the disk later. Gives the file's path behind any links.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let target = Target::of(path)?;
    target.part(bytes)?.persist(&target.path)?;
    Ok(target.path)
}

/// Where a file will stand.
struct Target {
    /// Its place, behind any links.
    path: PathBuf,
    /// What stands there now.
    old: Option<Metadata>,
}

impl Target {
    /// That of a path. Only a file gives way to another.
    fn of(path: &Path) -> io::Result<Self> {
        let old = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path: behind_links(path)?, old: None });
            }
            old => old?,
        };
        regular(old.file_type())?;
        // What may not be written would not be, if it were written in place.
        OpenOptions::new().append(true).open(path)?;
        let is_link = fs::symlink_metadata(path)?.is_symlink();
        let path = if is_link { fs::canonicalize(path)? } else { path.to_path_buf() };
        Ok(Self { path, old: Some(old) })
    }

    /// What will stand there, aside and empty; gone where it is dropped.
    fn begin(&self) -> io::Result<tempfile::NamedTempFile> {
        let mut builder = aside();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let part = builder.tempfile_in(folder_of(&self.path))?;
        if let Some(old) = &self.old {
            take_over(part.as_file(), old)?;
        }
        Ok(part)
    }

    /// What will stand there, aside and on disk.
    fn part(&self, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
        let mut part = self.begin()?;
        part.write_all(bytes)?;
        part.as_file().sync_all()?;
        Ok(part)
    }
}

/// The most links that lead from one to the next, as the operating system has it.
const LINKS: usize = 40;

/// The path of a file that is not there yet, where links lead to it.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(next) => path = folder_of(&path).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("its links lead in a circle"))
}

/// Gives a new file the permissions of the one that it will replace, and its owner and group as far as may be.
fn take_over(new: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let now = new.metadata()?;
        // Only who may give files away can: the file is then the writer's own.
        if now.gid() != old.gid() {
            let _ = fchown(new, None, Some(old.gid()));
        }
        if now.uid() != old.uid() {
            let _ = fchown(new, Some(old.uid()), None);
        }
    }
    new.set_permissions(old.permissions())
}

/// Brings a renaming to disk. Not every file system can; the file itself is safe by then.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
