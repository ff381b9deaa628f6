//! Where a folder's pictures are once they have been read: in memory, decoded on disk, or still in their files.

use std::sync::Arc;

use fovea_graph::{Stop, Tensor};

use super::direct::{Direct, Resident};
use super::files::{File, leave_out};
use super::{Folder, read};
use crate::error::{Clause, DataError, Unfit};
use crate::room::Room;
use crate::samples::Samples;
use crate::store::levels::Levels;
use crate::store::{Disk, Entry, Identity, Stored};

/// Decoding files of less than so many bytes takes no time worth a file of its own.
pub(super) const WORTH_KEEPING: u64 = 4 << 20;

/// A folder's pictures.
pub(super) struct Kept {
    pub samples: Samples,
    /// Those files that are pictures, in the order of the samples.
    pub files: Vec<File>,
    pub left_out: Vec<String>,
    /// Why they are not kept on disk, where that was meant to be.
    pub remark: Option<String>,
}

/// Reads all pictures once, brought to `shape`, unless they are on disk already.
pub(super) fn keep(folder: &Folder, shape: &[usize], room: &Room, stop: &dyn Stop) -> Result<Kept, DataError> {
    let size: usize = shape.iter().product();
    let fits = (folder.files.len() as u64).saturating_mul((size * size_of::<f32>()) as u64) <= room.held;
    let is_worth = !fits || folder.files.iter().map(|file| file.stamp.length).sum::<u64>() >= WORTH_KEEPING;
    let levels = if folder.is_deep { Levels::Floats } else { Levels::Bytes };
    let entry = room.kept.as_ref().filter(|_| is_worth);
    let entry = entry.map(|kept| Entry::new(kept, &identity(folder, shape), levels, size));
    if let Some(stored) = entry.as_ref().and_then(Entry::find)
        && let Some(kept) = of_stored(folder, stored, shape, fits, stop)?
    {
        return Ok(kept);
    }
    let mut sinks = Sinks {
        memory: if fits { Some(room_for(folder, size)?) } else { None },
        disk: Disk::begin(entry.as_ref(), folder.files.len()),
        resident: Resident::new(levels, if fits { 0 } else { room.held }),
    };
    let read = read::all(folder, shape, stop, &mut |values| sinks.take(values))?;
    let Sinks { memory, disk, resident } = sinks;
    let count = read.files.len();
    let remark = disk.finish(count, &read.dropped).map(|why| unkept("pictures", &why));
    let samples = match memory {
        Some(values) => {
            let shape = [&[count], shape].concat();
            Tensor::from_shape_vec(shape, values).expect("as many values as pictures were kept").into()
        }
        None => match entry.as_ref().and_then(Entry::find) {
            Some(stored) if stored.count == count => Samples::of(Arc::new(stored), count, shape),
            _ => Samples::of(Arc::new(Direct::new(read.files.clone(), shape, resident)), count, shape),
        },
    };
    Ok(Kept { samples, files: read.files, left_out: read.left_out, remark })
}

/// The pictures as they were decoded before; `None` where those are others.
fn of_stored(
    folder: &Folder,
    stored: Stored,
    shape: &[usize],
    fits: bool,
    stop: &dyn Stop,
) -> Result<Option<Kept>, DataError> {
    let (mut files, mut left_out) = (folder.files.clone(), folder.left_out.clone());
    for (at, why) in &stored.left_out {
        let Some(file) = folder.files.get(*at) else { return Ok(None) };
        leave_out(&folder.images, &file.path, why.clone(), &mut left_out)?;
    }
    let mut places = 0..;
    files.retain(|_| places.next().is_some_and(|place| !stored.left_out.iter().any(|(at, _)| *at == place)));
    if files.len() != stored.count {
        return Ok(None);
    }
    let samples = Samples::of(Arc::new(stored), files.len(), shape);
    let samples = if fits { samples.select(&(0..files.len()).collect::<Vec<_>>(), stop)?.into() } else { samples };
    Ok(Some(Kept { samples, files, left_out, remark: None }))
}

/// What is said where pictures, or masks, are not kept on disk, and why.
pub(super) fn unkept(what: &str, why: &str) -> String {
    format!("the decoded {what} are not kept on disk, and will be decoded again: {why}")
}

/// All that decides the pictures' values.
fn identity(folder: &Folder, shape: &[usize]) -> Identity {
    let root = &folder.images.folder;
    let mut identity = Identity::default();
    identity.place(root);
    identity.numbers(shape);
    for file in &folder.files {
        identity.file(file.path.strip_prefix(root).unwrap_or(&file.path), &file.stamp);
    }
    identity
}

/// Memory for all pictures.
fn room_for(folder: &Folder, size: usize) -> Result<Vec<f32>, DataError> {
    let mut values = Vec::new();
    let count = folder.files.len().checked_mul(size);
    if count.is_some_and(|count| values.try_reserve_exact(count).is_ok()) {
        return Ok(values);
    }
    let message = format!("there is not memory enough for {} pictures of {size} values", folder.files.len());
    let unfit = Unfit::new(Clause::Samples, &folder.images.folder, message);
    Err(unfit.help("make them smaller, as with `size 64x64`").into())
}

/// Where pictures, or their masks, go as they are read.
pub(super) struct Sinks {
    pub memory: Option<Vec<f32>>,
    pub disk: Disk,
    pub resident: Resident,
}

impl Sinks {
    pub fn take(&mut self, values: &[f32]) {
        if let Some(memory) = &mut self.memory {
            memory.extend_from_slice(values);
        }
        self.disk.push(values);
        // What is on disk is not needed twice.
        if !matches!(self.disk, Disk::Open(_)) {
            self.resident.push(values);
        }
    }
}
