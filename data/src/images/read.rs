//! Reading the files of a folder.

use std::path::Path;

use fovea_graph::Stop;
use rayon::prelude::*;

use super::files::{File, leave_out};
use super::{Folder, TOGETHER, picture};
use crate::error::{Clause, DataError, Unfit};
use crate::resize::Resize;
use crate::stamp::{self, Stamp};
use crate::store::levels::nearest;

/// What the files held.
pub(super) struct Read {
    /// Those that are pictures, in the order in which they were given.
    pub files: Vec<File>,
    /// The numbers of the others, and why.
    pub dropped: Vec<(usize, String)>,
    pub left_out: Vec<String>,
}

/// What is wrong with a file that had a good head.
pub(super) enum Fault {
    Changed,
    Broken(String),
}

/// Reads all files, brings them to `shape`, and gives the values of each picture.
pub(super) fn all(
    folder: &Folder,
    shape: &[usize],
    stop: &dyn Stop,
    give: &mut dyn FnMut(&[f32]),
) -> Result<Read, DataError> {
    let size = shape.iter().product::<usize>();
    let mut read = Read { files: Vec::new(), dropped: Vec::new(), left_out: folder.left_out.clone() };
    let (mut values, mut first) = (Vec::new(), 0);
    while let Some(rest) = folder.files.get(first..).filter(|rest| !rest.is_empty()) {
        stop.go_on()?;
        let some = &rest[..together(rest)];
        values.resize(some.len() * size, 0.0);
        let slots = values.par_chunks_exact_mut(size);
        let done: Vec<Result<(), Fault>> = slots.zip(some).map(|(slot, file)| one(file, shape, slot)).collect();
        for (i, (done, file)) in done.into_iter().zip(some).enumerate() {
            match done {
                Ok(()) => {
                    give(&values[i * size..][..size]);
                    read.files.push(file.clone());
                }
                Err(Fault::Broken(why)) => {
                    leave_out(&folder.images, &file.path, why.clone(), &mut read.left_out)?;
                    read.dropped.push((first + i, why));
                }
                Err(Fault::Changed) => return Err(changed(&file.path)),
            }
        }
        first += some.len();
    }
    Ok(read)
}

/// The mistake of a file that is not as it was when the data were declared.
pub(super) fn changed(path: &Path) -> DataError {
    Unfit::new(Clause::Samples, path, stamp::CHANGED).help(stamp::DECLARE_AGAIN).into()
}

/// How many of the files to read before anybody asks again whether to go on: few where they are large.
pub(super) fn together<'a>(files: impl IntoIterator<Item = &'a File>) -> usize {
    let most = rayon::current_num_threads() as u64 * (2 << 20);
    let mut bytes = 0;
    let fits = |file: &&File| {
        let fits = bytes < most;
        bytes += file.stamp.length;
        fits
    };
    files.into_iter().take(TOGETHER).take_while(fits).count()
}

/// The values of a file's picture, brought to `shape`. Those of 8 bits stay what 8 bits can say, so that they can be kept so.
pub(super) fn one(file: &File, shape: &[usize], slot: &mut [f32]) -> Result<(), Fault> {
    let metadata = std::fs::metadata(&file.path).map_err(|_| Fault::Changed)?;
    if Stamp::of(&metadata) != file.stamp {
        return Err(Fault::Changed);
    }
    let picture = picture(&file.path).map_err(Fault::Broken)?;
    let (size, channels) = ([shape[0], shape[1]], shape[2]);
    if picture.size() == size {
        let rows = slot.chunks_exact_mut(shape[1] * channels);
        rows.enumerate().for_each(|(y, row)| picture.row(y, channels, row));
    } else {
        Resize::new(picture.size(), size).picture(channels, |y, row| picture.row(y, channels, row), slot);
    }
    if !file.is_deep {
        slot.iter_mut().for_each(|value| *value = nearest(*value));
    }
    Ok(())
}
