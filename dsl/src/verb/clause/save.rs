//! `save "logits.npy"`: the file that figures go to, `save "vgg16.svg"`: that of a drawing.

use super::super::about::{Clause, Offer, clause};
use super::super::form::AS_WRITTEN;
use crate::syntax::Name;

/// A path as written, and where.
pub type Path = Name;

/// Where figures go, as npy.
pub(in crate::verb) const SAVE: Clause<Path> = Clause {
    about: clause("save", "save \"logits.npy\"", &[Offer::Nothing]),
    read: |parts, _| parts.text("the file's name", "logits.npy"),
    form: AS_WRITTEN,
};

/// Where a drawing goes, in the form that the file's ending says.
pub(in crate::verb) const SAVE_DRAWING: Clause<Path> = Clause {
    about: clause("save", "save \"vgg16.svg\"", &[Offer::Nothing]),
    read: |parts, _| parts.text("the file's name", "vgg16.svg"),
    form: AS_WRITTEN,
};
