//! Pictures in folders. Colours stay, unless all files are grey; what shines through is laid over white; 16 bits are kept;
//! a picture whose file says how it was held is turned upright; of moving ones the first is taken.

#[cfg(feature = "pictures")]
mod decode;
mod direct;
mod files;
mod head;
mod keep;
mod listing;
mod natural;
mod read;
mod walk;
#[cfg(not(feature = "pictures"))]
mod without;

use fovea_graph::Stop;
use rayon::prelude::*;

use crate::augment::Augment;
use crate::dataset::Dataset;
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::Labels;
use crate::normalize::Normalize;
use crate::room::Room;
use crate::source::Images;
use crate::stamp::Stamp;
#[cfg(feature = "pictures")]
use decode::{head, picture};
use files::{File, common, leave_out, parts};
use head::Head;
use keep::keep;
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
    /// Whether some have more than 8 bits a value.
    is_deep: bool,
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
    let listing = listing::list(root, stop)?;
    let (mut files, mut heads, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for some in listing.files.chunks(TOGETHER) {
        stop.go_on()?;
        let looked: Vec<_> = some.par_iter().map(look).collect();
        for (listed, looked) in some.iter().zip(looked) {
            match looked {
                Ok((head, stamp)) => {
                    let path = listed.item.path.clone();
                    files.push(File {
                        path,
                        class: listed.class,
                        is_test: listed.is_test,
                        is_deep: head.is_deep,
                        stamp,
                    });
                    heads.push(head);
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
    let (is_deep, is_parted) = (files.iter().any(|file| file.is_deep), listing.is_parted);
    let (images, remarks) = (images.clone(), listing.remarks);
    Ok((description, Folder { images, files, is_deep, is_parted, left_out, remarks }))
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
    /// Reads the pictures.
    pub(crate) fn load(
        &self,
        name: &str,
        known: &Description,
        room: &Room,
        stop: &dyn Stop,
    ) -> Result<Dataset, DataError> {
        let kept = keep(self, &known.shape, room, stop)?;
        // Dealt out as if what is broken had never been there.
        let parts = parts(&self.images, self.is_parted, &known.classes, &kept.files)?;
        Ok(Dataset {
            name: name.to_string(),
            images: kept.samples,
            labels: Labels::Class(kept.files.iter().map(|file| file.class).collect()),
            classes: known.classes.clone(),
            train: parts.train,
            validation: parts.validation,
            test: parts.test,
            augment: Augment::default(),
            normalize: Normalize::default(),
            attribution: format!("pictures of `{}`", self.images.folder.display()),
            left_out: kept.left_out,
            remarks: self.remarks.iter().cloned().chain(kept.remark).collect(),
        })
    }
}
