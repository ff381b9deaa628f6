//! `images "pets/"`, `npy "x.npy"`, `csv "x.csv"`, `masks "masks/"`: the files that data comes from.

use super::super::about::{Clause, Offer, clause};
use super::super::form::AS_WRITTEN;
use super::super::read::Parts;
use super::super::{elsewhere, words};
use super::Path;
use crate::syntax::{Name, Part, PartKind};

/// A file of one array, or of several of which one is named: `"x.npy"`, `"d.npz" x`, `"d.npz" "train images"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The file.
    pub file: Path,
    /// Which array of an archive.
    pub member: Option<Name>,
}

/// A folder of pictures, a folder a class.
pub(in crate::verb) const IMAGES: Clause<Path> = Clause {
    about: clause("images", "images \"pets/\"", &[Offer::Nothing]),
    read: |parts, _| parts.text("the folder's name", "pets/"),
    form: AS_WRITTEN,
};

/// An array of samples.
pub(in crate::verb) const NPY: Clause<Array> = Clause {
    about: clause("npy", "npy \"x.npy\"", &[Offer::Nothing]),
    read: |parts, _| parts.array("the file's name", "x.npy"),
    form: AS_WRITTEN,
};

/// A table with a row a sample.
pub(in crate::verb) const CSV: Clause<Path> = Clause {
    about: clause("csv", "csv \"x.csv\"", &[Offer::Nothing]),
    read: |parts, _| parts.text("the file's name", "x.csv"),
    form: AS_WRITTEN,
};

/// The classes of the pixels: a folder of pictures, or an array.
pub(in crate::verb) const MASKS: Clause<Array> = Clause {
    about: clause("masks", "masks \"masks/\"", &[Offer::Nothing]),
    read: |parts, _| parts.array("the name of the masks", "masks/"),
    form: AS_WRITTEN,
};

impl Parts<'_> {
    /// `"x.npy"`, `"d.npz" x`
    fn array(&mut self, what: &str, example: &str) -> Option<Array> {
        let file = self.text(what, example)?;
        Some(Array { file, member: self.member() })
    }

    /// The name of an array in an archive, where one stands there: a word that begins no clause, or a string.
    pub(super) fn member(&mut self) -> Option<Name> {
        let part = self.peek()?;
        let is_before_text = matches!(self.parts.get(self.at + 1), Some(Part { kind: PartKind::Text(_), .. }));
        // `targets "y.npy"` is meant for a clause.
        let is_clause = |word: &str| {
            is_before_text || words::is_clause_word(word) || elsewhere::clause(word, &self.takes()).is_some()
        };
        let text = match &part.kind {
            PartKind::Text(text) => text,
            PartKind::Word(word) if !word.contains(['.', ':']) && !is_clause(word) => word,
            _ => return None,
        };
        self.at += 1;
        Some(Name { text: text.clone(), span: part.span })
    }
}
