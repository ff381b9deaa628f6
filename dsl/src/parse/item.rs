//! Items of a chain: layers and their options, shapes, groups and their repetitions.

use fovea_graph::Span;
use pest::iterators::Pair;

use super::words::{self, ChainWord, chain_word};
use super::{Reader, Rule, lines::first_word, quoted};
use crate::syntax::{Call, Chain, Expr, ExprKind, Item, ItemKind, Join, LayerOption, Name, OptionKind, Times};

/// One piece of an item, as it stands.
pub(super) struct Piece {
    pub kind: PieceKind,
    pub span: Span,
}

pub(super) enum PieceKind {
    /// A word: a layer, an option, a constant.
    Word(String),
    /// A number, list or product; several joined by `x`.
    Value(Vec<Expr>),
    /// `/2`
    Slash(Vec<Expr>),
    /// `conv3-64`: the word, and what the dash glues to it.
    Counted(String, Expr),
    /// `( … )`
    Group(Chain),
    /// `concat( … )`
    Join(Join),
    /// `bottleneck(64, s=2)`
    Call(Call),
    /// `aux 0.3 ( … )`
    Item(ItemKind),
    /// `^3`
    Times(Times),
    /// `as c1`
    Alias(Name),
    /// `=`
    Equals,
    /// `?`
    Question,
    /// `x( … )` behind a number
    Turns,
    /// `(64, 3)`
    Arguments,
}

/// What is left to read of an item.
pub(super) struct Rest {
    pub pieces: std::vec::IntoIter<Piece>,
    /// From the item's start to the last piece read.
    pub span: Span,
}

impl Rest {
    pub fn next(&mut self) -> Option<Piece> {
        let piece = self.pieces.next()?;
        self.span = self.span.to(piece.span);
        Some(piece)
    }

    /// The next piece.
    pub fn first(&self) -> Option<&Piece> {
        self.pieces.as_slice().first()
    }

    pub fn peek(&self) -> Option<&PieceKind> {
        self.first().map(|piece| &piece.kind)
    }

    /// What stands behind the next piece.
    pub fn second(&self) -> Option<&PieceKind> {
        self.pieces.as_slice().get(1).map(|piece| &piece.kind)
    }

    /// The last piece of the item.
    pub fn last(&self) -> Option<Span> {
        self.pieces.as_slice().last().map(|piece| piece.span)
    }
}

