//! Clauses that are one word.

use super::super::about::{Clause, clause};

/// From the weights that the net has, not from its first ones.
pub(in crate::verb) const FURTHER: Clause<()> = flag("further");

/// A training step.
pub(in crate::verb) const TRAIN: Clause<()> = flag("train");

/// Inference.
pub(in crate::verb) const INFER: Clause<()> = flag("infer");

/// As much padding as keeps the size, over the stride.
pub(in crate::verb) const SAME: Clause<()> = flag("same");

/// No padding.
pub(in crate::verb) const VALID: Clause<()> = flag("valid");

const fn flag(word: &'static str) -> Clause<()> {
    Clause { about: clause(word, word, &[]), read: |_, _| Some(()) }
}
