//! The rows of a table, each cell with its place.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder};
use fovea_graph::Stop;

use crate::error::{Clause, DataError, Unfit};
use crate::source::Column;
use crate::stamp::{self, Stamp};

/// A table, as it was when its first row was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    clause: Clause,
    path: PathBuf,
    stamp: Stamp,
    /// What stands between cells.
    between: u8,
    first: Vec<String>,
    /// Whether the first row says what the columns are.
    is_headed: bool,
}

/// A row, and where it is.
pub(crate) struct Row<'r> {
    rows: &'r Rows,
    record: &'r ByteRecord,
    /// The line that it begins in, from 1.
    pub line: u64,
}

/// Rows read before anybody asks again whether to go on.
const TOGETHER: u64 = 256;
/// The longest first line that is looked at.
const MAX_LINE: u64 = 1 << 20;
const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

impl Rows {
    /// Reads the first row.
    pub fn open(clause: Clause, path: &Path) -> Result<Self, DataError> {
        let unfit = |message: &str| Unfit::new(clause, path, message).expected("a table of comma-separated values");
        let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => unfit("there is no such file"),
            _ => unfit(&format!("the file cannot be read: {error}")),
        })?;
        // Reading a pipe would wait for ever.
        if !metadata.is_file() {
            return Err(unfit("this is no file").into());
        }
        let read = || -> io::Result<Vec<u8>> {
            let mut line = Vec::new();
            BufReader::new(File::open(path)?.take(MAX_LINE)).read_until(b'\n', &mut line)?;
            Ok(line)
        };
        let line = read().map_err(|error| unfit(&format!("the file cannot be read: {error}")))?;
        if line.is_empty() {
            return Err(unfit("the file is empty").into());
        }
        if line.starts_with(b"PK") || line.contains(&0) || line.starts_with(b"\x93NUMPY") {
            let help = "a spreadsheet can be saved as csv; an array is read by `npy`";
            return Err(unfit("this is no text").help(help).into());
        }
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line);
        let count = |between: u8| line.iter().filter(|&&byte| byte == between).count();
        // The first of those that are equally many, so that a comma wins.
        let between = [b'\t', b';', b','].into_iter().max_by_key(|&between| count(between)).unwrap_or(b',');
        let stamp = Stamp::of(&metadata);
        let mut rows = Self { clause, path: path.to_path_buf(), stamp, between, first: Vec::new(), is_headed: false };
        let mut reader = rows.reader()?;
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(|error| rows.why(&error))?;
        rows.first = record.iter().map(text).collect();
        Ok(rows)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A mistake of this file.
    pub fn unfit(&self, message: impl Into<String>) -> Unfit {
        Unfit::new(self.clause, &self.path, message)
    }

    /// The mistake of a file that is not as it was.
    pub fn changed(&self) -> DataError {
        self.unfit(stamp::CHANGED).help(stamp::DECLARE_AGAIN).into()
    }

    /// The cells of the first row.
    pub fn first(&self) -> &[String] {
        &self.first
    }

    pub fn is_headed(&self) -> bool {
        self.is_headed
    }

    /// The first row says what the columns are.
    pub fn skip_head(&mut self) {
        self.is_headed = true;
    }

    /// Which column is meant, from 0; one that is named makes the first row the head.
    pub fn column(&mut self, column: &Column) -> Result<usize, DataError> {
        let count = self.first.len();
        let columns = || self.first.iter().map(|cell| format!("`{cell}`")).collect::<Vec<_>>().join(", ");
        let unfit = |message: String| Unfit::new(Clause::Labels, &self.path, message);
        match column {
            Column::Number(number) if (1..=count).contains(number) => Ok(number - 1),
            Column::Number(number) => {
                let message = format!("it has {count} columns, and none with number {number}");
                Err(unfit(message).found(number.to_string()).expected(format!("1 to {count}")).into())
            }
            Column::Named(name) => {
                let name = name.trim();
                let mut places = (0..count).filter(|&at| self.first[at] == name);
                let (first, second) = (places.next(), places.next());
                match (first, second) {
                    (Some(at), None) => {
                        self.is_headed = true;
                        Ok(at)
                    }
                    (Some(first), Some(second)) => {
                        let message = format!("its columns {} and {} are both `{name}`", first + 1, second + 1);
                        let help = format!("`column {}` is the first of them", first + 1);
                        Err(unfit(message).found(name).expected("a name of one column").help(help).into())
                    }
                    (None, _) => {
                        let message = format!("its first row has no column `{name}`");
                        let help = format!("its columns are {}; `column 1` is the first, by its number", columns());
                        Err(unfit(message).found(name).expected(columns()).help(help).into())
                    }
                }
            }
        }
    }

    fn reader(&self) -> Result<csv::Reader<File>, DataError> {
        let mut file = File::open(&self.path).map_err(|_| self.changed())?;
        if !file.metadata().is_ok_and(|metadata| Stamp::of(&metadata) == self.stamp) {
            return Err(self.changed());
        }
        let mut start = [0; BYTE_ORDER_MARK.len()];
        let is_marked = file.read_exact(&mut start).is_ok() && start == BYTE_ORDER_MARK;
        let begin = if is_marked { start.len() } else { 0 };
        file.seek(SeekFrom::Start(begin as u64)).map_err(|_| self.changed())?;
        let mut builder = ReaderBuilder::new();
        Ok(builder.has_headers(false).flexible(true).delimiter(self.between).from_reader(file))
    }

    fn why(&self, error: &csv::Error) -> Unfit {
        self.unfit(format!("the file cannot be read: {error}"))
    }

    /// Gives every row but the head; each has as many cells as the first.
    pub fn each(
        &self,
        stop: &dyn Stop,
        mut give: impl FnMut(&Row<'_>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let (mut reader, mut record, mut count) = (self.reader()?, ByteRecord::new(), 0u64);
        stop.go_on()?;
        while reader.read_byte_record(&mut record).map_err(|error| self.why(&error))? {
            count += 1;
            if count.is_multiple_of(TOGETHER) {
                stop.go_on()?;
            }
            if count == 1 && self.is_headed {
                continue;
            }
            let line = record.position().map_or(count, csv::Position::line);
            if record.len() != self.first.len() {
                let message = format!("line {line} has {} cells, and the first has {}", record.len(), self.first.len());
                let unfit = self.unfit(message).found(record.len().to_string());
                return Err(unfit.expected(self.first.len().to_string()).into());
            }
            give(&Row { rows: self, record: &record, line })?;
        }
        if count == u64::from(self.is_headed) {
            return Err(self.unfit("it has a head and no rows").into());
        }
        Ok(())
    }
}

impl Row<'_> {
    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.record.len()
    }

    /// A cell that is a finite number.
    pub fn number(&self, column: usize) -> Option<f32> {
        let cell = std::str::from_utf8(self.record.get(column)?).ok()?;
        cell.trim().parse().ok().filter(|value: &f32| value.is_finite())
    }

    /// A cell, without the space around it; a letter that is no Unicode, or controls terminals, is replaced.
    pub fn cell(&self, column: usize) -> String {
        text(self.record.get(column).unwrap_or_default())
    }

    /// A cell that must not be empty.
    pub fn word(&self, column: usize) -> Result<String, DataError> {
        let cell = self.cell(column);
        if cell.is_empty() { Err(self.wrong(column, "it is empty").into()) } else { Ok(cell) }
    }

    /// The mistake of a cell: where it is, and what is wrong.
    pub fn wrong(&self, column: usize, what: impl std::fmt::Display) -> Unfit {
        let head = self.rows.first.get(column).filter(|_| self.rows.is_headed);
        let named = head.map_or(String::new(), |head| format!(" (`{head}`)"));
        self.rows.unfit(format!("line {}, column {}{named}: {what}", self.line, column + 1))
    }
}

fn text(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(cell);
    text.trim().chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect()
}
