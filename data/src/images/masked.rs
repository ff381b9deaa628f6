//! Pictures with masks: a class at every pixel.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fovea_graph::{Stop, counted};

use super::head::{Head, Mask};
use super::listing::{Listed, Listing};
use super::mask;
use super::pairs::{Alone, plain, stem, without};
use super::walk::{self, Item};
use crate::error::{Clause, DataError, Unfit};
use crate::source::Images;
use crate::stamp::Stamp;

/// The most different numbers that masks may have.
const MAX_NUMBERS: usize = 256;

/// The pictures of a folder that have a mask in another, by their names; endings may differ.
pub(super) fn list(images: &Images, masks: &Path, stop: &dyn Stop) -> Result<Listing, DataError> {
    let of_masks = |error| match error {
        DataError::Unfit(unfit) => Unfit { clause: Clause::Labels, ..*unfit }.into(),
        other => other,
    };
    let (pictures, found) = (named(&images.folder, stop)?, named(masks, stop).map_err(of_masks)?);
    let (mut found, mut left_out, mut files, mut bare) = (found, Vec::new(), Vec::new(), Vec::new());
    for (name, item) in pictures {
        match found.remove(&name) {
            Some(mask) => files.push(Listed { item, class: 0, is_test: false, mask: Some(mask.path) }),
            None => {
                let why = format!("`{}` has no mask for it", masks.display());
                bare.push(Alone { name: format!("`{}`", item.path.display()), why });
            }
        }
    }
    let unfit = |message: String| Unfit::new(Clause::Labels, masks, message);
    without(images.broken, &bare, &mut left_out, |count, names| {
        unfit(format!("{} of `{}` has no mask in it: {names}", counted(count, "picture"), images.folder.display()))
            .expected("a mask of the same name for every picture")
    })?;
    let why = format!("`{}` has no picture for it", images.folder.display());
    let alone = |mask: &Item| Alone { name: format!("`{}`", mask.path.display()), why: why.clone() };
    let alone: Vec<Alone> = found.values().map(alone).collect();
    without(images.broken, &alone, &mut left_out, |count, names| {
        unfit(format!("{} of it has no picture in `{}`: {names}", counted(count, "mask"), images.folder.display()))
            .expected("a picture of the same name for every mask")
    })?;
    if files.is_empty() {
        return Err(unfit("no picture has a mask in it".into()).expected("a mask for every picture").into());
    }
    Ok(Listing { classes: Vec::new(), files, is_parted: false, remarks: Vec::new(), left_out })
}

/// The pictures of a folder by the way there, without their endings, in the order of names.
fn named(folder: &Path, stop: &dyn Stop) -> Result<BTreeMap<String, Item>, DataError> {
    let items = walk::files(folder, stop)?;
    let name = |item: &Item| {
        let name = plain(&item.path.strip_prefix(folder).unwrap_or(&item.path).to_string_lossy());
        stem(&name).to_string()
    };
    Ok(items.into_iter().filter(Item::is_named_as_picture).map(|item| (name(&item), item)).collect())
}

/// Looks at the mask of a picture: its stamp, and the numbers that are in it.
pub(super) fn look(path: &Path, picture: &Head) -> Result<(Stamp, BTreeSet<u16>), String> {
    let within = |why: String| format!("its mask, `{}`: {why}", path.display());
    let metadata = std::fs::metadata(path).map_err(|error| within(error.to_string()))?;
    // Reading a pipe would wait for ever.
    if !metadata.is_file() {
        return Err(within("it is neither a file nor a folder".into()));
    }
    let Mask { size: [height, width], numbers } = mask(path).map_err(within)?;
    if [height, width] != picture.size {
        let [high, wide] = picture.size;
        return Err(within(format!("it is {height}x{width}, and the picture {high}x{wide}")));
    }
    Ok((Stamp::of(&metadata), numbers.into_iter().collect()))
}

/// The classes of the numbers that masks have; `path` is the mask that the last of them came from.
pub(super) fn classes(numbers: &BTreeSet<u16>, path: &Path) -> Result<Vec<String>, DataError> {
    let unfit = |message: String| Unfit::new(Clause::Labels, path, message);
    if numbers.len() > MAX_NUMBERS {
        let message = format!("with it the masks have {} different numbers", numbers.len());
        let help = "each pixel is the number of a class: what was drawn or brought to size smoothly, or saved as jpeg, has \
                    levels between them";
        return Err(unfit(message).expected(format!("at most {MAX_NUMBERS}")).help(help).into());
    }
    if let (1, Some(only)) = (numbers.len(), numbers.first()) {
        let unfit = unfit(format!("all pixels of all masks are {only}: there is nothing to tell apart"));
        return Err(unfit.found("one class").expected("two classes or more").into());
    }
    Ok(numbers.iter().map(u16::to_string).collect())
}
