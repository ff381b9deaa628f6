//! Samples of data: `digits`, `digits[3]`, `digits.train[0..16]`.

use fovea_graph::Span;

use super::super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::{Expr, Name, Part, PartKind};

/// `digits`, `digits[3]`, `digits[0..16]`, `digits.train[3]`; where files may stand too, `"photo.jpg"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// The data's name, or a path.
    pub data: Name,
    /// Which part of it.
    pub side: Side,
    /// First and end; all of them where nothing is said.
    pub range: Option<(usize, usize)>,
    /// All of it.
    pub span: Span,
}

/// A part of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `.train`
    Train,
    /// `.validation`
    Validation,
    /// `.test`, and where nothing is said.
    Test,
    /// None of data: the samples are those of files, whose path stands in the data's place.
    Files,
}

impl Parts<'_> {
    /// `"photo.jpg"`
    pub(in crate::verb) fn file(&mut self) -> Option<Samples> {
        let Some(Part { kind: PartKind::Text(path), span }) = self.next() else { return None };
        let data = Name { text: path.clone(), span: *span };
        Some(Samples { data, side: Side::Files, range: None, span: *span })
    }

    /// `digits`, `digits.train[3]`, `digits[0..16]`
    pub(in crate::verb) fn picked(&mut self, part: &Part) -> Option<Samples> {
        let (path, range) = match &part.kind {
            PartKind::Select(path, first, end) => (path, Some((first, end.as_ref()))),
            PartKind::Word(path) => (path, None),
            _ => return None,
        };
        let (data, side) = match path.split_once('.') {
            None => (path.as_str(), Side::Test),
            Some((data, "train")) => (data, Side::Train),
            Some((data, "validation")) => (data, Side::Validation),
            Some((data, "test")) => (data, Side::Test),
            Some((data, other)) => {
                let error = self.error(part.span, format!("`{data}` has no part `{}`", quoted(other)));
                let place = Span { start: part.span.start + data.len() as u32 + 1, ..part.span };
                let place = Span { end: place.start + other.len() as u32, ..place };
                let error = error
                    .found(other)
                    .expected("`train`, `validation` or `test`")
                    .mend(place, "test")
                    .mend(place, "train");
                self.wrong(error.help(format!("write `{data}.test`, `{data}.train` or `{data}.validation`")));
                return None;
            }
        };
        let name = Name { text: data.into(), span: Span { end: part.span.start + data.len() as u32, ..part.span } };
        let range = match range {
            None => None,
            Some((first, end)) => Some(self.range(first, end, "a sample's number")?),
        };
        Some(Samples { data: name, side, range, span: part.span })
    }

    /// `3`, `0..16`: first and end; `what` names the first in messages.
    pub(in crate::verb) fn range(&mut self, first: &Expr, end: Option<&Expr>, what: &str) -> Option<(usize, usize)> {
        let from = self.scope.count(first, 0, what);
        let from = self.keep(from)?;
        let Some(end) = end else { return Some((from, from + 1)) };
        let to = self.scope.count(end, 0, "the end of a range");
        let to = self.keep(to)?;
        if to > from {
            return Some((from, to));
        }
        let place = first.span.to(end.span);
        let mend = if to < from { format!("{to}..{from}") } else { format!("{from}..{}", from + 1) };
        let error = self.error(place, format!("the range {from}..{to} is empty")).found(format!("{from}..{to}"));
        self.wrong(error.expected(format!("an end above {from}")).write(place, mend));
        None
    }
}
