//! Sets whose files are not here yet.

use std::path::{Path, PathBuf};

use fovea_graph::Stop;

use super::find;
use super::sets::ClassicSet;
#[cfg(feature = "fetch")]
use super::sets::Form;
use crate::error::{Clause, DataError, Unfit};

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Which of the files, from 1.
    pub file: usize,
    /// How many files there are.
    pub files: usize,
    /// How many bytes of it are here.
    pub bytes: u64,
    /// How many it has.
    pub of: u64,
}

/// A set that is to be fetched, and the folder for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Absent {
    pub set: ClassicSet,
    pub folder: Option<PathBuf>,
    pub mirror: Option<String>,
}

impl Absent {
    /// The folder of its files, once they are all there.
    pub fn found(&self) -> Option<&Path> {
        self.folder.as_deref().filter(|folder| find::files(self.set, folder).is_ok())
    }

    /// Fetches what is not there.
    pub fn fetch(&self, told: &mut dyn FnMut(Fetched), stop: &dyn Stop) -> Result<&Path, DataError> {
        if let Some(found) = self.found() {
            return Ok(found);
        }
        let Some(folder) = self.folder.as_deref() else {
            let unfit = self.unfit(Path::new("cache"), "there is no folder to fetch it into");
            return Err(unfit.help(format!("{}; or set FOVEA_CACHE to a folder", self.by_hand(None))).into());
        };
        self.fetch_into(folder, told, stop)?;
        Ok(folder)
    }

    #[cfg(not(feature = "fetch"))]
    fn fetch_into(&self, folder: &Path, _: &mut dyn FnMut(Fetched), _: &dyn Stop) -> Result<(), DataError> {
        let unfit = self.unfit(folder, "its files are not there, and this build fetches nothing");
        Err(unfit.help(self.by_hand(Some(folder))).into())
    }

    #[cfg(feature = "fetch")]
    fn fetch_into(&self, folder: &Path, told: &mut dyn FnMut(Fetched), stop: &dyn Stop) -> Result<(), DataError> {
        use super::fetch::{Fault, fetch};

        let (usual, remotes) = self.set.remote();
        let address = self.mirror.as_deref().unwrap_or(usual);
        for (at, remote) in remotes.iter().enumerate() {
            let mut told = |bytes| told(Fetched { file: at + 1, files: remotes.len(), bytes, of: remote.bytes });
            let path = fetch(remote, address, folder, &mut told, stop).map_err(|fault| match fault {
                Fault::Interrupted => DataError::Interrupted(fovea_graph::Interrupted),
                Fault::Away(why) => {
                    let unfit = self.unfit(folder, format!("{} cannot be fetched: {why}", self.set.title()));
                    unfit.help(self.by_hand(Some(folder))).into()
                }
                Fault::Disk(error) => {
                    let unfit = self.unfit(folder, format!("{} cannot be kept there: {error}", self.set.title()));
                    unfit.help("FOVEA_CACHE names another folder").into()
                }
            })?;
            if let Form::Records { .. } = self.set.form() {
                self.unpack(&path, folder, stop)?;
            }
        }
        Ok(())
    }

    /// Puts the files of an archive beside it, each whole, and takes the archive away: it would only take room.
    #[cfg(feature = "fetch")]
    fn unpack(&self, archive: &Path, folder: &Path, stop: &dyn Stop) -> Result<(), DataError> {
        use std::fs;

        use super::packed::{Archives, Pack, Packed};

        let mut archives = Archives::default();
        for &name in self.set.files().into_iter().flatten() {
            let file = Packed::at(archive.to_path_buf(), Pack::Archive(name));
            let Some(file) = file else { return Err(self.unfit(archive, "the archive is gone").into()) };
            let bytes = file.whole(&mut archives, stop)?;
            let (aside, path) = (folder.join(format!("{name}.part")), folder.join(name));
            let written = fs::write(&aside, bytes).and_then(|()| fs::rename(&aside, &path));
            if let Err(error) = written {
                // Half a file would only take room.
                let _ = fs::remove_file(&aside);
                return Err(self.unfit(&path, format!("it cannot be written: {error}")).into());
            }
        }
        // Where it cannot be removed it only takes room.
        let _ = fs::remove_file(archive);
        Ok(())
    }

    fn unfit(&self, path: &Path, message: impl Into<String>) -> Unfit {
        Unfit::new(Clause::Samples, path, message)
    }

    /// What to do without fetching.
    fn by_hand(&self, folder: Option<&Path>) -> String {
        let (name, needed) = (self.set.name(), find::needed(self.set, folder));
        format!("{needed}; or name a folder that has them: `data {name} \"{name}/\"`")
    }
}
