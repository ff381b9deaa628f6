//! `as numbers`, `as classes`: what labels are taken for.

use super::super::about::{Clause, Offer, clause};
use super::named::{self, Named};

/// What labels are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAs {
    /// A class each.
    Classes,
    /// Numbers.
    Numbers,
}

/// What labels are taken for, whatever they look like.
pub(in crate::verb) const AS: Clause<ReadAs> = Clause {
    about: clause("as", "as numbers", &[Offer::Words(&["numbers", "classes"])]),
    read: |parts, opened| parts.named(opened, "kind of labels", KINDS),
    form: named::form,
};

const KINDS: &[Named<ReadAs>] = &[
    Named { word: "numbers", numbers: &[], apart: None, make: |_| ReadAs::Numbers },
    Named { word: "classes", numbers: &[], apart: None, make: |_| ReadAs::Classes },
];
