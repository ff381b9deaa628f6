//! `split 80/20`: how much of the data is for training, and how much for testing.

use super::super::about::{Clause, Offer, clause};
use super::super::form::AS_WRITTEN;
use super::super::read::{Opened, Parts};
use crate::diagnostic::quoted;
use crate::syntax::{Part, PartKind};

/// The parts of data, in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// The training part, 1 to 99.
    pub train: u32,
    /// The rest.
    pub test: u32,
}

/// A training and a test part.
pub(in crate::verb) const SPLIT: Clause<Shares> = Clause {
    about: clause("split", "split 80/20", &[Offer::Nothing]),
    read: |parts, opened| parts.shares(opened),
    form: AS_WRITTEN,
};

/// What a correct split looks like.
const EXPECTED: &str = "two whole numbers that sum to 100";

impl Parts<'_> {
    fn shares(&mut self, opened: Opened<'_>) -> Option<Shares> {
        // `split(80, 20)`
        if let PartKind::Call(_, arguments) = &opened.part.kind {
            let inside: Vec<String> = arguments.iter().map(|argument| argument.to_string()).collect();
            let error = self.error(opened.part.span, "the parts of a split stand without parentheses");
            let mend = format!("split {}", in_percent(&inside.join("/")));
            self.wrong(error.found(quoted(&opened.part.to_string())).expected(EXPECTED).write(opened.part.span, mend));
            return None;
        }
        let start = self.at;
        while self.is_share(self.at) || self.at > start && self.is_comma_before_share() {
            self.at += 1;
        }
        let said = self.parts.get(start..self.at).unwrap_or_default();
        match said {
            [] => {
                self.lacks(opened, "its two parts");
                None
            }
            [Part { kind: PartKind::Ratio(train, test), .. }] if train + test == 100.0 && are_shares(*train, *test) => {
                Some(Shares { train: *train as u32, test: *test as u32 })
            }
            _ => {
                let (span, text) = (self.span_of(start, self.at - 1), joined(said));
                let error = self.error(span, why(said)).found(quoted(&text)).expected(EXPECTED);
                self.wrong(error.write(span, in_percent(&text)));
                None
            }
        }
    }

    /// Whether a part can be meant for numbers of a split.
    fn is_share(&self, at: usize) -> bool {
        let kind = self.parts.get(at).map(|part| &part.kind);
        matches!(kind, Some(PartKind::Ratio(..) | PartKind::Value(_) | PartKind::Stride(_)))
            || matches!(
                (kind, at.checked_sub(1).and_then(|before| self.parts.get(before))),
                (Some(PartKind::Size(_)), Some(Part { kind: PartKind::Word(_), .. }))
            )
    }

    /// `80, 20`
    fn is_comma_before_share(&self) -> bool {
        self.peek().is_some_and(|part| part.kind == PartKind::Comma) && self.is_share(self.at + 1)
    }
}

/// Whether two numbers that sum to 100 are parts, of which none is empty.
fn are_shares(train: f64, test: f64) -> bool {
    [train, test].iter().all(|share| share.fract() == 0.0 && *share >= 1.0)
}

fn joined(parts: &[Part]) -> String {
    let texts = parts.iter().map(Part::to_string);
    texts
        .reduce(|text, part| if part.starts_with(['/', ',']) { text + &part } else { text + " " + &part })
        .unwrap_or_default()
}

/// What is wrong with the numbers of a split.
fn why(said: &[Part]) -> String {
    match (said, numbers(&joined(said)).len()) {
        ([Part { kind: PartKind::Ratio(train, test), .. }], 2) if train + test != 100.0 => {
            format!("the parts of a split sum to 100, and these to {}", train + test)
        }
        ([Part { kind: PartKind::Ratio(..), .. }], 2) => "no part of a split is empty or a fraction".to_string(),
        (_, 1) => "a split says both its parts: to train on and to test".to_string(),
        (_, 2) => "the two parts of a split have `/` between them".to_string(),
        _ => "a split has two parts here: to train on and to test".to_string(),
    }
}

/// The numbers of a text, whatever stands between them.
fn numbers(text: &str) -> Vec<f64> {
    let pieces = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    pieces.filter_map(|piece| piece.parse().ok()).collect()
}

/// The split that the numbers of a text mean: a part alone is the larger one to train on, the smaller one to test.
pub(crate) fn in_percent(text: &str) -> String {
    let train = match numbers(text)[..] {
        [share] => {
            let share = if share < 1.0 { share * 100.0 } else { share };
            share.max(100.0 - share)
        }
        [train, ref rest @ ..] => 100.0 * train / (train + rest.iter().sum::<f64>()),
        [] => 80.0,
    };
    let train = if (1.0..=99.0).contains(&train.round()) { train.round() } else { 80.0 };
    format!("{train}/{}", 100.0 - train)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_kind_become_hundredths() {
        let meant = [
            ("0.2", "80/20"),
            ("0.75", "75/25"),
            ("20", "80/20"),
            ("90%", "90/10"),
            ("80:20", "80/20"),
            ("4/1", "80/20"),
            ("0.9 0.1", "90/10"),
            ("70/15/15", "70/30"),
            ("100/0", "80/20"),
            ("0/0", "80/20"),
            ("", "80/20"),
        ];
        for (text, expected) in meant {
            assert_eq!(in_percent(text), expected, "{text}");
        }
    }
}