impl Reader<'_> {
    /// Reads what stands between two links: one item, or several where a dash was forgotten.
    pub(super) fn item(&mut self, pair: Pair<'_, Rule>) -> Vec<Item> {
        let mut pieces: Vec<Piece> = Vec::new();
        for piece in pair.into_inner() {
            match piece.as_rule() {
                Rule::called => pieces.append(&mut self.called(piece)),
                _ => pieces.push(self.piece(piece)),
            }
        }
        let mut items = Vec::new();
        let Some(first) = pieces.first() else { return items };
        let mut rest = Rest { span: first.span, pieces: pieces.into_iter() };
        while let Some(piece) = rest.next() {
            rest.span = piece.span;
            let before = self.mistakes.len();
            match self.one(piece, &mut rest) {
                Some(item) => items.push(item),
                // The rest of something that is no item would only be misread.
                None if self.mistakes.len() > before => break,
                None => {}
            }
        }
        items
    }

    fn piece(&mut self, pair: Pair<'_, Rule>) -> Piece {
        let span = self.place(&pair);
        let kind = match pair.as_rule() {
            Rule::value => self.value_piece(pair),
            Rule::slash => PieceKind::Slash(pair.into_inner().flat_map(|value| self.sizes(value)).collect()),
            Rule::group => self.group(pair),
            Rule::times => self.times(pair),
            Rule::counted => self.counted(pair),
            Rule::glued => PieceKind::Word(pair.as_str().replace('×', "x")),
            Rule::dashed => PieceKind::Word(pair.as_str().replace(|c: char| !c.is_ascii_alphanumeric(), "")),
            Rule::join => PieceKind::Join(self.branches(pair)),
            Rule::aux => self.aux(pair),
            Rule::alias => PieceKind::Alias(self.alias(pair)),
            Rule::equals => PieceKind::Equals,
            Rule::question => PieceKind::Question,
            Rule::turns => PieceKind::Turns,
            _ => PieceKind::Arguments,
        };
        Piece { kind, span }
    }

    fn value_piece(&mut self, pair: Pair<'_, Rule>) -> PieceKind {
        match lone_word(&pair) {
            Some(word) => PieceKind::Word(word),
            None => PieceKind::Value(self.sizes(pair)),
        }
    }

    /// `( … )`; a bracketed shape is the shape.
    fn group(&mut self, pair: Pair<'_, Rule>) -> PieceKind {
        let span = self.place(&pair);
        let chain = pair.into_inner().next().map(|chain| self.chain(chain));
        PieceKind::Group(chain.unwrap_or(Chain { items: Vec::new(), head: None, span }))
    }

    fn times(&mut self, pair: Pair<'_, Rule>) -> PieceKind {
        let span = self.place(&pair);
        let (mut variable, mut count) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::label => variable = Some(self.name(&part)),
                Rule::sign => {}
                _ => count = Some(self.expr(part)),
            }
        }
        if let Some(name) = &variable {
            self.constant_name(name);
        }
        let count = count.unwrap_or(Expr { kind: ExprKind::Number(1.0), span });
        if let ExprKind::Negate(_) = count.kind {
            let error = self.wrong(count.span, "a repetition cannot be negative").expected("0, 1, 2, …");
            self.mistakes.push(error);
        }
        PieceKind::Times(Times { variable, count, span })
    }

    fn counted(&mut self, pair: Pair<'_, Rule>) -> PieceKind {
        let span = self.place(&pair);
        let mut inner = pair.into_inner();
        let word = inner.next().map(|word| word.as_str().replace('×', "x")).unwrap_or_default();
        let count = inner.next().map(|count| self.expr(count));
        PieceKind::Counted(word, count.unwrap_or(Expr { kind: ExprKind::Number(0.0), span }))
    }

    fn alias(&mut self, pair: Pair<'_, Rule>) -> Name {
        let span = self.place(&pair);
        let name = pair.into_inner().find(|part| part.as_rule() == Rule::label).map(|label| self.name(&label));
        let name = name.unwrap_or(Name { text: String::new(), span });
        if !words::is_free(&name.text) {
            self.taken(&name);
        }
        name
    }

    /// The item that begins with `first`.
    fn one(&mut self, first: Piece, rest: &mut Rest) -> Option<Item> {
        let span = first.span;
        let kind = match first.kind {
            PieceKind::Word(word) => return self.worded(&word, span, rest),
            PieceKind::Counted(word, count) => {
                let option = LayerOption { span: count.span, kind: OptionKind::Value(count) };
                return self.layer(&word, self.word_of(span), Some(option), rest);
            }
            PieceKind::Value(sizes) => self.shape(sizes, span, rest)?,
            PieceKind::Group(chain) => self.repeated(chain, rest)?,
            PieceKind::Join(join) => ItemKind::Join(join, self.times_behind(rest)),
            PieceKind::Call(call) => ItemKind::Call(call, self.times_behind(rest)),
            PieceKind::Item(kind) => kind,
            _ => {
                let found = quoted(self.written(span));
                let message = match found.as_str() {
                    "()" => "an empty group".to_string(),
                    _ => format!("no layer stands before `{found}`"),
                };
                let error = self.wrong(span, message).expected("a layer, a shape or a group");
                self.mistakes.push(error);
                return None;
            }
        };
        Some(self.finished(kind, rest))
    }

    /// The letters, digits and `×` that `span` begins with.
    fn word_of(&self, span: Span) -> Span {
        let text = self.written(span);
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '×').unwrap_or(text.len());
        Span { end: span.start + end as u32, ..span }
    }

    /// Takes the alias, where there is one, and refuses what is left.
    pub(super) fn finished(&mut self, kind: ItemKind, rest: &mut Rest) -> Item {
        let mut alias = None;
        if let Some(PieceKind::Alias(_)) = rest.peek()
            && let Some(Piece { kind: PieceKind::Alias(name), .. }) = rest.next()
        {
            alias = Some(name);
        }
        let item = Item { kind, alias, span: rest.span };
        if let Some(piece) = rest.first() {
            let span = piece.span;
            match &piece.kind {
                // A new item: its dash is missing.
                PieceKind::Call(Call { block, .. }) => {
                    let word = block.text.clone();
                    self.missing_dash(&word, span);
                }
                PieceKind::Join(_) | PieceKind::Item(_) => {
                    let word = first_word(self.written(span));
                    self.missing_dash(word, span);
                }
                PieceKind::Word(word) if !is_turns(word) => {
                    let word = word.clone();
                    if self.statement_inside(&word, span) {
                        rest.pieces.by_ref().for_each(drop);
                    } else {
                        self.missing_dash(&word, span);
                    }
                }
                _ => {
                    self.stray(&item, span);
                    rest.pieces.by_ref().for_each(drop);
                }
            }
        }
        item
    }

    /// `28x28x1`
    fn shape(&mut self, sizes: Vec<Expr>, span: Span, rest: &mut Rest) -> Option<ItemKind> {
        let written = self.written(span);
        match &sizes[0].kind {
            // `relu*3`, `pool x 3`
            ExprKind::Binary(..) | ExprKind::Name(_) | ExprKind::Index(..)
                if written.starts_with(|c: char| c.is_alphabetic())
                    && (sizes.len() == 1 || !words::is_free(first_word(written))) =>
            {
                self.mistakes.retain(|mistake| mistake.span().start < span.start);
                let found = quoted(self.written(span));
                let (word, behind) = written.split_at(first_word(written).len());
                let (mend, help) = match sizes[0].kind {
                    ExprKind::Index(..) => (
                        format!("{word} {}", behind.replace(['[', ']'], " ").trim()),
                        "a layer's options stand without brackets: `conv 64 3x3`",
                    ),
                    _ => (
                        format!("({word}){behind}"),
                        "to repeat a layer, write it as a group: `(relu)*3`; arithmetic in a shape stands in braces: `{2*c}x4`",
                    ),
                };
                let error = self.wrong(span, format!("`{found}` is neither a layer nor a shape")).mend(span, mend);
                self.mistakes.push(error.help(help));
                None
            }
            // `28*28*1`
            ExprKind::Binary(..) if sizes.len() == 1 && !written.starts_with('{') => {
                let (found, mend) = (quoted(written), quoted(&written.replace(['*', '·'], "x")));
                let error = self.wrong(span, format!("`{found}` is a product, and sizes are joined by `x`"));
                let error = error.expected(mend.clone()).mend(span, written.replace(['*', '·'], "x"));
                let error = error.mend(span, format!("{{{written}}}"));
                self.mistakes.push(error.help(format!("write `{mend}`, or `{{{found}}}` for a vector of that length")));
                None
            }
            _ => {
                if let Some(PieceKind::Slash(_)) = rest.peek() {
                    let found = quoted(self.written(span));
                    let error = self
                        .wrong(span, format!("`{found}` with a stride, but without a layer before it"))
                        .put_before(span, "conv 64 ")
                        .put_before(span, "pool ")
                        .help(format!("write `conv 64 {found} /2` or `pool {found} /2`"));
                    self.mistakes.push(error);
                    return None;
                }
                Some(ItemKind::Shape(sizes))
            }
        }
    }

    /// A group and its repetitions.
    fn repeated(&mut self, mut chain: Chain, rest: &mut Rest) -> Option<ItemKind> {
        let times = self.times_behind(rest);
        let is_shape = |item: &Item| matches!(item.kind, ItemKind::Shape(_)) && item.alias.is_none();
        if times.is_empty() && chain.items.len() == 1 && chain.head.is_none() && chain.items.iter().all(is_shape) {
            return chain.items.pop().map(|item| item.kind);
        }
        Some(ItemKind::Group(chain, times))
    }

    /// An item that begins with a word.
    fn worded(&mut self, word: &str, span: Span, rest: &mut Rest) -> Option<Item> {
        if let Some((word, span, count)) = self.two_words(word, span, rest) {
            return self.layer(&word, span, count, rest);
        }
        if let Some((operation, span)) = self.words_of(word, span, rest) {
            self.foreign(operation, span, rest);
            return None;
        }
        match chain_word(word) {
            ChainWord::Layer(..) => self.layer(word, span, None, rest),
            ChainWord::Input => Some(self.finished(ItemKind::Input, rest)),
            ChainWord::Link(word) => self.link(word, span, rest),
            ChainWord::Foreign(_) | ChainWord::Other => match self.statement_inside(word, span) {
                true => None,
                false => self.reference(word, span, rest),
            },
        }
    }

    /// `max pool`, `average pool`, `transposed conv`: the one word for it, both words' place, and a count glued behind.
    fn two_words(&mut self, word: &str, span: Span, rest: &mut Rest) -> Option<(String, Span, Option<LayerOption>)> {
        let (first, base) = match (words::flag(word), chain_word(word)) {
            (Some(kind @ ("max" | "avg")), _) => (kind, "pool"),
            (_, ChainWord::Link("transposed" | "fractional")) => ("de", "conv"),
            _ if word.eq_ignore_ascii_case("averagepool") => return Some(("avgpool".into(), span, None)),
            _ => return None,
        };
        let (PieceKind::Word(second) | PieceKind::Counted(second, _)) = rest.peek()? else { return None };
        let glued = second.to_lowercase().strip_prefix(base)?.to_string();
        if !glued.bytes().all(|byte| byte.is_ascii_digit() || byte == b'x') {
            return None;
        }
        let second = rest.next()?;
        let whole = span.to(second.span);
        Some(match second.kind {
            PieceKind::Counted(_, count) => {
                let end = span.to(self.word_of(second.span));
                (
                    format!("{first}{base}{glued}"),
                    end,
                    Some(LayerOption { span: count.span, kind: OptionKind::Value(count) }),
                )
            }
            _ => (format!("{first}{base}{glued}"), whole, None),
        })
    }
}

/// The word that a `value` is, where it is nothing else.
fn lone_word(value: &Pair<'_, Rule>) -> Option<String> {
    let mut inner = value.clone();
    loop {
        let mut children = inner.into_inner();
        let child = children.next()?;
        if children.next().is_some() || matches!(child.as_rule(), Rule::list | Rule::paren | Rule::number) {
            return None;
        }
        if child.as_rule() == Rule::name {
            return Some(child.as_str().into());
        }
        inner = child;
    }
}

/// Whether a word is `x3`: a repetition whose `x` is glued to its count.
pub(super) fn is_turns(word: &str) -> bool {
    word.strip_prefix(['x', 'X']).is_some_and(|count| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()))
}
