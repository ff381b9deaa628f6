//! What is in a folder, links followed, whatever hides left out.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use fovea_graph::Stop;

use crate::error::{Clause, DataError, Unfit};
use crate::natural;

/// Something in a folder.
pub(super) struct Item {
    /// Its name; a letter that is no Unicode, or controls terminals, is replaced.
    pub name: String,
    pub path: PathBuf,
    /// What its path leads to, links followed.
    pub found: io::Result<Metadata>,
}

impl Item {
    pub fn is_folder(&self) -> bool {
        self.found.as_ref().is_ok_and(Metadata::is_dir)
    }

    /// Whether its name ends as that of a picture.
    pub fn is_named_as_picture(&self) -> bool {
        is_named_as_picture(&self.path)
    }
}

/// Whether a name ends as that of a picture.
pub(super) fn is_named_as_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
}

/// How the names of pictures end that can be read.
const ENDINGS: [&str; 9] = ["png", "jpg", "jpeg", "jpe", "jfif", "bmp", "gif", "webp", "apng"];

/// What is in a folder, in the order of names. What programs leave behind for themselves is not: names that begin with a
/// dot, and those of [`LEFT_BEHIND`].
pub(super) fn items(folder: &Path, stop: &dyn Stop) -> Result<Vec<Item>, DataError> {
    let unreadable = |error: io::Error| unreadable(folder, &error);
    let mut items = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        stop.go_on()?;
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || LEFT_BEHIND.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            continue;
        }
        let name = name.chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect();
        let found = std::fs::metadata(&path);
        items.push(Item { name, path, found });
    }
    items.sort_by(|a, b| natural::compare(&a.name, &b.name).then_with(|| a.path.cmp(&b.path)));
    Ok(items)
}

const LEFT_BEHIND: [&str; 4] = ["Thumbs.db", "desktop.ini", "__MACOSX", "$RECYCLE.BIN"];

/// The mistake of a folder that cannot be looked into.
pub(super) fn unreadable(folder: &Path, error: &io::Error) -> DataError {
    let unfit = |message: &str| Unfit::new(Clause::Samples, folder, message).expected("a folder with a folder a class");
    match error.kind() {
        io::ErrorKind::NotFound => unfit("there is no such folder").into(),
        io::ErrorKind::NotADirectory => unfit("this is a file, not a folder").into(),
        _ => unfit(&format!("the folder cannot be read: {error}")).into(),
    }
}

/// All files under a folder, and under the folders in it. A folder that links lead to again and again is looked at once.
pub(super) fn files(folder: &Path, stop: &dyn Stop) -> Result<Vec<Item>, DataError> {
    let (mut files, mut seen, mut open) = (Vec::new(), BTreeSet::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = open.pop() {
        let real = folder.canonicalize().map_err(|error| unreadable(&folder, &error))?;
        if !seen.insert(real) {
            continue;
        }
        let (folders, found): (Vec<Item>, Vec<Item>) = items(&folder, stop)?.into_iter().partition(Item::is_folder);
        files.extend(found);
        open.extend(folders.into_iter().rev().map(|folder| folder.path));
    }
    Ok(files)
}
