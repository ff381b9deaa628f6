//! Pictures in folders.

use fovea_graph::Stop;

use crate::dataset::Dataset;
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::source::Images;

/// The files of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {}

/// Looks at the folders and at each file's header.
pub(crate) fn open(
    images: &Images,
    _size: Option<[usize; 2]>,
    _stop: &dyn Stop,
) -> Result<(Description, Folder), DataError> {
    Err(Unfit::new(Clause::Samples, &images.folder, "folders cannot be read yet").into())
}

impl Folder {
    /// Reads them.
    pub(crate) fn load(&self, _name: &str, _known: &Description, _stop: &dyn Stop) -> Result<Dataset, DataError> {
        Err(Unfit::new(Clause::Samples, std::path::Path::new(""), "cannot be read yet").into())
    }
}
