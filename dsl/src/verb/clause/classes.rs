//! `class 7`, `class all`: for which of a net's classes pictures are wanted.

use super::super::about::{Clause, Offer, clause};
use super::super::form;
use super::super::mends::is_word;

/// For which classes pictures are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classes {
    /// One, by its number from 0.
    One(usize),
    /// All that the net tells.
    All,
}

const ALL: &str = "all";

/// A class by its number, or all of them.
pub(in crate::verb) const CLASSES: Clause<Classes> = Clause {
    about: clause("class", "class 7", &[Offer::ConstantsOr(&[ALL])]),
    read: |parts, opened| match parts.peek() {
        Some(part) if is_word(part, ALL) => {
            parts.at += 1;
            Some(Classes::All)
        }
        _ => {
            let expr = parts.number(opened)?;
            let class = parts.scope.count(&expr, 0, "a class");
            parts.keep(class).map(Classes::One)
        }
    },
    form: |verb, parts| match &parts[..] {
        [part] if is_word(part, ALL) => form::WORDS(verb, parts),
        _ => form::NUMBER(verb, parts),
    },
};
