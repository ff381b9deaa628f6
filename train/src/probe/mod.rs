//! What a net is asked beyond its answer: codes in the plane, searches in the space of pictures, what it sees in one; the net
//! stays as it is.

pub mod deconvnet;
pub mod embed;
pub mod evolve;
pub mod fool;
mod linear;
pub mod maximize;
pub mod saliency;
pub mod style;
