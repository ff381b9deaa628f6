//! Nets, bindings and chains.

use fovea_graph::Span;
use pest::iterators::Pair;

use super::branch::Place;
use super::dashes::is_link;
use super::words::{self, is_free, is_free_for_constant};
use super::{Reader, Rule, lines::first_word, quoted};
use crate::diagnostic::{Diagnostic, Stage};
use crate::syntax::{Binding, Chain, Head, Item, ItemKind, LayerWord, Name, NetDef, OptionKind, StatementKind};
use crate::verb::words as verbs;

/// What stands between two items.
#[derive(Clone, Copy, PartialEq)]
enum Link {
    Then,
    Comma,
}

impl Reader<'_> {
    /// `net NAME = chain where bindings`
    pub(super) fn net(&mut self, pair: Pair<'_, Rule>) -> Option<NetDef> {
        let (mut name, mut equals, mut chain, mut bindings) = (None, false, None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::defined => name = Some(self.name(&part)),
                Rule::equals => equals = true,
                Rule::chain => chain = Some(self.chain(part)),
                Rule::bindings => bindings = self.bindings(part),
                _ => {}
            }
        }
        if let Some(chain) = &chain {
            self.layer_numbers(chain);
        }
        let name = self.defined_name("net", name, equals)?;
        Some(NetDef { name, chain: chain?, bindings })
    }

    /// The name of what a statement defines; `what` is `net` or `block`.
    pub(super) fn defined_name(&mut self, what: &str, name: Option<Name>, equals: bool) -> Option<Name> {
        let Some(name) = name else {
            let word = self.span(0, what.len());
            let error = self
                .wrong(word, format!("a {what} without a name"))
                .found(what)
                .expected("a name and `=`")
                .put_behind(word, if equals { " NAME" } else { " NAME =" })
                .help(format!("write `{what} NAME = …`"));
            self.mistakes.push(error);
            return None;
        };
        let text = &name.text;
        let parts_are_words = text.split('.').all(|part| !part.is_empty() && part.chars().all(is_word_character));
        if !parts_are_words || !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            let mut mend = text.replace(|c: char| !is_word_character(c) && c != '.', "_").trim_matches('_').to_string();
            if !mend.starts_with(|c: char| c.is_ascii_alphabetic()) {
                mend.insert_str(0, what);
            }
            let error = self
                .wrong(name.span, format!("`{}` cannot be a name", quoted(text)))
                .expected("a letter, then letters, digits and `_`")
                .mend(name.span, mend.clone())
                .help(format!("`{}` would do", quoted(&mend)));
            self.mistakes.push(error);
        } else if !is_free(text) {
            self.taken(&name);
        } else if !equals {
            let error = self
                .wrong(name.span, format!("`=` is missing behind the name `{text}`"))
                .expected("`=`")
                .put_behind(name.span, " =")
                .help(format!("write `{what} {text} = …`"));
            self.mistakes.push(error);
        }
        Some(name)
    }

    /// The name is a layer's word.
    pub(super) fn taken(&mut self, name: &Name) {
        let text = &name.text;
        let error = self
            .wrong(name.span, format!("`{text}` is a word for layers, so nothing else can be called so"))
            .expected("another name")
            .mend(name.span, format!("my_{text}"))
            .help(format!("`my_{text}` would do"));
        self.mistakes.push(error);
    }

    /// The bindings of `let` and `where`.
    pub(super) fn bindings(&mut self, pair: Pair<'_, Rule>) -> Vec<Binding> {
        let mut bindings = Vec::new();
        let mut parted = true;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::comma => parted = true,
                Rule::binding => {
                    let place = self.place(&part);
                    if !parted {
                        let word = quoted(self.written(place));
                        let error = self
                            .wrong(place, format!("`,` is missing before `{word}`"))
                            .expected("`,`")
                            .put_before(place, ", ")
                            .help("put `,` between two bindings");
                        self.mistakes.push(error);
                    }
                    bindings.extend(self.binding(part));
                    parted = false;
                }
                _ => {}
            }
        }
        bindings
    }

    fn binding(&mut self, pair: Pair<'_, Rule>) -> Option<Binding> {
        let mut inner = pair.into_inner();
        let name = inner.next().map(|name| self.name(&name))?;
        let value = inner.find(|part| part.as_rule() == Rule::expr).map(|value| self.expr(value))?;
        self.constant_name(&name);
        Some(Binding { name, value })
    }

    /// Refuses a constant's name that is a word of chains.
    pub(super) fn constant_name(&mut self, name: &Name) {
        if !is_free(&name.text) {
            self.taken(name);
        } else if !is_free_for_constant(&name.text) {
            let what = if name.text.eq_ignore_ascii_case("x") { "joins sizes" } else { "is an option of layers" };
            let error = self
                .wrong(name.span, format!("`{}` {what}, so no constant can be called so", name.text))
                .expected("another name");
            self.mistakes.push(error);
        }
    }

    /// A chain that is no branch.
    pub(super) fn chain(&mut self, pair: Pair<'_, Rule>) -> Chain {
        self.links(pair, Place::Alone)
    }

    /// Items and what joins them.
    pub(super) fn links(&mut self, pair: Pair<'_, Rule>, stands: Place) -> Chain {
        let span = self.place(&pair);
        let mut chain = Chain { items: Vec::new(), head: None, span };
        let mut link: Option<(Link, Span)> = None;
        let mut before = span;
        for part in pair.into_inner() {
            let place = self.place(&part);
            match part.as_rule() {
                Rule::then => link = Some((Link::Then, place)),
                Rule::comma => link = Some((Link::Comma, place)),
                Rule::wrong => {
                    let sign = part.as_str().trim();
                    let error = self
                        .wrong(place, format!("`{sign}` does not join layers"))
                        .expected("`-` or `->`")
                        .mend(place, "->")
                        .mend(place, "-")
                        .help("write `->` or `-`");
                    self.mistakes.push(error);
                    link = Some((Link::Then, place));
                }
                _ if self.mistakes.len() > super::MAX_MISTAKES => break,
                _ if matches!(link, Some((Link::Comma, _))) && words::is_option(first_word(part.as_str())) => {
                    let comma = link.map_or(place, |(_, comma)| comma);
                    let error = self.wrong(comma, "a comma between options").expected("no comma").mend(comma, "");
                    self.mistakes.push(error.help("options stand side by side: `conv 64 3x3 pad 1`"));
                    break;
                }
                _ => {
                    let items = self.item(part);
                    self.join(&mut chain, link.take(), before, items, stands);
                    before = place;
                }
            }
        }
        self.shortcuts(&chain, stands);
        chain
    }

    /// Adds items to a chain, behind a link.
    fn join(
        &mut self,
        chain: &mut Chain,
        link: Option<(Link, Span)>,
        before: Span,
        mut items: Vec<Item>,
        stands: Place,
    ) {
        let Some(first) = items.first() else { return };
        if let Some(head) = &chain.head {
            let error = Diagnostic::new(Stage::Parse, first.span, "the classifier after the comma ends its chain");
            let found = quoted(self.written(first.span));
            let comma = self.text[..head.span.range().start.saturating_sub(self.base)].rfind(',').unwrap_or_default();
            let to_dash = Span { start: self.span(comma, comma).start, end: head.span.start, ..head.span };
            self.mistakes.push(
                error
                    .found(found)
                    .also(head.span, "the chain ends here")
                    .mend(to_dash, " - ")
                    .help("put what follows before the comma, or write `- softmax` for a softmax inside the chain"),
            );
        }
        match link {
            Some((Link::Comma, comma)) => {
                if let Some(head) = self.head(first, comma, stands, chain.items.last()) {
                    chain.head = Some(head);
                    items.remove(0);
                }
            }
            Some((Link::Then, dash)) => {
                if let Some(previous) = chain.items.last() {
                    self.dash_between_numbers(previous, dash, first, before);
                }
            }
            None => {}
        }
        chain.items.append(&mut items);
    }

    /// The classifier behind a comma.
    fn head(&mut self, item: &Item, comma: Span, stands: Place, before: Option<&Item>) -> Option<Head> {
        let layer = match &item.kind {
            ItemKind::Layer(layer) if layer.word == LayerWord::Softmax => layer,
            ItemKind::Shape(_) => {
                let message = "a comma between sizes or options";
                if self.mistakes.last().is_some_and(|mistake| mistake.message == message) {
                    return None;
                }
                let error = self
                    .wrong(comma, message)
                    .expected("`, softmax` or no comma")
                    .mend(
                        comma,
                        if before.is_some_and(|item| matches!(item.kind, ItemKind::Shape(_))) { "x" } else { "" },
                    )
                    .help("options stand side by side (`conv 64 3x3`), and `x` joins the sizes of a shape (`28x28x1`)");
                self.mistakes.push(error);
                return None;
            }
            _ if stands != Place::Alone => {
                let error = self.wrong(comma, "a comma between branches").expected("`|`").mend(comma, " |");
                self.mistakes.push(error.help("put `|` between branches: `concat(conv 64 | conv 32)`"));
                return None;
            }
            _ => {
                let next = quoted(first_word(self.written(item.span)));
                let mend =
                    format!("put `-` before `{next}`; only the classifier stands behind a comma: `, softmax 10`");
                let error = self.wrong(comma, "a comma between layers").expected("`-`").mend(comma, " -").help(mend);
                self.mistakes.push(error);
                return None;
            }
        };
        let classes = match &layer.options[..] {
            [] => None,
            [option] => match &option.kind {
                OptionKind::Value(classes) => Some(classes.clone()),
                // The number glued to the word was refused already.
                OptionKind::Glued(_) => None,
                _ => return self.head_option(option.span),
            },
            [_, second, ..] => return self.head_option(second.span),
        };
        if let Some(alias) = &item.alias {
            return self.head_option(alias.span);
        }
        Some(Head { classes, span: item.span })
    }

    fn head_option(&mut self, span: Span) -> Option<Head> {
        let error = self
            .wrong(span, "the classifier takes the number of classes and nothing else")
            .expected("the number of classes")
            .mend(span, "")
            .help("write `, softmax 10`");
        self.mistakes.push(error);
        None
    }

    /// `conv 3x3-64`, `conv 64-5x5`: a shape behind a dash, or an option?
    fn dash_between_numbers(&mut self, previous: &Item, dash: Span, next: &Item, before: Span) {
        let ItemKind::Layer(layer) = &previous.kind else { return };
        let ItemKind::Shape(sizes) = &next.kind else { return };
        let Some(option) = layer.options.last() else { return };
        if option.span.end != dash.start || dash.end != next.span.start {
            return;
        }
        let (left, right) = (quoted(self.written(before)), quoted(self.written(next.span)));
        let span = option.span.to(next.span);
        let is_sum = matches!(option.kind, OptionKind::Value(_)) && sizes.len() == 1;
        let other = match is_sum {
            true => format!("`({})` for the difference", quoted(self.written(span))),
            false => format!("`{left} {right}` for an option"),
        };
        let error = self.wrong(span, format!("`{}` has two readings", quoted(self.written(before.to(next.span)))));
        let what = if is_sum { "a difference" } else { "an option" };
        let error = error.here(format!("{what}, or the shape `{right}` behind `{left}`?"));
        let error = match is_sum {
            true => error.mend(span, format!("({})", self.written(span))),
            false => error.mend(dash, " "),
        };
        self.mistakes.push(error.mend(dash, " - ").help(format!("write {other}, `{left} - {right}` for a shape")));
    }

    /// A statement that begins with no statement's word: most likely a net or a constant without its `net` or `let`.
    pub(super) fn nameless(&mut self) -> Option<StatementKind> {
        let text = self.text;
        let start = self.span(0, first_word(text).len().max(text.chars().next().map_or(0, char::len_utf8)));
        let defined = self.nameless_definition(first_word(text)).filter(|(name, ..)| !name.is_empty());
        if let Some((name, parameters, value)) = defined {
            return self.definition_without_word(name, parameters, value, start);
        }
        if text.starts_with(|c: char| is_link(c) || "|,^*=".contains(c)) {
            let sign = quoted(self.written(start));
            let error = self
                .wrong(start, format!("a statement cannot begin with `{sign}`"))
                .put_before(start, "    ")
                .help("indent the line, so that it goes on with the one above");
            self.mistakes.push(error);
            return None;
        }
        let chain = self.grammar(super::Rule::chain_statement)?;
        if let Some(chain) = chain.into_inner().find(|part| part.as_rule() == Rule::chain) {
            self.chain(chain);
        }
        let error = self
            .wrong(start, "a chain of layers without a name")
            .expected("one of the statements' words")
            .put_before(start, "net NAME = ")
            .help("write `net NAME = ` before it");
        self.mistakes.push(error);
        None
    }

    fn definition_without_word(
        &mut self,
        name: &str,
        parameters: &str,
        value: &str,
        start: Span,
    ) -> Option<StatementKind> {
        let is_number = value.split(',').next().is_some_and(|first| first.trim().parse::<f64>().is_ok());
        let word = match (parameters, is_number || value.starts_with('{')) {
            ("", true) => "let",
            ("", false) => "net",
            _ => "block",
        };
        let mend = format!("`{word} {name}{} = {}`", quoted(parameters), quoted(value));
        let error = self.wrong(start, format!("`{word}` is missing before `{name}`"));
        let error = error.expected(mend.clone()).put_before(start, format!("{word} ")).help(format!("write {mend}"));
        self.mistakes.push(error);
        None
    }

    /// Whether a statement's word stands at a line's start, in the middle of a chain; says so.
    pub(super) fn statement_inside(&mut self, word: &str, span: Span) -> bool {
        let begins = self.begins_line(word, span);
        if begins {
            let error = self.wrong(span, format!("`{word}` begins a statement, and this line goes on with another"));
            let before = &self.text[..span.range().start.saturating_sub(self.base)];
            let indent = (before.len() - before.trim_end_matches([' ', '\t']).len()) as u32;
            let error = error.mend(Span { start: span.start - indent, end: span.start, ..span }, "");
            self.mistakes.push(error.help(format!("begin the line with `{word}`, without indentation")));
        }
        begins
    }

    /// Whether `word`, at `span`, is a statement's word and the first of its line.
    pub(super) fn begins_line(&self, word: &str, span: Span) -> bool {
        let before = &self.text[..span.range().start.saturating_sub(self.base)];
        verbs::is_statement_word(word) && before.trim_end_matches([' ', '\t']).ends_with('\n')
    }
}

fn is_word_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
