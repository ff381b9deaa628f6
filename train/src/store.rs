//! Tensors in safetensors files, and what is kept beside them.
//!
//! The format: 8 bytes with the header's length, a JSON header with each tensor's type, shape and place, the values.
//! What is ours beside the tensors is one entry of the header's free text: the format keeps such entries in no
//! particular order, and the same weights are to give the same bytes. It begins with the [`Seal`] of everything.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use fovea_graph::Tensor;
use fovea_graph::counted;
use ndarray::IxDyn;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde::{Deserialize, Serialize};

use crate::file::{FileError, read_file};
use crate::fingerprint::Fingerprint;
use crate::float::floats;
use crate::place::Place;
use crate::seal::{Seal, Sum, in_bytes};
use crate::standardise::Standardisation;
use crate::whole::write_whole_by;

/// The entry of the header that holds a [`Header`].
const ENTRY: &str = "fovea";
const FORMAT: &str = "a safetensors file";

/// What is kept beside the tensors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// The tensors' names in the net's order; the file has them in the format's own.
    pub order: Vec<String>,
    /// How pictures are standardised.
    pub standardisation: Option<Standardisation>,
    /// The classes' names.
    pub classes: Vec<String>,
    /// Whatever else, as text.
    pub metadata: BTreeMap<String, String>,
    /// Where training is; checkpoints only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// Where training is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub step: u64,
    pub epoch: u64,
    pub seed: u64,
    /// Which of the tensors are the optimizer's moments.
    pub moments: Vec<String>,
    pub place: Place,
    pub fingerprint: Fingerprint,
}

/// Tensors that are written, one at a time.
pub(crate) trait Tensors {
    /// What may go wrong with them, or with the file.
    type Error: From<FileError>;

    /// Their names and shapes.
    fn list(&self) -> Vec<(&str, &[usize])>;

    /// Shows the elements of one, in row-major order.
    fn look(&self, at: usize, look: &mut dyn FnMut(&[f32])) -> Result<(), Self::Error>;
}

impl Tensors for [&(String, Tensor)] {
    type Error = FileError;

    fn list(&self) -> Vec<(&str, &[usize])> {
        self.iter().map(|(name, tensor)| (name.as_str(), tensor.shape())).collect()
    }

    fn look(&self, at: usize, look: &mut dyn FnMut(&[f32])) -> Result<(), FileError> {
        look(self[at].1.as_standard_layout().as_slice().unwrap_or(&[]));
        Ok(())
    }
}

/// Writes tensors and header, whole or not at all. No more than one tensor is looked at at a time.
pub(crate) fn write<T: Tensors + ?Sized>(path: &Path, tensors: &T, header: &Header) -> Result<(), T::Error> {
    let failed = |why: io::Error| T::Error::from(FileError::write(path)(why));
    let list = tensors.list();
    let entry = serde_json::to_string(header).map_err(|why| failed(why.into()))?;
    let mut sums = Vec::with_capacity(list.len());
    for (at, (name, shape)) in list.iter().enumerate() {
        let mut sum = Sum::new(name, shape);
        tensors.look(at, &mut |values| sum.add(values))?;
        sums.push(sum.end());
    }
    let entry = Seal::of(&entry, sums).before(&entry);
    let (order, head) = head(&list, entry).map_err(failed)?;
    write_whole_by(path, |file| {
        file.write_all(&(head.len() as u64).to_le_bytes()).and_then(|()| file.write_all(&head)).map_err(failed)?;
        order.iter().try_for_each(|&at| {
            let mut written = Ok(());
            tensors.look(at, &mut |values| written = in_bytes(values, |bytes| file.write_all(bytes)))?;
            written.map_err(failed)
        })
    })
}

/// The format's own header, and the order in which the tensors lie behind it: by name, as all are of one type.
fn head(list: &[(&str, &[usize])], entry: String) -> io::Result<(Vec<usize>, Vec<u8>)> {
    let mut order: Vec<usize> = (0..list.len()).collect();
    order.sort_by_key(|&at| list[at].0);
    let mut end = 0;
    let info = |&at: &usize| {
        let (name, shape) = list[at];
        let begin = end;
        end += 4 * shape.iter().product::<usize>();
        (name.to_string(), TensorInfo { dtype: Dtype::F32, shape: shape.to_vec(), data_offsets: (begin, end) })
    };
    let infos = order.iter().map(info).collect();
    let metadata = Metadata::new(Some(HashMap::from([(ENTRY.to_string(), entry)])), infos);
    let mut head = serde_json::to_vec(&metadata.map_err(io::Error::other)?)?;
    // The values begin at a multiple of their size.
    head.resize(head.len().next_multiple_of(8), b' ');
    Ok((order, head))
}

/// What a file holds.
pub(crate) struct Contents {
    /// In the net's order where the header says it, in the file's own otherwise.
    pub tensors: Vec<(String, Tensor)>,
    pub header: Header,
    /// Whether checksums say that all is as it was written; other programs' files have none.
    pub is_sealed: bool,
}

