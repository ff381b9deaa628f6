//! `with guided, integrated(steps 50), gradcam`: how `saliency` tells which pixels matter.

use fovea_graph::Span;

use super::super::about::{Clause, Offer, clause};
use super::super::read::{Opened, Parts};
use super::named::{self, Named, Number, Range, number};
use crate::diagnostic::quoted;
use crate::syntax::{Part, PartKind};

/// How it is told which pixels matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribution {
    /// The gradient of the score.
    Gradient,
    /// Guided backpropagation.
    Guided,
    /// Integrated gradients, in so many steps.
    Integrated(usize),
    /// Grad-CAM.
    GradCam,
}

const WORDS: [&str; 4] = ["gradient", "guided", "integrated", "gradcam"];

const STEPS: &[Number] = &[number("steps", 50.0, Range::Count)];

/// More steps than these add nothing that f32 holds.
const MOST_STEPS: usize = 1000;

pub(crate) const ATTRIBUTIONS: &[Named<Attribution>] = &[
    Named { word: WORDS[0], numbers: &[], apart: None, make: |_| Attribution::Gradient },
    Named { word: WORDS[1], numbers: &[], apart: None, make: |_| Attribution::Guided },
    Named { word: WORDS[2], numbers: STEPS, apart: None, make: |n| Attribution::Integrated(n[0].number as usize) },
    Named { word: WORDS[3], numbers: &[], apart: None, make: |_| Attribution::GradCam },
];

/// The maps that are shown, each with its place.
pub(in crate::verb) const MAPS: Clause<Vec<(Attribution, Span)>> = Clause {
    about: clause("with", "with guided, integrated, gradcam", &[Offer::List(&Offer::Attributions)]),
    read: |parts, opened| parts.attributions(opened),
    form: named::form,
};

impl<'a> Parts<'a> {
    /// Maps with commas between them; each at most once.
    fn attributions(&mut self, opened: Opened<'a>) -> Option<Vec<(Attribution, Span)>> {
        let mut all: Vec<(Attribution, Span)> = Vec::new();
        loop {
            let start = self.at;
            let one = self.named(opened, "map", ATTRIBUTIONS)?;
            let span = self.span_of(start, self.at - 1);
            let word = |of: Attribution| std::mem::discriminant(&of);
            if let Attribution::Integrated(steps) = one
                && steps > MOST_STEPS
            {
                let error = self.error(span, format!("`steps` must be at most {MOST_STEPS}, not {steps}"));
                let error = error.found(steps.to_string()).expected(format!("a whole number from 1 to {MOST_STEPS}"));
                self.wrong(error.write(span, format!("integrated(steps {MOST_STEPS})")));
            }
            match all.iter().find(|(earlier, _)| word(*earlier) == word(one)) {
                Some(&(_, first)) => self.one_of_two(self.twice("a map", first, span), first, span),
                None => all.push((one, span)),
            }
            if !self.more_maps() {
                return Some(all);
            }
        }
    }

    /// Whether the list goes on; says where its comma is missing. A comma before a clause is the clause's.
    fn more_maps(&mut self) -> bool {
        let is_map = |part: Option<&Part>| match part.map(|part| &part.kind) {
            Some(PartKind::Word(word) | PartKind::Call(word, _)) => self.clause(word).is_none(),
            _ => false,
        };
        match self.peek() {
            Some(Part { kind: PartKind::Comma, .. }) if is_map(self.parts.get(self.at + 1)) => {
                self.at += 1;
                true
            }
            Some(part @ Part { kind: PartKind::Word(word) | PartKind::Call(word, _), span })
                if WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)) =>
            {
                let found = quoted(&part.to_string());
                let error = self.error(*span, format!("`,` is missing before `{found}`")).found(found).expected("`,`");
                let before = Span { end: span.start, ..self.here() };
                self.wrong(error.mend(before, ", ").help("put `,` between two maps"));
                true
            }
            _ => false,
        }
    }
}
