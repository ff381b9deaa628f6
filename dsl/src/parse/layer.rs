//! Layers and their options.

use fovea_graph::Span;

use super::item::{Piece, PieceKind, Rest, is_turns};
use super::words::{self, ChainWord, chain_word};
use super::{Reader, quoted};
use crate::syntax::{Expr, ExprKind, Item, ItemKind, Layer, LayerOption, LayerWord, Name, OptionKind, Target};

impl Reader<'_> {
    /// A layer and its options.
    pub(super) fn layer(
        &mut self,
        word: &str,
        span: Span,
        count: Option<LayerOption>,
        rest: &mut Rest,
    ) -> Option<Item> {
        let ChainWord::Layer(layer, numbers) = chain_word(word) else { return None };
        let written = self.written(span);
        let stem = written.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '×'));
        let glued = Span { start: span.start + stem.len() as u32, ..span };
        let word_span = if numbers.is_empty() { span } else { Span { end: glued.start, ..span } };
        let mut options = Vec::new();
        if !numbers.is_empty() {
            self.check_glued(layer, &numbers, span);
            let number = |n: f64| Expr { kind: ExprKind::Number(n), span: glued };
            let sizes = numbers.into_iter().map(number).collect();
            options.push(LayerOption { kind: OptionKind::Glued(sizes), span: glued });
        }
        options.extend(count);
        self.options(layer, &mut options, rest);
        let kind = ItemKind::Layer(Layer { word: layer, word_span, options });
        Some(self.finished(kind, rest))
    }

    fn options(&mut self, layer: LayerWord, options: &mut Vec<LayerOption>, rest: &mut Rest) {
        while let Some(Piece { kind, span }) = rest.first() {
            let next = *span;
            match kind {
                PieceKind::Alias(_) | PieceKind::Call(_) | PieceKind::Join(_) | PieceKind::Item(_) => return,
                // A pool's name, which is a layer's word itself.
                PieceKind::Word(_) if layer == LayerWord::Unpool && options.is_empty() => {}
                PieceKind::Word(word) if is_item_word(word) || self.begins_line(word, next) => return,
                _ => {}
            }
            let Some(piece) = rest.next() else { return };
            let span = piece.span;
            let kind = match piece.kind {
                PieceKind::Word(word) if is_turns(&word) && options.last().is_some_and(is_value) => {
                    let before = options.pop().map_or(span, |option| option.span);
                    let mend = quoted(self.written(before.to(span))).replace(' ', "");
                    let error = self.wrong(before.to(span), format!("`{word}` with a space before it is a name"));
                    self.mistakes.push(error.expected(mend.clone()).write(before.to(span), mend));
                    None
                }
                PieceKind::Word(word) if layer == LayerWord::Unpool && options.is_empty() => {
                    Some(OptionKind::Of(Name { text: word, span }, self.step(rest)))
                }
                PieceKind::Word(word) => self.worded_option(layer, &word, span, rest),
                PieceKind::Value(mut sizes) if sizes.len() == 1 => Some(OptionKind::Value(sizes.remove(0))),
                PieceKind::Value(sizes) => Some(OptionKind::Size(sizes)),
                PieceKind::Slash(sizes) => self.slash(layer, sizes, span, options),
                other => {
                    let count = options.last().filter(|option| matches!(option.kind, OptionKind::Value(_)));
                    self.no_option(layer, &other, span, rest.span, count.map(|option| option.span));
                    None
                }
            };
            if let Some(kind) = kind {
                let end = rest.span.end;
                options.push(LayerOption { kind, span: Span { end, ..span } });
            }
        }
    }

    /// `/2`; glued to a bare number it could be arithmetic.
    fn slash(&mut self, layer: LayerWord, sizes: Vec<Expr>, span: Span, options: &[LayerOption]) -> Option<OptionKind> {
        let Some((last, before)) = options.split_last() else { return Some(OptionKind::Stride(sizes)) };
        let number = match &last.kind {
            OptionKind::Value(value) => value.span,
            OptionKind::Keyed(_, values) => values.last().map_or(last.span, |value| value.span),
            _ => return Some(OptionKind::Stride(sizes)),
        };
        if layer.is_pool() || last.span.end != span.start {
            return Some(OptionKind::Stride(sizes));
        }
        let place = number.to(span);
        let (whole, left, right) = (self.written(place), self.written(number), self.written(span));
        let is_second = matches!(last.kind, OptionKind::Value(_)) && before.iter().any(is_value);
        if is_second && layer != LayerWord::Fc {
            let mend = format!("size {left} {right}");
            let error = self.wrong(place, format!("two bare numbers: a `{layer}` has only one, its filters"));
            let error = error.here("if this is the window with its stride, say so").expected(mend.clone());
            self.mistakes.push(error.write(place, mend));
            return None;
        }
        let stride = right.trim_start_matches('/').trim();
        let (quotient, parted) = (format!("({whole})"), format!("{left} {right}"));
        let key = quoted(self.written(Span { end: number.start, ..last.span }));
        let shown = |text: &str| quoted(&format!("{key} {text}")).trim_start().to_string();
        let error = self
            .wrong(place, format!("`{}` has two readings", quoted(whole)))
            .here(format!("the quotient, or `{}` with stride {stride}?", quoted(left)))
            .mend(place, quotient.clone())
            .mend(place, parted.clone())
            .help(format!("write `{}` for the quotient, `{}` for the stride", shown(&quotient), shown(&parted)));
        self.mistakes.push(error);
        None
    }

    /// A flag, a key with its value, or a constant.
    fn worded_option(&mut self, layer: LayerWord, word: &str, span: Span, rest: &mut Rest) -> Option<OptionKind> {
        if self.elsewhere(layer, word, span, rest) {
            return None;
        }
        if let Some(key) = words::key_of(layer, word) {
            if let Some(PieceKind::Equals) = rest.peek() {
                rest.next();
            }
            return self.keyed(key, span, rest);
        }
        if word.eq_ignore_ascii_case("to") {
            return self.target(layer, span, rest);
        }
        if let Some(flag) = words::flag(word) {
            return Some(OptionKind::Flag(flag.into()));
        }
        Some(OptionKind::Value(Expr { kind: ExprKind::Name(word.into()), span }))
    }

    /// `to 28x28`, `to input`, `to c1`
    fn target(&mut self, layer: LayerWord, span: Span, rest: &mut Rest) -> Option<OptionKind> {
        if let Some(PieceKind::Value(_) | PieceKind::Word(_)) = rest.peek()
            && let Some(piece) = rest.next()
        {
            return Some(OptionKind::To(match piece.kind {
                PieceKind::Word(word) if word.eq_ignore_ascii_case("input") => Target::Input,
                PieceKind::Word(text) => Target::Layer(Name { text, span: piece.span }, self.step(rest)),
                PieceKind::Value(sizes) => Target::Size(sizes),
                _ => return None,
            }));
        }
        let error = self.wrong(span, "`to` lacks its size").expected("a size, `input` or a layer's name");
        let error = error.put_behind(span, " 28x28").put_behind(span, " input");
        self.mistakes.push(error.help(format!("write `{layer} to 28x28`, say, or `to input`")));
        None
    }

    fn keyed(&mut self, key: &str, span: Span, rest: &mut Rest) -> Option<OptionKind> {
        let values = match rest.peek() {
            Some(PieceKind::Value(_)) => match rest.next() {
                Some(Piece { kind: PieceKind::Value(sizes), .. }) => sizes,
                _ => return None,
            },
            Some(PieceKind::Word(word)) if words::is_free_for_constant(word) => match rest.next() {
                Some(Piece { kind: PieceKind::Word(word), span }) => vec![Expr { kind: ExprKind::Name(word), span }],
                _ => return None,
            },
            next => {
                let same =
                    matches!(next, Some(PieceKind::Word(word)) if matches!(words::flag(word), Some("same" | "valid")));
                let error = self.wrong(span, format!("`{key}` lacks its number"));
                let error = error.expected(format!("a number behind `{key}`"));
                self.mistakes.push(match (key, same) {
                    ("pad", true) => error.mend(span, "").help("`same` and `valid` stand by themselves, without `pad`"),
                    _ => error.put_behind(span, " 2").help(format!("write `{key} 2`, say")),
                });
                return None;
            }
        };
        Some(if key == "stride" { OptionKind::Stride(values) } else { OptionKind::Keyed(key.into(), values) })
    }
}

fn is_value(option: &LayerOption) -> bool {
    matches!(option.kind, OptionKind::Value(_) | OptionKind::Size(_))
}

/// Whether a word behind a layer begins another item; another program's word could be a constant as well.
fn is_item_word(word: &str) -> bool {
    !words::is_option(word) && !matches!(chain_word(word), ChainWord::Other | ChainWord::Foreign(_))
}
