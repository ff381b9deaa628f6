//! `plot loss, accuracy of lenet`, `plot loss of run 3`

use fovea_graph::Span;

use super::about::{About, Behind, Offer};
use super::clause::{SUBJECTS, Subject};
use super::declare::verb;
use super::elsewhere;
use super::form;
use super::read::Parts;
use crate::diagnostic::{Diagnostic, quoted};
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
            PartKind::Word(word) => match curve(parts, word, part.span) {
                Ok(curve) => curves.push((curve, part.span)),
                Err(wrong) => {
                    parts.wrong(wrong);
                    // What stands behind it, a net most likely, is not looked at.
                    parts.give_up();
                    return None;
                }
            },
            PartKind::Comma => {}
            _ => break,
        }
        parts.next();
    }
    if parts.mistakes.is_empty() && curves.is_empty() {
        let error = parts.error(parts.here(), "`plot` lacks its curves").expected("loss or accuracy");
        let error = error.put_behind(parts.here(), " loss, accuracy");
        parts.wrong(error.help("write `plot loss, accuracy of lenet`, say"));
    }
    Some(curves)
}

fn curve(parts: &Parts<'_>, word: &str, span: Span) -> Result<Curve, Diagnostic> {
    let lower = word.to_lowercase();
    let error = || {
        let error = parts.error(span, format!("there is no curve `{}`", quoted(word))).found(quoted(word));
        error.expected("loss or accuracy")
    };
    match lower.as_str() {
        "loss" => return Ok(Curve::Loss),
        "accuracy" => return Ok(Curve::Accuracy),
        "and" => return Err(error().mend(span, ",").help("put `,` between two curves")),
        "for" | "from" | "by" | "on" | "in" => return Err(error().write(span, "of")),
        _ => {}
    }
    if let Some(ours) = elsewhere::curve(&lower).or_else(|| nearest(&lower, ["loss", "accuracy"])) {
        return Err(error().write(span, ours));
    }
    // A net, which stands where a curve does.
    let place = Span { start: parts.word.end, ..span };
    let behind = parts.parts.get(parts.at..).unwrap_or_default();
    let is_last = |part: &Part| matches!(&part.kind, PartKind::Word(next) if curve(parts, next, part.span).is_ok());
    Err(match behind {
        [_, next] if is_last(next) => error().write(span.to(next.span), format!("{next} of {word}")),
        _ if parts.at == 0 => error()
            .mend(place, format!(" loss, accuracy of {word}"))
            .help(format!("write `loss, accuracy of {}`", quoted(word))),
        _ => error().put_before(span, "of ").help(format!("write `of {}`, if that is a net", quoted(word))),
    })
}
