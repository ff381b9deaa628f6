//! Fovea: convolutional networks as a lecture writes them.
//!
//! A [`session::Session`] takes statements and gives results: text, pictures and the same as data. Front ends render the
//! [`event::Event`]s it sends; none computes.

// A diagnostic is an exception that stops a program, never part of a hot loop.
#![allow(clippy::result_large_err)]

mod check;
mod course;
pub mod device;
pub mod display;
pub mod event;
pub mod failure;
pub mod live;
mod lookup;
mod markup;
mod memory;
pub mod picture;
mod samples;
pub mod session;
mod verbs;
mod world;
