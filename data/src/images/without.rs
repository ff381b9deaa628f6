//! A build without decoders.

use std::path::Path;

use fovea_graph::{Interrupted, Stop};

use super::fault::Fault;
use super::head::{Head, Mask};
use crate::dataset::Dataset;
use crate::error::{Clause, DataError, Unfit};

const WHY: &str = "this build reads no pictures";

pub(super) fn head(_: &Path) -> Result<Head, String> {
    Err(WHY.into())
}

pub(super) fn picture(_: &Path, _: usize, _: &dyn Stop) -> Result<Picture, Fault> {
    Err(Fault::Broken(WHY.into()))
}

pub(super) fn mask(_: &Path) -> Result<Mask, String> {
    Err(WHY.into())
}

/// Writes nothing.
///
/// # Errors
/// Always.
pub fn save_pictures(_: &Dataset, folder: &Path, _: &dyn Stop) -> Result<usize, DataError> {
    Err(Unfit::new(Clause::Samples, folder, "this build writes no pictures").into())
}

/// There is none.
pub(super) enum Picture {}

impl Picture {
    pub fn values(&self, _: [usize; 2], _: &dyn Stop) -> Result<Vec<f32>, Interrupted> {
        match *self {}
    }
}
