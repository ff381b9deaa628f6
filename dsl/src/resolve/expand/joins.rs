//! Branches, the names that begin them, and side classifiers.

use super::{Alias, Branch, BranchKind, Expander, Fatal, StepKind, Surrounding, Wire, numbered};
use crate::diagnostic::{Diagnostic, Stage};
use crate::parse::{elsewhere, words};
use crate::resolve::read::unknown_layer;
use crate::scope::nearest;
use crate::syntax::{Chain, Expr, Item, ItemKind, Join, JoinWord, Name, Shortcut};
use fovea_graph::Span;

impl<'a> Expander<'_, 'a> {
    /// `concat( … | … )`, `add( … | … )`
    pub(super) fn join(&mut self, join: &'a Join, span: Span) -> Result<(), Fatal> {
        let start = self.current;
        let mut ends = Vec::with_capacity(join.branches.len());
        for branch in &join.branches {
            self.current = start;
            if shortcut(branch).is_none() {
                self.chain(branch, Surrounding::Branch)?;
            }
            ends.push(self.current);
        }
        let long = join.branches.iter().position(|branch| shortcut(branch).is_none());
        self.current = start;
        let word = join.word_span;
        let wrong = |message: &str| Diagnostic::new(Stage::Shapes, word, message);
        let (Some(long), true) = (long, join.branches.len() > 1) else {
            let error = wrong("a join has at least two branches, one of them with layers");
            self.gap(span, error.help("put `|` between them: `add(conv - relu - conv | shortcut)`"));
            return Ok(());
        };
        for (position, branch) in join.branches.iter().enumerate() {
            let Some((kind, at)) = shortcut(branch) else { continue };
            if join.word != JoinWord::Add {
                let error = Diagnostic::new(Stage::Shapes, at, "`shortcut` stands in `add`, and this is `concat`");
                let error = error.also(word, "").mend(at, "id");
                self.gap(span, error.help("write `id`, which is the branch without a layer"));
                return Ok(());
            }
            self.current = start;
            self.push(StepKind::Shortcut(kind), vec![start, ends[long]], at, None);
            ends[position] = self.current;
        }
        let branches = join.branches.iter().map(|chain| self.branch(chain)).collect();
        self.push(StepKind::Join(join.word, branches), ends, span, None);
        Ok(())
    }

    /// A branch as it was written; a name that is no layer's is a block's.
    fn branch(&self, chain: &Chain) -> Branch {
        let branch = Branch::of(chain);
        match chain.items.first().map(|item| &item.kind) {
            Some(ItemKind::Reference(name, step)) if matches!(branch.kind, BranchKind::Named(_)) => {
                let layer = numbered(name, step.as_ref(), &self.env).ok().and_then(|text| self.layer(&text));
                if layer.is_some() { branch } else { Branch { kind: BranchKind::Chain, ..branch } }
            }
            _ => branch,
        }
    }

    /// `shortcut` where it is not a whole branch.
    pub(super) fn lone_shortcut(&mut self, item: &Item) {
        let error = Diagnostic::new(Stage::Shapes, item.span, "`shortcut` is a whole branch of `add`");
        self.gap(item.span, error.help("write it alone behind `|`: `add(conv - relu - conv | shortcut)`"));
    }

    /// `aux 0.3 ( … , softmax)`
    pub(super) fn aux(
        &mut self,
        weight: Option<&'a Expr>,
        chain: &'a Chain,
        item: &'a Item,
        alias: Option<Alias<'a>>,
    ) -> Result<(), Fatal> {
        self.env.words = &[];
        let weight = match weight.map(|weight| (self.env.number(weight), weight.span)) {
            None => 0.3,
            Some((Ok(weight), _)) if weight >= 0.0 => weight,
            Some((Ok(weight), span)) => {
                let message = format!("the weight of a side classifier's loss must be at least 0, not {weight}");
                self.errors.push(Diagnostic::new(Stage::Values, span, message).expected("at least 0"));
                0.0
            }
            Some((Err(error), _)) => {
                self.errors.push(error);
                0.0
            }
        };
        let main = self.current;
        self.chain(chain, Surrounding::Side)?;
        self.push(StepKind::Side(weight), vec![self.current], item.span, alias);
        self.current = main;
        Ok(())
    }

    /// `c1`: a branch begins there; a block without arguments; or `vgg16.pool5`: the net begins there.
    pub(super) fn reference(
        &mut self,
        name: &'a Name,
        step: Option<&'a Expr>,
        item: &'a Item,
        alias: Option<Alias<'a>>,
        first: bool,
    ) -> Result<(), Fatal> {
        self.env.words = &[];
        let text = match numbered(name, step, &self.env) {
            Ok(text) => text,
            Err(error) => {
                self.gap(item.span, error);
                return Ok(());
            }
        };
        let surrounding = self.surroundings.last().copied();
        let branch = first && matches!(surrounding, Some(Surrounding::Branch | Surrounding::Side));
        if let Some(wire) = self.layer(&text) {
            if branch {
                self.current = wire;
                self.name_result(alias);
            } else {
                let message =
                    format!("`{text}` is a layer, and a chain goes on from a layer only where a branch begins");
                let error = Diagnostic::new(Stage::Shapes, item.span, message);
                let [concat, add] = ["concat", "add"].map(|word| format!("{word}(id | {name})"));
                let error = error.mend(item.span, concat).mend(item.span, add);
                self.gap(item.span, error.help(format!("join the two: `concat(id | {text})`, or `add(id | {text})`")));
            }
            return Ok(());
        }
        if step.is_none() && self.home.block(self.scope, &text).is_some() {
            return self.call(name, &[], item.span, alias);
        }
        if surrounding == Some(Surrounding::Net) && !self.begun {
            return self.begin_inside(name, &text, alias);
        }
        let error = match self.home.net(self.scope, &text) {
            Some(_) => {
                Diagnostic::new(Stage::Names, item.span, format!("`{text}` is a net, and a net only begins there"))
                    .help(format!("begin the chain with it, `{text} - …`, or make it a `block`"))
            }
            None => self.unknown(&text, item.span),
        };
        self.gap(item.span, error);
        Ok(())
    }

    /// The layer that a name means; those of the net that this one begins inside of are called by its name too.
    fn layer(&self, text: &str) -> Option<Wire> {
        let of_base = || {
            let (base, _) = self.base.as_ref().filter(|_| self.prefix.is_empty())?;
            self.names.find("", text.strip_prefix(base.as_str())?.strip_prefix('.')?)
        };
        self.names.find(&self.prefix, text).or_else(of_base)
    }

    /// What to say of a name that means nothing, where a layer's word is nearest, or another program calls a layer so.
    pub(super) fn meant_layer(&self, text: &str, span: Span) -> Option<Diagnostic> {
        let blocks = self.home.blocks(self.scope).map(|name| -> &str { name });
        let known: Vec<&str> = blocks.chain(self.names.known(&self.prefix)).collect();
        let ours = words::layer_words().map(|word| -> &str { word });
        let is_near = match nearest(text, known.iter().copied().chain(ours)) {
            Some(near) => !known.contains(&near),
            None => elsewhere::misspelt(text).is_some(),
        };
        let is_near = is_near && words::nearest_layer(text).is_some();
        let is_foreign = elsewhere::operation(text).is_some();
        let name = Name { text: text.into(), span };
        (is_near || is_foreign).then(|| words::unknown_layer(Stage::Names, &name))
    }

    /// A name that means nothing here.
    fn unknown(&self, text: &str, span: Span) -> Diagnostic {
        if self.names.family(&self.prefix, text) > 0 {
            return unknown_layer(text, span, &self.names, &self.prefix);
        }
        if let Some(later) = self.open.last().and_then(|open| named_in(open.chain, text)) {
            let message = format!("`{text}` is named only further on, and a branch begins at what is there already");
            let error = Diagnostic::new(Stage::Names, span, message).also(later, "named here");
            return error.help("move this behind the layer of that name");
        }
        if let Some(error) = self.meant_layer(text, span) {
            return error;
        }
        let error = unknown_layer(text, span, &self.names, &self.prefix);
        if error.expected.is_some() || error.labels.iter().any(|(_, words)| !words.is_empty()) {
            return error;
        }
        match nearest(text, self.home.blocks(self.scope)) {
            Some(near) => error.expected(near).mend(span, near).help(format!("`{near}` is the nearest block")),
            None => error,
        }
    }
}

/// The branch is a shortcut and nothing else.
fn shortcut(branch: &Chain) -> Option<(Shortcut, Span)> {
    match &branch.items[..] {
        [Item { kind: ItemKind::Shortcut(kind), span, .. }] if branch.head.is_none() => Some((*kind, *span)),
        _ => None,
    }
}

/// Where `as` gives this name, or that of its family, in a chain.
fn named_in(chain: &Chain, text: &str) -> Option<Span> {
    let family = text.trim_end_matches(|c: char| c.is_ascii_digit());
    chain.items.iter().find_map(|item| {
        let own = item.alias.as_ref().filter(|name| name.text == text || name.text == family).map(|name| name.span);
        own.or_else(|| match &item.kind {
            ItemKind::Group(chain, _) | ItemKind::Aux(_, chain) => named_in(chain, text),
            ItemKind::Join(join, _) => join.branches.iter().find_map(|branch| named_in(branch, text)),
            _ => None,
        })
    })
}
