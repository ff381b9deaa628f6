//! npy files: an array each, behind a head.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use fovea_graph::Stop;

use super::header::{self, Header};
use crate::error::{Clause, DataError, Unfit};
use crate::stamp::{self, Stamp};

/// An npy file as it was when its head was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Npy {
    pub clause: Clause,
    pub path: PathBuf,
    pub header: Header,
    /// Where the elements begin.
    pub begin: u64,
    pub stamp: Stamp,
}

const MAGIC: &[u8] = b"\x93NUMPY";
/// The longest head that is read.
const MAX_HEAD: u64 = 1 << 20;
/// How many bytes are read before anybody asks again whether to go on: a whole number of elements of every kind.
const TOGETHER: u64 = 1 << 20;

impl Npy {
    /// Reads the head.
    pub fn open(clause: Clause, path: &Path) -> Result<Self, DataError> {
        let unfit = |message: String| Unfit::new(clause, path, message);
        let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => unfit("there is no such file".into()).expected("an npy file"),
            _ => unfit(format!("the file cannot be read: {error}")),
        })?;
        // Reading a pipe would wait for ever.
        if !metadata.is_file() {
            return Err(unfit("this is no file".into()).expected("an npy file").into());
        }
        let unreadable = |error: std::io::Error| match error.kind() {
            ErrorKind::UnexpectedEof => unfit("the file ends within its head".into()).expected("an npy file"),
            _ => unfit(format!("the file cannot be read: {error}")),
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let mut start = Vec::new();
        file.by_ref().take(10).read_to_end(&mut start).map_err(unreadable)?;
        let &[.., major, _, low, high] = &start[..] else { return Err(foreign(unfit, &start).into()) };
        if !start.starts_with(MAGIC) {
            return Err(foreign(unfit, &start).into());
        }
        let mut length = u64::from(u16::from_le_bytes([low, high]));
        let mut begin = 10;
        if major > 1 {
            let mut more = [0; 2];
            file.read_exact(&mut more).map_err(unreadable)?;
            length |= u64::from(u16::from_le_bytes(more)) << 16;
            begin = 12;
        }
        let mut head = Vec::new();
        file.take(length.min(MAX_HEAD)).read_to_end(&mut head).map_err(unreadable)?;
        if (head.len() as u64) < length {
            return Err(unfit("the file ends within its head".into()).expected("an npy file").into());
        }
        let read = (1..=3).contains(&major).then(|| header::read(&String::from_utf8_lossy(&head))).flatten();
        let header =
            read.ok_or_else(|| unfit("its head is not understood".into()).expected("an npy file, version 1 to 3"))?;
        let npy = Self { clause, path: path.to_path_buf(), header, begin: begin + length, stamp: Stamp::of(&metadata) };
        Ok(npy)
    }

    /// A mistake of this file.
    pub fn unfit(&self, message: impl Into<String>) -> Unfit {
        Unfit::new(self.clause, &self.path, message)
    }

    /// The shape as Python writes it.
    pub fn shape(&self) -> String {
        tuple(&self.header.shape)
    }

    /// Whether the file has all elements that its head tells of, and no more.
    pub fn whole(&self) -> Result<(), DataError> {
        let element = self.header.element.bytes;
        let count = self.header.shape.iter().try_fold(1u64, |count, &n| count.checked_mul(n as u64));
        let expected = count.and_then(|count| count.checked_mul(element as u64)?.checked_add(self.begin));
        if count == Some(0) {
            return Err(self.unfit(format!("the array is empty: {}", self.shape())).into());
        }
        if expected == Some(self.stamp.length) {
            return Ok(());
        }
        let (name, found) = (self.header.element.name(), format!("{} bytes", self.stamp.length));
        let is_cut = expected.is_none_or(|expected| self.stamp.length < expected);
        let what = if is_cut { "the file is cut off" } else { "the file goes on behind its array" };
        let expected = expected.map_or("more than there can be".into(), |bytes| format!("{bytes} bytes"));
        let message = format!("{what}: its head tells of {} {name}", self.shape());
        Err(self
            .unfit(message)
            .found(found)
            .expected(expected)
            .help("write it again: `numpy.save(\"x.npy\", x)`")
            .into())
    }

    /// Gives all elements, in the order of the file.
    pub fn read(&self, stop: &dyn Stop, mut each: impl FnMut(&[u8])) -> Result<(), DataError> {
        let mut file = File::open(&self.path).map_err(|_| self.changed())?;
        if !file.metadata().is_ok_and(|metadata| Stamp::of(&metadata) == self.stamp) {
            return Err(self.changed());
        }
        let unreadable = |error: std::io::Error| self.unfit(format!("the file cannot be read: {error}"));
        file.seek(SeekFrom::Start(self.begin)).map_err(unreadable)?;
        let (mut left, mut bytes) = (self.stamp.length.saturating_sub(self.begin), vec![0; TOGETHER as usize]);
        while left > 0 {
            stop.go_on()?;
            let some = &mut bytes[..left.min(TOGETHER) as usize];
            file.read_exact(some).map_err(|_| self.changed())?;
            some.chunks_exact(self.header.element.bytes.max(1)).for_each(&mut each);
            left -= some.len() as u64;
        }
        Ok(())
    }

    /// The mistake of a file that is not as it was when its head was read.
    pub fn changed(&self) -> DataError {
        self.unfit(stamp::CHANGED).help(stamp::DECLARE_AGAIN).into()
    }

    /// Which sample the element belongs to that comes at this place of the file.
    pub fn sample(&self, place: usize) -> usize {
        let samples = self.header.shape.first().copied().unwrap_or(1).max(1);
        let size = self.header.shape.iter().skip(1).product::<usize>().max(1);
        if self.header.is_fortran { place % samples } else { place / size }
    }
}

/// A shape as Python writes it.
pub(super) fn tuple(shape: &[usize]) -> String {
    let numbers: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    format!("({}{comma})", numbers.join(", "))
}

/// The mistake of a file that does not begin as an npy file.
fn foreign(unfit: impl Fn(String) -> Unfit, start: &[u8]) -> Unfit {
    let unfit = |message: &str| unfit(message.into()).expected("an npy file");
    if start.is_empty() {
        return unfit("the file is empty");
    }
    if start.starts_with(b"PK") {
        let help = "save the array alone: `numpy.save(\"x.npy\", numpy.load(\"x.npz\")[\"x\"])`";
        return unfit("this is an archive (npz), not an array").help(help);
    }
    unfit("this is no npy file").help("`numpy.save(\"x.npy\", x)` writes one")
}
