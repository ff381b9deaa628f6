//! Words with numbers of their own: `sgd(lr 0.1, momentum 0.9)`, `step(every 10, by 0.1)`.

use fovea_graph::Span;

use super::super::about::About;
use super::super::elsewhere;
use super::super::form;
use super::super::read::{Opened, Parts};
use crate::diagnostic::{list, quoted};
use crate::scope::{Value, nearest};
use crate::syntax::{Argument, Expr, ExprKind, Operator, Part, PartKind};

/// A word and the numbers it takes.
pub(crate) struct Named<T: 'static> {
    /// The word, `sgd`.
    pub word: &'static str,
    /// Its numbers, in the order in which `make` takes them.
    pub numbers: &'static [Number],
    /// Of which two at most one is said.
    pub apart: Option<[&'static str; 2]>,
    pub make: fn(&[Given]) -> T,
}

/// What stands for a key.
#[derive(Clone, Default)]
pub(crate) struct Given {
    /// Its number, the default where none is said.
    pub number: f64,
    /// Its numbers, where it takes several; none where none are said.
    pub list: Vec<f64>,
    /// Whether it stands there.
    pub is_said: bool,
    /// Whether `weights` stands behind its number.
    pub is_of_weights: bool,
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
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    Positive,
    /// From 0 to below 1.
    Share,
    /// Above 0, at most 1.
    Amount,
    /// A whole number of at least 1.
    Count,
    /// The same, or 0.
    CountOrNone,
    /// At least 0.
    Least0,
    /// At least 0, and perhaps `weights` behind it.
    Decay,
    /// Whole numbers of at least 1, each above the one before: one, or a list.
    Rising,
    /// No number: the word says it.
    Word,
}

/// The largest number that a device computes with.
const LARGEST: f64 = f32::MAX as f64;

impl Range {
    fn holds(self, number: f64) -> bool {
        match self {
            Range::Positive => number > 0.0 && number <= LARGEST,
            Range::Least0 | Range::Decay => (0.0..=LARGEST).contains(&number),
            Range::Share => (0.0..1.0).contains(&number),
            Range::Amount => number > 0.0 && number <= 1.0,
            Range::Count | Range::Rising => number >= 1.0 && number.fract() == 0.0 && number <= 1e9,
            Range::CountOrNone => number >= 0.0 && number.fract() == 0.0 && number <= 1e9,
            Range::Word => true,
        }
    }

    /// What a number must be that is not in the range.
    fn in_words(self, number: f64) -> &'static str {
        match self {
            Range::Positive | Range::Least0 | Range::Decay if number > LARGEST => {
                "at most 3.4e38, the largest number of f32"
            }
            Range::Positive => "a number above 0",
            Range::Least0 | Range::Decay => "a number of at least 0",
            Range::Share => "a number from 0 to below 1",
            Range::Amount => "a number above 0 and at most 1",
            Range::Count | Range::Rising => "a whole number from 1 to 10^9",
            Range::CountOrNone => "a whole number from 0 to 10^9",
            Range::Word => "no number",
        }
    }
}

