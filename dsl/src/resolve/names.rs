//! The names of layers: the user's, or kind and number, inside a block with the block's before it.

use std::collections::{BTreeMap, BTreeSet};

use fovea_graph::Span;

use super::expand::Wire;
use crate::diagnostic::{Diagnostic, Stage};
use crate::syntax::Name;

/// A name given with `as`.
#[derive(Clone, Copy)]
pub(super) struct Alias<'a> {
    pub name: &'a Name,
    /// Inside a repetition the name is numbered: `e1`, `e2`, …
    pub numbered: bool,
}

/// The names of a net so far. Those inside a block begin with its prefix (`bottleneck2.`).
#[derive(Default)]
pub(super) struct Names {
    /// Each with what it names, and the words that gave it.
    taken: BTreeMap<String, (Wire, Span)>,
    /// Names of layers that an `as` gave.
    given: BTreeSet<String>,
    /// Names that are no layer's own, in the order of the text.
    further: Vec<String>,
    /// The `as` of each text, and how many it has given so far.
    families: BTreeMap<String, (Span, usize)>,
    /// How many of each kind there are.
    kinds: BTreeMap<String, usize>,
}

impl Names {
    /// What a name means inside `prefix`.
    pub fn find(&self, prefix: &str, name: &str) -> Option<Wire> {
        let full = if prefix.is_empty() { None } else { Some(format!("{prefix}{name}")) };
        self.taken.get(full.as_deref().unwrap_or(name)).map(|&(value, _)| value)
    }

    /// The names inside `prefix`, without it.
    pub fn known<'n>(&'n self, prefix: &'n str) -> impl Iterator<Item = &'n str> {
        self.taken.keys().filter_map(move |name| name.strip_prefix(prefix))
    }

    /// How many members the family of this name has.
    pub fn family(&self, prefix: &str, name: &str) -> usize {
        (1..).take_while(|turn| self.find(prefix, &format!("{name}{turn}")).is_some()).count()
    }

    /// The next name of a kind: `conv3`.
    pub fn automatic(&mut self, prefix: &str, kind: &str) -> String {
        let base = format!("{prefix}{kind}");
        let number = self.kinds.entry(base.clone()).or_default();
        loop {
            *number += 1;
            let name = format!("{base}{number}");
            if !self.taken.contains_key(&name) {
                return name;
            }
        }
    }

    /// The next name of a shortcut: `shortcut`, then `shortcut2`.
    pub fn shortcut(&mut self, prefix: &str) -> String {
        let first = format!("{prefix}shortcut");
        let name = self.automatic(prefix, "shortcut");
        if name == format!("{first}1") && !self.taken.contains_key(&first) { first } else { name }
    }

    /// The name that an `as` gives; wrong where somebody has it already.
    pub fn user(&mut self, prefix: &str, alias: Alias) -> Result<String, Diagnostic> {
        let (text, span) = (format!("{prefix}{}", alias.name.text), alias.name.span);
        let (first, turns) = self.families.entry(text.clone()).or_insert((span, 0));
        *turns += 1;
        let name = if alias.numbered { format!("{text}{turns}") } else { text.clone() };
        let taken = if *first == span { self.taken.get(&name).map(|&(_, first)| (name.as_str(), first)) } else { None };
        let taken = taken.or((*first != span).then_some((text.as_str(), *first)));
        let Some((name, first)) = taken else { return Ok(name) };
        let message = format!("two layers are called `{}`", name.strip_prefix(prefix).unwrap_or(name));
        let error = Diagnostic::new(Stage::Names, span, message).here("the second").also(first, "the first");
        Err(error.help("give one of them another name"))
    }

    /// From now on `name` means `value`, which is a layer of that name.
    pub fn give(&mut self, name: &str, value: Wire, span: Span) {
        self.taken.insert(name.to_string(), (value, span));
    }

    /// The same, for a name that an `as` gave.
    pub fn give_user(&mut self, name: &str, value: Wire, span: Span) {
        self.give(name, value, span);
        self.given.insert(name.to_string());
    }

    /// The `as` that gave the layer of this name the name, where one did.
    pub fn given(&self, name: &str) -> Option<Span> {
        self.taken.get(name).filter(|_| self.given.contains(name)).map(|&(_, span)| span)
    }

    /// From now on `name` means `value`, whose layer has another name or is not one.
    pub fn give_further(&mut self, name: &str, value: Wire, span: Span) {
        self.give(name, value, span);
        self.further.push(name.to_string());
    }

    /// A layer has got another name.
    pub fn forget(&mut self, name: &str) {
        self.taken.remove(name);
    }

    /// Names that are no layer's own, each with what it names.
    pub fn further(&self) -> Vec<(String, Wire)> {
        let value = |name: &String| self.taken.get(name).map(|&(value, _)| (name.clone(), value));
        self.further.iter().filter_map(value).collect()
    }

    /// Keeps the names of what is left when a net is cut, and counts anew.
    pub fn keep(&mut self, moved: impl Fn(Wire) -> Option<Wire>) {
        self.kinds.clear();
        let taken = std::mem::take(&mut self.taken);
        let moved = taken.into_iter().filter_map(|(name, (value, span))| Some((name, (moved(value)?, span))));
        self.taken = moved.collect();
    }
}
