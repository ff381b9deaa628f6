//! `plot loss, accuracy of lenet`, `plot loss of run 3`

use fovea_graph::Span;

use super::about::{About, Behind, Offer};
use super::clause::{SUBJECTS, Subject};
use super::declare::verb;
use super::form;
use super::read::Parts;
use crate::diagnostic::quoted;
use crate::scope::nearest;
use crate::syntax::{Part, PartKind};

verb! {
    /// `plot CURVES of NETS`
    Plot: "plot", "plot loss, accuracy of lenet";
    behind {
        /// Which curves, each with its word's place.
        curves: Vec<(Curve, Span)> = CURVES,
    }
    needs {
        /// Of what; of several, the curves are in one picture.
        of: Vec<Subject> = SUBJECTS,
    }
}

/// What can be plotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Loss of training and test.
    Loss,
    /// Accuracy of training and test.
    Accuracy,
}

const CURVES: Behind<Vec<(Curve, Span)>> =
    Behind { offer: Offer::List(&Offer::Options(&["loss", "accuracy"])), read: curves, form: list };

/// Curves with commas between them, whatever stood there.
fn list(_: &About, parts: Vec<Part>) -> Vec<Part> {
    let mut list: Vec<Part> = Vec::new();
    for mut curve in parts.into_iter().filter(|part| part.kind != PartKind::Comma) {
        form::lower(&mut curve);
        if !list.is_empty() {
            list.push(Part { kind: PartKind::Comma, ..curve });
        }
        list.push(curve);
    }
    list
}

fn curves(parts: &mut Parts<'_>) -> Option<Vec<(Curve, Span)>> {
    let mut curves = Vec::new();
    while let Some(part) = parts.peek() {
        match &part.kind {
            PartKind::Word(word) if word.eq_ignore_ascii_case("of") => break,
            PartKind::Word(word) => curves.extend(curve(parts, word, part.span).map(|curve| (curve, part.span))),
            PartKind::Comma => {}
            _ => break,
        }
        parts.next();
    }
    if parts.mistakes.is_empty() && curves.is_empty() {
        let error = parts.error(parts.here(), "`plot` lacks its curves").expected("loss or accuracy");
        parts.wrong(error.help("write `plot loss, accuracy of lenet`, say"));
    }
    Some(curves)
}

fn curve(parts: &mut Parts<'_>, word: &str, span: Span) -> Option<Curve> {
    match word.to_lowercase().as_str() {
        "loss" => Some(Curve::Loss),
        "accuracy" => Some(Curve::Accuracy),
        other => {
            let error = parts.error(span, format!("there is no curve `{}`", quoted(word))).found(quoted(word));
            let help = match nearest(other, ["loss", "accuracy"]) {
                Some(near) => format!("write `{near}`"),
                None if other == "and" => "put `,` between two curves".to_string(),
                None => "write `plot loss, accuracy of NET`".to_string(),
            };
            parts.wrong(error.expected("loss or accuracy").help(help));
            None
        }
    }
}
