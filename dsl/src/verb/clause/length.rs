//! `for 200 generations`, `for 300 steps`: how long something goes on that is counted in one unit.

use fovea_graph::{counted, noun};

use super::super::about::About;
use super::super::form as forms;
use super::super::read::{Opened, Parts};
use crate::diagnostic::quoted;
use crate::syntax::{Part, PartKind};

/// Whether a word is this unit, of one or of many.
fn is_unit(word: &str, unit: &str) -> bool {
    let word = word.to_lowercase();
    // A step is what one batch makes of a net in training, and stands for itself elsewhere.
    word == unit || word.strip_suffix('s') == Some(unit) || unit == "step" && word == "batches"
}

impl Parts<'_> {
    /// A count and its unit, `generation`: how `what` is counted.
    pub(in crate::verb) fn length_in(&mut self, opened: Opened<'_>, unit: &str, what: &str) -> Option<usize> {
        let expr = self.number(opened)?;
        let count = self.scope.count(&expr, 1, &format!("the number of {unit}s"));
        let count = self.keep(count);
        let said = match self.peek() {
            Some(Part { kind: PartKind::Word(said), span }) if self.clause(said).is_none() => Some((said, *span)),
            _ => None,
        };
        self.at += usize::from(said.is_some());
        if !said.is_some_and(|(said, _)| is_unit(said, unit)) {
            let span = said.map_or(self.here(), |(_, span)| span);
            let found = said.map_or("the end".to_string(), |(said, _)| quoted(said));
            let space = if said.is_some() { "" } else { " " };
            let error = self.error(span, format!("{what} is counted in {unit}s")).found(found);
            let error = error.expected(format!("{unit}s")).mend(span, format!("{space}{}", noun(&expr, unit)));
            self.wrong(error.help(format!("write `for {}`", counted(&expr, unit))));
        }
        count
    }
}

/// The unit in its one spelling.
pub(in crate::verb) fn form(unit: &str, verb: &About, mut parts: Vec<Part>) -> Vec<Part> {
    if let Some(Part { kind: PartKind::Word(word), .. }) = parts.last_mut()
        && is_unit(word, unit)
    {
        *word = format!("{unit}s");
    }
    forms::NUMBER(verb, parts)
}
