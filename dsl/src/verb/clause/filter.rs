//! `with [1 0 1; 0 1 0; 1 0 1]`, `with lenet.conv1[2]`: what slides over an image.

use super::super::about::{Clause, Needed, Offer, clause};
use super::super::form::AS_WRITTEN;
use super::super::read::{Opened, Parts};
use super::super::{LayerRef, Matrix};
use crate::diagnostic::quoted;
use crate::syntax::{Part, PartKind};

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Numbers: a matrix a channel, at least one, all of one size.
    Planes(Vec<Matrix>),
    /// One filter of a layer.
    Layer(LayerRef),
}

/// The filter of `convolve`.
pub(in crate::verb) const FILTER: Needed<Filter> = Needed {
    clause: Clause {
        about: clause("with", "with [1 0 1; 0 1 0; 1 0 1]", &[Offer::Layers]),
        read: |parts, opened| parts.filter(opened),
        form: AS_WRITTEN,
    },
    missing,
};

/// The filter of `deconv`: numbers.
pub(in crate::verb) const MATRIX_FILTER: Needed<Matrix> = Needed {
    clause: Clause {
        about: clause("with", "with [1 1 1; 1 1 1; 1 1 1]", &[Offer::Nothing]),
        read: |parts, opened| {
            if let Some(Part { kind: PartKind::Matrix(rows), span }) = parts.peek() {
                parts.at += 1;
                return parts.matrix(rows, *span);
            }
            parts.lacks(opened, "its filter, a matrix");
            None
        },
        form: AS_WRITTEN,
    },
    missing,
};

/// Says that a verb lacks its filter.
fn missing(parts: &mut Parts<'_>) {
    let verb = parts.verb.word;
    let error = parts.error(parts.here(), format!("`{verb}` lacks its filter")).found("the end");
    let help = "write `with` and the filter's rows, `with [1 0; 0 1]`, say";
    parts.wrong(error.expected("`with` and a filter").put_behind(parts.here(), " with [1 0; 0 1]").help(help));
}

impl Parts<'_> {
    /// `with [1 0; 0 1]`, `with lenet.conv1[2]`
    fn filter(&mut self, opened: Opened<'_>) -> Option<Filter> {
        match self.peek() {
            Some(Part { kind: PartKind::Matrix(rows), span }) => {
                self.at += 1;
                self.planes(rows, *span).map(Filter::Planes)
            }
            Some(part @ Part { kind: PartKind::Select(path, first, end), span }) => {
                self.at += 1;
                if let Some(end) = end {
                    let error = self.error(*span, "`convolve` takes one filter").found(quoted(&part.to_string()));
                    let help = format!("write `{path}[{first}]` in place of `{path}[{first}..{end}]`");
                    let place = first.span.to(end.span);
                    self.wrong(error.expected("one filter").mend(place, first.to_string()).help(help));
                    return None;
                }
                self.layer_of(part).map(Filter::Layer)
            }
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => {
                self.at += 1;
                let word = quoted(word);
                let (message, help, mend) = if word.contains('.') {
                    (format!("which filter of `{word}`?"), format!("write `{word}[0]` for its first"), "[0]")
                } else {
                    let help = format!("write `{word}.conv1[0]`, say, or the filter's rows, `[1 0; 0 1]`");
                    (format!("`{word}` is no filter"), help, ".conv1[0]")
                };
                let error = self.error(*span, message).found(word).expected("a matrix, or a filter of a layer");
                self.wrong(error.put_behind(*span, mend).help(help));
                None
            }
            _ => {
                self.lacks(opened, "its filter");
                None
            }
        }
    }
}
