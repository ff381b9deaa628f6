//! What a net is asked beyond its answer. The numbers alone: a session words and draws them.

pub mod embed;
pub mod evolve;
pub mod fool;
