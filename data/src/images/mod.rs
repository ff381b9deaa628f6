//! Pictures in folders. Colours stay, unless all files are grey; what shines through is laid over white; 16 bits are kept;
//! a picture whose file says how it was held is turned upright; of moving ones the first is taken.

#[cfg(feature = "pictures")]
mod decode;
mod files;
mod head;
mod labelled;
mod listing;
mod pairs;
mod read;
mod walk;
#[cfg(not(feature = "pictures"))]
mod without;

use fovea_graph::Stop;
use rayon::prelude::*;

use crate::dataset::Dataset;
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::Labels;
use crate::part::Dealt;
use crate::source::Images;
use crate::stamp::Stamp;
#[cfg(feature = "pictures")]
use decode::{head, picture};
use files::{File, common, leave_out, parts};
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
    is_parted: bool,
    left_out: Vec<String>,
    remarks: Vec<String>,
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
    let mut listing = match &images.labels {
        Some(labels) => labelled::list(images, labels, stop)?,
        None => listing::list(root, stop)?,
    };
    let (mut files, mut heads, mut left_out) = (Vec::new(), Vec::new(), std::mem::take(&mut listing.left_out));
    for some in listing.files.chunks(TOGETHER) {
        stop.go_on()?;
        let looked: Vec<_> = some.par_iter().map(look).collect();
        for (listed, looked) in some.iter().zip(looked) {
            match looked {
                Ok((head, stamp)) => {
                    heads.push(head);
                    let path = listed.item.path.clone();
                    files.push(File { path, class: listed.class, is_test: listed.is_test, stamp });
                }
                Err(why) => leave_out(images, &listed.item.path, why, &mut left_out)?,
            }
        }
    }
    let channels = if heads.iter().all(|head| head.is_grey) { 1 } else { 3 };
    let parts = parts(images, listing.is_parted, &listing.classes, &files)?;
    let size = size.map_or_else(|| common(&files, &heads), Ok)?;
    let description = Description {
        shape: vec![size[0], size[1], channels],
        positions: Vec::new(),
        classes: listing.classes,
        counts: parts.counts(),
    };
    Ok((
        description,
        Folder { images: images.clone(), files, is_parted: listing.is_parted, left_out, remarks: listing.remarks },
    ))
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

impl Folder {
    /// How the files are dealt out, as far as their heads tell which are pictures.
    pub(crate) fn dealt(&self, known: &Description) -> Result<Dealt, DataError> {
        let parts = parts(&self.images, self.is_parted, &known.classes, &self.files)?;
        Ok(Dealt { parts, labels: self.files.iter().map(|file| file.class).collect() })
    }

    /// Reads the pictures.
    pub(crate) fn load(&self, name: &str, known: &Description, stop: &dyn Stop) -> Result<Dataset, DataError> {
        let read = read::all(self, &known.shape, stop)?;
        // Dealt out as if what is broken had never been there.
        let parts = parts(&self.images, self.is_parted, &known.classes, &read.files)?;
        Ok(Dataset {
            name: name.to_string(),
            images: read.images,
            labels: Labels::Class(read.files.iter().map(|file| file.class).collect()),
            classes: known.classes.clone(),
            train: parts.train,
            test: parts.test,
            attribution: format!("pictures of `{}`", self.images.folder.display()),
            left_out: read.left_out,
            remarks: self.remarks.clone(),
        })
    }
}
