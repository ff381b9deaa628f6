//! How long a run is.

use crate::schedule::Course;

/// What follows from data and recipe alone.
pub(crate) struct Size {
    /// Steps in the run and in an epoch.
    pub course: Course,
    /// The batches of an epoch: the full one, and the last where it is smaller.
    pub batches: Vec<usize>,
}

/// The batches of an epoch of so many pictures: the full one, and the last where it is smaller.
pub fn batches(samples: usize, batch: usize) -> Vec<usize> {
    let rest = samples.checked_rem(batch).filter(|&rest| rest > 0);
    [batch].into_iter().chain(rest).collect()
}
