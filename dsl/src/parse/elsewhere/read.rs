//! Options as other programs write them, met behind a layer.

use fovea_graph::Span;

use super::options::{self, Spelling};
use crate::diagnostic::Diagnostic;
use crate::parse::item::{PieceKind, Rest};
use crate::parse::words;
use crate::parse::{Reader, quoted};
use crate::syntax::{Expr, ExprKind, LayerWord};

impl Reader<'_> {
    /// An option as another program writes it: `bias=False`, `no bias`, `kernel_size 3`, `activation=relu`. Says so.
    pub(in crate::parse) fn elsewhere(&mut self, layer: LayerWord, word: &str, span: Span, rest: &mut Rest) -> bool {
        let Some(value) = self.foreign_value(layer, word, rest) else { return false };
        if let Some(PieceKind::Equals) = rest.peek() {
            rest.next();
        }
        let Some(piece) = rest.next() else { return false };
        let spelling = match value {
            Behind::Denied => options::spelling(layer, self.written(piece.span), "false"),
            Behind::Value => options::spelling(layer, word, self.written(piece.span)),
        };
        let error = self.spelt(layer, (word, span), span.to(piece.span), spelling, rest);
        self.mistakes.push(error);
        true
    }

    /// What stands behind a word that is an option of another program; nothing where it is none.
    fn foreign_value(&self, layer: LayerWord, word: &str, rest: &Rest) -> Option<Behind> {
        let is_key = words::key_of(layer, word).is_some();
        let is_no = matches!(word.to_lowercase().as_str(), "no" | "without");
        let is = match (rest.peek()?, rest.second()) {
            // `pad=same`, `size=(3, 3)`; `pad=n` is ours.
            (PieceKind::Equals, Some(PieceKind::Word(value))) if is_key => {
                !words::is_free_for_constant(value) || is_truth(value)
            }
            (PieceKind::Equals, Some(behind)) => !is_key || matches!(behind, PieceKind::Arguments),
            (PieceKind::Word(option), _) if is_no => {
                return options::spelling(layer, option, "false").map(|_| Behind::Denied);
            }
            (PieceKind::Word(value), _) => is_truth(value) && options::spelling(layer, word, value).is_some(),
            (PieceKind::Value(values), _) if matches!(&values[..], [Expr { kind: ExprKind::Name(name), .. }] if is_truth(name)) => {
                options::spelling(layer, word, "false").is_some()
            }
            (PieceKind::Value(values), _) => {
                !is_key && words::flag(word).is_none() && values.len() == 1 && options::takes_number(layer, word)
            }
            _ => false,
        };
        is.then_some(Behind::Value)
    }

    /// What to say of an option at `span`, which begins with a word, given what it is here.
    fn spelt(
        &self,
        layer: LayerWord,
        (word, word_span): (&str, Span),
        span: Span,
        spelling: Option<Spelling>,
        rest: &Rest,
    ) -> Diagnostic {
        let found = quoted(self.written(span));
        match spelling {
            Some(Spelling::Here(text)) if text.is_empty() => self
                .wrong(span, format!("`{found}` says nothing here"))
                .expected(format!("options such as `{}`", layer.example()))
                .mend(span, "")
                .help("leave it out"),
            Some(Spelling::Here(text)) => {
                self.wrong(span, format!("`{found}` is written `{text}` here")).expected(text.clone()).write(span, text)
            }
            Some(Spelling::Behind(next)) => {
                let next = super::ours(&next);
                let end = rest.last().map_or(span.end, |last| last.end.max(span.end));
                let others = self.written(Span { start: span.end, end, ..span }).trim();
                let mend = if others.is_empty() { format!("- {next}") } else { format!("{others} - {next}") };
                self.wrong(span, format!("`{next}` is a layer of its own, behind this one"))
                    .expected(format!("- {next}"))
                    .write(Span { end, ..span }, mend)
            }
            None => {
                let error = self.wrong(word_span, format!("`{}` is no option with a value", quoted(word)));
                let error = error.expected(format!("options such as `{}`", layer.example()));
                match words::nearest_option(layer, word) {
                    Some(near) if words::flag(near).is_some() => error.write(span, near),
                    Some(near) => error.write(word_span, near),
                    None => error,
                }
            }
        }
    }
}

/// What stands behind a word that is an option of another program.
enum Behind {
    /// Its value.
    Value,
    /// The option itself: the word denies it.
    Denied,
}

fn is_truth(value: &str) -> bool {
    matches!(value.to_lowercase().as_str(), "true" | "false" | "none")
}
