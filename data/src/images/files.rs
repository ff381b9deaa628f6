//! The files of a set, and what they must have in common.

use std::path::{Path, PathBuf};

use fovea_graph::counted;
use fovea_graph::shape::join;

use super::head::Head;
use crate::error::{Clause, DataError, Unfit};
use crate::source::{Broken, Images, PictureLabels};
use crate::split::Parts;
use crate::stamp::Stamp;

/// A file that begins as a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub path: PathBuf,
    pub class: u32,
    /// Whether it is for testing, where the parts have folders of their own.
    pub is_test: bool,
    /// Whether its values have more than 8 bits.
    pub is_deep: bool,
    pub stamp: Stamp,
    /// Its mask, where pictures have masks.
    pub mask: Option<(PathBuf, Stamp)>,
}

/// Leaves a file out, unless that was not asked for.
pub(super) fn leave_out(
    images: &Images,
    path: &Path,
    why: String,
    left_out: &mut Vec<String>,
) -> Result<(), DataError> {
    match images.broken {
        Broken::Skip => left_out.push(format!("`{}`: {why}", path.display())),
        Broken::Refuse => {
            let unfit = Unfit::new(Clause::Samples, path, why).expected("a png, jpeg, webp, bmp or gif");
            return Err(unfit.help("`skip broken` leaves such files out and says how many").into());
        }
    }
    Ok(())
}

/// The size that all pictures have.
pub(super) fn common(files: &[File], heads: &[Head]) -> Result<[usize; 2], DataError> {
    let first = heads.first().map_or([1, 1], |head| head.size);
    let Some(other) = heads.iter().position(|head| head.size != first) else { return Ok(first) };
    let size = |i: usize| join(&heads[i].size);
    let message =
        format!("it is {}, but `{}` is {}: a net takes one size", size(other), files[0].path.display(), size(0));
    let unfit = Unfit::new(Clause::Samples, &files[other].path, message).found(size(other)).expected(size(0));
    Err(unfit.help("bring them to one, as with `size 64x64` (height x width; proportions are not kept)").into())
}

/// Which files are for training: those of the training folder, or as they are dealt out. Each class has one.
pub(super) fn parts(images: &Images, is_parted: bool, classes: &[String], files: &[File]) -> Result<Parts, DataError> {
    if let PictureLabels::None { .. } = images.labels {
        return Ok(Parts { test: (0..files.len()).collect(), ..Parts::default() });
    }
    let unfit = |message: String| Unfit::new(Clause::Samples, &images.folder, message);
    // A class a pixel is none of a picture.
    let all = ["pictures with masks".to_string()];
    let classes = if images.is_masked() { &all } else { classes };
    let mut has = vec![false; classes.len()];
    files.iter().filter(|file| !file.is_test).for_each(|file| has[file.class as usize] = true);
    if let Some(class) = has.iter().position(|has| !has) {
        let message = format!("no file of the class `{}` can be read as a picture", classes[class]);
        return Err(unfit(message).found("none").expected("a picture or more a class").into());
    }
    if !is_parted {
        let labels: Vec<u32> = files.iter().map(|file| file.class).collect();
        let parts = images.split.unwrap_or_default().deal(&labels, classes.len());
        if parts.test.is_empty() {
            let unfit = unfit("each class has one picture, to train on: none is left to test".into());
            return Err(unfit.found(counted(files.len(), "picture")).expected("two or more of a class").into());
        }
        return Ok(parts);
    }
    if images.split.is_some() {
        let message = "the folder is split already, into one to train on and one to test";
        let unfit = Unfit::new(Clause::Split, &images.folder, message);
        return Err(unfit.help("leave `split` out, or name the folder that is to be split").into());
    }
    let (test, train): (Vec<usize>, Vec<usize>) = (0..files.len()).partition(|&file| files[file].is_test);
    if test.is_empty() {
        return Err(unfit("its test part has no picture".into()).into());
    }
    Ok(Parts { train, validation: Vec::new(), test })
}
