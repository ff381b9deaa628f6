//! `augment flip, crop 4, scale 0.8..1.2`: what training pictures are changed by at random.

use fovea_graph::Span;

use super::super::about::{Clause, Offer, clause};
use super::super::form;
use super::super::read::{Opened, Parts};
use crate::diagnostic::{list, quoted};
use crate::scope::nearest;
use crate::syntax::{Expr, Part, PartKind};

/// A change that training pictures get at random.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Left and right exchanged, every second time.
    Flip,
    /// Moved by up to so many pixels.
    Crop(usize),
    /// Turned by up to so many degrees.
    Rotate(f64),
    /// Enlarged by a factor between these.
    Scale(f64, f64),
    /// Brightness, contrast and saturation changed by up to this share.
    Jitter(f64),
    /// Noise of this deviation.
    Noise(f64),
    /// A square of so many pixels a side cut out.
    Cutout(usize),
    /// Mixed with another, by shares of Beta(α, α).
    Mixup(f64),
}

/// What stands behind a change's word.
#[derive(Clone, Copy)]
enum Takes {
    Nothing,
    /// A whole number of pixels.
    Pixels(fn(usize) -> Change),
    /// A number above 0, at most this.
    Number(f64, fn(f64) -> Change),
    /// `0.8..1.2`
    Range,
}

/// Every change: its word, what stands behind it, and how it is written.
const CHANGES: [(&str, Takes, &str); 8] = [
    ("flip", Takes::Nothing, "flip"),
    ("crop", Takes::Pixels(Change::Crop), "crop 4"),
    ("rotate", Takes::Number(180.0, Change::Rotate), "rotate 15"),
    ("scale", Takes::Range, "scale 0.8..1.2"),
    ("jitter", Takes::Number(1.0, Change::Jitter), "jitter 0.2"),
    ("noise", Takes::Number(1.0, Change::Noise), "noise 0.05"),
    ("cutout", Takes::Pixels(Change::Cutout), "cutout 8"),
    ("mixup", Takes::Number(10.0, Change::Mixup), "mixup 0.2"),
];

const WORDS: [&str; 8] = ["flip", "crop", "rotate", "scale", "jitter", "noise", "cutout", "mixup"];

/// How much larger or smaller a picture may become.
const SCALES: std::ops::RangeInclusive<f64> = 0.1..=10.0;

/// What training pictures are changed by.
pub(in crate::verb) const AUGMENT: Clause<Vec<Change>> = Clause {
    about: clause("augment", "augment flip, crop 4, jitter 0.2", &[Offer::List(&Offer::Options(&WORDS))]),
    read: |parts, opened| parts.changes(opened),
    form: form::WORDS,
};

impl<'a> Parts<'a> {
    /// Changes with commas between them; each at most once.
    fn changes(&mut self, opened: Opened<'a>) -> Option<Vec<Change>> {
        let mut all: Vec<(&'static str, Span, Change)> = Vec::new();
        let known = self.mistakes.len();
        loop {
            let start = self.at;
            let Some(part @ Part { kind: PartKind::Word(word), .. }) = self.peek() else { break };
            let Some(&(word, takes, example)) = CHANGES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(word))
            else {
                if self.clause(word).is_some() {
                    break;
                }
                self.no_change(part, word);
                return None;
            };
            self.at += 1;
            let change = self.change(part, takes, example);
            let span = self.span_of(start, self.at - 1);
            match (all.iter().find(|(earlier, ..)| *earlier == word), change) {
                (Some(&(_, first, _)), _) => {
                    self.one_of_two(self.twice(&format!("`{word}`"), first, span), first, span)
                }
                (None, Some(change)) => all.push((word, span, change)),
                (None, None) => {}
            }
            if !self.goes_on() {
                break;
            }
        }
        if all.is_empty() && self.mistakes.len() == known {
            self.lacks(opened, "its changes");
        }
        (!all.is_empty()).then(|| all.into_iter().map(|(.., change)| change).collect())
    }

