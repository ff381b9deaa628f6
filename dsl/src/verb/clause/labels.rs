//! `labels "y.npy"`, `labels "labels.csv" column "breed"`, `labels column "x", "y"`: what samples are labelled with.

use fovea_graph::Span;

use super::super::about::{Clause, Offer, clause};
use super::super::form::{AS_WRITTEN, Form};
use super::super::mends::is_word;
use super::super::read::{Opened, Parts};
use super::Path;
use crate::syntax::{Name, Part, PartKind};

/// Where the labels are.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// Their file; none where they are in that of the samples.
    pub file: Option<Path>,
    /// Which array of an archive.
    pub member: Option<Name>,
    /// Which columns of a table, in this order.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// By what its head says.
    Named(Name),
    /// By its number, from 1.
    Number(usize, Span),
}

/// What samples are labelled with.
pub(in crate::verb) const LABELS: Clause<Labelled> = Clause {
    about: clause("labels", "labels \"y.npy\"", &[Offer::Words(&["column"])]),
    read: |parts, opened| parts.labels(opened),
    form: COLUMN,
};

/// `column` is a word of the language; names stay as they are.
const COLUMN: Form = |verb, mut parts| {
    for part in parts.iter_mut().filter(|part| is_column(part)) {
        part.kind = PartKind::Word("column".to_string());
    }
    AS_WRITTEN(verb, parts)
};

/// `column`, which may be said of several, too.
fn is_column(part: &Part) -> bool {
    is_word(part, "column") || is_word(part, "columns")
}

impl Parts<'_> {
    fn labels(&mut self, opened: Opened<'_>) -> Option<Labelled> {
        let mut labels = Labelled { file: None, member: None, columns: Vec::new() };
        if !self.is_column() {
            labels.member = match self.peek() {
                Some(Part { kind: PartKind::Word(_), .. }) if !self.is_before_string() => self.member(),
                _ => None,
            };
            if labels.member.is_none() {
                labels.file = Some(self.text("the file's name", "y.npy")?);
                labels.member = if self.is_column() { None } else { self.member() };
            }
        }
        if self.is_column() {
            self.at += 1;
            labels.columns.push(self.column(opened)?);
            while self.is_followed_by_column() {
                self.at += 1;
                labels.columns.push(self.column(opened)?);
            }
        }
        Some(labels)
    }

    fn is_column(&self) -> bool {
        self.peek().is_some_and(is_column)
    }

    /// `, "y"`
    fn is_followed_by_column(&self) -> bool {
        let is_comma = self.peek().is_some_and(|part| part.kind == PartKind::Comma);
        let next = self.parts.get(self.at + 1).map(|part| &part.kind);
        is_comma && matches!(next, Some(PartKind::Text(_) | PartKind::Value(_)))
    }

    /// `in "y.npy"`: a word too many, and no array's name.
    fn is_before_string(&self) -> bool {
        matches!(self.parts.get(self.at + 1), Some(Part { kind: PartKind::Text(_), .. }))
    }

    /// `"class"`, `3`
    fn column(&mut self, opened: Opened<'_>) -> Option<Column> {
        match self.peek() {
            Some(Part { kind: PartKind::Text(text), span }) => {
                self.at += 1;
                Some(Column::Named(Name { text: text.clone(), span: *span }))
            }
            Some(Part { kind: PartKind::Value(number), span }) => {
                self.at += 1;
                let number = self.scope.count(number, 1, "a column's number");
                self.keep(number).map(|number| Column::Number(number, *span))
            }
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => {
                self.at += 1;
                let error = self.error(*span, "a column's name stands in quotes").found(word.clone());
                self.wrong(error.expected("a string or a number").write(*span, format!("\"{word}\"")));
                None
            }
            other => {
                let span = other.map_or(self.here(), |part| part.span);
                let error = self.error(span, "`column` lacks its name").expected("a string or a number");
                let place = opened.part.span.to(self.here());
                self.wrong(error.mend(place, "labels column \"class\"").help("write `column \"class\"`, say"));
                None
            }
        }
    }
}
