//! The classifier at a net's end, and what it makes of the layers before it.

use super::{Expander, Step, StepKind, Wire};
use crate::diagnostic::{Diagnostic, Stage};
use crate::resolve::options::Options;
use crate::syntax::{Head, LayerWord};
use fovea_graph::counted;

impl Expander<'_, '_> {
    /// `, softmax 10`
    pub(super) fn head(&mut self, head: &Head) {
        self.env.words = &[];
        let classes = match &head.classes {
            None => None,
            Some(expr) => match self.env.count(expr, 1, "the number of classes") {
                Ok(classes) => Some(classes),
                Err(error) => return self.errors.push(error),
            },
        };
        match (self.last_step().map(|step| (&step.kind, step.span)), classes) {
            (Some((StepKind::Layer(Options::Softmax), span)), _) => {
                let error = Diagnostic::new(Stage::Shapes, head.span, "a classifier behind a softmax");
                let error = error.also(span, "the softmax");
                self.errors.push(error.help(format!("keep one of them: `, {head}` brings its own scores and softmax")));
            }
            (Some((&StepKind::Layer(Options::Fc { units: Some(units), bias }), span)), Some(classes))
                if units != classes =>
            {
                let message = format!(
                    "the last `fc` has {}, and the softmax {}",
                    counted(units, "unit"),
                    counted(classes, "class")
                );
                let error = Diagnostic::new(Stage::Shapes, head.span, message)
                    .here(counted(classes, "class"))
                    .also(span, format!("the scores: {}", counted(units, "unit")));
                let error = error.mend(span, format!("fc {classes}{}", if bias { "" } else { " nobias" }));
                self.errors.push(error.help(format!(
                    "write `fc {classes}` if these are the scores; a `- relu` behind the `fc` makes it a hidden layer"
                )));
            }
            (Some((StepKind::Layer(Options::Fc { .. }), _)), _) => self.scores(classes),
            (Some((StepKind::Gap(Some(LayerWord::Fc)), _)), _) => {}
            _ => self.push(StepKind::Scores { classes, bias: true }, vec![self.current], head.span, None),
        }
        self.push(StepKind::Layer(Options::Softmax), vec![self.current], head.span, None);
    }

    /// The `fc` that what flows here comes from gives the scores: where it says no units, it has one a class.
    fn scores(&mut self, classes: Option<usize>) {
        let Some(at) = self.layer_behind(self.current) else { return };
        if let StepKind::Layer(Options::Fc { units: None, bias }) = self.steps[at].kind {
            self.steps[at].kind = StepKind::Scores { classes, bias };
        }
    }

    /// What the whole net gives is its last layer's, and side classifiers have its classes.
    pub(super) fn main_result(&mut self) {
        let last = self.steps.iter().rev().find(|step| step.is_layer());
        if let Some(Step { kind: StepKind::Side(_), span, .. }) = last {
            let error = Diagnostic::new(Stage::Shapes, *span, "the net ends with a side classifier");
            self.errors.push(error.help("put the net's own layers behind it; `aux` only looks at what flows by"));
        }
        let Some(softmax) = self.last_step().filter(|s| s.kind == StepKind::Layer(Options::Softmax)) else { return };
        let Some(before) = self.layer_behind(softmax.inputs[0]) else { return };
        // `- fc - softmax` at the end is a classifier too.
        if let StepKind::Layer(Options::Fc { units: None, bias }) = self.steps[before].kind {
            self.steps[before].kind = StepKind::Scores { classes: None, bias };
        }
        let classes = match &self.steps[before].kind {
            StepKind::Scores { classes: Some(classes), .. } => *classes,
            StepKind::Layer(Options::Fc { units: Some(units), .. }) => *units,
            _ => return,
        };
        for step in &mut self.steps {
            if let StepKind::Scores { classes: open @ None, .. } = &mut step.kind {
                *open = Some(classes);
            }
        }
    }

    /// The step of the layer that what flows here comes from.
    pub(super) fn last_step(&self) -> Option<&Step> {
        self.layer_behind(self.current).map(|at| &self.steps[at])
    }

    /// The position of the step whose layer gives what `wire` carries.
    pub(super) fn layer_behind(&self, mut wire: Wire) -> Option<usize> {
        loop {
            let at = wire.step()?;
            match self.steps[at].kind {
                StepKind::Check(_) => wire = self.steps[at].inputs[0],
                _ => return Some(at),
            }
        }
    }
}
