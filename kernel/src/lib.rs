//! Placeholder.

pub mod display;
pub mod picture;
