//! Finding the files of a set in a folder.

use std::path::{Path, PathBuf};

use super::packed::{Pack, Packed};
use super::sets::{ClassicSet, Form};
use crate::error::{Clause, DataError, Unfit};

/// The files of the training part and those of the test part.
pub(super) fn files(set: ClassicSet, folder: &Path) -> Result<[Vec<Packed>; 2], DataError> {
    let unfit = |message: String| Unfit::new(Clause::Samples, folder, message);
    match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            return Err(unfit("this is a file, not a folder".into()).expected("the folder that it is in").into());
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(unfit("there is no such folder".into()).help(needed(set, None)).into());
        }
        Err(error) => return Err(unfit(format!("the folder cannot be read: {error}")).into()),
    }
    let mut missing = Vec::new();
    let mut part = |names: &'static [&'static str]| -> Vec<Packed> {
        let find = |&name: &&'static str| {
            let found = find(set, folder, name);
            if found.is_none() {
                missing.push(name);
            }
            found
        };
        names.iter().filter_map(find).collect()
    };
    let [train, test] = set.files();
    let parts = [part(train), part(test)];
    if missing.is_empty() {
        return Ok(parts);
    }
    let (title, lacks) = (set.title(), missing.join(", "));
    if set.python().iter().any(|python| folder.ends_with(python) || folder.join(python).exists()) {
        let message = format!("these are {title}'s files for Python, and those for C are read");
        return Err(unfit(message).expected(lacks).help(needed(set, None)).into());
    }
    let message = if missing.len() == train.len() + test.len() {
        format!("none of {title}'s files is in it")
    } else {
        format!("of {title}'s files it lacks {lacks}")
    };
    Err(unfit(message).found("no such files").expected(lacks).help(needed(set, None)).into())
}

/// What a folder needs, and where that is to be had.
pub(super) fn needed(set: ClassicSet, folder: Option<&Path>) -> String {
    let (address, files) = set.remote();
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    let packed = match set.form() {
        Form::Idx => "as they are or unpacked",
        Form::Records { .. } => "or what is in it",
    };
    let place = folder.map_or("there".to_string(), |folder| format!("into `{}`", folder.display()));
    format!("put {} {place}, {packed}: they are at {address}", names.join(", "))
}

/// A file of the set by its name, in one of the folders that it may be in, packed or not.
fn find(set: ClassicSet, folder: &Path, name: &'static str) -> Option<Packed> {
    let folders = || [folder.to_path_buf()].into_iter().chain(set.folders().iter().map(|inner| folder.join(inner)));
    match set.form() {
        Form::Idx => {
            // Others write a dot for the second dash, or keep each file in a folder of its own name.
            let dotted = name.replacen("-idx", ".idx", 1);
            let mut paths = folders().flat_map(|folder| {
                [name, dotted.as_str()].map(|name| folder.join(name)).into_iter().flat_map(|path| {
                    let inner = path.join(path.file_name().unwrap_or_default());
                    [(path.clone(), Pack::Plain), (inner, Pack::Plain), (packed(path), Pack::Gzip)]
                })
            });
            paths.find_map(|(path, pack)| Packed::at(path, pack))
        }
        Form::Records { .. } => {
            let plain = folders().find_map(|folder| Packed::at(folder.join(name), Pack::Plain));
            plain.or_else(|| Packed::at(folder.join(set.remote().1[0].name), Pack::Archive(name)))
        }
    }
}

fn packed(path: PathBuf) -> PathBuf {
    let mut name = path.into_os_string();
    name.push(".gz");
    name.into()
}
