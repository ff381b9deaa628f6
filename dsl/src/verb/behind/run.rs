//! A training run: `run 3`, `run last`.

use fovea_graph::Span;

use super::super::about::About;
use super::super::form::lower;
use super::super::read::Parts;
use crate::syntax::{Part, PartKind};

/// A training run on disk.
#[derive(Clone, Debug, PartialEq)]
pub enum RunRef {
    /// The newest.
    Last(Span),
    /// By number.
    Number(u32, Span),
}

/// `run last` among names with commas between them.
pub(in crate::verb) fn form(_: &About, mut parts: Vec<Part>) -> Vec<Part> {
    for item in parts.split_mut(|part| part.kind == PartKind::Comma) {
        if let [run @ Part { kind: PartKind::Word(_), .. }, which] = item {
            lower(run);
            lower(which);
        }
    }
    parts
}

impl Parts<'_> {
    /// `run 3`, `run last`; the outer `None` where something else stands here.
    pub(in crate::verb) fn run(&mut self) -> Option<Option<RunRef>> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), .. }) if word.eq_ignore_ascii_case("run") => {}
            _ => return None,
        }
        let word = self.next();
        let part =
            self.peek().filter(|part| !matches!(&part.kind, PartKind::Word(word) if self.clause(word).is_some()));
        self.at += usize::from(part.is_some());
        match part.map(|part| (&part.kind, part.span)) {
            Some((PartKind::Word(word), span)) if word.eq_ignore_ascii_case("last") => Some(Some(RunRef::Last(span))),
            Some((PartKind::Value(expr), span)) => {
                let number = self.scope.count(expr, 1, "a run's number");
                let number = self.keep(number).and_then(|number| u32::try_from(number).ok());
                Some(number.map(|number| RunRef::Number(number, span)))
            }
            other => {
                let span = other.map_or(self.here(), |(_, span)| span);
                let place = word.map_or(span, |word| word.span.to(span));
                let error = self.error(span, "which run?").expected("a run's number, or `last`");
                self.wrong(error.mend(place, "run last").help("write `run last`, or `run 3` for a run's number"));
                Some(None)
            }
        }
    }
}
