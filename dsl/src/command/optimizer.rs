//! Optimizers and schedules: words with numbers of their own, `sgd(lr 0.1, momentum 0.9)`, `step(every 10, by 0.1)`.

use fovea_graph::Span;

use super::read::Parts;
use super::table::Clause;
use super::{Adam, Optimizer, Schedule, Sgd};
use crate::parse::{quoted, words::list};
use crate::scope::nearest;
use crate::syntax::{Argument, Expr, ExprKind, Operator, Part, PartKind};

/// A word and the numbers it takes.
pub(crate) struct Named<T: 'static> {
    /// The word, `sgd`.
    pub word: &'static str,
    /// Its numbers, in the order in which `make` takes them.
    pub numbers: &'static [Number],
    make: fn(&[f64]) -> T,
}

/// A number by its key.
pub(crate) struct Number {
    /// `lr`
    pub key: &'static str,
    /// What it is unless it is said.
    pub default: f64,
    range: Range,
}

/// The numbers that make sense.
#[derive(Clone, Copy)]
enum Range {
    Positive,
    NotNegative,
    /// From 0 to below 1.
    Share,
    /// A whole number of at least 1.
    Count,
}

impl Range {
    fn holds(self, number: f64) -> bool {
        match self {
            Range::Positive => number > 0.0,
            Range::NotNegative => number >= 0.0,
            Range::Share => (0.0..1.0).contains(&number),
            Range::Count => number >= 1.0 && number.fract() == 0.0 && number <= 1e9,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Range::Positive => "a number above 0",
            Range::NotNegative => "a number of at least 0",
            Range::Share => "a number from 0 to below 1",
            Range::Count => "a whole number from 1 to 10^9",
        }
    }
}

const fn number(key: &'static str, default: f64, range: Range) -> Number {
    Number { key, default, range }
}

/// Adam's numbers, with this decay unless it is said.
const fn adam(decay: f64) -> [Number; 5] {
    [
        number("lr", 1e-3, Range::Positive),
        number("beta1", 0.9, Range::Share),
        number("beta2", 0.999, Range::Share),
        number("eps", 1e-8, Range::Positive),
        number("decay", decay, Range::NotNegative),
    ]
}

const ADAM: &[Number] = &adam(0.0);
const ADAMW: &[Number] = &adam(0.01);

/// Every optimizer.
pub(crate) const OPTIMIZERS: &[Named<Optimizer>] = &[
    Named {
        word: "sgd",
        numbers: &[
            // The rate, momentum and decay of Caffe's LeNet: they train from He's first weights without a warm-up.
            number("lr", 0.01, Range::Positive),
            number("momentum", 0.9, Range::Share),
            number("decay", 5e-4, Range::NotNegative),
        ],
        make: |n| Optimizer::Sgd(Sgd { rate: n[0], momentum: n[1], decay: n[2] }),
    },
    Named { word: "adam", numbers: ADAM, make: |n| Optimizer::Adam(moments(n)) },
    Named { word: "adamw", numbers: ADAMW, make: |n| Optimizer::AdamW(moments(n)) },
];

/// Every schedule.
pub(crate) const SCHEDULES: &[Named<Schedule>] = &[
    Named { word: "constant", numbers: &[], make: |_| Schedule::Constant },
    Named { word: "cosine", numbers: &[], make: |_| Schedule::Cosine },
    Named {
        word: "step",
        numbers: &[number("every", 30.0, Range::Count), number("by", 0.1, Range::Positive)],
        make: |n| Schedule::Step { every: n[0] as usize, by: n[1] },
    },
];

fn moments(n: &[f64]) -> Adam {
    Adam { rate: n[0], beta1: n[1], beta2: n[2], eps: n[3], decay: n[4] }
}

impl<T> Named<T> {
    /// With every number its default.
    pub(crate) fn plain(&self) -> T {
        (self.make)(&self.defaults())
    }

    fn defaults(&self) -> Vec<f64> {
        self.numbers.iter().map(|number| number.default).collect()
    }

    fn keys(&self) -> Vec<&'static str> {
        self.numbers.iter().map(|number| number.key).collect()
    }

    fn takes(&self) -> String {
        match &self.keys()[..] {
            [] => format!("{} takes no numbers", self.word),
            keys => format!("{} takes {}", self.word, list(keys, "and")),
        }
    }
}

impl Default for Optimizer {
    /// `sgd(lr 0.01, momentum 0.9, decay 5e-4)`
    fn default() -> Self {
        OPTIMIZERS[0].plain()
    }
}

/// Other programs' words for a number.
const FOREIGN: &[(&str, &str)] = &[
    ("rate", "lr"),
    ("learning_rate", "lr"),
    ("weight_decay", "decay"),
    ("l2", "decay"),
    ("epsilon", "eps"),
    ("b1", "beta1"),
    ("b2", "beta2"),
    ("gamma", "by"),
    ("factor", "by"),
    ("step_size", "every"),
];

