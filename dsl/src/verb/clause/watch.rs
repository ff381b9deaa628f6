//! `keep best`, `stop early 5`: what follows from how the validation part fares.

use super::super::about::{Clause, Offer, clause};
use super::super::form::{NUMBER, WORDS};
use super::super::mends::is_word;
use super::super::read::{Opened, Parts};

/// The weights of the best epoch stay.
pub(in crate::verb) const KEEP_BEST: Clause<()> = Clause {
    about: clause("keep", "keep best", &[Offer::Words(&["best"])]),
    read: |parts, opened| parts.own_word(opened, "best"),
    form: WORDS,
};

/// Training ends after so many epochs that were no better than the best.
pub(in crate::verb) const STOP: Clause<usize> = Clause {
    about: clause("stop", "stop early 5", &[Offer::Words(&["early"]), Offer::Constants]),
    read: |parts, opened| {
        parts.own_word(opened, "early")?;
        let expr = parts.number(opened)?;
        let count = parts.scope.count(&expr, 1, "the number of epochs");
        parts.keep(count)
    },
    form: |verb, mut parts| {
        let number = NUMBER(verb, parts.split_off(parts.len().min(1)));
        WORDS(verb, parts).into_iter().chain(number).collect()
    },
};

impl<'a> Parts<'a> {
    /// The word that belongs behind a clause's word.
    fn own_word(&mut self, opened: Opened<'a>, word: &str) -> Option<()> {
        if self.peek().is_some_and(|part| is_word(part, word)) {
            self.at += 1;
            return Some(());
        }
        self.lacks(opened, &format!("`{word}`"));
        None
    }
}
