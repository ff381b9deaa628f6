//! What is said of words that begin no statement, and of parts that open no clause.

use fovea_graph::Span;

use super::read::Parts;
use super::{ClauseAbout, Offer, words};
use crate::diagnostic::{Diagnostic, Stage};
use crate::diagnostic::{list, quoted};
use crate::scope::nearest;
use crate::syntax::{Name, Part, PartKind};

/// The numbers of `sgd`.
const RATES: &[&str] = &["lr", "momentum", "decay"];

/// Why a statement cannot begin with `word`.
pub(crate) fn unknown(word: &Name) -> Diagnostic {
    let text = quoted(&word.text);
    if text.starts_with('%') {
        let known = || words::of_the_session();
        let all = known().map(|verb| format!("`{verb}`")).collect::<Vec<_>>().join(" and ");
        let error = Diagnostic::new(Stage::Verbs, word.span, format!("there is no `{text}`")).found(text.clone());
        let error = error.expected(all.replace(" and ", " or "));
        return match nearest(&text, known()).filter(|_| text.len() > 2) {
            Some(near) => error.help(format!("write `{near}`; there are {all}")),
            None => error.help(format!("there are {all}")),
        };
    }
    if words::is_absent_verb(&word.text) {
        return Diagnostic::new(Stage::Verbs, word.span, words::absent_message(&text))
            .found(text)
            .expected("the word of a statement");
    }
    let error =
        Diagnostic::new(Stage::Verbs, word.span, format!("no statement begins with `{text}`")).found(text.clone());
    match nearest(&text, words::statements()) {
        Some(near) if text.len() > 1 => error.expected(near).help(format!("write `{near}`")),
        _ => error
            .expected("the word of a statement")
            .help(format!("statements begin with {}", words::statement_words())),
    }
}

impl<'a> Parts<'a> {
    /// A part that opens no clause of this verb. What belongs to it is passed over.
    pub(super) fn no_clause(&mut self, part: &'a Part, word: &str) {
        let verb = self.verb.word;
        let takes: Vec<&str> = self.verb.clauses.iter().map(|clause| clause.word).collect();
        let found = quoted(&part.to_string());
        let all = match &takes[..] {
            [] => format!("`{verb}` takes no clauses"),
            takes => format!("`{verb}` takes {}", list(takes, "and")),
        };
        let is_known = words::is_clause_word(word);
        let lacks_data = self.verb.needs.contains(&"on") && !self.parts.iter().any(|part| is_word(part, "on"));
        let is_data = matches!(part.kind, PartKind::Word(_) | PartKind::Select(..)) && !is_known;
        let near = nearest(word, takes.iter().copied()).filter(|_| word.len() > 1 && word.len() < 24 && !is_known);
        let error = match (word, near) {
            _ if lacks_data && is_data => self
                .error(part.span, "`on` is missing before the data")
                .expected("`on`")
                .help(format!("write `on {found}`")),
            ("", _) if takes.contains(&"size") && matches!(part.kind, PartKind::Size(_)) => self
                .error(part.span, "`size` is missing before the size")
                .expected("`size`")
                .help(format!("write `size {found}`")),
            ("", _) if self.takes_filter() && matches!(part.kind, PartKind::Matrix(_)) => self
                .error(part.span, "`with` is missing before the filter")
                .expected("`with`")
                .help(format!("write `with {found}`")),
            ("", _) => self.error(part.span, format!("`{found}` does not belong here")).help(all.clone()),
            ("epochs" | "epoch", _) if takes.contains(&"for") => {
                let count = self.peek().filter(|part| is_value(part)).map_or("5".into(), |part| part.to_string());
                let mend = format!("for {count} epochs");
                self.error(part.span, "the number of epochs stands behind `for`").help(format!("write `{mend}`"))
            }
            ("lr" | "rate" | "learning_rate" | "momentum" | "decay" | "optimizer" | "sgd", _)
                if takes.contains(&"with") =>
            {
                let error = self.error(part.span, format!("`{word}` belongs to the optimizer"));
                match self.loose_numbers(part) {
                    Some((place, mend)) => error.write(place, mend),
                    None => error.help("write `with sgd(lr 0.01, momentum 0.9, decay 5e-4)`"),
                }
            }
            (_, Some(near)) => self
                .error(part.span, format!("`{verb}` has no clause `{found}`"))
                .expected(near)
                .help(format!("write `{near}`; {all}")),
            _ => self.error(part.span, format!("`{verb}` has no clause `{found}`")).help(all.clone()),
        };
        let error = match error.expected {
            None if !takes.is_empty() => error.expected(format!("one of {}", list(&takes, "and"))),
            _ => error,
        };
        self.wrong(error.found(found));
        self.pass_over();
    }

    /// `lr 0.1 momentum 0.9` without parentheses, whose first word is `part`: how it is written, and where.
    fn loose_numbers(&self, part: &Part) -> Option<(Span, String)> {
        let (mut said, mut end) = (Vec::new(), None);
        let mut rest = &self.parts[self.at - 1..];
        while let [Part { kind: PartKind::Word(key), .. }, Part { kind: PartKind::Value(value), span }, more @ ..] =
            rest
            && RATES.iter().any(|rate| rate.eq_ignore_ascii_case(key))
        {
            said.push(format!("{key} {value}"));
            end = Some(*span);
            rest = if let [Part { kind: PartKind::Comma, .. }, more @ ..] = more { more } else { more };
        }
        let (end, said) = (end?, said.join(", "));
        match &self.parts[..self.at - 1] {
            [.., with, Part { kind: PartKind::Word(word), span }] if is_word(with, "with") => {
                Some((span.to(end), format!("{word}({said})")))
            }
            _ => Some((part.span.to(end), format!("with sgd({said})"))),
        }
    }

    /// Whether a clause of the verb takes a filter.
    fn takes_filter(&self) -> bool {
        self.verb.clauses.iter().any(|clause| clause.word == "with" && clause.behind == [Offer::Layers])
    }

    /// Goes on to the next clause; a list goes on behind a comma, unless a clause's word stands there.
    pub(super) fn pass_over(&mut self) {
        while let Some(part) = self.peek() {
            let opens = |part: &Part| match &part.kind {
                PartKind::Word(word) | PartKind::Call(word, _) => words::is_clause_word(word),
                _ => false,
            };
            let is_end = match part.kind {
                PartKind::Comma => self.parts.get(self.at + 1).is_none_or(opens),
                _ => opens(part),
            };
            if is_end {
                return;
            }
            self.at += 1;
        }
    }

    /// Says that a clause lacks what it takes.
    pub(super) fn lacks(&mut self, clause: &ClauseAbout, what: &str) {
        let other = self.peek();
        let span = other.map_or(self.here(), |part| part.span);
        let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
        let error = self.error(span, format!("`{}` lacks {what}", clause.word)).found(found).expected(what);
        self.wrong(error.help(format!("write `{}`, say", clause.example)));
        // Whatever stands there instead is not a clause.
        if let Some(part) = other
            && !matches!(part.kind, PartKind::Comma)
            && !matches!(&part.kind, PartKind::Word(word) if self.clause(word).is_some())
        {
            self.at += 1;
        }
    }
}

fn is_word(part: &Part, word: &str) -> bool {
    matches!(&part.kind, PartKind::Word(this) if this.eq_ignore_ascii_case(word))
}

fn is_value(part: &Part) -> bool {
    matches!(part.kind, PartKind::Value(_))
}
