//! npy files: an array each, behind a head.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;

use fovea_graph::Stop;

use super::archive::{self, Member};
use super::header::{self, Header};
use crate::error::{Clause, DataError, Unfit};
use crate::source::ArrayFile;
use crate::stamp::{self, Stamp};

/// An npy file as it was when its head was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Npy {
    pub clause: Clause,
    pub path: PathBuf,
    pub header: Header,
    /// Where the elements begin, and where they must end: in the file, or, where they are packed, in what it holds.
    pub begin: u64,
    end: u64,
    /// The array of an archive that is packed.
    pub packed: Option<Member>,
    pub stamp: Stamp,
}

const MAGIC: &[u8] = b"\x93NUMPY";
/// The longest head that is read.
const MAX_HEAD: u64 = 1 << 20;
/// How many bytes are read before anybody asks again whether to go on: a whole number of elements of every kind.
const TOGETHER: u64 = 1 << 20;

impl Npy {
    /// Reads the head.
    pub fn open(clause: Clause, array: &ArrayFile) -> Result<Self, DataError> {
        let path = &array.path;
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
        let stamp = Stamp::of(&metadata);
        let mut start = [0; archive::MAGIC.len()];
        let is_archive = file.read_exact(&mut start).is_ok() && start == archive::MAGIC;
        let (begin, end, packed, header) = if is_archive {
            let member = archive::find(path, array.member.as_deref(), &unfit)?;
            let (header, length) = member.read(path, |bytes| Ok(head(bytes, &unfit))).map_err(unreadable)??;
            let (begin, end) =
                if member.is_plain { (member.begin, member.begin + member.length) } else { (0, member.length) };
            (begin + length, end, (!member.is_plain).then_some(member), header)
        } else {
            if let Some(member) = &array.member {
                let unfit = unfit(format!("this is one array, and no archive with an array `{member}`"));
                return Err(unfit.expected("an npz file").help("leave the array's name out").into());
            }
            file.rewind().map_err(unreadable)?;
            let (header, length) = head(&mut file, &unfit)?;
            (length, stamp.length, None, header)
        };
        Ok(Self { clause, path: path.clone(), header, begin, end, packed, stamp })
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
        if expected == Some(self.end) {
            return Ok(());
        }
        let (name, found) = (self.header.element.name(), format!("{} bytes", self.end));
        let is_cut = expected.is_none_or(|expected| self.end < expected);
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

    /// Opens the file, unless it is not as it was when its head was read.
    pub fn file(&self) -> Result<File, DataError> {
        let file = File::open(&self.path).map_err(|_| self.changed())?;
        self.is_same(&file).then_some(file).ok_or_else(|| self.changed())
    }

    /// Whether an open file is as it was when its head was read.
    pub fn is_same(&self, file: &File) -> bool {
        file.metadata().is_ok_and(|metadata| Stamp::of(&metadata) == self.stamp)
    }

    /// Whether each sample lies in one place of the file, as it is.
    pub fn is_by_number(&self) -> bool {
        self.packed.is_none() && !self.header.is_fortran
    }

    /// Gives all elements, in the order of the file.
    pub fn read(&self, stop: &dyn Stop, mut each: impl FnMut(&[u8])) -> Result<(), DataError> {
        let mut file = self.file()?;
        let unreadable = |error: std::io::Error| self.unfit(format!("the file cannot be read: {error}"));
        match &self.packed {
            None => {
                file.seek(SeekFrom::Start(self.begin)).map_err(unreadable)?;
                self.drain(&mut file, stop, &mut each)
            }
            Some(member) => {
                let drained = member.read(&self.path, |bytes| {
                    std::io::copy(&mut bytes.take(self.begin), &mut std::io::sink())?;
                    Ok(self.drain(bytes, stop, &mut each))
                });
                drained.map_err(unreadable)?
            }
        }
    }

    /// Gives all elements of what begins with the first.
    fn drain(&self, from: &mut dyn Read, stop: &dyn Stop, each: &mut dyn FnMut(&[u8])) -> Result<(), DataError> {
        let (mut left, mut bytes) = (self.end.saturating_sub(self.begin), vec![0; TOGETHER as usize]);
        while left > 0 {
            stop.go_on()?;
            let some = &mut bytes[..left.min(TOGETHER) as usize];
            from.read_exact(some).map_err(|error| self.spoiled(&error))?;
            some.chunks_exact(self.header.element.bytes.max(1)).for_each(&mut *each);
            left -= some.len() as u64;
        }
        // Whether what was packed is as it was written is told behind its end.
        if self.packed.is_some() {
            from.read(&mut [0]).map_err(|error| self.spoiled(&error))?;
        }
        Ok(())
    }

    fn spoiled(&self, error: &std::io::Error) -> DataError {
        match error.kind() {
            ErrorKind::UnexpectedEof if self.packed.is_none() => self.changed(),
            _ => self.unfit(format!("it cannot be unpacked: {error}")).help("save it again").into(),
        }
    }

    /// The mistake of a file that is not as it was when its head was read.
    pub fn changed(&self) -> DataError {
        self.unfit(stamp::CHANGED).help(stamp::DECLARE_AGAIN).into()
    }

    /// Which sample the element belongs to that comes at this place of the file, and which of its elements that is, as they
    /// follow one another in the file.
    pub fn at(&self, place: usize) -> (usize, usize) {
        let (samples, size) = (self.count().max(1), self.size().max(1));
        if self.header.is_fortran { (place % samples, place / samples) } else { (place / size, place % size) }
    }

    /// How many samples there are.
    pub fn count(&self) -> usize {
        self.header.shape.first().copied().unwrap_or(1)
    }

    /// How many elements a sample has.
    pub fn size(&self) -> usize {
        self.header.shape.iter().skip(1).product()
    }
}

/// Reads the head of an array; how long it is.
fn head(from: &mut dyn Read, unfit: &dyn Fn(String) -> Unfit) -> Result<(Header, u64), DataError> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => unfit("the file ends within its head".into()).expected("an npy file"),
        _ => unfit(format!("the file cannot be read: {error}")),
    };
    let mut start = Vec::new();
    from.take(10).read_to_end(&mut start).map_err(unreadable)?;
    let &[.., major, _, low, high] = &start[..] else { return Err(foreign(unfit, &start).into()) };
    if !start.starts_with(MAGIC) {
        return Err(foreign(unfit, &start).into());
    }
    let mut length = u64::from(u16::from_le_bytes([low, high]));
    let mut begin = 10;
    if major > 1 {
        let mut more = [0; 2];
        from.read_exact(&mut more).map_err(unreadable)?;
        length |= u64::from(u16::from_le_bytes(more)) << 16;
        begin = 12;
    }
    let mut head = Vec::new();
    from.take(length.min(MAX_HEAD)).read_to_end(&mut head).map_err(unreadable)?;
    if (head.len() as u64) < length {
        return Err(unfit("the file ends within its head".into()).expected("an npy file").into());
    }
    let read = (1..=3).contains(&major).then(|| header::read(&String::from_utf8_lossy(&head))).flatten();
    let header =
        read.ok_or_else(|| unfit("its head is not understood".into()).expected("an npy file, version 1 to 3"))?;
    Ok((header, begin + length))
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
    unfit("this is no npy file").help("`numpy.save(\"x.npy\", x)` writes one")
}