    /// Whether the list goes on; says where its comma is missing. A comma before a clause is the clause's.
    fn goes_on(&mut self) -> bool {
        let is_change = |part: Option<&Part>| match part.map(|part| &part.kind) {
            Some(PartKind::Word(word)) => self.clause(word).is_none(),
            _ => false,
        };
        match self.peek() {
            Some(Part { kind: PartKind::Comma, .. }) if is_change(self.parts.get(self.at + 1)) => {
                self.at += 1;
                true
            }
            Some(part @ Part { kind: PartKind::Word(word), span })
                if WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)) =>
            {
                let found = quoted(&part.to_string());
                let error = self.error(*span, format!("`,` is missing before `{found}`")).found(found).expected("`,`");
                let before = Span { end: span.start, ..self.here() };
                self.wrong(error.mend(before, ", ").help("put `,` between two changes"));
                true
            }
            _ => false,
        }
    }

    /// What stands behind a change's word.
    fn change(&mut self, part: &Part, takes: Takes, example: &str) -> Option<Change> {
        match takes {
            Takes::Nothing => Some(Change::Flip),
            Takes::Range => match self.peek() {
                Some(&Part { kind: PartKind::Range(least, most), span }) => {
                    self.at += 1;
                    self.scale(least, most, span)
                }
                Some(Part { kind: PartKind::Value(value), span }) => {
                    self.at += 1;
                    let error = self.error(*span, "a scale lies between two factors").found(quoted(&value.to_string()));
                    self.wrong(
                        error
                            .expected("two numbers, as 0.8..1.2")
                            .mend(*span, "0.8..1.2")
                            .help("write `scale 0.8..1.2`, say"),
                    );
                    None
                }
                _ => self.no_amount(part, example),
            },
            Takes::Pixels(make) => {
                let value = self.amount(part, example)?;
                let count = self.scope.count(&value, 1, &format!("what stands behind `{part}`"));
                self.keep(count).map(make)
            }
            Takes::Number(most, make) => {
                let value = self.amount(part, example)?;
                let number = self.scope.number(&value, &format!("what stands behind `{part}`"));
                let number = self.keep(number)?;
                if number > 0.0 && number <= most {
                    return Some(make(number));
                }
                let expected = format!("a number above 0, at most {most}");
                let error = self.error(value.span, format!("`{part}` takes {expected}, not {number}"));
                let amount = example.rsplit(' ').next().unwrap_or_default();
                self.wrong(
                    error
                        .found(number.to_string())
                        .expected(expected)
                        .mend(value.span, amount)
                        .help(format!("write `{example}`, say")),
                );
                None
            }
        }
    }

    fn scale(&mut self, least: f64, most: f64, span: Span) -> Option<Change> {
        let is_good = least <= most && SCALES.contains(&least) && SCALES.contains(&most);
        if is_good {
            return Some(Change::Scale(least, most));
        }
        let found = format!("{least}..{most}");
        let error = self.error(span, format!("a picture cannot be scaled by {found}")).found(found);
        let error = error.expected(format!("two factors of {} to {}, the smaller first", SCALES.start(), SCALES.end()));
        self.wrong(match least > most && SCALES.contains(&least) && SCALES.contains(&most) {
            true => error.write(span, format!("{most}..{least}")),
            false => error.mend(span, "0.8..1.2").help("write `scale 0.8..1.2`, say"),
        });
        None
    }

    /// The number behind a change's word: a value, or a constant's name.
    fn amount(&mut self, part: &Part, example: &str) -> Option<Expr> {
        let value = match self.peek() {
            Some(Part { kind: PartKind::Value(value), .. }) => value.clone(),
            Some(Part { kind: PartKind::Word(name), span }) if self.scope.constants.contains_key(name) => {
                Expr { kind: crate::syntax::ExprKind::Name(name.clone()), span: *span }
            }
            _ => return self.no_amount(part, example),
        };
        self.at += 1;
        Some(value)
    }

    fn no_amount<T>(&mut self, part: &Part, example: &str) -> Option<T> {
        let amount = example.rsplit(' ').next().unwrap_or_default();
        let error =
            self.error(part.span, format!("`{part}` lacks how much")).put_behind(part.span, format!(" {amount}"));
        self.wrong(
            error
                .found(self.peek().map_or("the end".into(), |next| quoted(&next.to_string())))
                .expected(format!("as in `{example}`"))
                .help(format!("write `{example}`, say")),
        );
        None
    }

    /// A word that is no change.
    fn no_change(&mut self, part: &Part, word: &str) {
        let error =
            self.error(part.span, format!("pictures cannot be augmented by `{}`", quoted(word))).found(quoted(word));
        let error = error.expected(list(&WORDS, "or"));
        let ours = elsewhere(word).or_else(|| nearest(&word.to_lowercase(), WORDS));
        self.wrong(match ours {
            Some(ours) => error.write(part.span, ours),
            None => error.mend(part.span, "flip").help("write `augment flip, crop 4`, say"),
        });
        self.pass_over();
    }
}

/// What other libraries call our changes.
fn elsewhere(word: &str) -> Option<&'static str> {
    let plain: String = word.to_lowercase().chars().filter(|letter| letter.is_ascii_alphanumeric()).collect();
    Some(match plain.trim_start_matches("random") {
        "horizontalflip" | "hflip" | "mirror" | "fliplr" | "flipleftright" => "flip",
        "cropping" | "shift" | "translate" | "translation" | "croppad" => "crop 4",
        "rotation" | "turn" => "rotate 15",
        "zoom" | "resizedcrop" | "scaling" => "scale 0.8..1.2",
        "colorjitter" | "colourjitter" | "brightness" | "contrast" | "saturation" | "color" | "colour" => "jitter 0.2",
        "gaussiannoise" | "gaussnoise" => "noise 0.05",
        "mixing" | "mix" | "blend" | "cutmix" | "manifoldmixup" | "mixupalpha" => "mixup 0.2",
        "erasing" | "erase" | "coarsedropout" => "cutout 8",
        _ => return None,
    })
}
