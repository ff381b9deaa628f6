//! What is said of links in training.

/// Links are labelled with what flows along them, and the memory it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// How many pictures a step takes.
    pub batch: usize,
}
