//! `shape 128x1`: what a sample is, where its file does not say it.

use super::super::about::{Clause, Offer, clause};
use super::super::form::AS_WRITTEN;
use super::super::read::{Opened, Parts};
use crate::syntax::PartKind;

/// The shape that samples are given, channels last.
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
