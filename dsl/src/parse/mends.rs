//! What to say about items that are wrong, and the mend.

use fovea_graph::Span;

use super::dashes::{ends_in_link, is_dash, is_link};
use super::elsewhere::{self, Operation, Way};
use super::item::{PieceKind, Rest};
use super::words::{self, ChainWord, chain_word};
use super::{Reader, quoted};
use crate::diagnostic::Stage;
use crate::syntax::{Item, ItemKind, LayerWord};

impl Reader<'_> {
    /// `word` begins a layer in the middle of an item.
    pub(super) fn missing_dash(&mut self, word: &str, span: Span) {
        let error = self
            .wrong(span, format!("`-` is missing before `{word}`"))
            .expected("`-`")
            .put_before(span, "- ")
            .help(format!("put `-` before `{word}`"));
        self.mistakes.push(error);
    }

    /// A piece that belongs to no item.
    pub(super) fn stray(&mut self, item: &Item, span: Span) {
        let found = quoted(self.written(span));
        let before = quoted(self.written(item.span));
        let is_group = matches!(item.kind, ItemKind::Group(..));
        let behind_sign = found.trim_start_matches(['x', 'X', '×', ' ']);
        // What was wrong inside it does not matter any more.
        self.mistakes.retain(|mistake| mistake.span().start < span.start);
        let error = self.wrong(span, format!("`{found}` does not belong here"));
        let error = if found.starts_with('(') {
            let error = self.wrong(span, "`-` is missing before `(`").expected("`-`");
            error.put_before(span, "- ").help("put `-` before `(`")
        } else if item.kind == ItemKind::Input {
            let error = error.mend(item.span.to(span), self.written(span));
            error.help(format!("a shape alone declares the input: write `{found}` for `{before} {found}`"))
        } else if is_group && item.alias.is_none() && behind_sign.starts_with(|c: char| c.is_ascii_digit()) {
            let error = error.expected("`^` and a count, or `-`").mend(span, format!("^{behind_sign}"));
            error.help(format!("to repeat the group, write `^{behind_sign}`"))
        } else if behind_sign.starts_with(['(', '[']) && behind_sign != found {
            let group = self.written(span).trim_start_matches(['x', 'X', '×', ' ']);
            let error = error.mend(item.span.to(span), format!("{group}^{}", self.written(item.span)));
            error.help(format!("a repetition stands behind its group: `{behind_sign}^{before}`"))
        } else {
            error.expected("`-`, `,` or the end")
        };
        self.mistakes.push(error);
    }

    pub(super) fn power_of_power(&mut self, first: Span, second: Span) {
        let (a, b) = (quoted(self.written(first)), quoted(self.written(second)));
        let (a, b) = (a.trim_start_matches('^').trim(), b.trim_start_matches('^').trim());
        let error = self
            .wrong(first.to(second), format!("`^{a}^{b}` has two readings"))
            .here("a repetition of a repetition, or a power?")
            .mend(first.to(second), format!("^({a}*{b})"))
            .mend(first.to(second), format!("^({a}^{b})"))
            .help(format!("write `^({a}*{b})` for {a} times {b} turns, `^({a}^{b})` for the power"));
        self.mistakes.push(error);
    }

    /// Another program's word, with what stands behind it.
    pub(super) fn foreign(&mut self, operation: Operation, span: Span, rest: &mut Rest) {
        let word = self.written(span);
        let end = rest.pieces.by_ref().last().map_or(span.end, |piece| piece.span.end);
        let options = self.written(Span { start: span.end, end, ..span }).trim();
        let options = elsewhere::options::along(operation, word, options);
        let error = operation.refusal(Stage::Parse, word, span, &options, end);
        self.mistakes.push(error);
    }

    /// `batch norm`, `leaky relu`, `global average pooling`: another program's words for one layer, taken from `rest`.
    pub(super) fn words_of(&self, word: &str, span: Span, rest: &mut Rest) -> Option<(Operation, Span)> {
        // A layer of ours lacks its dash before the next one, but for `leaky relu`.
        let own = match chain_word(word) {
            ChainWord::Layer(..) => Some(word.to_lowercase()),
            _ => None,
        };
        let mut joined = vec![(word.to_string(), span)];
        for piece in rest.pieces.as_slice().iter().take(2) {
            let PieceKind::Word(next) = &piece.kind else { break };
            if words::is_option(next) && own.is_some() {
                break;
            }
            let last = joined.last().map_or("", |(text, _)| text);
            joined.push((format!("{last}{next}"), span.to(piece.span)));
        }
        let is_one = |operation: &Operation| {
            own.as_deref().is_none_or(|own| matches!(operation.way, Way::Word(ours) if ours == own))
        };
        let (more, operation, span) = joined.iter().enumerate().skip(1).rev().find_map(|(more, (text, span))| {
            elsewhere::operation(text).filter(is_one).map(|operation| (more, operation, *span))
        })?;
        rest.pieces.by_ref().take(more).for_each(drop);
        Some((operation, span))
    }

    /// `CONV3` where `CONV3-` stands right before `span`.
    fn counter_before(&self, span: Span) -> Option<&str> {
        let before = &self.text[..span.range().start.saturating_sub(self.base)];
        let word = before.strip_suffix(is_dash)?;
        let word = &word[word.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len()..];
        let takes_count = matches!(chain_word(word), ChainWord::Layer(LayerWord::Conv | LayerWord::Fc, _));
        takes_count.then_some(word)
    }

    /// Whether a word glued to `CONV3-` was meant as a count; says so.
    pub(super) fn is_count(&mut self, word: &str, span: Span) -> bool {
        let Some(counter) = self.counter_before(span) else { return false };
        let error = self.wrong(span, format!("a name glued to `{counter}-` could be a layer or a count"));
        let help = format!("for a count, write `{counter}-{{{word}}}`");
        let error = error.expected("a number or a list").mend(span, format!("{{{word}}}")).help(help);
        self.mistakes.push(error);
        true
    }

    /// A number glued to `conv` or `pool` is the window, to `fc` the units; nothing else takes one.
    pub(super) fn check_glued(&mut self, layer: LayerWord, numbers: &[f64], span: Span) {
        let (word, name) = (quoted(self.written(span)), layer.word());
        let window = numbers.iter().copied().fold(0.0, f64::max);
        if layer == LayerWord::Fc && numbers.len() == 1 {
            return;
        }
        let (itself, more) = match layer {
            LayerWord::Crop | LayerWord::Pad | LayerWord::Upsample => (format!("{name} {}", &word[name.len()..]), ""),
            LayerWord::Softmax | LayerWord::Dropout | LayerWord::Fc | LayerWord::Leaky => {
                (format!("{name} {window}"), "")
            }
            _ => (name.to_string(), "; a layer's number comes by itself"),
        };
        let error = self.wrong(span, format!("`{word}` would be a window of {window}"));
        let error = error.here("a number glued to the word is the window").expected("a window of at most 11");
        let is_conv = matches!(layer, LayerWord::Conv | LayerWord::Deconv);
        let (error, mend, more) = if !is_conv && !layer.is_pool() {
            let error = self.wrong(span, format!("`{name}` takes no number glued to it")).expected(name);
            (error, itself, more)
        } else if window > 11.0 && layer.is_pool() {
            (error, format!("{name} {window}x{window}"), " for that window")
        } else if window > 11.0 {
            (error, format!("{name} {window}"), " for that many filters")
        } else if window < 1.0 || (layer.is_pool() && window < 2.0) {
            (error.expected("a window of 2 to 11"), itself, more)
        } else {
            return;
        };
        let help = format!("write `{mend}`{more}");
        self.mistakes.push(error.mend(span, mend).help(help));
    }

    /// A piece that is no option of a layer.
    /// `count` is the number or arithmetic that stands right before it.
    pub(super) fn no_option(
        &mut self,
        layer: LayerWord,
        kind: &PieceKind,
        span: Span,
        item: Span,
        count: Option<Span>,
    ) {
        let found = quoted(self.written(span));
        let before = quoted(self.written(Span { end: span.start, ..item }));
        if let (PieceKind::Times(_), Some(count)) = (kind, count)
            && found.starts_with('^')
        {
            return self.power_or_repetition(count, span, item);
        }
        match kind {
            PieceKind::Question => self.two_nets(item),
            PieceKind::Times(_) => {
                let error = self
                    .wrong(span, format!("`{found}` repeats groups, and `{before}` is none"))
                    .expected("a group before it")
                    .write(
                        item.to(span),
                        format!("({}){}", self.written(Span { end: span.start, ..item }).trim(), self.written(span)),
                    );
                self.mistakes.push(error);
            }
            // `conv 64 (3, 3)`
            PieceKind::Arguments if count.is_some() => {
                let sides = self.written(span).trim_matches(['(', ')']);
                let mend = sides.split(',').map(str::trim).collect::<Vec<_>>().join("x");
                let error = self.wrong(span, "a size is its sides with `x` between them").expected(mend.clone());
                self.mistakes.push(error.write(span, mend));
            }
            PieceKind::Arguments => {
                let operation = Operation { meaning: "", way: Way::Word(layer.word()) };
                let options = elsewhere::options::along(operation, layer.word(), self.written(span));
                let separator = if options.is_empty() { "" } else { " " };
                let error = self
                    .wrong(span, "a layer's options stand without parentheses and commas")
                    .expected("options side by side")
                    .mend(span, format!("{separator}{options}"))
                    .help(format!("write `{layer}{separator}{}`", quoted(&options)));
                self.mistakes.push(error);
            }
            _ => {
                let error = self
                    .wrong(span, format!("`{found}` does not belong here"))
                    .expected(format!("options such as `{}`, or `-`", layer.example()));
                self.mistakes.push(error);
            }
        }
    }

    /// `conv 8*2^i`, where `8*2` stands at `count` and `^i` at `times`.
    fn power_or_repetition(&mut self, count: Span, times: Span, item: Span) {
        let layer = self.written(Span { end: times.start, ..item }).trim_end();
        let (power, sign) = (self.written(count.to(times)), self.written(times));
        let [number, repeated] = [format!("({power})"), format!("({layer}){sign}")];
        let error = self
            .wrong(count.to(times), format!("`{}` has two readings", quoted(power)))
            .here(format!("arithmetic, or `{}` repeated?", quoted(layer)))
            .help(format!("write `{}` for the arithmetic, `{}` for the repetition", quoted(&number), quoted(&repeated)))
            .mend(count.to(times), number)
            .mend(item.to(times), repeated);
        self.mistakes.push(error);
    }

    /// `POOL?` of the summary slide: with the layer or without it.
    pub(super) fn two_nets(&mut self, item: Span) {
        let joins = |c: char| is_link(c) || c == '>' || c == ' ';
        let whole = self.span(0, self.text.len());
        let name = quoted(self.written(item).trim_end_matches(['?', ' ']));
        let before = self.written(Span { end: item.start, ..whole });
        let after = self.written(Span { start: item.end, ..whole });
        let error = self.wrong(item, format!("`{name}?` stands for two nets, one with `{name}` and one without"));
        if whole.range().len() > 400 {
            self.mistakes.push(error.help(format!("write `{name}`, or leave it out")));
            return;
        }
        let with = format!("{before}{name}{after}");
        let without = match ends_in_link(before.trim_end()) {
            true => format!("{}{after}", before.trim_end_matches(joins)),
            false => format!("{before}{}", after.trim_start_matches(joins)),
        };
        let gap = match ends_in_link(before.trim_end()) {
            true => Span { start: item.start - (before.len() - before.trim_end_matches(joins).len()) as u32, ..item },
            false => Span { end: item.end + (after.len() - after.trim_start_matches(joins).len()) as u32, ..item },
        };
        let error = error.mend(item, self.written(item).trim_end_matches(['?', ' '])).mend(gap, "");
        let shown = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.mistakes.push(error.help(format!("write `{}` or `{}`", shown(&with), shown(&without))));
    }
}
