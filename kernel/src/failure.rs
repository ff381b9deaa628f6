//! Why a program ended early.

use fovea_dsl::{Diagnostic, Source, Stage};
use fovea_graph::Span;
use serde_json::json;

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

/// Gives an error of a file, a device or a picture its place in the text.
pub trait At<T> {
    /// The error's own sentence becomes the message at `span`.
    fn at(self, span: Span) -> Result<T, Diagnostic>;
}

impl<T, E: std::fmt::Display> At<T> for Result<T, E> {
    fn at(self, span: Span) -> Result<T, Diagnostic> {
        self.map_err(|error| Diagnostic::new(Stage::Verbs, span, error.to_string()))
    }
}

/// A mistake as data: `{"error":{"message":…,"file":…,"line":…,"column":…,"found":…,"expected":…,"help":…}}`.
pub fn as_data(mistake: &Diagnostic, sources: &[Source]) -> serde_json::Value {
    json!({ "error": fovea_dsl::to_json(mistake, sources) })
}
