//! The Fovea language: text to syntax tree to net to graph. Nothing here touches a file, a clock or the environment.

// A diagnostic is an exception that stops a program, never part of a hot loop.
#![allow(clippy::result_large_err)]

pub mod diagnostic;
pub mod editor;
pub mod ends;
pub mod format;
mod latex;
pub mod library;
pub mod lower;
mod nearest;
pub mod net;
mod options;
pub mod parse;
mod print;
mod reference;
pub mod render;
pub mod resized;
pub mod resolve;
pub mod scope;
pub mod shared;
pub mod slide;
mod spans;
pub mod syntax;
pub mod verb;
mod visible;

pub use diagnostic::{Diagnostic, Level, Mend, Source, Stage};
pub use editor::{Completeness, is_complete};
pub use lower::{Mode, lower};
pub use parse::parse;
pub use render::{Instead, Report, Style, render, to_json};
pub use resolve::{OpenNet, Resolved, resolve};
pub use verb::{Command, command};
pub use visible::{is_unseen, visible, visible_line};
