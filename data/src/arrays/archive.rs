//! Archives of arrays, as `numpy.savez` writes them: a zip file with an npy file for each.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::error::{DataError, Unfit};

/// What an archive begins with.
pub(super) const MAGIC: &[u8] = b"PK";
/// So many names are listed in a message.
const LISTED: usize = 20;

/// An npy file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name there, with its ending.
    pub name: String,
    /// Where its bytes begin in the archive's file.
    pub begin: u64,
    /// How many it has, unpacked.
    pub length: u64,
    /// Whether they lie there as they are.
    pub is_plain: bool,
}

/// The array that is named, or the only one.
pub(super) fn find(path: &Path, said: Option<&str>, unfit: &dyn Fn(String) -> Unfit) -> Result<Member, DataError> {
    let mut archive = open(path).map_err(|error| unfit(why(&error)))?;
    let arrays: Vec<String> =
        archive.file_names().filter_map(|name| Some(name.strip_suffix(".npy")?.to_string())).collect();
    let listed = || {
        let names: Vec<String> = arrays.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
        let more = arrays.len().saturating_sub(LISTED);
        if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
    };
    let name = match (said, &arrays[..]) {
        (_, []) => {
            return Err(unfit("there is no array in the archive".into()).expected("arrays of `numpy.savez`").into());
        }
        (Some(said), all) if all.iter().any(|name| name == said) => said.to_string(),
        (Some(said), _) => {
            let unfit = unfit(format!("there is no array `{said}` in the archive")).found(said);
            return Err(unfit.expected(listed()).help(format!("there are {}", listed())).into());
        }
        (None, [only]) => only.clone(),
        (None, all) => {
            let first = &all[0];
            let unfit = unfit(format!("the archive has {} arrays: which one?", all.len())).expected(listed());
            let help = format!("its name stands behind the file's, `{first}`; there are {}", listed());
            return Err(unfit.help(help).into());
        }
    };
    let name = format!("{name}.npy");
    let file = archive.by_name(&name).map_err(|error| unfit(why(&error)))?;
    let is_plain = file.compression() == CompressionMethod::Stored;
    Ok(Member { begin: file.data_start(), length: file.size(), is_plain, name: name.clone() })
}

impl Member {
    /// Reads its bytes from the first on.
    pub fn read<T>(&self, path: &Path, work: impl FnOnce(&mut dyn Read) -> io::Result<T>) -> io::Result<T> {
        let broken = |error: ZipError| io::Error::other(why(&error));
        let mut archive = open(path).map_err(broken)?;
        let mut file = archive.by_name(&self.name).map_err(broken)?;
        work(&mut file)
    }
}

fn open(path: &Path) -> Result<ZipArchive<BufReader<File>>, ZipError> {
    ZipArchive::new(BufReader::new(File::open(path)?))
}

fn why(error: &ZipError) -> String {
    match error {
        ZipError::UnsupportedArchive(what) => format!("the archive is of a kind that is not read: {what}"),
        ZipError::Io(error) => format!("the file cannot be read: {error}"),
        other => format!("the archive is broken: {other}"),
    }
}
