//! What a net is asked beyond its answer: searches in the space of pictures, on a net that stays as it is.

pub mod evolve;
pub mod fool;
