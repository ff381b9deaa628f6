//! What branches and what is named: joins, side classifiers, blocks, their calls, and references.

use fovea_graph::Span;
use pest::iterators::Pair;

use super::item::{Piece, PieceKind, Rest};
use super::words::{self, ChainWord, chain_word};
use super::{Reader, Rule, quoted};
use crate::syntax::{BlockDef, Call, Chain, Expr, Item, ItemKind, Join, JoinWord, Name, Parameter, Shortcut, Times};

/// Where a chain stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind `net q =`, in a group, in `aux`.
    Alone,
    /// Between the bars of a join.
    Branch(JoinWord),
}

impl Reader<'_> {
    /// `block NAME(parameters) = chain`
    pub(super) fn block(&mut self, pair: Pair<'_, Rule>) -> Option<BlockDef> {
        let (mut name, mut parameters, mut equals, mut chain, mut bindings) = (None, Vec::new(), false, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::heading => (name, parameters) = self.heading(part),
                Rule::equals => equals = true,
                Rule::chain => chain = Some(self.chain(part)),
                Rule::bindings => bindings = Some(self.place(&part)),
                _ => {}
            }
        }
        if let Some(chain) = &chain {
            self.layer_numbers(chain);
        }
        let name = self.defined_name("block", name, equals)?;
        if name.text.contains('.') {
            let mend = name.text.replace('.', "_");
            let error = self.wrong(name.span, "a block's name has no dots").expected("a name without dots");
            self.mistakes.push(error.help(format!("`{mend}` would do")));
        }
        if let Some(span) = bindings {
            let error = self.wrong(span, "`where` belongs to nets, and this is a block");
            let mend = "a parameter with a default says the same: `block NAME(c=64) = …`";
            self.mistakes.push(error.expected("the end of the block").help(mend));
        }
        Some(BlockDef { name, parameters, chain: chain? })
    }

    fn heading(&mut self, pair: Pair<'_, Rule>) -> (Option<Name>, Vec<Parameter>) {
        let (mut name, mut parameters) = (None, Vec::<Parameter>::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::parameter => {
                    let Some(parameter) = self.parameter(part) else { continue };
                    let text = &parameter.name.text;
                    if let Some(first) = parameters.iter().find(|first| first.name.text == *text) {
                        let error = self.wrong(parameter.name.span, format!("`{text}` stands twice"));
                        let error = error.also(first.name.span, "it stands here already").expected("another name");
                        self.mistakes.push(error.help("every parameter has a name of its own"));
                    }
                    parameters.push(parameter);
                }
                Rule::comma => {}
                _ => name = Some(self.name(&part)),
            }
        }
        (name, parameters)
    }

    fn parameter(&mut self, pair: Pair<'_, Rule>) -> Option<Parameter> {
        let mut inner = pair.into_inner();
        let name = inner.next().map(|name| self.name(&name))?;
        let default = inner.find(|part| part.as_rule() == Rule::expr).map(|value| self.expr(value));
        self.constant_name(&name);
        Some(Parameter { name, default })
    }

    /// `concat( … | … )`, `add( … | … )`
    pub(super) fn branches(&mut self, pair: Pair<'_, Rule>) -> Join {
        let whole = self.place(&pair);
        let (mut word, mut word_span) = (JoinWord::Concat, whole);
        let mut branches = Vec::new();
        let mut branch: Option<Chain> = None;
        let mut empty: Vec<Span> = Vec::new();
        for part in pair.into_inner() {
            let place = self.place(&part);
            match part.as_rule() {
                Rule::joiner => {
                    word_span = place;
                    if part.as_str().trim_end().eq_ignore_ascii_case("add") {
                        word = JoinWord::Add;
                    }
                }
                Rule::bar => match branch.take() {
                    Some(branch) => branches.push(branch),
                    None => empty.push(place),
                },
                _ => branch = Some(self.links(part, Place::Branch(word))),
            }
        }
        match branch {
            Some(branch) => branches.push(branch),
            None => empty.push(Span { start: whole.end.saturating_sub(1), ..whole }),
        }
        let all = branches.len() + empty.len();
        if all < 2 {
            let error = self.wrong(whole, format!("`{word}` joins at least two branches")).expected("`|`");
            let close = Span { start: whole.end.saturating_sub(1), ..whole };
            let error = error.put_before(close, if branches.is_empty() { "conv 64 | id" } else { " | id" });
            self.mistakes.push(error.help(format!("write `{word}(… | …)`; `id` is the branch without a layer")));
        } else if let Some(&span) = empty.first() {
            let error = self.wrong(span, "an empty branch").expected("a layer, or `id`").put_before(span, " id ");
            self.mistakes.push(error.help("write `id` for the branch without a layer"));
        }
        Join { word, word_span, branches }
    }

    /// `aux 0.3 ( … )`
    pub(super) fn aux(&mut self, pair: Pair<'_, Rule>) -> PieceKind {
        let span = self.place(&pair);
        let mut weight = None;
        let mut chain = Chain { items: Vec::new(), head: None, span };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::weight => weight = Some(self.expr(part)),
                Rule::chain => chain = self.chain(part),
                _ => {}
            }
        }
        PieceKind::Item(ItemKind::Aux(weight, chain))
    }

    /// `bottleneck(64, s=2)`. Behind a word of the language the parentheses are arithmetic: `pad(1)`, `fc(10)`.
    pub(super) fn called(&mut self, pair: Pair<'_, Rule>) -> Vec<Piece> {
        let span = self.place(&pair);
        let mut inner = pair.into_inner();
        let Some(block) = inner.next().map(|name| self.name(&name)) else { return Vec::new() };
        let before = self.mistakes.len();
        let arguments: Vec<_> = inner.map(|argument| self.argument(argument)).collect();
        // Another program's layer is refused with all that it is given, `activation=relu` among it.
        if let ChainWord::Foreign(_) = chain_word(&block.text) {
            self.mistakes.truncate(before);
        }
        if is_name(&block.text) {
            return vec![Piece { kind: PieceKind::Call(Call { block, arguments }), span }];
        }
        let behind = Span { start: block.span.end, ..span };
        let kind = match &arguments[..] {
            [argument] if argument.key.is_none() => PieceKind::Value(vec![argument.value.clone()]),
            _ => PieceKind::Arguments,
        };
        vec![Piece { kind: PieceKind::Word(block.text), span: block.span }, Piece { kind, span: behind }]
    }

    /// A link that is none of the layers: a name, or a word of the language's own grammar.
    pub(super) fn reference(&mut self, word: &str, span: Span, rest: &mut Rest) -> Option<Item> {
        if self.is_count(word, span) {
            return None;
        }
        let name = Name { text: word.into(), span };
        let next = rest.first().map(|piece| (piece.span, self.written(piece.span)));
        let is_item = match rest.peek() {
            None | Some(PieceKind::Times(_) | PieceKind::Alias(_) | PieceKind::Question) => true,
            Some(PieceKind::Word(next)) => is_name(next) && chain_word(word) == ChainWord::Other,
            Some(PieceKind::Call(_) | PieceKind::Join(_) | PieceKind::Item(_)) => true,
            Some(PieceKind::Value(_)) => self.is_step(span.end, rest),
            _ => false,
        };
        match (next, chain_word(word)) {
            _ if is_item => {}
            (_, ChainWord::Foreign(operation)) => {
                self.foreign(operation, span, rest);
                return None;
            }
            (Some((place, text)), ChainWord::Other) if text.starts_with('(') => {
                let mend = format!("{word}{}", quoted(text));
                let error = self.wrong(place, format!("a space between `{}` and what it is given", quoted(word)));
                let help = format!("write `{mend}` for a block, `{word} - (…)` for a group behind it");
                let gap = Span { start: span.end, end: place.start, ..span };
                self.mistakes.push(error.expected(mend).mend(gap, "").mend(gap, " - ").help(help));
                return None;
            }
            _ => {
                let error = words::unknown_layer(crate::diagnostic::Stage::Parse, &name);
                self.mistakes.push(error);
                return None;
            }
        }
        let step = self.step(rest);
        let times = self.times_behind(rest);
        let kind = match times.is_empty() {
            true => ItemKind::Reference(name, step),
            false => ItemKind::Call(Call { block: name, arguments: Vec::new() }, times),
        };
        Some(self.finished(kind, rest))
    }

    /// Whether `{3,2,1}` is glued to what ends at `end`.
    fn is_step(&self, end: u32, rest: &mut Rest) -> bool {
        rest.first().is_some_and(|piece| {
            matches!(&piece.kind, PieceKind::Value(step) if step.len() == 1)
                && piece.span.start == end
                && self.written(piece.span).starts_with('{')
        })
    }

    /// The `{3,2,1}` that is glued to a name just read.
    pub(super) fn step(&self, rest: &mut Rest) -> Option<Expr> {
        if !self.is_step(rest.span.end, rest) {
            return None;
        }
        match rest.next()?.kind {
            PieceKind::Value(mut step) => step.pop(),
            _ => None,
        }
    }

    /// `concat` and its like without what belongs to them; `id` and `shortcut`.
    pub(super) fn link(&mut self, word: &'static str, span: Span, rest: &mut Rest) -> Option<Item> {
        let (lack, mend) = match word {
            "id" => return Some(self.finished(ItemKind::Identity, rest)),
            "shortcut" => {
                let is_zeros = matches!(rest.peek(), Some(PieceKind::Word(word)) if word.eq_ignore_ascii_case("zeros"));
                if is_zeros {
                    rest.next();
                }
                let shortcut = if is_zeros { Shortcut::Zeros } else { Shortcut::Projection };
                return Some(self.finished(ItemKind::Shortcut(shortcut), rest));
            }
            "aux" => ("its chain in parentheses", " 0.3 (pool avg global, softmax)"),
            "concat" | "add" => ("its branches", "(conv 64 | id)"),
            _ => ("its `conv`", " conv 64"),
        };
        let more = if mend == " conv 64" { ", or `deconv 64`" } else { ", say" };
        let error = self.wrong(span, format!("`{word}` lacks {lack}")).expected(lack).put_behind(span, mend);
        self.mistakes.push(error.help(format!("write `{word}{mend}`{more}")));
        None
    }

    /// The repetitions behind a group, a join or a call.
    pub(super) fn times_behind(&mut self, rest: &mut Rest) -> Vec<Times> {
        let mut times: Vec<Times> = Vec::new();
        while let Some(PieceKind::Times(_)) = rest.peek() {
            let Some(Piece { kind: PieceKind::Times(next), .. }) = rest.next() else { break };
            if let Some(last) = times.last()
                && self.written(last.span).starts_with('^')
                && self.written(next.span).starts_with('^')
            {
                self.power_of_power(last.span, next.span);
            }
            times.push(next);
        }
        times
    }

    /// Refuses a `shortcut` that is no branch of an `add`.
    pub(super) fn shortcuts(&mut self, chain: &Chain, place: Place) {
        let is_shortcut = |item: &&Item| matches!(item.kind, ItemKind::Shortcut(_));
        let Some(shortcut) = chain.items.iter().find(is_shortcut) else { return };
        let error = match place {
            Place::Branch(JoinWord::Add) if chain.items.len() == 1 && chain.head.is_none() => return,
            Place::Branch(JoinWord::Add) => self
                .wrong(shortcut.span, "a shortcut has no layers of its own")
                .expected("`|`")
                .help("`shortcut` is a whole branch: `add(conv 64 - relu | shortcut)`"),
            _ => self
                .wrong(shortcut.span, "`shortcut` is a branch of `add`, and of nothing else")
                .expected("a layer")
                .mend(shortcut.span, "id")
                .help("write `add(… | shortcut)`; `id` is the branch without a layer"),
        };
        self.mistakes.push(error);
    }
}

/// Whether a word is a user's, and no word of chains.
fn is_name(word: &str) -> bool {
    words::is_free(word) && !words::is_option(word)
}
