//! `skip broken`: pictures that cannot be read are left out.

use super::super::about::{Clause, Offer, clause};
use super::super::form::WORDS;

/// Pictures that cannot be read are left out.
pub(in crate::verb) const SKIP: Clause<()> = Clause {
    about: clause("skip", "skip broken", &[Offer::Words(&["broken"])]),
    read: |parts, opened| parts.the_word(opened, "broken"),
    form: WORDS,
};
