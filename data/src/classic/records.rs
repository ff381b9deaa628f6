//! Pictures as bytes, one behind the other, at equal distances.

use std::fs::File;
use std::sync::Arc;

use fovea_graph::{Interrupted, Never, Stop};

use super::packed::{Archives, Pack, Packed};
use crate::error::DataError;
use crate::resize::Resize;

/// Pictures in a file: where each begins is told by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Records {
    pub file: Packed,
    pub count: usize,
    /// Where the first begins.
    pub begin: usize,
    /// How many bytes lie between two.
    pub between: usize,
    /// Height, width and channels. A picture of several channels lies plane by plane.
    pub shape: [usize; 3],
}

/// The same, to read from.
#[derive(Debug)]
pub(super) struct Opened {
    records: Records,
    from: From,
}

#[derive(Debug)]
enum From {
    File(File),
    Memory(Arc<[u8]>),
}

impl Records {
    fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Opens the file; what is packed is unpacked into memory, as bytes.
    pub fn open(&self, archives: &mut Archives, stop: &dyn Stop) -> Result<Opened, DataError> {
        let from = match self.file.pack {
            Pack::Plain => From::File(self.file.file()?),
            Pack::Gzip | Pack::Archive(_) => {
                let bytes = self.file.whole(archives, stop)?;
                let expected = self.begin + self.count * (self.size() + self.between) - self.between;
                if bytes.len() != expected {
                    let message = if bytes.len() < expected { "the file is cut off" } else { "the file is too long" };
                    let unfit = self.file.unfit(message).found(format!("{} bytes", bytes.len()));
                    return Err(unfit.expected(format!("{expected} bytes")).help("get it again").into());
                }
                From::Memory(bytes)
            }
        };
        Ok(Opened { records: self.clone(), from })
    }
}

impl Opened {
    pub fn count(&self) -> usize {
        self.records.count
    }

    /// Writes picture `at`, brought to size where one is given, channels last, values in 0..1.
    pub fn read(&self, at: usize, resize: Option<&Resize>, slot: &mut [f32]) -> Result<(), DataError> {
        let records = &self.records;
        let begin = records.begin + at * (records.size() + records.between);
        match &self.from {
            From::Memory(all) => Ok(write(&all[begin..][..records.size()], records.shape, resize, slot)?),
            From::File(file) => {
                let mut bytes = vec![0; records.size()];
                crate::store::read_at(file, &mut bytes, begin as u64).map_err(|error| records.file.why(&error))?;
                Ok(write(&bytes, records.shape, resize, slot)?)
            }
        }
    }
}

/// A picture's bytes, plane by plane, as values.
fn write(bytes: &[u8], shape: [usize; 3], resize: Option<&Resize>, slot: &mut [f32]) -> Result<(), Interrupted> {
    const WHITE: f32 = u8::MAX as f32;
    let [height, width, channels] = shape;
    let plane = height * width;
    let levels = (0..plane).flat_map(|at| (0..channels).map(move |channel| bytes[channel * plane + at]));
    match resize {
        Some(resize) => resize.picture(channels, &levels.collect::<Vec<u8>>(), WHITE, slot, &Never)?,
        None => slot.iter_mut().zip(levels).for_each(|(value, level)| *value = f32::from(level) / WHITE),
    }
    Ok(())
}
