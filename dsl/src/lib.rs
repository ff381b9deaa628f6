//! The Fovea language: text to syntax tree to net to graph. Nothing here touches a file, a clock or the environment.

// A diagnostic is an exception that stops a program, never part of a hot loop.
#![allow(clippy::result_large_err)]

pub mod command;
pub mod diagnostic;
pub mod lower;
pub mod net;
pub mod resolve;
pub mod scope;
pub mod syntax;

pub use diagnostic::{Diagnostic, Source, Stage};
pub use lower::{Mode, lower};
pub use resolve::{OpenNet, Resolved, resolve};