impl<'a> Parts<'a> {
    /// `adam(lr 0.001)`, `step(every 10, by 0.1)`: one of `all`, whose kind is `what` (`optimizer`).
    pub(super) fn named<T>(&mut self, clause: &Clause, what: &str, all: &'static [Named<T>]) -> Option<T> {
        let (word, arguments, span): (_, &[Argument], _) = match self.peek() {
            Some(Part { kind: PartKind::Call(word, arguments), span }) => (word, arguments, *span),
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => (word, &[], *span),
            _ => {
                self.lacks(clause, &format!("its {what}"));
                return None;
            }
        };
        self.at += 1;
        let Some(named) = all.iter().find(|named| named.word.eq_ignore_ascii_case(word)) else {
            let words: Vec<&str> = all.iter().map(|named| named.word).collect();
            let error = self.error(span, format!("there is no {what} `{}`", quoted(word))).found(quoted(word));
            let error = error.expected(list(&words, "or"));
            self.wrong(match nearest(word, words) {
                Some(near) => error.help(format!("write `{near}`")),
                None => error.help(format!("write `{}`, say", clause.example)),
            });
            return None;
        };
        let mut numbers = named.defaults();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for argument in arguments {
            let Some((at, value)) = self.argument(argument, named, &mut seen) else { continue };
            let number = &named.numbers[at];
            let expected = number.range.in_words();
            let read = self.scope.number(value, &format!("`{}`", number.key));
            let Some(read) = self.keep(read) else { continue };
            numbers[at] = read;
            if !number.range.holds(read) {
                let error = self.error(value.span, format!("`{}` must be {expected}, not {read}", number.key));
                self.wrong(error.found(read.to_string()).expected(expected));
            }
        }
        Some((named.make)(&numbers))
    }

    /// Which of its numbers an argument is, and its value.
    fn argument<T>(
        &mut self,
        argument: &'a Argument,
        named: &Named<T>,
        seen: &mut Vec<(&'a str, Span)>,
    ) -> Option<(usize, &'a Expr)> {
        let position = |key: &str| named.numbers.iter().position(|number| number.key.eq_ignore_ascii_case(key));
        let (key, span) = match (&argument.key, &argument.value.kind) {
            (Some(key), _) => (key.text.as_str(), key.span),
            // `lr -0.1` reads as a difference.
            (None, ExprKind::Binary(Operator::Subtract, left, _)) => match &left.kind {
                ExprKind::Name(name) if position(name).is_some() => {
                    let error = self.error(argument.value.span, format!("`{name}` cannot be negative"));
                    self.wrong(error.found(argument.value.to_string()).expected("a number of at least 0"));
                    return None;
                }
                _ => ("", argument.value.span),
            },
            (None, ExprKind::Name(name)) => (name.as_str(), argument.value.span),
            _ => ("", argument.value.span),
        };
        let at = position(key);
        match (at, &argument.key) {
            (Some(at), Some(_)) => {
                if let Some(&(_, first)) = seen.iter().find(|(word, _)| word.eq_ignore_ascii_case(key)) {
                    let error = self.error(span, format!("`{key}` stands twice")).also(first, "it stands here already");
                    self.wrong(error.here("the second").help("remove one of the two"));
                    return None;
                }
                seen.push((key, span));
                Some((at, &argument.value))
            }
            _ => {
                self.no_number(argument, named, (key, span), at);
                None
            }
        }
    }

    /// An argument that is none of its numbers, or that lacks one.
    fn no_number<T>(&mut self, argument: &Argument, named: &Named<T>, (key, span): (&str, Span), at: Option<usize>) {
        let (word, keys, found) = (named.word, named.keys(), quoted(&argument.to_string()));
        let first = keys.first().copied().unwrap_or_default();
        let error = match (at, key) {
            (Some(at), _) => {
                let mend = format!("write `{key} {}`, say", named.numbers[at].default);
                self.error(span, format!("`{key}` lacks its number")).help(mend)
            }
            (None, "") if !keys.is_empty() => {
                self.error(span, format!("`{found}` lacks its word")).help(format!("write `{first} {found}`, say"))
            }
            _ => {
                let error =
                    self.error(span, format!("{word} has no `{}`", quoted(if key.is_empty() { &found } else { key })));
                let foreign =
                    FOREIGN.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(key)).map(|&(_, ours)| ours);
                match foreign.filter(|ours| keys.contains(ours)).or_else(|| nearest(key, keys.iter().copied())) {
                    Some(near) => error.help(format!("write `{near}`; {}", named.takes())),
                    None => error.help(named.takes()),
                }
            }
        };
        let error = error.found(found);
        self.wrong(if keys.is_empty() { error } else { error.expected(format!("one of {}", list(&keys, "and"))) });
    }
}
