//! Pictures of which nothing says what they show: one, or a folder of them.

use std::path::Path;

use fovea_graph::Stop;

use super::listing::{Listed, Listing};
use super::walk::{self, Item};
use crate::error::{Clause, DataError, Unfit};

/// The picture at a path, or those in the folder there.
pub(super) fn list(path: &Path, stop: &dyn Stop) -> Result<Listing, DataError> {
    let unfit =
        |message: &str| Unfit::new(Clause::Samples, path, message).expected("a picture, or a folder of pictures");
    let found = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => unfit("there is no such file or folder"),
        _ => unfit(&format!("it cannot be read: {error}")),
    })?;
    let items: Vec<Item> = if found.is_dir() {
        walk::files(path, stop)?.into_iter().filter(Item::is_named_as_picture).collect()
    } else {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        vec![Item { name, path: path.to_path_buf(), found: Ok(found) }]
    };
    if items.is_empty() {
        return Err(unfit("there is no picture in this folder").found("none").into());
    }
    let files = items.into_iter().map(|item| Listed { item, class: 0, is_test: true, mask: None }).collect();
    Ok(Listing { classes: Vec::new(), files, is_parted: true, remarks: Vec::new(), left_out: Vec::new() })
}
