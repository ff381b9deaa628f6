//! `split 80/20`, `split 70/15/15`: how much of the data is for training, how much to watch a training by, and how much for
//! testing.

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
    /// The part that a training is watched by; 0 where there is none.
    pub validation: u32,
    /// The rest.
    pub test: u32,
}

/// A training and a test part, and one for validation between them.
pub(in crate::verb) const SPLIT: Clause<Shares> = Clause {
    about: clause("split", "split 80/20", &[Offer::Nothing]),
    read: |parts, opened| parts.shares(opened),
    form: AS_WRITTEN,
};

/// What a correct split looks like.
const EXPECTED: &str = "two or three whole numbers that sum to 100";

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
                self.lacks(opened, "its parts");
                None
            }
            [Part { kind: PartKind::Ratio(shares), .. }] if of(shares).is_some() => of(shares),
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

/// Two or three numbers as parts; they sum to 100, and none is empty.
fn of(shares: &[f64]) -> Option<Shares> {
    let is_good =
        shares.iter().sum::<f64>() == 100.0 && shares.iter().all(|share| share.fract() == 0.0 && *share >= 1.0);
    match *shares {
        [train, test] if is_good => Some(Shares { train: train as u32, validation: 0, test: test as u32 }),
        [train, validation, test] if is_good => {
            Some(Shares { train: train as u32, validation: validation as u32, test: test as u32 })
        }
        _ => None,
    }
}

fn joined(parts: &[Part]) -> String {
    let texts = parts.iter().map(Part::to_string);
    texts
        .reduce(|text, part| if part.starts_with(['/', ',']) { text + &part } else { text + " " + &part })
        .unwrap_or_default()
}

/// What is wrong with the numbers of a split.
fn why(said: &[Part]) -> String {
    let count = numbers(&joined(said)).len();
    match (said, count) {
        ([Part { kind: PartKind::Ratio(shares), .. }], 2 | 3) if shares.iter().sum::<f64>() != 100.0 => {
            format!("the parts of a split sum to 100, and these to {}", shares.iter().sum::<f64>())
        }
        ([Part { kind: PartKind::Ratio(..), .. }], 2 | 3) => "no part of a split is empty or a fraction".to_string(),
        (_, 1) => "a split says both its parts: to train on and to test".to_string(),
        (_, 2 | 3) => "the parts of a split have `/` between them".to_string(),
        _ => "a split has two parts, to train on and to test, or a third between them, to validate with".to_string(),
    }
}

/// The numbers of a text, whatever stands between them.
fn numbers(text: &str) -> Vec<f64> {
    let pieces = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    pieces.filter_map(|piece| piece.parse().ok()).collect()
}

/// The split that the numbers of a text mean: a part alone is the larger one to train on, the smaller one to test.
pub(crate) fn in_percent(text: &str) -> String {
    let shares = match numbers(text)[..] {
        [] => vec![80.0, 20.0],
        [share] => {
            let share = if share < 1.0 { share * 100.0 } else { share };
            vec![share.max(100.0 - share), share.min(100.0 - share)]
        }
        [a, b, c] => vec![a, b, c],
        [first, ref rest @ ..] => vec![first, rest.iter().sum::<f64>()],
    };
    let sum: f64 = shares.iter().sum();
    let rounded: Vec<f64> = shares[1..].iter().map(|share| (100.0 * share / sum).round()).collect();
    let first = 100.0 - rounded.iter().sum::<f64>();
    let all = [&[first], &rounded[..]].concat();
    if all.iter().all(|share| (1.0..=99.0).contains(share)) {
        all.iter().map(f64::to_string).collect::<Vec<_>>().join("/")
    } else {
        "80/20".to_string()
    }
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
            ("70/15/15", "70/15/15"),
            ("0.6 0.2 0.2", "60/20/20"),
            ("1,1,1", "34/33/33"),
            ("4/3/2/1", "40/60"),
            ("100/0", "80/20"),
            ("0/0", "80/20"),
            ("", "80/20"),
        ];
        for (text, expected) in meant {
            assert_eq!(in_percent(text), expected, "{text}");
        }
    }
}
