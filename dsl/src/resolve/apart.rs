//! What brings branches together that do not join: it depends on what differs between them.

use fovea_graph::Span;
use fovea_graph::shape::join;
use fovea_graph::window::{Rounding, Window};

use super::StepKind;
use super::expand::{Branch, BranchKind, Step, Wire};
use super::layers::{Site, apply};
use super::mends::{Fitting, fitting};
use super::options::{Options, Padding, Said};
use super::shapes::{Flow, Walk};
use crate::diagnostic::Diagnostic;
use crate::syntax::JoinWord;

/// One branch of a join that does not come about.
struct Side<'s> {
    wire: Wire,
    branch: &'s Branch,
    shape: &'s [usize],
}

impl Walk<'_> {
    /// Adds to `error` what would bring the first branch and the one at `other` together.
    pub(super) fn together(
        &self,
        error: Diagnostic,
        step: &Step,
        (word, branches): (JoinWord, &[Branch]),
        flows: &[Flow],
        other: usize,
    ) -> Diagnostic {
        let side = |at: usize| {
            let (flow, wire) = (&flows[at], step.inputs[at]);
            Some(Side { wire, branch: branches.get(at)?, shape: flow.shape.as_deref()? })
        };
        let (Some(a), Some(b)) = (side(0), side(other)) else { return error };
        if a.shape.len() != b.shape.len() {
            let map = if a.shape.len() > b.shape.len() { &a } else { &b };
            return append(error, map.branch, "flatten").help("`flatten` makes a map a vector");
        }
        let apart = a.shape.iter().zip(b.shape).position(|(a, b)| a != b).unwrap_or_default() + 1 < a.shape.len();
        let shortcut = match word {
            JoinWord::Add => {
                [(&a, &b), (&b, &a)].into_iter().find_map(|(short, long)| self.by_shortcut(short, long, apart))
            }
            JoinWord::Concat => None,
        };
        if let Some(span) = shortcut {
            return error
                .mend(span, "shortcut")
                .help("`shortcut` takes a branch's stride and channels: write it there");
        }
        if !apart {
            let (channels, is_vector) = (a.shape[a.shape.len() - 1], a.shape.len() == 1);
            let layer = if is_vector { format!("fc {channels}") } else { format!("conv {channels} 1x1") };
            let what = if is_vector { "values" } else { "channels" };
            let error = append(error, b.branch, &layer);
            return error.help(format!("`{layer}` at the end of the second gives it as many {what}"));
        }
        if let Some((target, place, size)) = self.by_target(&a, &b).or_else(|| self.by_target(&b, &a)) {
            let (place, target) = (Span { start: place.end, ..place }, format!(" to {target}"));
            return error.mend(place, target.clone()).help(format!("`{}` at {size} gives one size", target.trim()));
        }
        if let Some(found) = self.by_window(word, &a, &b) {
            let error = found.mend.into_iter().fold(error, |error, (place, text)| error.mend(place, text));
            return error.help(format!("{} gives one size", found.words));
        }
        by_crop(error, &a, &b)
    }

    /// Where `shortcut` would take the place of a branch without layers of its own beside `long`; of one that is a lone
    /// convolution, where the sizes are apart.
    fn by_shortcut(&self, short: &Side, long: &Side, apart: bool) -> Option<Span> {
        let start = match short.branch.kind {
            BranchKind::Identity => short.wire,
            BranchKind::Projection if apart && long.branch.kind == BranchKind::Chain => {
                self.own(short).first()?.inputs[0]
            }
            _ => return None,
        };
        let from = self.flows[start.index()].shape.as_deref()?;
        let rank = long.shape.len().checked_sub(1).filter(|&rank| rank > 0 && from.len() == rank + 1)?;
        let strides = self.strides(start, long.wire, rank);
        let fits = (0..rank).all(|axis| {
            let window = Window { size: 1, stride: strides[axis], dilate: 1, pad: [0, 0], rounding: Rounding::Floor };
            window.output(from[axis]).ok() == Some(long.shape[axis])
        });
        fits.then_some(short.branch.span)
    }

    /// What a `deconv` at the end of `up` is to give so that its size is that of `model`: the words behind `to`, the place
    /// of the `deconv`, and its name.
    fn by_target(&self, up: &Side, model: &Side) -> Option<(String, Span, String)> {
        let (steps, _) = self.stretch(up.wire);
        let at = steps.iter().rposition(|step| !keeps_size(step))?;
        let StepKind::Layer(Options::Deconv(conv, None)) = &steps[at].kind else { return None };
        if conv.padding.as_ref().is_some_and(|said| said.value == Padding::Same) {
            return None;
        }
        let size = &model.shape[..model.shape.len() - 1];
        let given = &self.flows[steps[at].inputs[0].index()];
        let span = steps[at].span;
        let site = Site { name: "", span, x: given.shape.as_deref()?, target: Some(size), before: None };
        let target = super::options::Target::Size(size.to_vec());
        let options = Options::Deconv(conv.clone(), Some(Said { value: target, span }));
        apply(&options, given.progress, &site).ok()?;
        let words = match &model.branch.kind {
            BranchKind::Named(name) => name.clone(),
            _ => join(size),
        };
        Some((words, span, steps[at].name.clone()))
    }

    /// Another stride or padding in one branch, a pool's before all others.
    fn by_window(&self, word: JoinWord, a: &Side, b: &Side) -> Option<Fitting> {
        let has_pool = |side: &Side| {
            let pools = |step: &&Step| matches!(step.kind, StepKind::Layer(Options::Pool(_)));
            self.own(side).iter().any(pools)
        };
        let sides = if has_pool(a) && !has_pool(b) { [(a, b), (b, a)] } else { [(b, a), (a, b)] };
        sides.into_iter().find_map(|(side, other)| {
            let mut target = other.shape.to_vec();
            if word == JoinWord::Concat {
                *target.last_mut()? = *side.shape.last()?;
            }
            let own = self.own(side);
            let start = &self.flows[own.first()?.inputs[0].index()];
            fitting(&own, start.shape.as_deref()?, start.progress, &target).into_iter().next()
        })
    }

    /// The layers of a branch itself.
    fn own(&self, side: &Side) -> Vec<&Step> {
        let inside = |step: &&Step| {
            let (span, branch) = (step.span, side.branch.span);
            span.source == branch.source && span.start >= branch.start && span.end <= branch.end
        };
        self.stretch(side.wire).0.into_iter().filter(inside).collect()
    }
}

