//! What is known of data without reading their pixels.

use crate::dataset::Counts;

/// What is known of data without reading their pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    /// One sample's shape, channels last.
    pub shape: Vec<usize>,
    /// Where in a sample its labels are: `[H, W]`, or `[]` for a class a sample.
    pub positions: Vec<usize>,
    /// The classes' names; none where nothing is labelled.
    pub classes: Vec<String>,
    /// How many samples each part has.
    pub counts: Counts,
}
