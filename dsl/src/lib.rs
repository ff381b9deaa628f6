//! The Fovea language: text to syntax tree to net to graph. Nothing here touches a file, a clock or the environment.

pub mod command;
pub mod diagnostic;
pub mod net;
pub mod scope;
pub mod syntax;

pub use diagnostic::{Diagnostic, Source, Stage};
