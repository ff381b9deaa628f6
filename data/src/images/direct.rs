//! Pictures that are decoded as they are asked for.

use std::sync::Arc;

use fovea_graph::Stop;

use super::fault::Fault;
use super::files::File;
use super::read;
use crate::error::{Clause, DataError, Unfit};
use crate::samples::Source;
use crate::store::levels::Levels;

/// Files of pictures, of which the first are decoded already.
#[derive(Debug)]
pub(super) struct Direct {
    files: Arc<[File]>,
    shape: Vec<usize>,
    resident: Resident,
}

impl Direct {
    pub fn new(files: Vec<File>, shape: &[usize], resident: Resident) -> Self {
        Self { files: files.into(), shape: shape.to_vec(), resident }
    }
}

impl Source for Direct {
    fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError> {
        let size: usize = self.shape.iter().product();
        // Where they go, and the files' numbers.
        let (mut places, mut numbers) = (Vec::new(), Vec::new());
        for (place, (&index, slot)) in indices.iter().zip(values.chunks_exact_mut(size.max(1))).enumerate() {
            if !self.resident.read(index, slot) {
                places.push(place);
                numbers.push(index);
            }
        }
        read::each(self.files.clone(), Some(numbers.clone()), &self.shape, stop, |at, done| {
            let path = &self.files[numbers[at]].path;
            let picture = done.map_err(|fault| match fault {
                Fault::Changed => read::changed(path),
                Fault::Broken(why) => Unfit::new(Clause::Samples, path, why).into(),
                Fault::Interrupted(interrupted) => interrupted.into(),
            })?;
            values[places[at] * size..][..size].copy_from_slice(&picture);
            Ok(())
        })
    }
}

/// The first pictures of a set, decoded, as many as there is room for. Each epoch asks for all pictures once in an order
/// of its own: which of them are at hand makes no difference.
#[derive(Debug)]
pub(super) struct Resident {
    levels: Levels,
    bytes: Vec<u8>,
    most: usize,
    /// The bytes of a picture; 0 before the first.
    width: usize,
}

impl Resident {
    /// None yet, of at most so many bytes.
    pub fn new(levels: Levels, most: u64) -> Self {
        Self { levels, bytes: Vec::new(), most: usize::try_from(most).unwrap_or(usize::MAX), width: 0 }
    }

    /// The next picture.
    pub fn push(&mut self, values: &[f32]) {
        self.width = values.len() * self.levels.width();
        if self.bytes.len().saturating_add(self.width) > self.most {
            // Nor does any later one belong to the first.
            self.most = 0;
            return;
        }
        self.levels.write(values, &mut self.bytes);
    }

    /// A picture's values, where it is one of them.
    pub fn read(&self, index: usize, values: &mut [f32]) -> bool {
        let bytes = index.checked_mul(self.width).and_then(|begin| self.bytes.get(begin..)?.get(..self.width));
        let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else { return false };
        self.levels.read(bytes, values);
        true
    }
}
