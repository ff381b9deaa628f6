//! `with guided, integrated(steps 50), gradcam(conv2)`: how `saliency` tells which pixels matter.

use fovea_graph::Span;

use super::super::about::{About, Clause, Offer, clause};
use super::super::read::{Opened, Parts};
use super::named::{self, Named, Number, Range, number};
use super::several::word;
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

/// The map that is of a layer.
const GRADCAM: &str = "gradcam";

const STEPS: &[Number] = &[number("steps", 50.0, Range::Count)];

/// More steps than these add nothing that f32 holds.
const MOST_STEPS: usize = 1000;

pub(crate) const ATTRIBUTIONS: &[Named<Attribution>] = &[
    Named { word: "gradient", numbers: &[], apart: None, make: |_| Attribution::Gradient },
    Named { word: "guided", numbers: &[], apart: None, make: |_| Attribution::Guided },
    Named { word: "integrated", numbers: STEPS, apart: None, make: |n| Attribution::Integrated(n[0].number as usize) },
    Named { word: GRADCAM, numbers: &[], apart: None, make: |_| Attribution::GradCam },
];

/// The maps that are shown, each with its place.
pub(in crate::verb) const MAPS: Clause<Vec<Attributed>> = Clause {
    about: clause("with", "with guided, integrated, gradcam", &[Offer::List(&Offer::Attributions)]),
    read: |parts, opened| {
        // Of several layers each is another map.
        let key = |part: &Part| match &part.kind {
            PartKind::Call(word, _) if is_gradcam(word) => part.to_string(),
            _ => word(part).unwrap_or_default().to_ascii_lowercase(),
        };
        let all = parts.several_by(("map", ATTRIBUTIONS), key, &mut |parts| parts.attribution(opened))?;
        all.iter().for_each(|&((by, _), span)| few_steps(parts, by, span));
        Some(all.into_iter().map(|((by, layer), span)| Attributed { by, layer, span }).collect())
    },
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

/// Whether this is the word of the map that is of a layer.
pub(crate) fn is_gradcam(word: &str) -> bool {
    word.eq_ignore_ascii_case(GRADCAM)
}

impl<'a> Parts<'a> {
    /// One map, and the layer in `gradcam(conv2)`.
    fn attribution(&mut self, opened: Opened<'a>) -> Option<(Attribution, Option<Name>)> {
        match self.weighed() {
            None => Some((self.named(opened, "map", ATTRIBUTIONS)?, None)),
            layer => Some((Attribution::GradCam, layer)),
        }
    }

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
}

fn few_steps(parts: &mut Parts<'_>, one: Attribution, span: Span) {
    if let Attribution::Integrated(steps) = one
        && steps > MOST_STEPS
    {
        let error = parts.error(span, format!("`steps` must be at most {MOST_STEPS}, not {steps}"));
        let error = error.found(steps.to_string()).expected(format!("a whole number from 1 to {MOST_STEPS}"));
        parts.wrong(error.write(span, format!("integrated(steps {MOST_STEPS})")));
    }
}
