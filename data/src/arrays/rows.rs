//! The samples of an npy file, or their labels, read from it by their numbers.

use std::fs::File;

use fovea_graph::Stop;

use super::npy::Npy;
use super::value::Value;
use crate::error::DataError;
use crate::samples::Source;
use crate::store::read_at;

/// An npy file whose samples lie one behind the other.
#[derive(Debug)]
pub(super) struct Rows {
    npy: Npy,
    file: File,
    value: Value,
}

impl Rows {
    pub fn open(npy: &Npy, value: Value) -> Result<Self, DataError> {
        Ok(Self { npy: npy.clone(), file: npy.file()?, value })
    }
}

impl Source for Rows {
    fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError> {
        if !self.npy.is_same(&self.file) {
            return Err(self.npy.changed());
        }
        let (size, width) = (self.npy.size(), self.npy.header.element.bytes);
        let mut bytes = vec![0; size * width];
        for row in stop.each(indices.iter().zip(values.chunks_exact_mut(size.max(1)))) {
            let (&index, values) = row?;
            let at = self.npy.begin + (index * bytes.len()) as u64;
            read_at(&self.file, &mut bytes, at).map_err(|_| self.npy.changed())?;
            let elements = bytes.chunks_exact(width.max(1));
            values.iter_mut().zip(elements).for_each(|(value, element)| *value = self.value.of(element));
        }
        Ok(())
    }
}
