//! Why a call failed.

use std::fmt;

use fovea_dsl::{Diagnostic, Source, Style, render};

use crate::failure::Failure;

/// Why a call failed. As text, by `{}` as by `{:?}`, it is what a user should read: the diagnostics, which point into
/// the text that was run.
#[derive(Clone, PartialEq)]
pub struct Error {
    /// The mistakes, each with its place in the text; none where the reason is not in a text.
    pub mistakes: Vec<Diagnostic>,
    text: String,
}

impl Error {
    /// A reason outside any text.
    pub(super) fn new(reason: String) -> Self {
        Self { mistakes: Vec::new(), text: reason }
    }

    /// A failure, its mistakes rendered with the texts that they point into.
    pub(super) fn of(failure: &Failure, sources: &[Source]) -> Self {
        match failure {
            Failure::Mistakes(mistakes) => {
                let text = render(mistakes, sources, Style::Plain).trim_end().to_string();
                Self { mistakes: mistakes.clone(), text }
            }
            Failure::Interrupted => Self::new("interrupted".to_string()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

// `unwrap` and a notebook print this form.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}