/// Whether a layer gives a map of the size that it is given.
fn keeps_size(step: &Step) -> bool {
    matches!(
        step.kind,
        StepKind::Layer(
            Options::Relu | Options::Unary(_) | Options::Bn { .. } | Options::Lrn(_) | Options::Dropout { .. }
        )
    )
}

/// A layer at the end of a branch.
fn append(error: Diagnostic, branch: &Branch, layer: &str) -> Diagnostic {
    match branch.kind {
        BranchKind::Identity => error.mend(branch.span, layer),
        _ => error.put_behind(branch.span, format!(" - {layer}")),
    }
}

/// The larger map cut.
fn by_crop(error: Diagnostic, a: &Side, b: &Side) -> Diagnostic {
    let sides = |side: &Side| side.shape[..side.shape.len() - 1].to_vec();
    let covers = |large: &[usize], small: &[usize]| large.iter().zip(small).all(|(large, small)| large >= small);
    let (one, two) = (sides(a), sides(b));
    let help = "`same` or `pad` keeps a window from shrinking its map, `crop to` cuts the larger one";
    let (large, small) = match (covers(&one, &two), covers(&two, &one)) {
        (true, _) => (a, two),
        (_, true) => (b, one),
        _ => return error.help(help),
    };
    append(error, large.branch, &format!("crop {}", join(&small))).help(help)
}
