//! Shapes that have their channels first, as some other programs write them; here they stand last.

use fovea_graph::shape::join;
use fovea_graph::{Interrupted, Span, Stop, counted};

use super::options::Options;
use super::{Errors, OpenNet, Resolved, StepKind, shapes};
use crate::diagnostic::{Diagnostic, Stage};
use crate::net::Kind;

/// The most channels that a picture, a sound or a film has.
pub(super) const MAX_CHANNELS: usize = 4;
/// The least size of a map's side, and how many times the channels it is.
const MIN_SIDE: usize = 8;
const TIMES: usize = 4;

/// The shape with its channels last, where it looks as if they stood first: `150x150x3` for `3x150x150`.
pub fn channels_last(shape: &[usize]) -> Option<Vec<usize>> {
    let (&channels, sides) = shape.split_first()?;
    let is_side = |&n: &usize| n >= MIN_SIDE.max(TIMES * channels);
    let first = !sides.is_empty() && (1..=MAX_CHANNELS).contains(&channels) && sides.iter().all(is_side);
    first.then(|| [sides, &[channels]].concat())
}

/// The net's only mistake, where it cannot be with its channels first, and nothing is wrong with it with them last.
pub(super) fn only_mistake(open: &OpenNet, stop: &dyn Stop) -> Result<Option<Diagnostic>, Interrupted> {
    let Some(shape) = open.input.shape.as_deref() else { return Ok(None) };
    let Some(last) = channels_last(shape) else { return Ok(None) };
    let mistakes = |open: &OpenNet| {
        let mut errors = Errors::default();
        shapes::check(open, None, &mut errors, stop)?;
        Ok(errors.into_vec())
    };
    let Some(first) = mistakes(open)?.into_iter().next() else { return Ok(None) };
    let mut turned = open.clone();
    turned.input.shape = Some(last.clone());
    if !mistakes(&turned)?.is_empty() {
        return Ok(None);
    }
    let error = said(open.input.span, shape, &last).write(open.input.span, join(&last));
    let error = error.found(join(shape)).expected(join(&last));
    Ok(Some(first.labels.iter().take(1).fold(error, |error, (span, _)| error.also(*span, first.message.clone()))))
}

fn said(span: Span, shape: &[usize], last: &[usize]) -> Diagnostic {
    let (sides, channels) = (&shape[..shape.len() - 1], shape[shape.len() - 1]);
    let map = if sides.len() == 1 { format!("a length of {}", sides[0]) } else { format!("a map of {}", join(sides)) };
    let message = format!("channels stand last: `{}`", join(last));
    Diagnostic::new(Stage::Shapes, span, message).here(format!("{map} with {}", counted(channels, "channel")))
}

impl Resolved {
    /// What is remarkable about a net that is not wrong.
    pub fn remarks(&self) -> Vec<Diagnostic> {
        let (shape, span, slides) = match self {
            Resolved::Net(net) if net.base.is_none() => {
                let slides = |kind: &Kind| {
                    matches!(kind, Kind::Conv { .. } | Kind::Deconv { .. } | Kind::Pool(_) | Kind::BatchNorm { .. })
                };
                (Some(net.input()), net.layers[0].span, net.layers.iter().any(|layer| slides(&layer.kind)))
            }
            Resolved::Open(open) if open.base.is_none() => {
                let slides = |options: &Options| {
                    matches!(options, Options::Conv(_) | Options::Deconv(..) | Options::Pool(_) | Options::Bn { .. })
                };
                let slides = |kind: &StepKind| matches!(kind, StepKind::Layer(options) if slides(options));
                (open.input(), open.input.span, open.steps.iter().any(|step| slides(&step.kind)))
            }
            _ => return Vec::new(),
        };
        let Some((shape, last)) = shape.and_then(|shape| Some((shape, channels_last(shape)?))) else {
            return Vec::new();
        };
        if !slides {
            return Vec::new();
        }
        let remark = said(span, shape, &last).remark().mend(span, join(&last));
        vec![remark.help(format!("write `{}` if {} is the number of channels", join(&last), shape[0]))]
    }
}
