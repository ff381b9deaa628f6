//! Words with numbers of their own: `sgd(lr 0.1, momentum 0.9)`, `step(every 10, by 0.1)`.

use fovea_graph::Span;

use super::super::about::About;
use super::super::elsewhere;
use super::super::form;
use super::super::read::{Opened, Parts};
use crate::diagnostic::{list, quoted};
use crate::scope::nearest;
use crate::syntax::{Argument, Expr, ExprKind, Operator, Part, PartKind};

/// A word and the numbers it takes.
pub(crate) struct Named<T: 'static> {
    /// The word, `sgd`.
    pub word: &'static str,
    /// Its numbers, in the order in which `make` takes them.
    pub numbers: &'static [Number],
    pub make: fn(&[f64]) -> T,
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
pub(super) enum Range {
    Positive,
    NotNegative,
    /// From 0 to below 1.
    Share,
    /// A whole number of at least 1.
    Count,
}

/// The largest number that a device computes with.
const LARGEST: f64 = f32::MAX as f64;

impl Range {
    fn holds(self, number: f64) -> bool {
        match self {
            Range::Positive => number > 0.0 && number <= LARGEST,
            Range::NotNegative => (0.0..=LARGEST).contains(&number),
            Range::Share => (0.0..1.0).contains(&number),
            Range::Count => number >= 1.0 && number.fract() == 0.0 && number <= 1e9,
        }
    }

    /// What a number must be that is not in the range.
    fn in_words(self, number: f64) -> &'static str {
        match self {
            Range::Positive | Range::NotNegative if number > LARGEST => "at most 3.4e38, the largest number of f32",
            Range::Positive => "a number above 0",
            Range::NotNegative => "a number of at least 0",
            Range::Share => "a number from 0 to below 1",
            Range::Count => "a whole number from 1 to 10^9",
        }
    }
}

