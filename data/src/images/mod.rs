//! Pictures in folders. Colours stay, unless all files are grey; what shines through is laid over white; 16 bits are kept;
//! a picture whose file says how it was held is turned upright; of moving ones the first is taken.

#[cfg(feature = "pictures")]
mod decode;
mod direct;
mod fault;
mod files;
mod head;
#[cfg(feature = "pictures")]
mod jpeg;
mod keep;
mod labelled;
mod listing;
mod loose;
#[cfg(feature = "pictures")]
mod mask;
mod masked;
mod masks;
mod pairs;
#[cfg(feature = "pictures")]
mod pixels;
mod read;
#[cfg(feature = "pictures")]
mod share;
mod walk;
#[cfg(not(feature = "pictures"))]
mod without;
#[cfg(feature = "pictures")]
mod write;

use std::collections::BTreeSet;
use std::sync::Arc;

use fovea_graph::Stop;

use crate::crew;
use crate::dataset::Dataset;
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::Labels;
use crate::part::Dealt;
use crate::room::Room;
use crate::source::{Images, PictureLabels};
use crate::stamp::Stamp;
#[cfg(feature = "pictures")]
use decode::{head, picture};
use files::{File, common, leave_out, parts};
use head::Head;
use keep::keep;
use listing::{Listed, Listing};
#[cfg(feature = "pictures")]
use mask::mask;
#[cfg(not(feature = "pictures"))]
pub use without::save_pictures;
#[cfg(not(feature = "pictures"))]
use without::{head, mask, picture};
#[cfg(feature = "pictures")]
pub use write::save_pictures;

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
    /// The least height and width of the files, and the most.
    sizes: [[usize; 2]; 2],
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
        PictureLabels::Folders => listing::list(root, stop)?,
        PictureLabels::Table(labels) => labelled::list(images, labels, stop)?,
        PictureLabels::Masks(masks) => masked::list(images, masks, stop)?,
        PictureLabels::None { .. } => loose::list(root, stop)?,
    };
    let All { files, heads, numbers, left_out } = all(images, &mut listing, stop)?;
    if let Some(mask) = files.iter().rev().find_map(|file| file.mask.as_ref()) {
        listing.classes = masked::classes(&numbers, &mask.0)?;
    }
    let channels = match images.labels {
        PictureLabels::None { channels } => channels,
        _ if heads.iter().all(|head| head.is_grey) => 1,
        _ => 3,
    };
    let parts = parts(images, listing.is_parted, &listing.classes, &files)?;
    let size = size.map_or_else(|| common(&files, &heads), Ok)?;
    let description = Description {
        shape: vec![size[0], size[1], channels],
        positions: if images.is_masked() { size.to_vec() } else { Vec::new() },
        classes: listing.classes,
        counts: parts.counts(),
    };
    let (is_deep, is_parted) = (files.iter().any(|file| file.is_deep), listing.is_parted);
    let (images, remarks) = (images.clone(), listing.remarks);
    Ok((description, Folder { images, files, is_deep, is_parted, left_out, remarks, sizes: sizes(&heads) }))
}

/// The least height and width of files, and the most.
fn sizes(heads: &[Head]) -> [[usize; 2]; 2] {
    let side = |at: usize| heads.iter().map(move |head| head.size[at]);
    let least = [0, 1].map(|at| side(at).min().unwrap_or(0));
    [least, [0, 1].map(|at| side(at).max().unwrap_or(0))]
}

/// What is known of all files.
#[derive(Default)]
struct All {
    files: Vec<File>,
    heads: Vec<Head>,
    /// The numbers in masks.
    numbers: BTreeSet<u16>,
    left_out: Vec<String>,
}

/// Looks at each file's head, and at its mask, which is decoded: whoever breaks it off waits for no decoder.
fn all(images: &Images, listing: &mut Listing, stop: &dyn Stop) -> Result<All, DataError> {
    let mut all = All { left_out: std::mem::take(&mut listing.left_out), ..All::default() };
    let files: Arc<[Listed]> = std::mem::take(&mut listing.files).into();
    let work = Arc::clone(&files);
    crew::in_order(
        files.len(),
        TOGETHER,
        move |at, _| look(&work[at]),
        stop,
        |at, looked| {
            let listed = &files[at];
            match looked {
                Ok(Looked { head, stamp, mask }) => {
                    let mask = listed.mask.clone().zip(mask).map(|(mask, (stamp, of))| {
                        all.numbers.extend(of);
                        (mask, stamp)
                    });
                    all.files.push(File {
                        path: listed.item.path.clone(),
                        class: listed.class,
                        is_test: listed.is_test,
                        is_deep: head.is_deep,
                        stamp,
                        mask,
                    });
                    all.heads.push(head);
                }
                Err(why) => leave_out(images, &listed.item.path, why, &mut all.left_out)?,
            }
            Ok::<(), DataError>(())
        },
    )?;
    Ok(all)
}

/// What is known of a file, and of its mask: its stamp, and the numbers in it.
struct Looked {
    head: Head,
    stamp: Stamp,
    mask: Option<(Stamp, BTreeSet<u16>)>,
}

/// Looks at a file's head, and at its mask.
fn look(file: &Listed) -> Result<Looked, String> {
    let metadata = file.item.found.as_ref().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "the link leads nowhere".to_string(),
        _ => error.to_string(),
    })?;
    // Reading a pipe would wait for ever.
    if !metadata.is_file() {
        return Err("it is neither a file nor a folder".into());
    }
    let head = head(&file.item.path)?;
    let mask = file.mask.as_deref().map(|mask| masked::look(mask, &head)).transpose()?;
    Ok(Looked { head, stamp: Stamp::of(metadata), mask })
}

impl Images {
    /// Whether pictures have a class a pixel.
    fn is_masked(&self) -> bool {
        matches!(self.labels, PictureLabels::Masks(_))
    }
}

impl Folder {
    /// The least height and width of the files, and the most.
    pub(crate) fn sizes(&self) -> [[usize; 2]; 2] {
        self.sizes
    }

    /// The files by their names in the folder, in the order of the samples.
    pub(crate) fn names(&self) -> Vec<String> {
        let root = &self.images.folder;
        let name = |file: &File| match file.path.strip_prefix(root) {
            Ok(name) if !name.as_os_str().is_empty() => name.display().to_string(),
            _ => file.path.display().to_string(),
        };
        self.files.iter().map(name).collect()
    }

    /// How the files are dealt out, as far as their heads tell which are pictures.
    pub(crate) fn dealt(&self, known: &Description) -> Result<Dealt, DataError> {
        let parts = parts(&self.images, self.is_parted, &known.classes, &self.files)?;
        Ok(Dealt { parts, labels: self.files.iter().map(|file| file.class).collect() })
    }

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
        let (labels, unkept) = if let PictureLabels::Masks(root) = &self.images.labels {
            let size = [known.shape[0], known.shape[1]];
            let (masks, remark) = masks::keep(root, &kept.files, &known.classes, size, room, stop)?;
            (Labels::Map(masks), remark)
        } else if known.classes.is_empty() {
            (Labels::Class(Vec::new()), None)
        } else {
            (Labels::Class(kept.files.iter().map(|file| file.class).collect()), None)
        };
        let data = Dataset::new(name, kept.samples, labels, known.classes.clone()).dealt(parts);
        Ok(Dataset {
            attribution: format!("pictures of `{}`", self.images.folder.display()),
            left_out: kept.left_out,
            remarks: self.remarks.iter().cloned().chain(kept.remark).chain(unkept).collect(),
            ..data
        })
    }
}
