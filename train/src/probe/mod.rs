//! What a net is asked beyond its answer: searches in the space of pictures, and what a net sees in one, on a net that stays
//! as it is.

pub mod evolve;
pub mod saliency;
