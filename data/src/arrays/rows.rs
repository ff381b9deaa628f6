//! The samples of an npy file, read from it by their numbers.

use std::fs::File;

use fovea_graph::Stop;

use super::npy::Npy;
use super::samples::{Value, value};
use crate::error::DataError;
use crate::samples::Source;
use crate::stamp::Stamp;
use crate::store::read_at;

/// An npy file whose samples lie one behind the other.
#[derive(Debug)]
pub(super) struct Rows {
    npy: Npy,
    file: File,
    value: Value,
    /// How many values a sample has.
    size: usize,
}

impl Rows {
    pub fn open(npy: &Npy) -> Result<Self, DataError> {
        let file = File::open(&npy.path).map_err(|_| npy.changed())?;
        let size = npy.header.shape.iter().skip(1).product();
        let value = value(&npy.header.element).ok_or_else(|| npy.changed())?;
        Ok(Self { npy: npy.clone(), file, value, size })
    }
}

impl Source for Rows {
    fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError> {
        if !self.file.metadata().is_ok_and(|metadata| Stamp::of(&metadata) == self.npy.stamp) {
            return Err(self.npy.changed());
        }
        let width = self.npy.header.element.bytes;
        let mut bytes = vec![0; self.size * width];
        for row in stop.each(indices.iter().zip(values.chunks_exact_mut(self.size.max(1)))) {
            let (&index, values) = row?;
            let at = self.npy.begin + (index * bytes.len()) as u64;
            read_at(&self.file, &mut bytes, at).map_err(|_| self.npy.changed())?;
            let elements = bytes.chunks_exact(width.max(1));
            values.iter_mut().zip(elements).for_each(|(value, element)| *value = (self.value)(element));
        }
        Ok(())
    }
}