/// Reads a file; a foreign one's entries become its metadata.
pub(crate) fn read(path: &Path) -> Result<Contents, FileError> {
    let bytes = read_file(path)?;
    let (metadata, values) = parse(path, &bytes)?;
    let damaged = |what: &str| FileError::Damaged { path: path.to_path_buf(), what: what.to_string() };
    let entries = metadata.metadata().clone().unwrap_or_default();
    let (seal, header) = match entries.get(ENTRY) {
        Some(entry) => {
            let (seal, text) = Seal::split(entry).ok_or_else(|| damaged(HEAD))?;
            if seal.as_ref().is_some_and(|seal| !seal.has_header(text)) {
                return Err(damaged(HEAD));
            }
            (seal, serde_json::from_str(text).map_err(|e| FileError::foreign(path, "a file of weights", e))?)
        }
        // What is ours under another name is not another's.
        None if entries.values().any(|entry| matches!(Seal::split(entry), Some((Some(_), _)))) => {
            return Err(damaged(HEAD));
        }
        None => (None, Header { metadata: entries.into_iter().collect(), ..Header::default() }),
    };
    let mut names = metadata.offset_keys();
    let place = |name: &String| header.order.iter().position(|n| n == name).unwrap_or(usize::MAX);
    names.sort_by_cached_key(place);
    let tensors = names.into_iter().map(|name| {
        let tensor = tensor(path, &metadata, values, &name)?;
        Ok((name, tensor))
    });
    let tensors: Vec<_> = tensors.collect::<Result<_, FileError>>()?;
    if let Some(seal) = &seal {
        seal.check(&header.order, &tensors).map_err(|name| damaged(&name))?;
    }
    Ok(Contents { tensors, header, is_sealed: seal.is_some() })
}

/// What of a file is not a tensor, in messages.
const HEAD: &str = "its header";

/// Header and values of a file, once its lengths are known to agree.
fn parse<'b>(path: &Path, bytes: &'b [u8]) -> Result<(Metadata, &'b [u8]), FileError> {
    let cut = |why: String| FileError::Cut { path: path.to_path_buf(), why };
    let foreign = |why: String| FileError::foreign(path, FORMAT, why);
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(cut(format!("it has only {}", counted(bytes.len(), "byte"))));
    };
    let length = u64::from_le_bytes(*length);
    if rest.first().is_some_and(|&b| b != b'{') {
        return Err(foreign("it has no header".into()));
    }
    let Some((head, values)) = usize::try_from(length).ok().and_then(|n| rest.split_at_checked(n)) else {
        return Err(cut(format!("its header has {}, {} of them are there", counted(length, "byte"), rest.len())));
    };
    let metadata: Metadata = serde_json::from_slice(head).map_err(|e| foreign(format!("its header is wrong: {e}")))?;
    match (metadata.data_len(), values.len()) {
        (expected, found) if expected > found => {
            Err(cut(format!("its values take {}, {found} of them are there", counted(expected, "byte"))))
        }
        (expected, found) if expected < found => {
            Err(foreign(format!("{} too many behind its values", counted(found - expected, "byte"))))
        }
        _ => Ok((metadata, values)),
    }
}

/// One tensor of a file.
fn tensor(path: &Path, metadata: &Metadata, values: &[u8], name: &str) -> Result<Tensor, FileError> {
    let foreign = |why: String| FileError::foreign(path, "a file of weights", why);
    let info = metadata.info(name).ok_or_else(|| foreign(format!("{name} is missing")))?;
    let bytes = values.get(info.data_offsets.0..info.data_offsets.1).unwrap_or(&[]);
    let numbers = floats(info.dtype, info.shape.is_empty(), bytes);
    let numbers = numbers.ok_or_else(|| foreign(format!("{name} is {}", info.dtype)))?;
    Tensor::from_shape_vec(IxDyn(&info.shape), numbers).map_err(|e| foreign(format!("{name}: {e}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use safetensors::tensor::{TensorView, serialize};

    use super::*;

    /// Against the format's own writer.
    #[test]
    fn the_bytes_are_the_formats_own() {
        let counted = |shape: &[usize]| {
            let count: usize = shape.iter().product();
            Tensor::from_shape_vec(IxDyn(shape), (0..count).map(|i| i as f32 - 1.5).collect()).unwrap()
        };
        let shapes = [("b", &[2, 3][..]), ("a", &[5]), ("c", &[]), ("d", &[0, 4])];
        let tensors: Vec<_> = shapes.map(|(name, shape)| (name.to_string(), counted(shape))).to_vec();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        write(&path, &tensors.iter().collect::<Vec<_>>()[..], &Header::default()).unwrap();
        let written = std::fs::read(&path).unwrap();
        let (_, metadata) = safetensors::SafeTensors::read_metadata(&written).unwrap();
        let bytes: Vec<Vec<u8>> =
            tensors.iter().map(|(_, tensor)| tensor.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
        let views = tensors.iter().zip(&bytes).map(|((name, tensor), bytes)| {
            (name.as_str(), TensorView::new(Dtype::F32, tensor.shape().to_vec(), bytes).unwrap())
        });
        assert_eq!(written, serialize(views, metadata.metadata().clone()).unwrap());
    }
}