pub(super) const fn number(key: &'static str, default: f64, range: Range) -> Number {
    Number { key, default, range }
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

/// `sgd(lr 0.1)`: words in lower case, and no parentheses around nothing.
pub(super) fn form(verb: &About, parts: Vec<Part>) -> Vec<Part> {
    let named = |mut part: Part| {
        if let PartKind::Call(word, arguments) = &mut part.kind {
            *word = word.to_lowercase();
            let keys = arguments.iter_mut().flat_map(|argument| &mut argument.key);
            keys.for_each(|key| key.text = key.text.to_lowercase());
            if arguments.is_empty() {
                return form::word(word, part.span);
            }
        }
        part
    };
    form::WORDS(verb, parts.into_iter().map(named).collect())
}

impl<'a> Parts<'a> {
    /// `adam(lr 0.001)`, `step(every 10, by 0.1)`: one of `all`, whose kind is `what` (`optimizer`).
    pub(in crate::verb) fn named<T>(&mut self, opened: Opened<'_>, what: &str, all: &'static [Named<T>]) -> Option<T> {
        let (word, arguments, span): (_, &[Argument], _) = match self.peek() {
            Some(Part { kind: PartKind::Call(word, arguments), span }) => (word, arguments, *span),
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => (word, &[], *span),
            _ => {
                self.lacks(opened, &format!("its {what}"));
                return None;
            }
        };
        self.at += 1;
        let Some(named) = all.iter().find(|named| named.word.eq_ignore_ascii_case(word)) else {
            let words: Vec<&str> = all.iter().map(|named| named.word).collect();
            let error = self.error(span, format!("there is no {what} `{}`", quoted(word))).found(quoted(word));
            let error = error.expected(list(&words, "or"));
            let at = Span { end: span.start + word.len() as u32, ..span };
            let meant = elsewhere::named(word, &words);
            let loose =
                if arguments.is_empty() && self.is_number(word) { self.loose_numbers(self.at - 1) } else { None };
            self.wrong(match (loose, meant, nearest(word, words.iter().copied())) {
                (Some((place, mend)), ..) => error.write(place, mend),
                (_, Some(ours), _) => error.mend(at, ours).help(format!("the nearest in meaning is `{ours}`")),
                (.., Some(near)) => error.write(at, near),
                _ => {
                    let example = opened.about.example.trim_start_matches(opened.about.word).trim_start();
                    error.mend(span, example).help(format!("write `{}`, say", opened.about.example))
                }
            });
            self.pass_over();
            return None;
        };
        let mut numbers = named.defaults();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for (place, argument) in arguments.iter().enumerate() {
            let before =
                place.checked_sub(1).and_then(|before| arguments.get(before)).map(|before| before.value.span.end);
            let Some((at, value)) = self.argument((place, argument), before, named, &mut seen) else { continue };
            let number = &named.numbers[at];
            let read = self.scope.number(value, &format!("`{}`", number.key));
            let Some(read) = self.keep(read) else { continue };
            numbers[at] = read;
            if !number.range.holds(read) {
                let expected = number.range.in_words(read);
                // Forty digits say less than an exponent.
                let found = if read > LARGEST { format!("{read:e}") } else { read.to_string() };
                let error = self.error(value.span, format!("`{}` must be {expected}, not {found}", number.key));
                self.wrong(error.found(found).expected(expected));
            }
        }
        Some((named.make)(&numbers))
    }

    /// Which of its numbers an argument is, and its value.
    fn argument<T>(
        &mut self,
        (place, argument): (usize, &'a Argument),
        before: Option<u32>,
        named: &Named<T>,
        seen: &mut Vec<(&'a str, Span)>,
    ) -> Option<(usize, &'a Expr)> {
        let position = |key: &str| named.numbers.iter().position(|number| number.key.eq_ignore_ascii_case(key));
        let (key, span) = match (&argument.key, &argument.value.kind) {
            (Some(key), _) => (key.text.as_str(), key.span),
            // `lr -0.1` reads as a difference.
            (None, ExprKind::Binary(Operator::Subtract, left, right)) => match &left.kind {
                ExprKind::Name(name) if position(name).is_some() => {
                    let error = self.error(argument.value.span, format!("`{name}` cannot be negative"));
                    let error = error.found(argument.value.to_string()).expected("a number of at least 0");
                    self.wrong(error.write(argument.value.span, format!("{name} {right}")));
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
                    let whole = span.to(argument.value.span);
                    let cut = before.map_or(whole, |end| Span { start: end, ..whole });
                    self.wrong(error.here("the second").mend(cut, "").help("remove one of the two"));
                    return None;
                }
                seen.push((key, span));
                Some((at, &argument.value))
            }
            _ => {
                self.no_number((place, argument), named, (key, span), at);
                None
            }
        }
    }

    /// An argument that is none of its numbers, or that lacks one.
    fn no_number<T>(
        &mut self,
        (place, argument): (usize, &Argument),
        named: &Named<T>,
        (key, span): (&str, Span),
        at: Option<usize>,
    ) {
        let (word, keys, found) = (named.word, named.keys(), quoted(&argument.to_string()));
        // Without their words the numbers stand in order, elsewhere.
        let own = keys.get(place).or(keys.first()).copied().unwrap_or_default();
        let error = match (at, key) {
            (Some(at), _) => {
                let default = named.numbers[at].default;
                let error =
                    self.error(span, format!("`{key}` lacks its number")).put_behind(span, format!(" {default}"));
                error.help(format!("write `{key} {default}`, say"))
            }
            (None, "") if !keys.is_empty() => {
                let error = self.error(span, format!("`{found}` lacks its word")).put_before(span, format!("{own} "));
                error.help(format!("write `{own} {found}`, say"))
            }
            _ => {
                let error =
                    self.error(span, format!("{word} has no `{}`", quoted(if key.is_empty() { &found } else { key })));
                let foreign = elsewhere::number(key).filter(|ours| keys.contains(ours));
                match foreign.or_else(|| nearest(key, keys.iter().copied())) {
                    Some(near) => error.mend(span, near).help(format!("write `{near}`; {}", named.takes())),
                    None => error.help(named.takes()),
                }
            }
        };
        let error = error.found(found);
        self.wrong(if keys.is_empty() { error } else { error.expected(format!("one of {}", list(&keys, "and"))) });
    }
}
