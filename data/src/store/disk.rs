//! A file that samples are written to as they come, if there is one: what becomes of it is told at the end.

use std::io;

use super::{Entry, Writer};

/// A file that samples are written to as they come.
pub(crate) enum Disk {
    /// None was asked for.
    Without,
    Open(Writer),
    /// Why there is none.
    Failed(String),
}

impl Disk {
    /// Begins the file for so many samples, where one is asked for.
    pub fn begin(entry: Option<&Entry>, count: usize) -> Self {
        match entry.map(|entry| entry.create(count)) {
            None => Disk::Without,
            Some(Ok(Some(writer))) => Disk::Open(writer),
            Some(Ok(None)) => Disk::Failed("they take more than is kept".into()),
            Some(Err(error)) => Disk::Failed(error.to_string()),
        }
    }

    /// Appends the values of samples.
    pub fn push(&mut self, values: &[f32]) {
        if let Disk::Open(writer) = self
            && let Err(error) = writer.push(values)
        {
            *self = Disk::Failed(error.to_string());
        }
    }

    /// Ends the file of so many samples, without those that are left out; why there is none, where one was asked for.
    pub fn finish(self, count: usize, left_out: &[(usize, String)]) -> Option<String> {
        let finished: io::Result<()> = match self {
            Disk::Without => return None,
            Disk::Failed(why) => Err(io::Error::other(why)),
            Disk::Open(writer) => writer.finish(count, left_out),
        };
        finished.err().map(|why| why.to_string())
    }
}
