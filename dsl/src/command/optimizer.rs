//! The optimizer's numbers.

use fovea_graph::Span;

use super::Sgd;
use super::read::Parts;
use super::table::Clause;
use crate::parse::quoted;
use crate::scope::nearest;
use crate::syntax::{Argument, ExprKind, Operator, Part, PartKind};

impl Default for Sgd {
    /// `sgd(lr 0.1, momentum 0.9, decay 5e-4)`
    fn default() -> Self {
        Sgd { rate: 0.1, momentum: 0.9, decay: 5e-4 }
    }
}

impl<'a> Parts<'a> {
    /// `sgd(lr 0.1, momentum 0.9, decay 5e-4)`
    pub(super) fn optimizer(&mut self, clause: &Clause) -> Option<Sgd> {
        let (word, arguments, span): (_, &[Argument], _) = match self.peek() {
            Some(Part { kind: PartKind::Call(word, arguments), span }) => (word, arguments, *span),
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => (word, &[], *span),
            _ => {
                self.lacks(clause, "its optimizer");
                return None;
            }
        };
        self.at += 1;
        if !word.eq_ignore_ascii_case("sgd") {
            let error = self.error(span, format!("`{}` is not among the optimizers Fovea has: sgd", quoted(word)));
            self.wrong(error.found(quoted(word)).expected("sgd").help(format!("write `{}`", clause.example)));
            return None;
        }
        let mut sgd = Sgd::default();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for argument in arguments {
            self.sgd_argument(argument, &mut sgd, &mut seen);
        }
        Some(sgd)
    }

    pub(super) fn sgd_argument(&mut self, argument: &'a Argument, sgd: &mut Sgd, seen: &mut Vec<(&'a str, Span)>) {
        let keys = ["lr", "momentum", "decay"];
        let (key, span) = match (&argument.key, &argument.value.kind) {
            (Some(key), _) => (key.text.as_str(), key.span),
            // `lr -0.1` reads as a difference.
            (None, ExprKind::Binary(Operator::Subtract, left, _)) => match &left.kind {
                ExprKind::Name(name) if keys.contains(&name.as_str()) => {
                    let error = self.error(argument.value.span, format!("`{name}` cannot be negative"));
                    return self.wrong(error.found(argument.value.to_string()).expected("a number of at least 0"));
                }
                _ => ("", argument.value.span),
            },
            (None, ExprKind::Name(name)) => (name.as_str(), argument.value.span),
            _ => ("", argument.value.span),
        };
        let lower = key.to_lowercase();
        let known = keys.contains(&lower.as_str());
        if !known || argument.key.is_none() {
            let found = quoted(&argument.to_string());
            let error = match (known, key) {
                (true, _) => {
                    self.error(span, format!("`{key}` lacks its number")).help(format!("write `{key} 0.1`, say"))
                }
                (_, "") => {
                    self.error(span, format!("`{found}` lacks its word")).help(format!("write `lr {found}`, say"))
                }
                _ => {
                    let error = self.error(span, format!("sgd has no `{}`", quoted(key)));
                    let foreign = [("rate", "lr"), ("learning_rate", "lr"), ("weight_decay", "decay"), ("l2", "decay")];
                    let near = foreign.iter().find(|(word, _)| *word == lower).map(|&(_, ours)| ours);
                    match near.or_else(|| nearest(&lower, keys)) {
                        Some(near) => error.help(format!("write `{near}`; sgd takes lr, momentum and decay")),
                        None => error.help("sgd takes lr, momentum and decay"),
                    }
                }
            };
            return self.wrong(error.found(found).expected("one of lr, momentum and decay"));
        }
        if let Some(&(_, first)) = seen.iter().find(|(word, _)| word.eq_ignore_ascii_case(key)) {
            let error = self.error(span, format!("`{key}` stands twice")).also(first, "it stands here already");
            return self.wrong(error.here("the second").help("remove one of the two"));
        }
        seen.push((key, span));
        let number = self.scope.number(&argument.value, &format!("`{lower}`"));
        let Some(number) = self.keep(number) else { return };
        let (place, fits, expected) = match lower.as_str() {
            "lr" => (&mut sgd.rate, number > 0.0, "a number above 0"),
            "momentum" => (&mut sgd.momentum, (0.0..1.0).contains(&number), "a number from 0 to below 1"),
            _ => (&mut sgd.decay, number >= 0.0, "a number of at least 0"),
        };
        *place = number;
        if !fits {
            let error = self.error(argument.value.span, format!("`{lower}` must be {expected}, not {number}"));
            self.wrong(error.found(number.to_string()).expected(expected));
        }
    }
}
