//! `images "pets/"`, `npy "x.npy" labels "y.npy" shape 16x2`: the files that data comes from, and how they are understood.

use super::super::about::{Clause, Offer, clause};
use super::super::form::AS_WRITTEN;
use super::super::read::{Opened, Parts};
use super::Path;
use crate::syntax::PartKind;

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

/// The shape that an array's samples are given, channels last.
pub(in crate::verb) const SHAPE: Clause<Vec<usize>> = Clause {
    about: clause("shape", "shape 128x1", &[Offer::Constants]),
    read: |parts, opened| parts.shape(opened),
    form: AS_WRITTEN,
};

impl Parts<'_> {
    fn shape(&mut self, opened: Opened<'_>) -> Option<Vec<usize>> {
        let sides = match self.peek().map(|part| &part.kind) {
            Some(PartKind::Size(sides)) => sides.clone(),
            Some(PartKind::Value(side)) => vec![side.clone()],
            _ => {
                self.lacks(opened, "its sides");
                return None;
            }
        };
        self.at += 1;
        let side = |side| {
            let count = self.scope.count(side, 1, "a side");
            self.keep(count)
        };
        sides.iter().map(side).collect()
    }
}
