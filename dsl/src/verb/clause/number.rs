//! `batch 64`, `class 7`, `seed 7`, `seeds 5`, `keep 5`: a whole number.

use fovea_graph::Span;

use super::super::about::{Clause, Needed, Offer, clause};
use super::super::form;
use super::super::read::{Opened, Parts};
use crate::diagnostic::quoted;
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

/// From how many seeds a net is trained, each a run of its own.
pub(in crate::verb) const SEEDS: Clause<usize> = Clause {
    about: clause("seeds", "seeds 5", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        let count = parts.scope.count(&expr, 2, "the number of seeds");
        parts.keep(count)
    },
    form: form::NUMBER,
};

/// How many runs stay.
pub(in crate::verb) const KEEP: Needed<usize> = Needed {
    clause: Clause {
        about: clause("keep", "keep 5", &[Offer::Constants]),
        read: |parts, opened| {
            let expr = parts.number(opened)?;
            let count = parts.scope.count(&expr, 1, "the number of runs");
            parts.keep(count)
        },
        form: form::NUMBER,
    },
    missing: |parts| {
        let verb = parts.verb.word;
        let error = parts.error(parts.here(), format!("`{verb}` lacks how many stay")).found("the end");
        let error = error.expected("`keep` and a number").put_behind(parts.here(), " keep 5");
        parts.wrong(error.help(format!("write `{verb} runs keep 5`, say")));
    },
};

/// A number that is in its range; says what it should be where it is not.
pub(super) fn in_range(parts: &mut Parts<'_>, expr: &Expr, number: f64, (is_in, range): (bool, &str)) -> Option<f64> {
    if is_in {
        return Some(number);
    }
    let error = parts.error(expr.span, format!("{number} is not {range}")).found(number.to_string());
    parts.wrong(error.expected(range));
    None
}

impl Parts<'_> {
    /// The number behind a clause's word, as `batch 64` or `batch(64)`; a word is a constant's name.
    pub(in crate::verb) fn number(&mut self, opened: Opened<'_>) -> Option<Expr> {
        if let PartKind::Call(_, arguments) = &opened.part.kind {
            if let [Argument { key: None, value, unit: None }] = &arguments[..] {
                return Some(value.clone());
            }
            self.lacks(opened, "its number");
            return None;
        }
        self.word_before_number();
        let expr = match self.peek() {
            Some(Part { kind: PartKind::Value(expr), .. }) => Some(expr.clone()),
            Some(Part { kind: PartKind::Word(name), span }) if self.clause(name).is_none() => {
                Some(Expr { kind: ExprKind::Name(name.clone()), span: *span })
            }
            _ => None,
        };
        match expr {
            Some(_) => self.at += 1,
            None => self.lacks(opened, "its number"),
        }
        expr
    }

    /// `batch size 64`: passes over a word that is no constant, where a number follows, and says so.
    fn word_before_number(&mut self) {
        if let [Part { kind: PartKind::Word(word), span }, number @ Part { kind: PartKind::Value(_), .. }, ..] =
            self.parts.get(self.at..).unwrap_or_default()
            && self.clause(word).is_none()
            && !self.scope.constants.contains_key(word)
        {
            self.at += 1;
            let error = self.error(*span, format!("a word before the number {number}")).found(quoted(word));
            let error = error.expected(number.to_string()).mend(Span { end: number.span.start, ..*span }, "");
            self.wrong(error.help("leave it out"));
        }
    }

    /// A seed: a whole number of at least 0.
    pub(in crate::verb) fn seed(&mut self, expr: &Expr) -> Option<u64> {
        let seed = self.scope.count(expr, 0, "a seed");
        self.keep(seed).map(|seed| seed as u64)
    }
}
