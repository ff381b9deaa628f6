//! The session: statements in, results out. Whoever uses it does so through the crate `fovea`, which has this one and
//! `fovea-show` as one library.

// A diagnostic is an exception that stops a program, never part of a hot loop.
#![allow(clippy::result_large_err)]

mod check;
mod classes;
mod classics;
mod course;
pub mod device;
pub mod event;
pub mod failure;
pub mod foreign;
mod inherit;
mod known;
mod layers;
pub mod live;
mod lookup;
mod loose;
mod memory;
mod missed;
mod positions;
pub mod progress;
mod route;
mod samples;
pub mod session;
pub mod slides;
mod toward;
pub mod values;
mod verbs;
mod when;
mod world;

use fovea_show::{architecture, display, markup, picture};
pub use session::Session;
pub use values::{Error, History, Net, Results};
