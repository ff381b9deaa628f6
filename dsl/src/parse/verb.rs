//! Verbs, loosely: their words, numbers, strings and matrices in order.

use fovea_graph::Span;
use pest::iterators::Pair;

use super::dashes::is_dash;
use super::{Reader, Rule, quoted};
use crate::diagnostic::Diagnostic;
use crate::syntax::{Argument, Expr, ExprKind, Name, Part, PartKind, Verb};
use crate::verb::words::is_clause_word;

impl Reader<'_> {
    /// Any statement that is neither `net` nor `let`.
    pub(super) fn verb(&mut self, pair: Pair<'_, Rule>) -> Verb {
        let mut inner = pair.into_inner();
        let word = match inner.next() {
            Some(word) => self.name(&word),
            None => Name { text: String::new(), span: self.span(0, 0) },
        };
        let pairs = inner.filter(|pair| pair.as_rule() != Rule::EOI);
        let pairs = pairs.flat_map(|pair| match pair.as_rule() {
            Rule::scaled => pair.into_inner().collect::<Vec<_>>(),
            _ => vec![pair],
        });
        let mut parts: Vec<Part> = Vec::new();
        for pair in pairs {
            let layers = self.dash_among_layers(&pair, &parts);
            if layers.is_none() {
                self.dash_in_name(&pair, parts.last());
            }
            let mistakes = self.mistakes.len();
            parts.push(self.part(pair));
            // What the layer behind the dash would be as a number is nothing to say.
            if let Some(mistake) = layers {
                self.mistakes.truncate(mistakes);
                self.mistakes.push(mistake);
            }
        }
        Verb { word, parts }
    }

    /// `freeze conv1-pool2`, `lr 0.1 at conv1 - pool2`: a dash between layers.
    fn dash_among_layers(&self, pair: &Pair<'_, Rule>, before: &[Part]) -> Option<Diagnostic> {
        let [.., Part { kind: PartKind::Word(_), span: first }] = before else { return None };
        let is = |word: &str, other: &str| word.eq_ignore_ascii_case(other);
        let opens = before.iter().rev().find_map(|part| match &part.kind {
            PartKind::Word(word) if is(word, "at") || is_clause_word(word) => Some(word),
            _ => None,
        });
        opens.filter(|word| pair.as_rule() == Rule::negative && (is(word, "at") || is(word, "freeze")))?;
        let last = self.place(pair);
        let layer = pair.as_str().trim_start_matches(|c| is_dash(c) || c == ' ' || c == '\t');
        let dash = Span { start: first.end, end: last.end - layer.len() as u32, ..last };
        let error = self.wrong(dash, "from one layer to another is written with `..`");
        Some(error.found(quoted(self.written(dash).trim())).expected("`..`").write(dash, ".."))
    }

    /// `my-net`: a name with a dash.
    fn dash_in_name(&mut self, pair: &Pair<'_, Rule>, before: Option<&Part>) {
        let span = self.place(pair);
        match before {
            Some(Part { kind: PartKind::Word(_), span: word })
                if pair.as_rule() == Rule::negative && word.end == span.start =>
            {
                let whole = word.to(span);
                let text = self.written(whole);
                let error = self.wrong(whole, format!("`{}` cannot be a name", quoted(text)));
                let error = error.expected("a letter, then letters, digits and `_`");
                let mend = text.replace(is_dash, "_");
                let help = format!("`{}` would do", quoted(&mend));
                self.mistakes.push(error.mend(whole, mend).help(help));
            }
            _ => {}
        }
    }

    fn part(&mut self, pair: Pair<'_, Rule>) -> Part {
        let span = self.place(&pair);
        let kind = match pair.as_rule() {
            Rule::comma => PartKind::Comma,
            Rule::equals => PartKind::Equals,
            // Only `warm-up` has a dash.
            Rule::path | Rule::scale => {
                PartKind::Word(pair.as_str().trim_end().replace(|c: char| c == '-' || !c.is_ascii(), ""))
            }
            Rule::text => PartKind::Text(self.written(span).trim_matches('"').into()),
            Rule::ratio => PartKind::Ratio(self.numbers(pair)),
            Rule::range => match self.numbers(pair)[..] {
                [least, most] => PartKind::Range(least, most),
                _ => PartKind::Range(0.0, 0.0),
            },
            Rule::select => self.select(pair),
            Rule::stretch => self.stretch(pair),
            Rule::call => self.call(pair),
            Rule::matrix => self.matrix(pair),
            Rule::slash => PartKind::Stride(pair.into_inner().flat_map(|value| self.sizes(value)).collect()),
            Rule::value => match self.sizes(pair) {
                mut one if one.len() == 1 => PartKind::Value(one.remove(0)),
                sizes => PartKind::Size(sizes),
            },
            _ => PartKind::Value(self.expr(pair)),
        };
        Part { kind, span }
    }

    /// `80/20`, `0.8..1.2`: the numbers.
    fn numbers(&mut self, pair: Pair<'_, Rule>) -> Vec<f64> {
        let numbers = pair.into_inner().map(|number| match self.expr(number).kind {
            ExprKind::Number(number) => number,
            _ => 0.0,
        });
        numbers.collect()
    }

    fn select(&mut self, pair: Pair<'_, Rule>) -> PartKind {
        let span = self.place(&pair);
        let mut inner = pair.into_inner();
        let path = inner.next().map(|path| path.as_str().to_string()).unwrap_or_default();
        let mut indices = inner.map(|index| self.expr(index));
        match indices.next() {
            Some(first) => PartKind::Select(path, first, indices.next()),
            None => PartKind::Select(path, crate::syntax::Expr { kind: ExprKind::Number(0.0), span }, None),
        }
    }

    fn stretch(&mut self, pair: Pair<'_, Rule>) -> PartKind {
        let mut ends = pair.into_inner().map(|end| self.name(&end));
        let none = Name { text: String::new(), span: self.span(0, 0) };
        PartKind::Stretch(ends.next().unwrap_or_else(|| none.clone()), ends.next().unwrap_or(none))
    }

    fn call(&mut self, pair: Pair<'_, Rule>) -> PartKind {
        let mut inner = pair.into_inner();
        let word = inner.next().map(|word| word.as_str().to_string()).unwrap_or_default();
        let mistakes = self.mistakes.len();
        let arguments = inner.map(|argument| self.named(argument)).collect();
        // `gradcam(conv1)` is a layer; of `freeze(conv1)` it is said where the clause is read that the parentheses are too much.
        if ["freeze", "gradcam"].iter().any(|of_layers| word.eq_ignore_ascii_case(of_layers)) {
            self.mistakes.truncate(mistakes);
        }
        PartKind::Call(word, arguments)
    }

    /// `decay 5e-4 weights`
    fn named(&mut self, pair: Pair<'_, Rule>) -> Argument {
        let whole = self.place(&pair);
        let mut inner = pair.into_inner();
        let nothing = Expr { kind: ExprKind::Number(0.0), span: whole };
        let argument = inner.next().map(|argument| self.argument(argument));
        let unit = inner.next().map(|unit| self.name(&unit));
        Argument { unit, ..argument.unwrap_or(Argument { key: None, value: nothing, unit: None }) }
    }
}
