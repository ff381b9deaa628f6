//! What a net is asked beyond its answer: codes in the plane, searches in the space of pictures; the net stays as it is.

pub mod embed;
pub mod evolve;
pub mod fool;
