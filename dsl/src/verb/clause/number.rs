//! `batch 64`, `class 7`, `seed 7`: a whole number.

use super::super::about::{Clause, Offer, clause};
use super::super::form;
use super::super::read::{Opened, Parts};
use crate::syntax::{Argument, Expr, ExprKind, Part, PartKind};

/// Pictures a step.
pub(in crate::verb) const BATCH: Clause<usize> = Clause {
    about: clause("batch", "batch 64", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        let count = parts.scope.count(&expr, 1, "the batch");
        parts.keep(count)
    },
    form: form::NUMBER,
};

/// A class by its number, from 0.
pub(in crate::verb) const CLASS: Clause<usize> = Clause {
    about: clause("class", "class 7", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        let class = parts.scope.count(&expr, 0, "a class");
        parts.keep(class)
    },
    form: form::NUMBER,
};

/// The statement's own seed.
pub(in crate::verb) const SEED: Clause<u64> = Clause {
    about: clause("seed", "seed 7", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        parts.seed(&expr)
    },
    form: form::NUMBER,
};

impl Parts<'_> {
    /// The number behind a clause's word, as `batch 64` or `batch(64)`; a word is a constant's name.
    pub(in crate::verb) fn number(&mut self, opened: Opened<'_>) -> Option<Expr> {
        if let PartKind::Call(_, arguments) = &opened.part.kind {
            if let [Argument { key: None, value }] = &arguments[..] {
                return Some(value.clone());
            }
            self.lacks(opened.about, "its number");
            return None;
        }
        let expr = match self.peek() {
            Some(Part { kind: PartKind::Value(expr), .. }) => Some(expr.clone()),
            Some(Part { kind: PartKind::Word(name), span }) if self.clause(name).is_none() => {
                Some(Expr { kind: ExprKind::Name(name.clone()), span: *span })
            }
            _ => None,
        };
        match expr {
            Some(_) => self.at += 1,
            None => self.lacks(opened.about, "its number"),
        }
        expr
    }

    /// A seed: a whole number of at least 0.
    pub(in crate::verb) fn seed(&mut self, expr: &Expr) -> Option<u64> {
        let seed = self.scope.count(expr, 0, "a seed");
        self.keep(seed).map(|seed| seed as u64)
    }
}
