//! Reading the files of a folder.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::Stop;

use super::fault::Fault;
use super::files::{File, leave_out};
use super::{Folder, TOGETHER, picture};
use crate::crew;
use crate::error::{Clause, DataError, Unfit};
use crate::stamp::{self, Stamp};

/// What the files held.
pub(super) struct Read {
    /// Those that are pictures, in the order in which they were given.
    pub files: Vec<File>,
    /// The numbers of the others, and why.
    pub dropped: Vec<(usize, String)>,
    pub left_out: Vec<String>,
}

/// Reads all files, brings them to `shape`, and gives the values of each picture.
pub(super) fn all(
    folder: &Folder,
    shape: &[usize],
    stop: &dyn Stop,
    give: &mut dyn FnMut(&[f32]),
) -> Result<Read, DataError> {
    let mut read = Read { files: Vec::new(), dropped: Vec::new(), left_out: folder.left_out.clone() };
    each(folder.files.clone().into(), None, shape, stop, |at, done| {
        let file = &folder.files[at];
        match done {
            Ok(values) => {
                give(&values);
                read.files.push(file.clone());
            }
            Err(Fault::Broken(why)) => {
                leave_out(&folder.images, &file.path, why.clone(), &mut read.left_out)?;
                read.dropped.push((at, why));
            }
            Err(Fault::Changed) => return Err(changed(&file.path)),
            Err(Fault::Interrupted(interrupted)) => return Err(interrupted.into()),
        }
        Ok(())
    })?;
    Ok(read)
}

/// Decodes files, brings them to `shape`, and gives the values of each picture in the order of `numbers`, or of the files
/// where there are none: its place in that order, and the values. Whoever breaks it off waits for no decoder.
pub(super) fn each(
    files: Arc<[File]>,
    numbers: Option<Vec<usize>>,
    shape: &[usize],
    stop: &dyn Stop,
    give: impl FnMut(usize, Result<Vec<f32>, Fault>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    /// Values that wait to be taken.
    const AHEAD: usize = 1 << 24;
    let count = numbers.as_ref().map_or(files.len(), Vec::len);
    let ahead = AHEAD / shape.iter().product::<usize>().max(1);
    let ahead = ahead.clamp(2 * rayon::current_num_threads(), TOGETHER.max(2 * rayon::current_num_threads()));
    let shape = shape.to_vec();
    let work = move |at: usize, left: &AtomicBool| {
        let number = numbers.as_ref().map_or(at, |numbers| numbers[at]);
        one(&files[number], &shape, left)
    };
    crew::in_order(count, ahead, work, stop, give)
}

/// The mistake of a file that is not as it was when the data were declared.
pub(super) fn changed(path: &Path) -> DataError {
    Unfit::new(Clause::Samples, path, stamp::CHANGED).help(stamp::DECLARE_AGAIN).into()
}

/// The values of a file's picture, brought to `shape`.
fn one(file: &File, shape: &[usize], stop: &dyn Stop) -> Result<Vec<f32>, Fault> {
    let metadata = std::fs::metadata(&file.path).map_err(|_| Fault::Changed)?;
    if Stamp::of(&metadata) != file.stamp {
        return Err(Fault::Changed);
    }
    let picture = picture(&file.path, shape[2], stop)?;
    Ok(picture.values([shape[0], shape[1]], stop)?)
}

#[cfg(all(test, feature = "pictures"))]
mod tests {
    use fovea_graph::stop;
    use image::RgbImage;

    use super::*;

    /// Nobody waits for this; but it ends soon where nobody wants it: before and behind the decoder, and a row of the result.
    #[test]
    fn what_nobody_wants_ends_soon() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["1.png", "1.jpg", "1.bmp"] {
            let path = folder.path().join(name);
            RgbImage::from_fn(300, 200, |x, y| image::Rgb([x as u8, y as u8, 9])).save(&path).expect("a picture");
            let stamp = Stamp::of(&std::fs::metadata(&path).expect("a file"));
            let file = File { path, class: 0, is_test: false, is_deep: false, stamp, mask: None };
            let asked = stop::looks(|stop| match one(&file, &[40, 30, 3], stop) {
                Err(Fault::Interrupted(interrupted)) => Err(interrupted),
                other => other.map_err(|_| panic!("{name} is not read")),
            });
            assert_eq!(asked, 3 + 40);
        }
    }
}
