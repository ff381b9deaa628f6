//! `freeze conv1..pool2`, `lr 0.1 at fc1`: layers of the net, and what holds for them alone.

use fovea_graph::Span;

use super::super::about::{Clause, Offer, clause};
use super::super::behind::is_name;
use super::super::form;
use super::super::mends::is_word;
use super::super::read::{Opened, Parts};
use super::named::Range;
use crate::diagnostic::quoted;
use crate::syntax::{Expr, Name, Part, PartKind};

/// `conv1`, `conv1..pool2`: a layer, or all from one to another in the net's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// The first.
    pub first: Name,
    /// The last; `None` where there is one alone.
    pub last: Option<Name>,
    /// All of it.
    pub span: Span,
}

/// `0.1 at fc1`: the learning rate of some layers.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerRate {
    /// The rate at its highest.
    pub rate: f64,
    /// Whose.
    pub at: Vec<Stretch>,
}

/// The layers that stay as they are.
pub(in crate::verb) const FREEZE: Clause<Vec<Stretch>> = Clause {
    about: clause("freeze", "freeze conv1..pool2", &[Offer::List(&Offer::OwnLayers)]),
    read: |parts, opened| parts.stretches(opened),
    form: form::AS_WRITTEN,
};

/// Learning rates by layer.
pub(in crate::verb) const LR: Clause<Vec<LayerRate>> = Clause {
    about: clause("lr", "lr 0.1 at fc1", &[Offer::Constants, Offer::Words(&["at"]), Offer::List(&Offer::OwnLayers)]),
    read: |parts, opened| parts.layer_rates(opened),
    form: |verb, parts| {
        let mut parts = form::NUMBER(verb, parts);
        parts.iter_mut().filter(|part| is_word(part, "at")).for_each(form::lower);
        parts
    },
};

