//! `images "pets/"`, `npy "x.npy" labels "y.npy"`: the files that data comes from.

use super::super::about::{Clause, Offer, clause};
use super::super::form::AS_WRITTEN;
use super::Path;

/// A folder of pictures, a folder a class.
pub(in crate::verb) const IMAGES: Clause<Path> = Clause {
    about: clause("images", "images \"pets/\"", &[Offer::Nothing]),
    read: |parts, _| parts.text("the folder's name", "pets/"),
    form: AS_WRITTEN,
};

/// An array of samples.
pub(in crate::verb) const NPY: Clause<Path> = Clause {
    about: clause("npy", "npy \"x.npy\"", &[Offer::Nothing]),
    read: |parts, _| parts.text("the file's name", "x.npy"),
    form: AS_WRITTEN,
};

/// The array of the samples' classes.
pub(in crate::verb) const LABELS: Clause<Path> = Clause {
    about: clause("labels", "labels \"y.npy\"", &[Offer::Nothing]),
    read: |parts, _| parts.text("the file's name", "y.npy"),
    form: AS_WRITTEN,
};
