//! `for 10 epochs`, `for 500 steps`, `warmup 5 epochs`, `checkpoint every 100 steps`: stretches of training.

use super::super::about::{About, Clause, Offer, clause};
use super::super::form;
use super::super::read::{Opened, Parts};
use crate::diagnostic::quoted;
use crate::syntax::{Part, PartKind};
use fovea_graph::{counted, noun};

/// A stretch of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// So many steps, each a batch.
    Steps(usize),
    /// So many epochs.
    Epochs(usize),
}

/// How long a net is trained.
pub(in crate::verb) const FOR: Clause<Period> = Clause {
    about: clause("for", "for 10 epochs", &[Offer::Constants, Offer::Words(&["epochs", "steps"])]),
    read: |parts, opened| parts.length(opened),
    form: stretch,
};

/// How long the rate rises from 0 to the schedule's, in a straight line.
pub(in crate::verb) const WARMUP: Clause<Period> = Clause {
    about: clause("warmup", "warmup 5 epochs", &[Offer::Constants, Offer::Words(&["epochs", "steps"])]),
    read: |parts, opened| parts.period(opened),
    form: stretch,
};

/// How often a checkpoint is written besides the usual ones.
pub(in crate::verb) const CHECKPOINT: Clause<Period> = Clause {
    about: clause(
        "checkpoint",
        "checkpoint every 100 steps",
        &[Offer::Words(&["every"]), Offer::Constants, Offer::Words(&["steps", "epochs"])],
    ),
    read: |parts, opened| parts.every(opened),
    form: |verb, mut parts| {
        let stretch = stretch(verb, parts.split_off(parts.len().min(1)));
        form::WORDS(verb, parts).into_iter().chain(stretch).collect()
    },
};

/// What training is counted in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Epochs,
    Steps,
}

impl Unit {
    /// The unit of a word, in any spelling.
    fn named(word: &str) -> Option<Self> {
        match word.to_lowercase().as_str() {
            "epochs" | "epoch" => Some(Unit::Epochs),
            "steps" | "step" | "batches" => Some(Unit::Steps),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Unit::Epochs => "epochs",
            Unit::Steps => "steps",
        }
    }
}

/// `10 epochs`: a number and its unit.
fn stretch(verb: &About, mut parts: Vec<Part>) -> Vec<Part> {
    if let Some(Part { kind: PartKind::Word(word), .. }) = parts.last_mut()
        && let Some(unit) = Unit::named(word)
    {
        *word = unit.word().into();
    }
    form::NUMBER(verb, parts)
}

impl Parts<'_> {
    /// `for 10 epochs`, `for 500 steps`
    fn length(&mut self, opened: Opened<'_>) -> Option<Period> {
        // `for epochs`
        if matches!(opened.part.kind, PartKind::Word(_))
            && let [Part { kind: PartKind::Word(unit), .. }, ..] = self.parts.get(self.at..).unwrap_or_default()
            && Unit::named(unit).is_some()
            && !self.scope.constants.contains_key(unit)
        {
            self.lacks(opened, "its number");
            return None;
        }
        let expr = self.number(opened)?;
        let unit = match self.peek() {
            Some(Part { kind: PartKind::Word(word), .. }) => Unit::named(word),
            _ => None,
        };
        let what = if unit == Some(Unit::Steps) { "the number of steps" } else { "the number of epochs" };
        let count = self.scope.count(&expr, 1, what);
        let count = self.keep(count);
        match (unit, self.peek()) {
            (Some(_), _) => self.at += 1,
            (None, other) => {
                let is_unit =
                    matches!(other, Some(Part { kind: PartKind::Word(word), .. }) if self.clause(word).is_none());
                let span = other.filter(|_| is_unit).map_or(self.here(), |part| part.span);
                let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
                let error = self.error(span, "training is counted in epochs, or in steps").found(found);
                let error = error.expected("epochs or steps");
                let error = error.mend(span, format!("{}{}", if is_unit { "" } else { " " }, noun(&expr, "epoch")));
                self.wrong(error.help(format!("write `for {}`", counted(&expr, "epoch"))));
                if is_unit {
                    self.at += 1;
                }
            }
        }
        count.map(if unit == Some(Unit::Steps) { Period::Steps } else { Period::Epochs })
    }

    /// `warmup 5 epochs`, `warmup 500 steps`
    fn period(&mut self, opened: Opened<'_>) -> Option<Period> {
        let expr = self.number(opened)?;
        let count = self.scope.count(&expr, 1, &format!("what stands behind `{}`", opened.about.word));
        let count = self.keep(count);
        let unit = match self.peek() {
            Some(Part { kind: PartKind::Word(unit), span }) if self.clause(unit).is_none() => Some((unit, *span)),
            _ => None,
        };
        self.at += usize::from(unit.is_some());
        match unit.and_then(|(unit, _)| Unit::named(unit)) {
            Some(Unit::Epochs) => count.map(Period::Epochs),
            Some(Unit::Steps) => count.map(Period::Steps),
            None => {
                let span = unit.map_or(self.here(), |(_, span)| span);
                let found = unit.map_or("the end".to_string(), |(unit, _)| quoted(unit));
                let error = self.error(span, format!("`{}` lacks its unit", opened.about.word)).found(found);
                let [epochs, steps] = ["epoch", "step"].map(|unit| noun(&expr, unit));
                let space = if unit.is_some() { "" } else { " " };
                let error = error.expected("steps or epochs");
                let error = error.mend(span, format!("{space}{epochs}")).mend(span, format!("{space}{steps}"));
                self.wrong(error.help(format!("write `{expr} {epochs}` or `{expr} {steps}`")));
                None
            }
        }
    }

    /// `checkpoint every 100 steps`
    fn every(&mut self, opened: Opened<'_>) -> Option<Period> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(every), .. }) if every.eq_ignore_ascii_case("every") => {
                self.at += 1;
                self.period(opened)
            }
            Some(Part { kind: PartKind::Value(_), span }) => {
                let error = self.error(*span, "`every` is missing before the number").expected("`every`");
                self.wrong(error.put_before(*span, "every ").help("write `checkpoint every 100 steps`, say"));
                self.period(opened)
            }
            _ => {
                self.lacks(opened, "`every`");
                self.pass_over();
                None
            }
        }
    }
}