impl Parts<'_> {
    /// `conv1, conv3`: layers by name, each for itself.
    pub(in crate::verb) fn each_layer(&mut self, opened: Opened<'_>) -> Option<Vec<Name>> {
        let mut names = Vec::new();
        for Stretch { first, last, span } in self.stretches(opened)? {
            if let Some(last) = last {
                let error = self.error(span, format!("`{}` names its layers one by one", opened.about.word));
                let error = error.found(format!("{first}..{last}")).expected("layers with commas between them");
                self.wrong(error.mend(span, format!("{first}, {last}")).help(format!("write `{first}, {last}`, say")));
                return None;
            }
            names.push(first);
        }
        Some(names)
    }

    /// `conv1..pool2, fc1`
    fn stretches(&mut self, opened: Opened<'_>) -> Option<Vec<Stretch>> {
        // `freeze(conv1)`
        if let PartKind::Call(word, arguments) = &opened.part.kind
            && opened.about.word == FREEZE.about.word
        {
            let inside: Vec<String> = arguments.iter().map(|argument| argument.to_string()).collect();
            let error = self.error(opened.part.span, "layers stand without parentheses");
            let mend = format!("{} {}", word.to_lowercase(), inside.join(", "));
            self.wrong(
                error.found(quoted(&opened.part.to_string())).expected(mend.clone()).write(opened.part.span, mend),
            );
            return None;
        }
        let mut stretches: Vec<Stretch> = Vec::new();
        while let Some(stretch) = self.stretch() {
            stretches.push(stretch?);
            if !self.list_goes_on() {
                break;
            }
        }
        if stretches.is_empty() {
            self.lacks(opened, "its layers");
            return None;
        }
        Some(stretches)
    }

    /// A layer or several; the inner `None` where it is wrong, the outer where something else stands here.
    fn stretch(&mut self) -> Option<Option<Stretch>> {
        let part = self.peek()?;
        let span = part.span;
        let name = |text: &str| Name { text: text.to_string(), span };
        match &part.kind {
            PartKind::Stretch(first, last) => {
                self.at += 1;
                Some(Some(Stretch { first: first.clone(), last: Some(last.clone()), span }))
            }
            PartKind::Word(word) if self.clause(word).is_none() => {
                self.at += 1;
                match self.joined_by_a_word(span) {
                    Some(()) => Some(None),
                    None => Some(Some(Stretch { first: name(word), last: None, span })),
                }
            }
            PartKind::Text(text) if is_name(text) => {
                self.at += 1;
                let error = self.error(span, "a layer's name stands without quotes").found(part.to_string());
                self.wrong(error.expected(text).write(span, text));
                Some(None)
            }
            _ => None,
        }
    }

    /// `conv1 to pool2`, `conv1 and fc1`: a word between two layers, which is a sign here; says so.
    fn joined_by_a_word(&mut self, first: Span) -> Option<()> {
        let [joint @ Part { kind: PartKind::Word(word), .. }, last @ Part { kind: PartKind::Word(layer), .. }, ..] =
            self.parts.get(self.at..)?
        else {
            return None;
        };
        let sign = match word.to_lowercase().as_str() {
            "to" | "until" | "through" | "till" => "..",
            "and" | "or" => ", ",
            _ => return None,
        };
        let place = Span { start: first.end, end: last.span.start, ..joint.span };
        let error = self.error(joint.span, format!("`{}` stands between layers here", sign.trim())).found(quoted(word));
        self.wrong(
            error.expected(format!("`{}`", sign.trim())).mend(place, sign).help(format!("write `{sign}{layer}`")),
        );
        self.at += 2;
        Some(())
    }

    /// Passes over a comma behind which another layer stands, or a word that opens no clause.
    fn list_goes_on(&mut self) -> bool {
        let goes_on = match self.parts.get(self.at..).unwrap_or_default() {
            [Part { kind: PartKind::Comma, .. }, Part { kind: PartKind::Stretch(..), .. }, ..] => true,
            [Part { kind: PartKind::Comma, .. }, Part { kind: PartKind::Word(word), .. }, ..] => {
                self.clause(word).is_none()
            }
            _ => false,
        };
        self.at += usize::from(goes_on);
        goes_on
    }

    /// `0.1 at fc1, 0.01 at conv1..pool2`
    fn layer_rates(&mut self, opened: Opened<'_>) -> Option<Vec<LayerRate>> {
        let mut rates = Vec::new();
        loop {
            let is_said = rates.is_empty() && matches!(opened.part.kind, PartKind::Call(..));
            if !is_said && self.peek().is_some_and(|part| is_word(part, "at")) {
                let word = opened.part.span;
                let error = self.error(word, "`lr` lacks its number").found("at").expected("a number");
                self.wrong(error.put_behind(word, " 0.1").help("write `lr 0.1 at`, say"));
                self.pass_over();
                return None;
            }
            let expr = if rates.is_empty() { self.number(opened)? } else { self.next_number()? };
            let rate = self.scope.number(&expr, "a learning rate");
            let rate = self.keep(rate);
            if !self.peek().is_some_and(|part| is_word(part, "at")) {
                self.no_layers(opened);
                return None;
            }
            self.at += 1;
            let at = self.stretches(opened)?;
            let rate = rate?;
            self.in_range(rate, Range::Positive, expr.span, "lr");
            rates.push(LayerRate { rate, at });
            match self.parts.get(self.at..).unwrap_or_default() {
                [Part { kind: PartKind::Comma, .. }, Part { kind: PartKind::Value(_), .. }, ..] => self.at += 1,
                _ => return Some(rates),
            }
        }
    }

    /// The number behind the comma of a list.
    fn next_number(&mut self) -> Option<Expr> {
        match self.next() {
            Some(Part { kind: PartKind::Value(expr), .. }) => Some(expr.clone()),
            _ => None,
        }
    }

    /// A rate that is no layer's: it is the optimizer's, or `at` is missing.
    fn no_layers(&mut self, opened: Opened<'_>) {
        if let Some(Part { kind: PartKind::Word(word), span }) = self.peek()
            && self.clause(word).is_none()
            && !self.is_number(word)
        {
            let error = self.error(*span, format!("`at` is missing before `{}`", quoted(word))).found(quoted(word));
            self.wrong(error.expected("`at`").put_before(*span, "at ").help(format!("write `at {}`", quoted(word))));
            self.at += 1;
            return;
        }
        let error = self.error(opened.part.span, "`lr` belongs to the optimizer").found("lr");
        let start = self.parts.iter().position(|part| part.span == opened.part.span).unwrap_or_default();
        let error = match self.loose_numbers(start) {
            Some((place, mend)) => error.write(place, mend),
            None => {
                error.help("write `with sgd(lr 0.01, momentum 0.9, decay 5e-4)`, say; `lr 0.1 at fc1` is a layer's")
            }
        };
        self.wrong(error.expected("`at` and layers"));
        self.pass_over();
    }
}
