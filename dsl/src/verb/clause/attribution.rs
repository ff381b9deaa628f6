//! `with guided, integrated(steps 50), gradcam`: how `saliency` tells which pixels matter.

use fovea_graph::Span;

use super::super::about::{Clause, Offer, clause};
use super::super::read::Parts;
use super::named::{self, Named, Number, Range, number};

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

const STEPS: &[Number] = &[number("steps", 50.0, Range::Count)];

/// More steps than these add nothing that f32 holds.
const MOST_STEPS: usize = 1000;

pub(crate) const ATTRIBUTIONS: &[Named<Attribution>] = &[
    Named { word: "gradient", numbers: &[], apart: None, make: |_| Attribution::Gradient },
    Named { word: "guided", numbers: &[], apart: None, make: |_| Attribution::Guided },
    Named { word: "integrated", numbers: STEPS, apart: None, make: |n| Attribution::Integrated(n[0].number as usize) },
    Named { word: "gradcam", numbers: &[], apart: None, make: |_| Attribution::GradCam },
];

/// The maps that are shown, each with its place.
pub(in crate::verb) const MAPS: Clause<Vec<(Attribution, Span)>> = Clause {
    about: clause("with", "with guided, integrated, gradcam", &[Offer::List(&Offer::Attributions)]),
    read: |parts, opened| {
        let all = parts.several(opened, "map", ATTRIBUTIONS)?;
        all.iter().for_each(|&(one, span)| few_steps(parts, one, span));
        Some(all)
    },
    form: named::form,
};

fn few_steps(parts: &mut Parts<'_>, one: Attribution, span: Span) {
    if let Attribution::Integrated(steps) = one
        && steps > MOST_STEPS
    {
        let error = parts.error(span, format!("`steps` must be at most {MOST_STEPS}, not {steps}"));
        let error = error.found(steps.to_string()).expected(format!("a whole number from 1 to {MOST_STEPS}"));
        parts.wrong(error.write(span, format!("integrated(steps {MOST_STEPS})")));
    }
}
