//! The numbers of an optimizer without its parentheses: `lr 0.1 momentum 0.9`.

use fovea_graph::Span;

use super::clause::{ATTACKS, ATTRIBUTIONS, LAYOUTS, OPTIMIZERS, REGULARISERS, SCHEDULES, every_named};
use super::mends::is_word;
use super::read::Parts;
use super::{Offer, elsewhere};
use crate::syntax::{Part, PartKind};

/// What is called so in two words: `learning rate 0.1`.
const TWO_WORDS: &[&str] = &["learning", "weight"];

impl Parts<'_> {
    /// The numbers from part `start` on: what to write at which place.
    pub(super) fn loose_numbers(&self, start: usize) -> Option<(Span, String)> {
        let (said, end) = self.numbers_from(start)?;
        let place = self.span_of(start, end);
        let with = self.parts.iter().position(|part| is_word(part, "with")).map(|with| with + 1);
        let Some(named) = with else { return Some((place, format!("with sgd({said})"))) };
        match self.parts.get(named).map(|part| (&part.kind, part)) {
            // `with lr 0.1`
            _ if named == start => Some((place, format!("sgd({said})"))),
            Some((PartKind::Word(word), part)) => {
                Some(self.moved(format!("{word}({said})"), part, [start, end], named))
            }
            Some((PartKind::Call(word, arguments), part)) => {
                let mut all: Vec<String> = arguments.iter().map(|argument| argument.to_string()).collect();
                all.push(said);
                Some(self.moved(format!("{word}({})", all.join(", ")), part, [start, end], named))
            }
            _ => None,
        }
    }

    /// The numbers of the parts `start..=end` in the optimizer, which is part `named`; what stands between stays.
    fn moved(&self, optimizer: String, part: &Part, [start, end]: [usize; 2], named: usize) -> (Span, String) {
        let place = self.span_of(start, end);
        if named < start {
            return (part.span.to(place), self.joined(optimizer, named + 1, start));
        }
        let first = end + 1 + usize::from(matches!(self.parts.get(end + 1), Some(Part { kind: PartKind::Comma, .. })));
        let between = self.joined(String::new(), first, named);
        (place.to(part.span), format!("{} {optimizer}", between.trim_start()))
    }

    /// `said`, then the parts from `first` to before `end`, as far as they are more than a comma.
    fn joined(&self, said: String, first: usize, end: usize) -> String {
        let between = self.parts.get(first..end).unwrap_or_default();
        let between = match between {
            [most @ .., Part { kind: PartKind::Comma, .. }] => most,
            all => all,
        };
        between.iter().fold(said, |text, part| match part.kind {
            PartKind::Comma => text + ",",
            _ => format!("{text} {part}"),
        })
    }

    /// The keys with their numbers from part `start` on, and the last part of them.
    fn numbers_from(&self, start: usize) -> Option<(String, usize)> {
        let (mut said, mut at, mut end) = (Vec::new(), start, None);
        while let Some((key, behind)) = self.key_at(at) {
            let equals = matches!(self.parts.get(behind), Some(Part { kind: PartKind::Equals, .. }));
            let number = behind + usize::from(equals);
            let Some(value @ Part { kind: PartKind::Value(_), .. }) = self.parts.get(number) else { break };
            said.push(format!("{key} {value}"));
            end = Some(number);
            let comma = matches!(self.parts.get(number + 1), Some(Part { kind: PartKind::Comma, .. }));
            at = number + 1 + usize::from(comma);
        }
        Some((said.join(", "), end?))
    }

    /// The key of a number at part `at`, in our words, and the part behind it.
    fn key_at(&self, at: usize) -> Option<(String, usize)> {
        let word = |at: usize| match &self.parts.get(at)?.kind {
            PartKind::Word(word) => Some(word.as_str()),
            _ => None,
        };
        let first = word(at)?;
        let two = word(at + 1).filter(|_| TWO_WORDS.contains(&first)).map(|second| format!("{first}{second}"));
        match two.as_deref().and_then(key) {
            Some(ours) => Some((ours, at + 2)),
            None => Some((key(first)?, at + 1)),
        }
    }

    /// Whether a clause of the verb takes an optimizer.
    pub(super) fn takes_optimizer(&self) -> bool {
        self.verb.clauses.iter().any(|clause| clause.behind == [Offer::Optimizers])
    }

    /// Whether a word names a number of an optimizer, and the verb takes one.
    pub(super) fn is_number(&self, word: &str) -> bool {
        self.takes_optimizer()
            && (key(word).is_some() || TWO_WORDS.contains(&word) || word.eq_ignore_ascii_case("momentum"))
    }

    /// The clause of the verb that takes what a word names, and what that is: `with` and an optimizer, say.
    pub(super) fn naming(&self, word: &str) -> Option<[&'static str; 2]> {
        let is = |known: &str| known.eq_ignore_ascii_case(word);
        self.verb.clauses.iter().find_map(|clause| match clause.behind {
            [Offer::Optimizers] if OPTIMIZERS.iter().any(|named| is(named.word)) => {
                Some([clause.word, "the optimizer"])
            }
            [Offer::Schedules] if SCHEDULES.iter().any(|named| is(named.word)) => Some([clause.word, "the schedule"]),
            [Offer::Options(words)] if clause.word == "by" && words.iter().any(|word| is(word)) => {
                Some([clause.word, "the descent"])
            }
            [Offer::Attacks] if ATTACKS.iter().any(|named| is(named.word)) => Some([clause.word, "the attack"]),
            [Offer::Layouts] if LAYOUTS.iter().any(|named| is(named.word)) => Some([clause.word, "the layout"]),
            [Offer::List(Offer::Attributions)] if ATTRIBUTIONS.iter().any(|named| is(named.word)) => {
                Some([clause.word, "a map"])
            }
            [Offer::List(Offer::Regularisers)] if REGULARISERS.iter().any(|named| is(named.word)) => {
                Some([clause.word, "a regulariser"])
            }
            _ => None,
        })
    }

    /// The key of the first number of the optimizer, schedule or layout of this word.
    pub(super) fn first_number(&self, word: &str) -> Option<&'static str> {
        let (_, numbers) = every_named().find(|(known, _)| known.eq_ignore_ascii_case(word))?;
        numbers.first().map(|number| number.key)
    }
}

/// A number of an optimizer in our words.
fn key(word: &str) -> Option<String> {
    let word = word.to_lowercase();
    let word = elsewhere::number(&word).unwrap_or(&word);
    let mut keys = OPTIMIZERS.iter().flat_map(|named| named.numbers).map(|number| number.key);
    keys.find(|key| *key == word).map(str::to_string)
}
