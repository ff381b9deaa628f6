//! Branches that join, and shortcuts around them.

use fovea_graph::Shape;
use fovea_graph::counted;
use fovea_graph::op::{Pool, PoolKind};
use fovea_graph::shape::join;
use fovea_graph::window::{Rounding, Window};

use super::expand::{Branch, Step, Wire};
use super::shapes::{Flow, Walk, axis_name, step_inputs};
use crate::diagnostic::{Diagnostic, Stage};
use crate::net::Kind;
use crate::syntax::{JoinWord, Shortcut};

impl Walk<'_> {
    /// `concat`, `add`: the branches agree in all sizes but, for `concat`, the channels.
    pub(super) fn join(&mut self, step: &Step, word: JoinWord, written: &[Branch]) -> Flow {
        let branches: Vec<Flow> = step.inputs.iter().map(|wire| self.flows[wire.index()].clone()).collect();
        let progress = branches[0].progress;
        let nothing = Flow { progress, ..Flow::default() };
        let Some(shapes) = branches.iter().map(|b| b.shape.as_ref()).collect::<Option<Vec<_>>>() else {
            return nothing;
        };
        let mut output = shapes[0].clone();
        let compared = |shape: &[usize]| shape.len() - usize::from(word == JoinWord::Concat);
        for (position, shape) in shapes.iter().enumerate().skip(1) {
            let agree = shape.len() == output.len() && shape[..compared(shape)] == output[..compared(&output)];
            if !agree {
                self.errors.push(self.disjoint(step, (word, written), &branches, position));
                return nothing;
            }
        }
        let kind = match word {
            JoinWord::Add => Kind::Add,
            JoinWord::Concat => {
                let channels = shapes.iter().map(|shape| shape[shape.len() - 1]);
                let channels = channels.fold(0usize, usize::saturating_add);
                output.pop();
                output.push(channels);
                Kind::Concat
            }
        };
        if Shape::new(&output[..]).is_err() {
            let message = format!("{} is too large: its output is {}", step.name, join(&output));
            self.errors.push(Diagnostic::new(Stage::Shapes, step.span, message).expected("at most 2^40 numbers"));
            return nothing;
        }
        let inputs = branches.iter().map(|branch| branch.layer.unwrap_or_default()).collect();
        self.push(&step.name, step.span, kind, inputs, output, progress)
    }

    /// The first branch and the one at `other` do not join: both shapes, both places, the axis.
    fn disjoint(&self, step: &Step, written: (JoinWord, &[Branch]), branches: &[Flow], other: usize) -> Diagnostic {
        let word = written.0;
        let shape = |at: usize| branches[at].shape.clone().unwrap_or_default();
        let (a, b) = (shape(0), shape(other));
        let verb = if word == JoinWord::Add { "be added" } else { "be joined along the channels" };
        let message = format!("{} and {} cannot {verb}", join(&a), join(&b));
        let axes = a.len() - usize::from(word == JoinWord::Concat);
        let differing: Vec<usize> = (0..axes).filter(|&axis| a.len() == b.len() && a[axis] != b[axis]).collect();
        let words = |&axis: &usize| {
            let are = if axis + 1 == a.len() { "are" } else { "is" };
            format!("the {} {are} {} and {}", axis_name(axis, a.len()), a[axis], b[axis])
        };
        let here = match differing.is_empty() {
            true => format!("{} and {}", counted(a.len(), "size"), b.len()),
            false => differing.iter().map(words).collect::<Vec<_>>().join("; "),
        };
        let mut error = Diagnostic::new(Stage::Shapes, step.span, message).here(here);
        error = self.source(&branches[0]).label(error, &a);
        error = self.source(&branches[other]).label(error, &b);
        let error = error.found(join(&b)).expected(match word {
            JoinWord::Add => join(&a),
            JoinWord::Concat => format!("{} and any number of channels", join(&a[..axes])),
        });
        self.together(error, step, written, branches, other)
    }

    /// `shortcut`: nothing where the shapes agree, else what makes `x` as `step.inputs[1]` is.
    pub(super) fn shortcut(&mut self, step: &Step, kind: Shortcut, x: Flow) -> Flow {
        let branch = self.flows[step.inputs[1].index()].clone();
        let nothing = Flow { progress: branch.progress, ..Flow::default() };
        let (Some(from), Some(to)) = (&x.shape, &branch.shape) else { return nothing };
        if from == to {
            return x;
        }
        if from.len() != to.len() || from.len() < 2 {
            let message = format!("no shortcut leads from {} to {}", join(from), join(to));
            let error = Diagnostic::new(Stage::Shapes, step.span, message);
            let error = self.source(&branch).label(self.source(&x).label(error, from), to);
            let help = "a shortcut is a 1x1 convolution; give the branches one shape, or write a chain in its place";
            self.errors.push(error.help(help));
            return nothing;
        }
        let rank = to.len() - 1;
        let stride = self.strides(step.inputs[0], step.inputs[1], rank);
        let mut output = Vec::with_capacity(rank + 1);
        for (axis, &stride) in stride.iter().enumerate() {
            let window = Window { size: 1, stride, dilate: 1, pad: [0, 0], rounding: Rounding::Floor };
            output.push(window.output(from[axis]).unwrap_or(1));
        }
        output.push(to[rank]);
        match kind {
            Shortcut::Projection => self.projection(step, &x, stride, output, branch),
            Shortcut::Zeros => self.zeros(step, &x, stride, output, branch),
        }
    }

    /// A 1×1 convolution with batch normalisation.
    fn projection(&mut self, step: &Step, x: &Flow, stride: Vec<usize>, output: Vec<usize>, branch: Flow) -> Flow {
        let rank = stride.len();
        let filters = output[rank];
        let kind = Kind::Conv {
            filters,
            size: vec![1; rank],
            stride,
            pad: vec![[0, 0]; rank],
            dilate: vec![1; rank],
            groups: 1,
            bias: false,
        };
        let conv = self.push(&step.name, step.span, kind, step_inputs(x), output.clone(), branch.progress);
        let kind = Kind::BatchNorm { momentum: 0.1, eps: 1e-5 };
        let name = format!("{}.bn", step.name);
        self.push(&name, step.span, kind, step_inputs(&conv), output, branch.progress)
    }

    /// Every stride-th position, and channels of zeros behind.
    fn zeros(&mut self, step: &Step, x: &Flow, stride: Vec<usize>, output: Vec<usize>, branch: Flow) -> Flow {
        let rank = stride.len();
        let channels = x.shape.as_ref().map_or(0, |shape| shape[rank]);
        let Some(more) = output[rank].checked_sub(channels) else {
            let message = format!("`shortcut zeros` adds channels, and here {channels} become {}", output[rank]);
            let error = Diagnostic::new(Stage::Shapes, step.span, message);
            self.errors.push(error.help("`shortcut` alone projects to any number of channels"));
            return Flow { progress: branch.progress, ..Flow::default() };
        };
        let mut flow = Flow { progress: branch.progress, ..x.clone() };
        if stride.iter().any(|&stride| stride > 1) {
            let shape = [&output[..rank], &[channels]].concat();
            let pool = Pool {
                kind: PoolKind::Max,
                size: vec![1; rank],
                stride,
                pad: vec![[0, 0]; rank],
                rounding: Rounding::Floor,
            };
            let name = if more > 0 { format!("{}.pool", step.name) } else { step.name.clone() };
            flow = self.push(&name, step.span, Kind::Pool(pool), step_inputs(&flow), shape, branch.progress);
        }
        match more {
            0 => flow,
            _ => self.push(&step.name, step.span, Kind::Widen(more), step_inputs(&flow), output, branch.progress),
        }
    }

    /// The product of the strides along a branch, from where it begins to its end, an axis each.
    pub(super) fn strides(&self, start: Wire, end: Wire, rank: usize) -> Vec<usize> {
        let (start, mut at) = (self.flows[start.index()].layer, self.flows[end.index()].layer);
        let mut product = vec![1usize; rank];
        while let Some(layer) = at.filter(|_| at != start).map(|at| &self.layers[at]) {
            if let Kind::Conv { stride, .. } | Kind::Pool(Pool { stride, .. }) = &layer.kind {
                product.iter_mut().zip(stride).for_each(|(product, &s)| *product = product.saturating_mul(s));
            }
            at = layer.inputs.first().copied();
        }
        product
    }
}
