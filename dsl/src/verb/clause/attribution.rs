//! `with guided, integrated(steps 50), gradcam(conv2)`: how `saliency` tells which pixels matter.

use fovea_graph::Span;

use super::super::about::{About, Clause, Offer, clause};
use super::super::read::{Opened, Parts};
use super::named::{self, Named, Number, Range, number};
use crate::diagnostic::quoted;
use crate::syntax::{Argument, Expr, ExprKind, Name, Part, PartKind};

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

/// A map that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributed {
    /// How it is made.
    pub by: Attribution,
    /// Of Grad-CAM, whose maps are weighed, where that is said.
    pub layer: Option<Name>,
    /// Where it stands.
    pub span: Span,
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
pub(in crate::verb) const MAPS: Clause<Vec<Attributed>> = Clause {
    about: clause("with", "with guided, integrated, gradcam", &[Offer::List(&Offer::Attributions)]),
    read: |parts, opened| parts.attributions(opened),
    form,
};

/// The name of a layer stays as it is.
fn form(verb: &About, parts: Vec<Part>) -> Vec<Part> {
    let one = |part: Part| match part.kind {
        PartKind::Call(word, arguments) if is_gradcam(&word) && !arguments.is_empty() => {
            vec![Part { kind: PartKind::Call(word.to_lowercase(), arguments), ..part }]
        }
        _ => named::form(verb, vec![part]),
    };
    parts.into_iter().flat_map(one).collect()
}

/// The word of the map that is of a layer.
pub(crate) fn is_gradcam(word: &str) -> bool {
    word.eq_ignore_ascii_case(WORDS[3])
}

impl<'a> Parts<'a> {
    /// Maps with commas between them; each at most once.
    fn attributions(&mut self, opened: Opened<'a>) -> Option<Vec<Attributed>> {
        let mut all: Vec<Attributed> = Vec::new();
        loop {
            let start = self.at;
            let layer = self.weighed();
            let by = if layer.is_some() { Attribution::GradCam } else { self.named(opened, "map", ATTRIBUTIONS)? };
            let span = self.span_of(start, self.at - 1);
            if let Attribution::Integrated(steps) = by
                && steps > MOST_STEPS
            {
                let error = self.error(span, format!("`steps` must be at most {MOST_STEPS}, not {steps}"));
                let error = error.found(steps.to_string()).expected(format!("a whole number from 1 to {MOST_STEPS}"));
                self.wrong(error.write(span, format!("integrated(steps {MOST_STEPS})")));
            }
            let kind = std::mem::discriminant(&by);
            let of = |layer: &Option<Name>| layer.as_ref().map(|layer| layer.text.clone());
            let is_same =
                |known: &&Attributed| std::mem::discriminant(&known.by) == kind && of(&known.layer) == of(&layer);
            match all.iter().find(is_same).map(|known| known.span) {
                Some(first) => self.one_of_two(self.twice("a map", first, span), first, span),
                None => all.push(Attributed { by, layer, span }),
            }
            if !self.more_maps() {
                return Some(all);
            }
        }
    }

    /// The layer in `gradcam(conv2)`.
    fn weighed(&mut self) -> Option<Name> {
        let Some(Part { kind: PartKind::Call(word, arguments), span }) = self.peek() else { return None };
        let [Argument { key, value: Expr { kind: ExprKind::Name(layer), span: at }, unit: None }] = &arguments[..]
        else {
            return None;
        };
        if !is_gradcam(word) {
            return None;
        }
        if key.is_some() {
            let error = self.error(*span, "the layer stands alone in the parentheses").found(quoted(layer));
            self.wrong(error.expected(format!("gradcam({layer})")).write(*span, format!("gradcam({layer})")));
        }
        self.at += 1;
        Some(Name { text: layer.clone(), span: *at })
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
