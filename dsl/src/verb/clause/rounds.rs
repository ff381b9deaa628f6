//! `for 200 generations`, `for 200 steps`: how often a search for a picture goes on.

use super::super::about::{About, Clause, Offer, clause};
use super::super::form;
use super::super::read::{Opened, Parts};
use crate::diagnostic::quoted;
use crate::syntax::{Part, PartKind};
use fovea_graph::{counted, noun};

/// How long pictures are bred.
pub(in crate::verb) const GENERATIONS: Clause<usize> = Clause {
    about: clause("for", "for 200 generations", &[Offer::Constants, Offer::Words(&["generations"])]),
    read: |parts, opened| parts.rounds(opened, "generation", "evolution"),
    form: |verb, parts| in_unit(verb, parts, "generation"),
};

/// How long a picture is changed.
pub(in crate::verb) const ROUNDS: Clause<usize> = Clause {
    about: clause("for", "for 200 steps", &[Offer::Constants, Offer::Words(&["steps"])]),
    read: |parts, opened| parts.rounds(opened, "step", "the ascent"),
    form: |verb, parts| in_unit(verb, parts, "step"),
};

/// Whether a word is this unit, of one or of several.
fn is_unit(word: &str, unit: &str) -> bool {
    word.to_lowercase().strip_prefix(unit).is_some_and(|rest| matches!(rest, "" | "s"))
}

impl Parts<'_> {
    /// A number and its unit; `what` is counted in it.
    fn rounds(&mut self, opened: Opened<'_>, unit: &str, what: &str) -> Option<usize> {
        let expr = self.number(opened)?;
        let count = self.scope.count(&expr, 1, &format!("the number of {unit}s"));
        let count = self.keep(count);
        let word = match self.peek() {
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => Some((word, *span)),
            _ => None,
        };
        self.at += usize::from(word.is_some());
        if !word.is_some_and(|(word, _)| is_unit(word, unit)) {
            let span = word.map_or(self.here(), |(_, span)| span);
            let found = word.map_or("the end".to_string(), |(word, _)| quoted(word));
            let space = if word.is_some() { "" } else { " " };
            let error = self.error(span, format!("{what} is counted in {unit}s")).found(found);
            let error = error.expected(format!("{unit}s")).mend(span, format!("{space}{}", noun(&expr, unit)));
            self.wrong(error.help(format!("write `for {}`", counted(&expr, unit))));
        }
        count
    }
}

fn in_unit(verb: &About, mut parts: Vec<Part>, unit: &str) -> Vec<Part> {
    if let Some(Part { kind: PartKind::Word(word), .. }) = parts.last_mut()
        && is_unit(word, unit)
    {
        *word = format!("{unit}s");
    }
    form::NUMBER(verb, parts)
}
