//! The names of layers: the user's, or kind and number.

use std::collections::BTreeMap;

use fovea_graph::Span;

use super::Errors;
use super::expand::{Expansion, Step, StepKind};
use super::options::Options;
use crate::diagnostic::{Diagnostic, Stage};
use crate::syntax::{LayerWord, Name};

/// A name that a layer was given with `as`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Alias {
    pub text: String,
    pub span: Span,
    /// Inside a repetition the name is numbered: `e1`, `e2`, …
    pub numbered: bool,
}

impl Alias {
    pub fn new(name: &Name, numbered: bool) -> Self {
        Self { text: name.text.clone(), span: name.span, numbered }
    }
}

/// Names every layer of the expansion and returns the input's name.
pub(super) fn assign(expansion: &mut Expansion, errors: &mut Errors) -> String {
    let mut names = Names { errors, taken: BTreeMap::new(), turns: BTreeMap::new() };
    let input = expansion.input_alias.as_ref().map_or("input".to_string(), |alias| names.user(alias));
    let mut kinds: BTreeMap<&'static str, usize> = BTreeMap::new();
    for step in &mut expansion.steps {
        let Some(kind) = word(step) else { continue };
        let number = kinds.entry(kind).or_default();
        *number += 1;
        step.name = match &step.alias {
            Some(alias) => names.user(alias),
            None => format!("{kind}{number}"),
        };
    }
    input
}

/// The language's word for the layer that a step makes.
fn word(step: &Step) -> Option<&'static str> {
    let word = match &step.kind {
        StepKind::Check(_) | StepKind::Gap(None) => return None,
        StepKind::Gap(Some(LayerWord::MaxPool | LayerWord::AvgPool)) => LayerWord::Pool,
        StepKind::Gap(Some(word)) => *word,
        StepKind::Scores { .. } => LayerWord::Fc,
        StepKind::Layer(options) => match options {
            Options::Conv(_) => LayerWord::Conv,
            Options::Pool(_) => LayerWord::Pool,
            Options::Fc { .. } => LayerWord::Fc,
            Options::Dropout { .. } => LayerWord::Dropout,
            Options::Relu => LayerWord::Relu,
            Options::Flatten => LayerWord::Flatten,
            Options::Softmax => LayerWord::Softmax,
        },
    };
    Some(word.word())
}

struct Names<'e> {
    errors: &'e mut Errors,
    /// Names in use, each with the `as` that gave it.
    taken: BTreeMap<String, Span>,
    /// How many layers each numbered name has.
    turns: BTreeMap<String, usize>,
}

impl Names<'_> {
    /// The name that an `as` gives.
    fn user(&mut self, alias: &Alias) -> String {
        let name = match alias.numbered {
            true => {
                let turn = self.turns.entry(alias.text.clone()).or_default();
                *turn += 1;
                format!("{}{turn}", alias.text)
            }
            false => alias.text.clone(),
        };
        let base = self.taken.insert(alias.text.clone(), alias.span);
        let same_text = base.filter(|&span| span != alias.span);
        let same_name = if name == alias.text { None } else { self.taken.insert(name.clone(), alias.span) };
        if let Some(first) = same_text.or(same_name) {
            let message = format!("two layers are called `{}`", if same_text.is_some() { &alias.text } else { &name });
            let error = Diagnostic::new(Stage::Names, alias.span, message).here("the second").also(first, "the first");
            self.errors.push(error.help("give one of them another name"));
        }
        name
    }
}
