//! `as numbers`, `as classes`: what labels are taken for. `as torchvision`: whose names weights are written by.

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

/// Whose names weights are written by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publisher {
    /// torchvision's; timm has the same of residual nets.
    Torchvision,
}

impl Publisher {
    /// The word, which the library's tables of names have, too.
    pub fn word(self) -> &'static str {
        match self {
            Publisher::Torchvision => "torchvision",
        }
    }
}

/// Whose names weights are written by; their own where it is not said.
pub(in crate::verb) const NAMED_AS: Clause<Publisher> = Clause {
    about: clause("as", "as torchvision", &[Offer::Words(&["torchvision"])]),
    read: |parts, opened| parts.named(opened, "kind of names", PUBLISHERS),
    form: named::form,
};

const PUBLISHERS: &[Named<Publisher>] =
    &[Named { word: "torchvision", numbers: &[], apart: None, make: |_| Publisher::Torchvision }];
