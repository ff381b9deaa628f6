//! Who writes a run's folder: one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::file::{FileError, regular};

/// The file that is locked; it holds the number of the process.
pub(crate) const LOCK: &str = "lock";

/// How often a lock is tried for, and how long it is waited in between: whoever only looks at it holds it for a moment.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(10);

/// A run's folder, held. It is free again where this is dropped, and when the process ends, however that comes about.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing the file is not enough: a process that is being started has a copy of it for a moment.
    fn drop(&mut self) {
        // Without locks there is nothing to give back.
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Takes a run's folder.
    pub fn take(folder: &Path) -> Result<Self, FileError> {
        let path = folder.join(LOCK);
        let mut file = open(&path).map_err(FileError::write(&path))?;
        match patiently(&file) {
            Ok(()) => {}
            // A file system without locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(FileError::write(&path)(error)),
            Err(TryLockError::WouldBlock) => {
                return Err(FileError::Held { folder: folder.to_path_buf(), process: holder(&mut file) });
            }
        }
        let sign = |file: &mut File| {
            file.set_len(0)?;
            file.write_all(std::process::id().to_string().as_bytes())
        };
        sign(&mut file).map_err(FileError::write(&path))?;
        Ok(Self { file })
    }
}

/// Takes the lock of a file, unless it stays taken.
fn patiently(file: &File) -> Result<(), TryLockError> {
    let mut taken = file.try_lock();
    for _ in 1..TRIES {
        if !matches!(taken, Err(TryLockError::WouldBlock)) {
            break;
        }
        sleep(PAUSE);
        taken = file.try_lock();
    }
    taken
}

/// Who writes a run's folder now, where anybody does; nothing there changes. A lock that cannot be looked at is taken for
/// free.
pub(crate) fn writer(folder: &Path) -> Option<Writer> {
    let path = folder.join(LOCK);
    regular(path.metadata().ok()?.file_type()).ok()?;
    let mut file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(Writer { process: holder(&mut file) }),
        _ => None,
    }
}

/// A process that writes a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Its number, where it is known.
    pub process: Option<u32>,
}

fn open(path: &Path) -> io::Result<File> {
    if let Ok(there) = path.metadata() {
        regular(there.file_type())?;
    }
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// The process that a lock names; none where it has yet to sign.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.parse().ok()
}
