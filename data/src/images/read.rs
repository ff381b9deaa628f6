//! Reading the files of a folder.

use std::path::Path;

use fovea_graph::{Stop, Tensor};
use rayon::prelude::*;

use super::files::{File, leave_out};
use super::{Folder, TOGETHER, picture};
use crate::error::{Clause, DataError, Unfit};
use crate::resize::Resize;
use crate::stamp::{self, Stamp};

/// What the files held.
pub(super) struct Read {
    pub images: Tensor,
    /// Those that are pictures, in the order of the images.
    pub files: Vec<File>,
    pub left_out: Vec<String>,
}

/// What is wrong with a file that had a good head.
enum Fault {
    Changed,
    Broken(String),
}

/// Reads all files and brings them to `shape`.
pub(super) fn all(folder: &Folder, shape: &[usize], stop: &dyn Stop) -> Result<Read, DataError> {
    let sample = shape.iter().product::<usize>();
    let mut values: Vec<f32> = room(folder, sample)?;
    let (mut kept, mut left_out) = (Vec::new(), folder.left_out.clone());
    let mut first = 0;
    while let Some(rest) = folder.files.get(first..).filter(|rest| !rest.is_empty()) {
        stop.go_on()?;
        let some = &rest[..together(rest)];
        let begin = values.len();
        values.resize(begin + some.len() * sample, 0.0);
        let slots = values[begin..].par_chunks_exact_mut(sample);
        let done: Vec<Result<(), Fault>> = slots.zip(some).map(|(slot, file)| one(file, shape, slot)).collect();
        let mut end = begin;
        for (i, done) in done.into_iter().enumerate() {
            match done {
                Ok(()) => {
                    values.copy_within(begin + i * sample..begin + (i + 1) * sample, end);
                    end += sample;
                    kept.push(some[i].clone());
                }
                Err(Fault::Broken(why)) => leave_out(&folder.images, &some[i].path, why, &mut left_out)?,
                Err(Fault::Changed) => return Err(changed(&some[i].path)),
            }
        }
        values.truncate(end);
        first += some.len();
    }
    let shape = [&[kept.len()], shape].concat();
    let images = Tensor::from_shape_vec(shape, values).expect("as many values as pictures were kept");
    Ok(Read { images, files: kept, left_out })
}

/// Memory for all pictures.
fn room(folder: &Folder, sample: usize) -> Result<Vec<f32>, DataError> {
    let mut values = Vec::new();
    let count = folder.files.len().checked_mul(sample);
    if count.is_some_and(|count| values.try_reserve_exact(count).is_ok()) {
        return Ok(values);
    }
    let message = format!("there is not memory enough for {} pictures of {sample} values", folder.files.len());
    let unfit = Unfit::new(Clause::Samples, &folder.images.folder, message);
    Err(unfit.help("make them smaller, as with `size 64x64`").into())
}

/// The mistake of a file that is not as it was when the data were declared.
pub(super) fn changed(path: &Path) -> DataError {
    Unfit::new(Clause::Samples, path, stamp::CHANGED).help(stamp::DECLARE_AGAIN).into()
}

/// How many of the files to read before anybody asks again whether to go on: few where they are large.
fn together(files: &[File]) -> usize {
    let most = rayon::current_num_threads() as u64 * (2 << 20);
    let mut bytes = 0;
    let fits = |file: &&File| {
        let fits = bytes < most;
        bytes += file.stamp.length;
        fits
    };
    files.iter().take(TOGETHER).take_while(fits).count()
}

fn one(file: &File, shape: &[usize], slot: &mut [f32]) -> Result<(), Fault> {
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
    Ok(())
}
