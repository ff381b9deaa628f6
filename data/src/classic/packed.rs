//! Files of a set as they lie in a folder: plain, packed by gzip, or in a packed archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::sync::Arc;

use fovea_graph::Stop;

use crate::error::{Clause, DataError, Unfit};
use crate::stamp::{self, Stamp};

/// How much is unpacked before anybody asks again whether to go on.
const TOGETHER: usize = 1 << 18;
/// The most that a file of a set may hold, unpacked: several times what the largest does.
const MOST: usize = 1 << 30;

/// A file, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    pub path: PathBuf,
    pub pack: Pack,
    stamp: Stamp,
}

/// How it is packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pack {
    Plain,
    Gzip,
    /// In a tar archive that is packed by gzip, under this name.
    Archive(&'static str),
}

/// What archives held, so that each is unpacked once.
#[derive(Default)]
pub(super) struct Archives(BTreeMap<PathBuf, BTreeMap<String, Arc<[u8]>>>);

fn unpacked<R: io::BufRead>(file: R) -> impl Read {
    flate2::bufread::MultiGzDecoder::new(file)
}

impl Packed {
    /// The file at a path; none where there is none.
    pub fn at(path: PathBuf, pack: Pack) -> Option<Self> {
        let found = std::fs::metadata(&path).ok().filter(|found| found.is_file())?;
        Some(Self { path, pack, stamp: Stamp::of(&found) })
    }

    /// How many bytes it has, where it is not packed.
    pub fn plain_length(&self) -> Option<u64> {
        (self.pack == Pack::Plain).then_some(self.stamp.length)
    }

    /// A mistake of this file.
    pub fn unfit(&self, message: impl Into<String>) -> Unfit {
        let path = match self.pack {
            Pack::Archive(name) => self.path.join(name),
            Pack::Plain | Pack::Gzip => self.path.clone(),
        };
        Unfit::new(Clause::Samples, &path, message)
    }

    /// Opens the file, unless it is not what it was.
    pub fn file(&self) -> Result<File, DataError> {
        let file = File::open(&self.path).map_err(|error| self.why(&error))?;
        let is_same = file.metadata().is_ok_and(|found| Stamp::of(&found) == self.stamp);
        if is_same { Ok(file) } else { Err(self.unfit(stamp::CHANGED).help(stamp::DECLARE_AGAIN).into()) }
    }

    /// What it begins with, unpacked: so many bytes, fewer where it has fewer.
    pub fn head(&self, bytes: usize, stop: &dyn Stop) -> Result<Vec<u8>, DataError> {
        let file = BufReader::new(self.file()?);
        if self.pack == Pack::Plain { self.drain(file, bytes, stop) } else { self.drain(unpacked(file), bytes, stop) }
    }

    /// All of it, unpacked. `archives` has what was unpacked before.
    pub fn whole(&self, archives: &mut Archives, stop: &dyn Stop) -> Result<Arc<[u8]>, DataError> {
        let bytes = match self.pack {
            Pack::Plain => self.drain(self.file()?, MOST + 1, stop)?,
            Pack::Gzip => self.drain(unpacked(BufReader::new(self.file()?)), MOST + 1, stop)?,
            Pack::Archive(name) => {
                if !archives.0.contains_key(&self.path) {
                    let files = self.unpack(stop)?;
                    archives.0.insert(self.path.clone(), files);
                }
                let found = archives.0.get(&self.path).and_then(|files| files.get(name));
                return found.cloned().ok_or_else(|| self.unfit("the archive has no such file").into());
            }
        };
        if bytes.len() > MOST { Err(self.too_large()) } else { Ok(bytes.into()) }
    }

    /// All files of the archive, by their names without folders.
    fn unpack(&self, stop: &dyn Stop) -> Result<BTreeMap<String, Arc<[u8]>>, DataError> {
        let mut archive = tar::Archive::new(unpacked(BufReader::new(self.file()?)));
        let (mut files, mut total) = (BTreeMap::new(), 0);
        for entry in archive.entries().map_err(|error| self.why(&error))? {
            stop.go_on()?;
            let entry = entry.map_err(|error| self.why(&error))?;
            let name = entry.path().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_string()));
            let Some(name) = name.filter(|name| name.ends_with(".bin")) else { continue };
            let bytes = self.drain(entry, MOST - total + 1, stop)?;
            total += bytes.len();
            if total > MOST {
                return Err(self.too_large());
            }
            files.insert(name, bytes.into());
        }
        Ok(files)
    }

    fn too_large(&self) -> DataError {
        self.unfit("it holds more than any file of the set").into()
    }

    fn drain(&self, mut from: impl Read, most: usize, stop: &dyn Stop) -> Result<Vec<u8>, DataError> {
        let (mut bytes, mut some) = (Vec::new(), vec![0; TOGETHER.min(most)]);
        while bytes.len() < most {
            stop.go_on()?;
            let room = some.len().min(most - bytes.len());
            match from.read(&mut some[..room]) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&some[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.why(&error)),
            }
        }
        Ok(bytes)
    }

    /// The mistake of a file that cannot be read, or unpacked.
    pub fn why(&self, error: &io::Error) -> DataError {
        let message = match error.kind() {
            io::ErrorKind::UnexpectedEof => "the file is cut off".to_string(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => format!("it cannot be unpacked: {error}"),
            _ => format!("the file cannot be read: {error}"),
        };
        self.unfit(message).help("get it again: it is not whole").into()
    }
}