impl Number {
    /// How its value reads.
    fn example(&self) -> String {
        match self.range {
            Range::Rising => "{30,60,90}".to_string(),
            _ => self.default.to_string(),
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

    fn defaults(&self) -> Vec<Given> {
        self.numbers.iter().map(|number| Given { number: number.default, ..Given::default() }).collect()
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
pub(in crate::verb) fn form(verb: &About, parts: Vec<Part>) -> Vec<Part> {
    let named = |mut part: Part| {
        if let PartKind::Call(word, arguments) = &mut part.kind {
            *word = word.to_lowercase();
            for argument in arguments.iter_mut() {
                let words = argument.key.iter_mut().chain(&mut argument.unit);
                words.for_each(|word| word.text = word.text.to_lowercase());
                // `nesterov`
                if let (None, ExprKind::Name(word)) = (&argument.key, &mut argument.value.kind) {
                    *word = word.to_lowercase();
                }
            }
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
        let (word, arguments, span): (_, &'a [Argument], _) = match self.peek() {
            Some(Part { kind: PartKind::Call(word, arguments), span }) => (word, arguments, *span),
            // `with lr 0.1`
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() || self.is_number(word) => {
                (word, &[], *span)
            }
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
        Some(self.given(named, arguments, span))
    }

    /// A clause's own numbers, in parentheses behind its word: `weights(content 1, style 100)`.
    pub(in crate::verb) fn numbers<T>(&mut self, opened: Opened<'a>, named: &Named<T>) -> Option<T> {
        let PartKind::Call(_, arguments) = &opened.part.kind else {
            self.lacks(opened, "its numbers in parentheses");
            return None;
        };
        Some(self.given(named, arguments, opened.part.span))
    }

    /// What the arguments of a word say; `span` is all of it.
    fn given<T>(&mut self, named: &Named<T>, arguments: &'a [Argument], span: Span) -> T {
        let mut given = named.defaults();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for (place, argument) in arguments.iter().enumerate() {
            let before =
                place.checked_sub(1).and_then(|before| arguments.get(before)).map(|before| before.value.span.end);
            let Some(at) = self.argument((place, argument), before, named, &mut seen) else { continue };
            given[at].is_said = true;
            self.value(argument, &named.numbers[at], &mut given[at]);
        }
        if let Some(pair) = named.apart {
            self.one_of_pair(pair, &seen, span);
        }
        (named.make)(&given)
    }

    /// What stands behind the key of an argument.
    fn value(&mut self, argument: &Argument, number: &Number, given: &mut Given) {
        let (key, value) = (number.key, &argument.value);
        if let Some(unit) = &argument.unit {
            given.is_of_weights = number.range == Range::Decay;
            if !given.is_of_weights {
                let error = self.error(unit.span, format!("`{key}` takes no `weights`")).found(&unit.text);
                let space = Span { start: value.span.end, ..unit.span };
                self.wrong(error.expected("a number alone").mend(space, "").help("leave it out"));
            }
        }
        match number.range {
            Range::Word => {}
            Range::Rising => given.list = self.rising(value, key),
            range => {
                let read = self.scope.number(value, &format!("`{key}`"));
                let Some(read) = self.keep(read) else { return };
                given.number = read;
                self.in_range(read, range, value.span, key);
            }
        }
    }

    /// Says where a number is not one of its range.
    pub(super) fn in_range(&mut self, read: f64, range: Range, span: Span, key: &str) {
        if range.holds(read) {
            return;
        }
        let expected = range.in_words(read);
        // Forty digits say less than an exponent.
        let found = if read > LARGEST { format!("{read:e}") } else { read.to_string() };
        let error = self.error(span, format!("`{key}` must be {expected}, not {found}"));
        self.wrong(error.found(found).expected(expected));
    }

    /// `{30,60,90}`, `30`: whole numbers, each above the one before.
    fn rising(&mut self, value: &Expr, key: &str) -> Vec<f64> {
        let read = self.scope.evaluate(value);
        let numbers = match self.keep(read) {
            None => return Vec::new(),
            Some(Value::Number(number)) => vec![number],
            Some(Value::List(numbers)) => numbers,
        };
        if let Some(&wrong) = numbers.iter().find(|&&number| !Range::Rising.holds(number)) {
            self.in_range(wrong, Range::Rising, value.span, key);
        } else if !numbers.is_sorted_by(|a, b| a < b) {
            let mut sorted = numbers.clone();
            sorted.sort_by(f64::total_cmp);
            sorted.dedup();
            let mend: Vec<String> = sorted.iter().map(f64::to_string).collect();
            let error = self.error(value.span, format!("the numbers of `{key}` rise from one to the next"));
            let error = error.found(value.to_string()).expected("rising numbers");
            self.wrong(error.write(value.span, format!("{{{}}}", mend.join(","))));
        }
        numbers
    }

    /// Says where two keys stand together of which one says all.
    fn one_of_pair(&mut self, pair: [&str; 2], seen: &[(&str, Span)], whole: Span) {
        let place = |key: &str| seen.iter().find(|(word, _)| word.eq_ignore_ascii_case(key)).map(|&(_, span)| span);
        if let [Some(first), Some(second)] = pair.map(place) {
            let [one, other] = pair;
            let error = self.error(second.max(first), format!("`{one}` and `{other}` stand together"));
            let error =
                error.found("both").expected("one of the two").also(second.min(first), "one stands here already");
            self.wrong(error.also(whole, "").help(format!("leave out `{one}` or `{other}`")));
        }
    }

    /// Which of its numbers an argument is.
    fn argument<T>(
        &mut self,
        (place, argument): (usize, &'a Argument),
        before: Option<u32>,
        named: &Named<T>,
        seen: &mut Vec<(&'a str, Span)>,
    ) -> Option<usize> {
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
        let is_word = at.is_some_and(|at| named.numbers[at].range == Range::Word);
        match (at, &argument.key) {
            (Some(_), Some(_)) if is_word => {
                let whole = span.to(argument.value.span);
                let error = self.error(whole, format!("`{key}` stands without a value")).found(argument.to_string());
                self.wrong(error.expected(key).write(whole, key));
                None
            }
            (Some(at), said) if said.is_some() != is_word => {
                if let Some(&(_, first)) = seen.iter().find(|(word, _)| word.eq_ignore_ascii_case(key)) {
                    let error = self.error(span, format!("`{key}` stands twice")).also(first, "it stands here already");
                    let whole = span.to(argument.value.span);
                    let cut = before.map_or(whole, |end| Span { start: end, ..whole });
                    self.wrong(error.here("the second").mend(cut, "").help("remove one of the two"));
                    return None;
                }
                seen.push((key, span));
                Some(at)
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
                let default = named.numbers[at].example();
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
