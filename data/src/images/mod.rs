//! Pictures in folders. Colours stay, unless all files are grey; what shines through is laid over white; 16 bits are kept;
//! a picture whose file says how it was held is turned upright; of moving ones the first is taken.

#[cfg(feature = "pictures")]
mod decode;
mod head;
mod listing;
mod natural;
mod read;
mod walk;
#[cfg(not(feature = "pictures"))]
mod without;

use std::path::{Path, PathBuf};

use fovea_graph::Stop;
use fovea_graph::counted;
use fovea_graph::shape::join;
use rayon::prelude::*;

use crate::dataset::Dataset;
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::Labels;
use crate::source::{Broken, Images};
use crate::split::Parts;
use crate::stamp::Stamp;
#[cfg(feature = "pictures")]
use decode::{head, picture};
use head::Head;
use listing::Listed;
#[cfg(not(feature = "pictures"))]
use without::{head, picture};

/// Files looked at, or read, before anybody asks again whether to go on.
const TOGETHER: usize = 64;

/// The files of a set, as they were when they were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    images: Images,
    files: Vec<File>,
    parts: Parts,
    left_out: Vec<String>,
    remarks: Vec<String>,
}

/// A file that begins as a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    path: PathBuf,
    class: u32,
    stamp: Stamp,
}

/// Looks at the folders and at each file's head.
pub(crate) fn open(
    images: &Images,
    size: Option<[usize; 2]>,
    stop: &dyn Stop,
) -> Result<(Description, Folder), DataError> {
    let root = &images.folder;
    if !cfg!(feature = "pictures") {
        let unfit = Unfit::new(Clause::Samples, root, "this build reads no pictures");
        return Err(unfit.help("the library has the feature `pictures`; `npy` reads arrays without it").into());
    }
    let listing = listing::list(root, stop)?;
    let (mut files, mut heads, mut tested, mut left_out) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for some in listing.files.chunks(TOGETHER) {
        stop.go_on()?;
        let looked: Vec<_> = some.par_iter().map(look).collect();
        for (listed, looked) in some.iter().zip(looked) {
            match looked {
                Ok((head, stamp)) => {
                    heads.push(head);
                    tested.push(listed.is_test);
                    files.push(File { path: listed.item.path.clone(), class: listed.class, stamp });
                }
                Err(why) => leave_out(images, &listed.item.path, why, &mut left_out)?,
            }
        }
    }
    every_class(root, &listing.classes, &files, &tested)?;
    let size = size.map_or_else(|| common(&files, &heads), Ok)?;
    let channels = if heads.iter().all(|head| head.is_grey) { 1 } else { 3 };
    let parts = parts(images, &listing, &files, &tested)?;
    let description = Description {
        shape: vec![size[0], size[1], channels],
        positions: Vec::new(),
        classes: listing.classes,
        counts: parts.counts(),
    };
    Ok((description, Folder { images: images.clone(), files, parts, left_out, remarks: listing.remarks }))
}

/// A file's head and stamp.
fn look(file: &Listed) -> Result<(Head, Stamp), String> {
    let metadata = file.item.found.as_ref().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "the link leads nowhere".to_string(),
        _ => error.to_string(),
    })?;
    // Reading a pipe would wait for ever.
    if !metadata.is_file() {
        return Err("it is neither a file nor a folder".into());
    }
    Ok((head(&file.item.path)?, Stamp::of(metadata)))
}

/// Leaves a file out, unless that was not asked for.
fn leave_out(images: &Images, path: &Path, why: String, left_out: &mut Vec<String>) -> Result<(), DataError> {
    match images.broken {
        Broken::Skip => left_out.push(format!("`{}`: {why}", path.display())),
        Broken::Refuse => {
            let unfit = Unfit::new(Clause::Samples, path, why).expected("a png, jpeg, webp, bmp or gif");
            return Err(unfit.help("`skip broken` leaves such files out and says how many").into());
        }
    }
    Ok(())
}

/// Each class has a picture to train on.
fn every_class(root: &Path, classes: &[String], files: &[File], tested: &[bool]) -> Result<(), DataError> {
    let has = |class: usize| files.iter().zip(tested).any(|(file, tested)| !tested && file.class as usize == class);
    match (0..classes.len()).find(|&class| !has(class)) {
        Some(class) => {
            let message = format!("no file of the class `{}` can be read as a picture", classes[class]);
            Err(Unfit::new(Clause::Samples, root, message).found("none").expected("a picture or more a class").into())
        }
        None => Ok(()),
    }
}

/// The size that all pictures have.
fn common(files: &[File], heads: &[Head]) -> Result<[usize; 2], DataError> {
    let first = heads.first().map_or([1, 1], |head| head.size);
    let Some(other) = heads.iter().position(|head| head.size != first) else { return Ok(first) };
    let size = |i: usize| join(&heads[i].size);
    let message =
        format!("it is {}, but `{}` is {}: a net takes one size", size(other), files[0].path.display(), size(0));
    let unfit = Unfit::new(Clause::Samples, &files[other].path, message).found(size(other)).expected(size(0));
    Err(unfit.help("bring them to one, as with `size 64x64` (height x width; proportions are not kept)").into())
}

/// Which files are for training: those of the training folder, or as they are dealt out.
fn parts(images: &Images, listing: &listing::Listing, files: &[File], tested: &[bool]) -> Result<Parts, DataError> {
    let root = &images.folder;
    if !listing.is_parted {
        let labels: Vec<u32> = files.iter().map(|file| file.class).collect();
        let parts = images.split.unwrap_or_default().deal(&labels, listing.classes.len());
        if parts.test.is_empty() {
            let unfit =
                Unfit::new(Clause::Samples, root, "each class has one picture, to train on: none is left to test");
            return Err(unfit.found(counted(files.len(), "picture")).expected("two or more of a class").into());
        }
        return Ok(parts);
    }
    if images.split.is_some() {
        let unfit =
            Unfit::new(Clause::Split, root, "the folder is split already, into one to train on and one to test");
        return Err(unfit.help("leave `split` out, or name the folder that is to be split").into());
    }
    let (test, train): (Vec<usize>, Vec<usize>) = (0..files.len()).partition(|&file| tested[file]);
    if test.is_empty() {
        return Err(Unfit::new(Clause::Samples, root, "its test part has no picture").into());
    }
    Ok(Parts { train, test })
}

impl Folder {
    /// Reads the pictures.
    pub(crate) fn load(&self, name: &str, known: &Description, stop: &dyn Stop) -> Result<Dataset, DataError> {
        let read = read::all(self, &known.shape, stop)?;
        Ok(Dataset {
            name: name.to_string(),
            images: read.images,
            labels: Labels::Class(read.classes),
            classes: known.classes.clone(),
            train: read.parts.train,
            test: read.parts.test,
            attribution: format!("pictures of `{}`", self.images.folder.display()),
            left_out: read.left_out,
            remarks: self.remarks.clone(),
        })
    }
}
