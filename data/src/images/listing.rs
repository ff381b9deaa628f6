//! Which files a folder has, of which classes and parts.

use std::path::{Path, PathBuf};

use fovea_graph::Stop;
use fovea_graph::counted;

use super::walk::{self, Item};
use crate::error::{Clause, DataError, Unfit};

/// A folder's files, and the classes that its folders stand for.
pub(super) struct Listing {
    pub classes: Vec<String>,
    pub files: Vec<Listed>,
    /// Whether training and test part have folders of their own.
    pub is_parted: bool,
    pub remarks: Vec<String>,
    /// Files that are left out, as was asked for.
    pub left_out: Vec<String>,
}

/// A file of a class.
pub(super) struct Listed {
    pub item: Item,
    pub class: u32,
    /// Whether it is for testing, where the parts have folders of their own.
    pub is_test: bool,
    /// The file of its mask, where pictures have masks.
    pub mask: Option<PathBuf>,
}

/// What the training part's folder is called, and those of the test part: the first that is there is taken.
const TRAIN: &str = "train";
const TESTS: [&str; 4] = ["test", "val", "valid", "validation"];

/// Looks at names alone.
pub(super) fn list(root: &Path, stop: &dyn Stop) -> Result<Listing, DataError> {
    let items = walk::items(root, stop)?;
    let part = |name: &str| items.iter().find(|item| item.is_folder() && item.name.eq_ignore_ascii_case(name));
    let tests: Vec<&Item> = TESTS.iter().filter_map(|name| part(name)).collect();
    let Some((train, &test)) = part(TRAIN).zip(tests.first()) else {
        return of_classes(root, items, stop);
    };
    let unread = items.iter().filter(|item| item.is_folder() && item.path != train.path && item.path != test.path);
    let mut remarks: Vec<String> = unread
        .map(|item| {
            format!("`{}` is not read: the parts are `{}` and `{}`", item.path.display(), train.name, test.name)
        })
        .collect();
    let mut listing = of_classes(&train.path, walk::items(&train.path, stop)?, stop)?;
    for folder in classes(&test.path, walk::items(&test.path, stop)?)? {
        let Some(class) = listing.classes.iter().position(|class| *class == folder.name) else {
            let message = format!("`{}` has no such folder: nothing is trained on this class", train.path.display());
            let unfit = Unfit::new(Clause::Samples, &folder.path, message).found(folder.name);
            return Err(unfit.expected(listing.classes.join(", ")).into());
        };
        let files = walk::files(&folder.path, stop)?;
        listing.files.extend(files.into_iter().map(|item| Listed {
            item,
            class: class as u32,
            is_test: true,
            mask: None,
        }));
    }
    let untested = |class: u32| !listing.files.iter().any(|file| file.is_test && file.class == class);
    let named = |class: usize| format!("`{}` has no picture of {}", test.path.display(), listing.classes[class]);
    remarks.extend((0..listing.classes.len()).filter(|&class| untested(class as u32)).map(named));
    Ok(Listing { is_parted: true, remarks, ..listing })
}

/// A folder with a folder a class.
fn of_classes(root: &Path, items: Vec<Item>, stop: &dyn Stop) -> Result<Listing, DataError> {
    let folders = classes(root, items)?;
    if let [only] = &folders[..] {
        let message = format!("it has one class, `{}`: there is nothing to tell apart", only.name);
        let unfit =
            Unfit::new(Clause::Samples, root, message).found("one folder").expected("a folder a class, two or more");
        let is_part = only.name.eq_ignore_ascii_case(TRAIN) || TESTS.contains(&only.name.to_lowercase().as_str());
        let help = format!("`{TRAIN}/` is a part where `test/` or `val/` stands beside it");
        return Err(if is_part { unfit.help(help) } else { unfit }.into());
    }
    let mut files = Vec::new();
    for (class, folder) in folders.iter().enumerate() {
        let found = walk::files(&folder.path, stop)?;
        if found.is_empty() {
            let unfit = Unfit::new(Clause::Samples, &folder.path, "the folder of this class has no file in it");
            return Err(unfit.help("put pictures into it, or take it away").into());
        }
        files.extend(found.into_iter().map(|item| Listed { item, class: class as u32, is_test: false, mask: None }));
    }
    let classes = folders.into_iter().map(|folder| folder.name).collect();
    Ok(Listing { classes, files, is_parted: false, remarks: Vec::new(), left_out: Vec::new() })
}

/// The classes' folders. Pictures beside them are a mistake; other files are none of ours.
fn classes(root: &Path, items: Vec<Item>) -> Result<Vec<Item>, DataError> {
    let (folders, files): (Vec<Item>, Vec<Item>) = items.into_iter().partition(Item::is_folder);
    let pictures: Vec<PathBuf> = files.into_iter().filter(Item::is_named_as_picture).map(|file| file.path).collect();
    let unfit =
        |message: String| Unfit::new(Clause::Samples, root, message).expected("a folder a class, with its pictures");
    let Some(first) = pictures.first().and_then(|path| path.file_name()) else {
        let empty = || unfit("there is no folder in it".into()).found("nothing");
        return if folders.is_empty() { Err(empty().into()) } else { Ok(folders) };
    };
    let (count, first) = (counted(pictures.len(), "picture"), first.to_string_lossy());
    let message = if folders.is_empty() {
        format!("it holds {count} and no folder: nothing says which class they are of")
    } else {
        format!(
            "{count} stand beside the folders of the classes, `{first}` first: nothing says which class they are of"
        )
    };
    Err(unfit(message)
        .found(count)
        .help("put each picture into the folder of its class: cats/1.png, dogs/2.png")
        .into())
}
