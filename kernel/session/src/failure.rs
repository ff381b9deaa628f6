//! Why a program ended early.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fovea_data::DataError;
use fovea_dsl::{Diagnostic, Level, Source, Stage};
use fovea_graph::op::{GradientError, ShapeError};
use fovea_graph::{BackendError, Interrupted, Span};
use fovea_train::probe::embed::EmbedError;
use fovea_train::{FileError, TrainError};
use serde_json::json;

use crate::picture;

/// Why a program, or a statement of it, did not complete. What it left undone has changed nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Mistakes, each with its place in the text.
    Mistakes(Vec<Diagnostic>),
    /// The user broke it off.
    Interrupted,
}

impl From<Diagnostic> for Failure {
    fn from(mistake: Diagnostic) -> Self {
        Failure::Mistakes(vec![mistake])
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(mistakes: Vec<Diagnostic>) -> Self {
        Failure::Mistakes(mistakes)
    }
}

impl From<Interrupted> for Failure {
    fn from(_: Interrupted) -> Self {
        Failure::Interrupted
    }
}

/// Gives an error of a file, a device or a picture its place in the text.
pub trait At<T> {
    /// The error's own sentence becomes the message at `span`, and what to do about it the help; what the user has broken
    /// off is no mistake.
    fn at(self, span: Span) -> Result<T, Failure>;
}

impl<T, E: Remedy> At<T> for Result<T, E> {
    fn at(self, span: Span) -> Result<T, Failure> {
        self.map_err(|error| placed(&error, span))
    }
}

/// An error with its place in the text.
pub fn placed(error: &impl Remedy, span: Span) -> Failure {
    if error.is_interrupt() {
        return Failure::Interrupted;
    }
    let (found, expected) = error.both_sides();
    let mistake = Diagnostic { found, expected, ..Diagnostic::new(Stage::Verbs, span, error.to_string()) };
    match error.remedy() {
        Some(remedy) => mistake.help(remedy).into(),
        None => mistake.into(),
    }
}

/// An error that may know what to do about it.
pub trait Remedy: Display {
    /// What to do, where the error's sentence does not say it.
    fn remedy(&self) -> Option<String> {
        None
    }

    /// What was found and what was expected, where the error tells them apart.
    fn both_sides(&self) -> (Option<String>, Option<String>) {
        (None, None)
    }

    /// Whether it says no more than that the user has broken off.
    fn is_interrupt(&self) -> bool {
        false
    }
}

impl Remedy for DataError {
    fn is_interrupt(&self) -> bool {
        matches!(self, DataError::Interrupted(_))
    }

    fn both_sides(&self) -> (Option<String>, Option<String>) {
        match self {
            DataError::Unfit(unfit) => (unfit.found.clone(), unfit.expected.clone()),
            DataError::Size { .. } | DataError::Builtin { .. } | DataError::Interrupted(_) => (None, None),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            DataError::Unfit(unfit) => unfit.help.clone(),
            DataError::Size { .. } | DataError::Builtin { .. } | DataError::Interrupted(_) => None,
        }
    }
}
impl Remedy for EmbedError {
    fn is_interrupt(&self) -> bool {
        matches!(self, EmbedError::Interrupted(_))
    }
}
impl Remedy for FileError {}
impl Remedy for GradientError {
    fn is_interrupt(&self) -> bool {
        matches!(self, GradientError::Interrupted(_))
    }
}
impl Remedy for ShapeError {}
impl Remedy for String {}
impl Remedy for picture::Error {}

impl Remedy for BackendError {
    fn is_interrupt(&self) -> bool {
        matches!(self, BackendError::Interrupted(_))
    }

    fn remedy(&self) -> Option<String> {
        match self {
            BackendError::Lost { device, .. } => Some(lost(device)),
            BackendError::Compile { .. } => Some(
                "the compiler of this machine and the kernel do not go together; `device cpu` goes on without it"
                    .to_string(),
            ),
            BackendError::OutOfMemory { .. } => Some(
                "a smaller batch takes less; and nets that were trained or loaded stay on the device until the session ends"
                    .to_string(),
            ),
            BackendError::Unavailable(_)
            | BackendError::Mismatch(_)
            | BackendError::Unsupported { .. }
            | BackendError::Interrupted(_) => None,
        }
    }
}

impl Remedy for TrainError {
    fn remedy(&self) -> Option<String> {
        match self {
            TrainError::Backend(error) => error.remedy(),
            TrainError::Read(error) => error.remedy(),
            TrainError::Lost { device, .. } => Some(lost(device)),
            _ => None,
        }
    }

    fn both_sides(&self) -> (Option<String>, Option<String>) {
        match self {
            TrainError::Read(error) => error.both_sides(),
            _ => (None, None),
        }
    }

    fn is_interrupt(&self) -> bool {
        matches!(self, TrainError::Interrupted)
    }
}

/// What to do without a device that was in use.
fn lost(device: &str) -> String {
    format!("`device cpu` goes on without it, with what runs have written; {device} needs a new start of fovea")
}

/// What is said of a fault of ours.
pub const BROKEN: &str = "this broke inside fovea";

/// Does a part of a statement. Where it panics, which is a mistake of ours or of a library below, only this statement has
/// failed: it would have changed names and weights last of all.
pub fn guarded<T>(span: Span, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = format!("{BROKEN}: {}", said(&*panic));
        let help = "the program is not at fault; names and weights are as they were before this statement";
        Err(Diagnostic::new(Stage::Internal, span, message).help(help).into())
    })
}

/// What a panic says.
pub fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason is given")
}

/// A mistake as data: `{"error":{"message":…,"file":…,"line":…,"column":…,"found":…,"expected":…,"help":…,"mends":[…]}}`;
/// a remark in the same way behind `"remark"`.
pub fn as_data(said: &Diagnostic, sources: &[Source]) -> serde_json::Value {
    let report = fovea_dsl::to_json(said, sources);
    match said.level {
        Level::Error => json!({ "error": report }),
        Level::Remark => json!({ "remark": report }),
    }
}
