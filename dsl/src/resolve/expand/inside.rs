//! Nets that begin inside another: `vgg16.pool5 - …`, `32x32x3 - resnet18.pool2, softmax 10`.

use fovea_graph::Span;

use super::super::turns::Env;
use super::{Alias, Expander, Fatal, Open, StepKind, Surrounding, Wire};
use crate::diagnostic::{Diagnostic, Stage};
use crate::library::Home;
use crate::parse::elsewhere;
use crate::resolve::options::Options;
use crate::resolve::read::unknown_layer;
use crate::scope::nearest;
use crate::syntax::{Head, Name};

/// A net that another begins with, and that ends in softmax.
pub(super) struct Classifier {
    net: String,
    span: Span,
    /// The layer before its scores.
    features: Option<String>,
}

impl<'a> Expander<'_, 'a> {
    /// `vgg16.pool5 - …`: the layers of another net up to a named one.
    pub(super) fn begin_inside(&mut self, name: &'a Name, text: &str, alias: Option<Alias<'a>>) -> Result<(), Fatal> {
        let dots = text.match_indices('.').map(|(at, _)| at);
        let ends = std::iter::once(text.len()).chain(dots.collect::<Vec<_>>().into_iter().rev());
        let mut found = ends.filter_map(|end| Some((end, self.home.net(self.scope, &text[..end])?)));
        let Some((end, (home, def))) = found.next() else {
            return Err(self.unknown_start(text, name.span).into());
        };
        if let Some(error) = self.inside_itself(home, &def.name, "net", name.span) {
            return Err(error);
        }
        let layer = text[end..].strip_prefix('.');
        let constants = if home == Home::Session { Some(&self.scope.constants) } else { None };
        let env = match Env::new(constants, &def.bindings) {
            Ok(env) => env,
            Err(errors) => {
                errors.into_iter().for_each(|error| self.errors.push(error));
                return Ok(());
            }
        };
        super::weigh(&def.chain, &env)?;
        let outside = (
            std::mem::replace(&mut self.env, env),
            std::mem::replace(&mut self.home, home),
            self.enter(&text[..end], name.span),
            // An input that was said outside stays the input.
            std::mem::replace(&mut self.resized, self.input_said),
        );
        self.open.push(Open { home, chain: &def.chain, name: &def.name, kind: "net" });
        self.chain(&def.chain, Surrounding::Net)?;
        self.open.pop();
        (self.env, self.home, self.place, self.resized) = outside;
        self.errors.place.pop();
        if let Some(layer) = layer {
            match self.names.find("", layer) {
                Some(wire) => self.cut(wire),
                None => {
                    let error = unknown_layer(layer, name.span, &self.names, "");
                    let message = format!("`{}` has no layer `{layer}`", &text[..end]);
                    return Err(Diagnostic { message, ..error }.into());
                }
            }
        }
        self.base = Some((text[..end].to_string(), self.steps.len()));
        self.classifier = self.ends_in_softmax(&text[..end], name.span);
        self.begun = true;
        self.name_result(alias);
        Ok(())
    }

    fn unknown_start(&self, text: &str, span: Span) -> Diagnostic {
        let error = Diagnostic::new(Stage::Names, span, format!("nothing here is called `{text}`")).found(text);
        let net = text.split('.').next().unwrap_or(text);
        let known = self.home.nets(self.scope).chain(self.home.blocks(self.scope));
        if let Some(operation) = elsewhere::operation(text) {
            return operation.refusal(Stage::Names, text, span, "", span.end);
        }
        match nearest(net, known) {
            Some(near) => {
                let place = Span { end: span.start + net.len() as u32, ..span };
                error.expected(near).mend(place, near).help(format!("`{near}` is the nearest that is known here"))
            }
            None if self.meant_layer(text, span).is_some() => self.meant_layer(text, span).unwrap_or(error),
            None => error.help("a chain begins with a shape, `28x28x1 - …`, or a net's layer, `vgg16.pool5 - …`"),
        }
    }

    /// Drops all steps that `result` does not depend on.
    fn cut(&mut self, result: Wire) {
        let mut needed = vec![false; self.steps.len() + 1];
        needed[result.index()] = true;
        for (at, step) in self.steps.iter_mut().enumerate().rev() {
            if needed[Wire::of_step(at).index()] {
                let model = if let StepKind::Layer(options) = &mut step.kind { options.model() } else { None };
                step.inputs.iter().copied().chain(model.map(|wire| *wire)).for_each(|wire| needed[wire.index()] = true);
            }
        }
        let mut moved = vec![Some(Wire::INPUT)];
        let mut kept = 0;
        for &needed in &needed[1..] {
            moved.push(needed.then(|| Wire::of_step(kept)));
            kept += usize::from(needed);
        }
        let to = |wire: Wire| moved[wire.index()].unwrap_or(Wire::INPUT);
        let mut at = 0;
        self.steps.retain(|_| {
            at += 1;
            needed[at]
        });
        for step in &mut self.steps {
            step.inputs.iter_mut().for_each(|wire| *wire = to(*wire));
            if let StepKind::Layer(options) = &mut step.kind
                && let Some(wire) = Options::model(options)
            {
                *wire = to(*wire);
            }
        }
        self.current = to(result);
        self.names.keep(|wire| moved[wire.index()]);
    }

    /// What flows here comes from a softmax, which is the end of `net`.
    fn ends_in_softmax(&self, net: &str, span: Span) -> Option<Classifier> {
        let softmax = self.last_step().filter(|step| step.kind == StepKind::Layer(Options::Softmax))?;
        let scores = self.layer_behind(softmax.inputs[0]);
        let features = scores.and_then(|at| match &self.steps[at].kind {
            StepKind::Scores { .. } | StepKind::Layer(Options::Fc { .. }) => {
                self.layer_behind(self.steps[at].inputs[0])
            }
            _ => Some(at),
        });
        let features = features.map(|at| self.steps[at].name.clone()).filter(|name| !name.is_empty());
        Some(Classifier { net: net.to_string(), span, features })
    }

    /// `resnet18, softmax 10`: a classifier behind a net that is one.
    pub(super) fn second_head(&mut self, head: &Head) {
        let Some(Classifier { net, span, features }) = &self.classifier else { return };
        let message = format!("`{net}` ends in a classifier of its own, and this is a second one behind it");
        let error = Diagnostic::new(Stage::Shapes, head.span, message).also(*span, "it ends in softmax");
        self.errors.push(match features {
            Some(layer) => {
                let error = error.mend(*span, format!("{net}.{layer}"));
                error.help(format!("write `{net}.{layer}, {head}`: `{net}` up to where its classifier begins"))
            }
            None => error.help(format!("leave out `{net}`: it is nothing but a classifier")),
        });
    }
}
