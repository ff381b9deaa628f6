//! Uses of blocks.

use fovea_graph::Span;
use fovea_graph::counted;

use super::super::turns::Env;
use super::{Alias, Expander, Fatal, Open, StepKind, Surrounding, Use};
use crate::diagnostic::{Diagnostic, Stage};
use crate::library::Home;
use crate::parse::elsewhere;
use crate::scope::nearest;
use crate::syntax::{Argument, BlockDef, Call, Name};

impl<'a> Expander<'_, 'a> {
    /// `bottleneck(64, s=2)`
    pub(super) fn call(
        &mut self,
        name: &'a Name,
        arguments: &'a [Argument],
        span: Span,
        alias: Option<Alias<'a>>,
    ) -> Result<(), Fatal> {
        self.spend(span)?;
        let Some((home, block)) = self.home.block(self.scope, &name.text) else {
            let error = self.unknown_block(name, arguments, span);
            self.gap(span, error);
            return Ok(());
        };
        if let Some(error) = self.inside_itself(home, &block.name, "block", name.span) {
            return Err(error);
        }
        let Some(env) = self.arguments(name, block, arguments) else {
            self.push(StepKind::Gap(None), vec![self.current], span, None);
            return Ok(());
        };
        let instance = self.instance(&block.name.text, alias);
        let outside = (
            std::mem::replace(&mut self.env, env),
            std::mem::replace(&mut self.prefix, format!("{instance}.")),
            std::mem::replace(&mut self.home, home),
            self.enter(&name.text, span),
        );
        self.open.push(Open { home, chain: &block.chain, name: &block.name, kind: "block" });
        self.chain(&block.chain, Surrounding::Block)?;
        self.open.pop();
        (self.env, self.prefix, self.home, self.place) = outside;
        self.errors.place.pop();
        self.names.give_further(&instance, self.current, span);
        Ok(())
    }

    /// What follows stands in the use of a block here; returns what it stood in before.
    pub(super) fn enter(&mut self, name: &str, span: Span) -> Option<usize> {
        let before = self.place;
        self.uses.push(Use { name: name.to_string(), span, place: before });
        self.errors.place.push((name.to_string(), span));
        self.place = Some(self.uses.len() - 1);
        before
    }

    /// The name of this use of a block: the user's, or the block's and a number.
    fn instance(&mut self, block: &str, alias: Option<Alias<'a>>) -> String {
        let block = block.rsplit('.').next().unwrap_or(block);
        match alias.map(|alias| self.names.user(&self.prefix, alias)) {
            Some(Ok(name)) => return name,
            Some(Err(error)) => self.errors.push(error),
            None => {}
        }
        self.names.automatic(&self.prefix, block)
    }

    /// The block or net is being written out already.
    pub(super) fn inside_itself(&self, home: Home, name: &Name, kind: &'static str, span: Span) -> Option<Fatal> {
        let found = self.open.iter().rposition(|o| o.kind == kind && o.home == home && o.name.text == name.text)?;
        let error = match kind {
            "net" => Diagnostic::new(Stage::Names, span, format!("`{}` would begin inside itself", name.text)),
            _ if found + 1 == self.open.len() => {
                Diagnostic::new(Stage::Names, span, format!("the block `{}` uses itself", name.text))
            }
            _ => {
                let way = self.open[found..].iter().map(|o| format!("`{}`", o.name.text)).collect::<Vec<_>>();
                let message = format!("the block `{}` uses itself, by way of {}", name.text, way[1..].join(", "));
                Diagnostic::new(Stage::Names, span, message)
            }
        };
        let error = error.here("it would have no end").also(self.open[found].name.span, "which begins here");
        let help = match kind {
            "net" => "give the new net another name",
            _ => "repeat a block with `^3` behind its use",
        };
        Some(error.help(help).into())
    }

    /// The names inside a block: its parameters, each with the argument's value or its default.
    fn arguments(&mut self, name: &Name, block: &'a BlockDef, arguments: &'a [Argument]) -> Option<Env<'a>> {
        let before = self.errors.met();
        let mut values: Vec<Option<(f64, Span)>> = vec![None; block.parameters.len()];
        self.env.words = &[];
        let mut bare = 0;
        for argument in arguments {
            let at = match &argument.key {
                Some(key) => block.parameters.iter().position(|p| p.name.text == key.text).ok_or(key.span),
                None => {
                    bare += 1;
                    Some(bare - 1).filter(|&at| at < values.len()).ok_or(argument.value.span)
                }
            };
            let value = self.env.number(&argument.value).map_err(|error| self.errors.push(error));
            match (at, value) {
                (Err(span), _) => self.errors.push(no_parameter(block, argument, span)),
                (Ok(at), Ok(value)) => match values[at] {
                    None => values[at] = Some((value, argument.value.span)),
                    Some((_, first)) => {
                        let parameter = &block.parameters[at].name.text;
                        let message = format!("`{}` is given `{parameter}` twice", name.text);
                        let error = Diagnostic::new(Stage::Names, argument.value.span, message);
                        self.errors.push(error.also(first, "the first").help("keep one of them"));
                    }
                },
                (Ok(_), Err(())) => {}
            }
        }
        if self.errors.met() > before {
            return None;
        }
        let mut env = self.env.inside();
        let mut missing = Vec::new();
        for (parameter, value) in block.parameters.iter().zip(values) {
            match (value, &parameter.default) {
                (Some((value, _)), _) => env.bind(&parameter.name.text, value),
                (None, Some(default)) => match env.number(default) {
                    Ok(value) => env.bind(&parameter.name.text, value),
                    Err(error) => self.errors.push(error.also(name.span, "used here")),
                },
                (None, None) => missing.push(format!("`{}`", parameter.name.text)),
            }
        }
        if !missing.is_empty() {
            let message = format!("`{}` needs {}", name.text, missing.join(" and "));
            let error = Diagnostic::new(Stage::Names, name.span, message).also(block.name.span, "the block");
            self.errors.push(error.expected(signature(block)).help(format!("it is used as `{}`", signature(block))));
        }
        (self.errors.met() == before).then_some(env)
    }

    fn unknown_block(&self, name: &Name, arguments: &[Argument], span: Span) -> Diagnostic {
        if let Some(operation) = elsewhere::operation(&name.text) {
            let call = Call { block: name.clone(), arguments: arguments.to_vec() }.to_string();
            let options = elsewhere::options::along(operation, &name.text, &call[name.text.len()..]);
            return operation.refusal(Stage::Names, &name.text, name.span, &options, span.end);
        }
        if let Some(error) = self.meant_layer(&name.text, name.span) {
            return error;
        }
        let error = Diagnostic::new(Stage::Names, name.span, format!("no block is called `{}`", name.text));
        let error = error.found(name.text.as_str());
        match nearest(&name.text, self.home.blocks(self.scope)) {
            Some(near) => error.expected(near).mend(name.span, near).help(format!("`{near}` is the nearest block")),
            None => error.help(format!("`block {}(c) = conv c - relu`, before the net, would make it one", name.text)),
        }
    }
}

