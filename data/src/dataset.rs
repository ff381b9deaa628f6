//! Labelled pictures.

use std::sync::atomic::{AtomicBool, Ordering};

use fovea_graph::Tensor;

use crate::labels::Labels;

/// Labelled pictures, split into a training and a test part.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The name under which it was asked for.
    pub name: String,
    /// All pictures, `[N, H, W, C]`, values in 0..1.
    pub images: Tensor,
    /// The class of each picture, or of each of its positions: indices into `classes`.
    pub labels: Labels,
    /// The classes' names.
    pub classes: Vec<String>,
    /// Which pictures are for training.
    pub train: Vec<usize>,
    /// Which pictures are for testing; none of them is in `train`.
    pub test: Vec<usize>,
    /// Who made it, and under which licence it may be used.
    pub attribution: String,
}

impl Dataset {
    /// One picture's shape, `[H, W, C]`.
    pub fn shape(&self) -> &[usize] {
        &self.images.shape()[1..]
    }
}

/// How many pictures each part has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The training part.
    pub train: usize,
    /// The test part.
    pub test: usize,
}

/// The largest height or width that pictures may be brought to.
pub(crate) const MAX_SIDE: usize = 256;

/// Why data cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A size of no pixels, or of more than [`MAX_SIDE`](crate::DataSpec::MAX_SIDE) along a side.
    #[error("`size {height}x{width}`: a side has 1 to {MAX_SIDE} pixels")]
    Size {
        /// The height asked for.
        height: usize,
        /// The width asked for.
        width: usize,
    },
    /// Built-in data that cannot be unpacked: a defect of the build.
    #[error("the built-in {name} cannot be read: {why}")]
    Builtin {
        /// The data's name.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It was broken off before all pictures were there.
    #[error("interrupted")]
    Interrupted,
}

/// An error once `stop` is set: what makes pictures looks at it before each.
pub(crate) fn go_on(stop: &AtomicBool) -> Result<(), DataError> {
    if stop.load(Ordering::Relaxed) { Err(DataError::Interrupted) } else { Ok(()) }
}
