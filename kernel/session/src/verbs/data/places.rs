//! Where a `data` statement speaks of what.

use fovea_data::{Clause, DataError};
use fovea_dsl::verb::Data;
use fovea_graph::Span;

use crate::failure::{Failure, placed};

/// Where a statement speaks of what.
pub(super) struct Places {
    pub name: Span,
    pub samples: Span,
    labels: Span,
    shape: Span,
    size: Option<Place>,
    split: Option<Place>,
}

/// What a clause says, and what to take out of the text to leave it out.
#[derive(Clone, Copy)]
struct Place {
    what: Span,
    cut: Span,
}

impl Places {
    pub fn of(data: &Data) -> Self {
        let source = data.images.as_ref().map(|said| said.what).or(data.npy.as_ref().map(|said| said.what));
        let source = source.or(data.csv.as_ref().map(|said| said.what));
        let source = source.or(data.basis.folder.as_ref().map(|folder| folder.span));
        let source = source.or(data.basis.data.as_ref().map(|other| other.span));
        let samples = source.unwrap_or(data.name.span);
        let labels = data.labels.as_ref().map(|said| said.what).or(data.masks.as_ref().map(|said| said.what));
        Self {
            name: data.name.span,
            samples,
            labels: labels.unwrap_or(samples),
            shape: data.shape.as_ref().map_or(samples, |said| said.what),
            size: data.size.map(|said| Place { what: said.what, cut: said.cut() }),
            split: data.split.map(|said| Place { what: said.what, cut: said.cut() }),
        }
    }

    /// A mistake of data at the words that it is about.
    pub fn failure(&self, error: DataError) -> Failure {
        let clause = match &error {
            DataError::Unfit(unfit) => unfit.clause,
            DataError::Size { .. } => Clause::Size,
            DataError::Builtin { .. } | DataError::Interrupted(_) => return placed(&error, self.name),
        };
        let needless = match clause {
            Clause::Samples => return placed(&error, self.samples),
            Clause::Shape => return placed(&error, self.shape),
            Clause::Labels => return placed(&error, self.labels),
            Clause::Size => self.size,
            Clause::Split => self.split,
        };
        let Some(Place { what, cut }) = needless else { return placed(&error, self.samples) };
        match placed(&error, what) {
            // Such files have a size, or parts, already.
            Failure::Mistakes(mistakes) => {
                mistakes.into_iter().map(|mistake| mistake.mend(cut, "")).collect::<Vec<_>>().into()
            }
            Failure::Interrupted => Failure::Interrupted,
        }
    }
}