/// An argument for a parameter that the block does not have.
fn no_parameter(block: &BlockDef, argument: &Argument, span: Span) -> Diagnostic {
    let known: Vec<&str> = block.parameters.iter().map(|p| p.name.text.as_str()).collect();
    let (name, n) = (&block.name.text, counted(known.len(), "parameter"));
    let message = match &argument.key {
        Some(key) => format!("`{name}` has no parameter `{}`", key.text),
        None => format!("`{name}` has {n}, and this is one more"),
    };
    let error = Diagnostic::new(Stage::Names, span, message).also(block.name.span, "the block");
    let near = argument.key.as_ref().and_then(|key| nearest(&key.text, known));
    match near {
        Some(near) => error.expected(near).mend(span, near).help(format!("`{near}` is the nearest of its parameters")),
        None => error.expected(signature(block)).help(format!("it is used as `{}`", signature(block))),
    }
}

/// `bottleneck(c, s=1)`
fn signature(block: &BlockDef) -> String {
    let parameter = |p: &crate::syntax::Parameter| match &p.default {
        Some(default) => format!("{}={default}", p.name.text),
        None => p.name.text.clone(),
    };
    let parameters: Vec<String> = block.parameters.iter().map(parameter).collect();
    format!("{}({})", block.name.text, parameters.join(", "))
}
