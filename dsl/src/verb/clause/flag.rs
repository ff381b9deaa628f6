//! Clauses that are one word.

use super::super::about::{Clause, clause};
use super::super::form::AS_WRITTEN;

/// From the weights that the net has, not from its first ones.
pub(in crate::verb) const FURTHER: Clause<()> = flag("further");

/// Of a run the weights of its best epoch.
pub(in crate::verb) const BEST: Clause<()> = flag("best");

/// Pictures as training sees them.
pub(in crate::verb) const AUGMENTED: Clause<()> = flag("augmented");

/// Values stay as they are.
pub(in crate::verb) const RAW: Clause<()> = flag("raw");

/// Every layer, nothing that repeats folded.
pub(in crate::verb) const ALL: Clause<()> = flag("all");

/// A training step.
pub(in crate::verb) const TRAIN: Clause<()> = flag("train");

/// Inference.
pub(in crate::verb) const INFER: Clause<()> = flag("infer");

/// As much padding as keeps the size, over the stride.
pub(in crate::verb) const SAME: Clause<()> = flag("same");

/// No padding.
pub(in crate::verb) const VALID: Clause<()> = flag("valid");

/// The largest of a window.
pub(in crate::verb) const MAX: Clause<()> = flag("max");

/// The mean of a window.
pub(in crate::verb) const AVG: Clause<()> = flag("avg");

/// A last window that is not whole counts too.
pub(in crate::verb) const CEIL: Clause<()> = flag("ceil");

/// A clause that is its word alone.
pub(in crate::verb) const fn flag(word: &'static str) -> Clause<()> {
    Clause { about: clause(word, word, &[]), read: |_, _| Some(()), form: AS_WRITTEN }
}
