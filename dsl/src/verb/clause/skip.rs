//! `skip broken`: pictures that cannot be read are left out.

use super::super::about::{Clause, Offer, clause};
use super::super::form::WORDS;
use super::super::mends::is_word;

/// Pictures that cannot be read are left out.
pub(in crate::verb) const SKIP: Clause<()> = Clause {
    about: clause("skip", "skip broken", &[Offer::Words(&["broken"])]),
    read: |parts, opened| {
        if parts.peek().is_some_and(|part| is_word(part, "broken")) {
            parts.next();
            return Some(());
        }
        parts.lacks(opened, "`broken`");
        None
    },
    form: WORDS,
};
