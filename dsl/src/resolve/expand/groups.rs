//! Repetitions, and the names of what they give.

use super::super::turns::Frame;
use super::{Alias, Expander, Fatal, MAX_STEPS, StepKind, too_many};
use crate::diagnostic::{Diagnostic, Stage};
use crate::syntax::Times;

impl<'a> Expander<'_, 'a> {
    /// `body`, as often as the repetitions say, the innermost of which stands first.
    pub(super) fn repeat(
        &mut self,
        times: &'a [Times],
        body: &mut dyn FnMut(&mut Self) -> Result<(), Fatal>,
    ) -> Result<(), Fatal> {
        let Some((outer, inner)) = times.split_last() else { return body(self) };
        self.env.words = &[];
        let (turns, count) = match self.env.turns(&outer.count) {
            Ok(turns) => turns,
            Err(error) => {
                self.errors.push(error);
                self.push(StepKind::Gap(None), vec![self.current], outer.span, None);
                return Ok(());
            }
        };
        let variable = outer.variable.as_ref().map(|name| name.text.as_str());
        if let Some(other) = self.env.frames.iter().find(|f| variable.is_some() && f.variable == variable) {
            let message = format!("`{}` names the turns of two repetitions, one in the other", variable.unwrap_or(""));
            let error = Diagnostic::new(Stage::Names, outer.span, message).also(other.span, "the other");
            self.errors.push(error.help("give one of them another name"));
        }
        self.env.frames.push(Frame { variable, span: outer.span, turns, turn: 0, count });
        for turn in 0..turns {
            if let Some(frame) = self.env.frames.last_mut() {
                frame.turn = turn;
            }
            self.spend(outer.span)?;
            self.repeat(inner, body)?;
        }
        self.env.frames.pop();
        Ok(())
    }

    /// Counts a turn or a block; there are not to be more than layers.
    pub(super) fn spend(&mut self, span: fovea_graph::Span) -> Result<(), Fatal> {
        self.spent += 1;
        match self.spent.max(self.steps.len()) > MAX_STEPS {
            true => Err(too_many(&format!("more than {MAX_STEPS}"), span)),
            false => Ok(()),
        }
    }

    /// `( … ) as e` names the layer that gives the group's result, which is among the steps from `start` on.
    pub(super) fn name_last(&mut self, start: usize, alias: Option<Alias<'a>>) {
        let Some(alias) = alias else { return };
        let mut wire = self.current;
        while let Some(at) = wire.step().filter(|&at| at >= start && matches!(self.steps[at].kind, StepKind::Check(_)))
        {
            wire = self.steps[at].inputs[0];
        }
        let Some(at) = wire.step().filter(|&at| at >= start && self.steps[at].is_layer()) else {
            return self.name_result(Some(alias));
        };
        if self.steps[at].place != self.place {
            return self.name_result(Some(alias));
        }
        match self.names.user(&self.prefix, alias) {
            Ok(name) => {
                let old = std::mem::replace(&mut self.steps[at].name, name.clone());
                if let Some(first) = self.names.given(&old) {
                    let old = old.strip_prefix(&self.prefix).unwrap_or(&old);
                    let message = format!("this layer has two names, `{old}` and `{}`", alias.name.text);
                    let error = Diagnostic::new(Stage::Names, alias.name.span, message);
                    self.errors.push(error.also(first, "the first"));
                }
                self.names.forget(&old);
                self.names.give_user(&name, wire, alias.name.span);
            }
            Err(error) => self.errors.push(error),
        }
    }

    /// Gives what flows here a further name.
    pub(super) fn name_result(&mut self, alias: Option<Alias<'a>>) {
        let Some(alias) = alias else { return };
        match self.names.user(&self.prefix, alias) {
            Ok(name) => self.names.give_further(&name, self.current, alias.name.span),
            Err(error) => self.errors.push(error),
        }
    }
}
