//! What statements gave.

use std::fmt;

use super::shown;
use crate::event::Output;

/// The results of a text, one a statement. As text they are what the statements print; in a notebook they show their
/// tables and pictures too. Those of statements that end in `;` are there, but not shown.
///
/// ```
/// # use fovea_session as fovea;
/// # let runs = tempfile::tempdir().unwrap();
/// let mut session = fovea::Session::open("cpu", runs.path())?;
/// let results = session.eval("show digits[0..2]")?;
/// assert!(results.to_string().starts_with("digits: "));
/// let picture = &results.outputs[0].pictures[0];
/// assert!(picture.svg.starts_with("<svg"));
/// # Ok::<(), fovea::Error>(())
/// ```
pub struct Results {
    /// A result a statement, in order: text, pictures and the same as data.
    pub outputs: Vec<Output>,
}

impl Results {
    /// Shows the results in an evcxr notebook.
    pub fn evcxr_display(&self) {
        shown::evcxr(&self.outputs);
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown::text(&self.outputs))
    }
}

// The text, and not a picture's bytes.
impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown::text(&self.outputs))
    }
}
