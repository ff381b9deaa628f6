//! Reads a verb's parts: what it is applied to, then its clauses, in any order, each at most once.

use fovea_graph::Span;

use super::Said;
use super::about::{About, Behind, Clause, ClauseAbout, Needed, Offer, Sign};
use super::form::{Joint, Written};
use crate::diagnostic::quoted;
use crate::diagnostic::{Diagnostic, Stage};
use crate::scope::Scope;
use crate::syntax::{Part, PartKind, Verb};

/// The clause that is being read: which, and the part that opened it.
#[derive(Clone, Copy)]
pub(super) struct Opened<'a> {
    pub about: &'static ClauseAbout,
    pub part: &'a Part,
}

/// Goes over a verb's parts and gathers mistakes.
pub(super) struct Parts<'a> {
    pub verb: &'static About,
    pub scope: &'a Scope,
    pub mistakes: Vec<Diagnostic>,
    /// The whole statement.
    pub span: Span,
    /// The verb's word.
    pub(super) word: Span,
    pub(super) parts: &'a [Part],
    pub(super) at: usize,
    /// What has been read, in order, and how each is written in the canonical form.
    pub(super) written: Vec<Written<'a>>,
    /// Something behind the verb's word could not be read.
    is_lost: bool,
    /// What was left could not be told apart.
    pub(super) has_given_up: bool,
}

impl<'a> Parts<'a> {
    pub(super) fn new(verb: &'static About, statement: &'a Verb, scope: &'a Scope) -> Self {
        let word = statement.word.span;
        let span = statement.parts.last().map_or(word, |last| word.to(last.span));
        Self {
            verb,
            scope,
            mistakes: Vec::new(),
            span,
            word,
            parts: &statement.parts,
            at: 0,
            written: Vec::new(),
            is_lost: false,
            has_given_up: false,
        }
    }

    /// What the verb is applied to, as written.
    pub(super) fn subject_words(&self) -> String {
        self.parts.first().map_or(String::new(), |part| quoted(&part.to_string()))
    }

    /// The parts from `start` to here, as written.
    pub(super) fn span_text(&self, start: usize) -> String {
        let parts = self.parts.get(start..self.at).unwrap_or_default();
        parts.iter().map(Part::to_string).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn peek(&self) -> Option<&'a Part> {
        self.parts.get(self.at)
    }

    pub(super) fn next(&mut self) -> Option<&'a Part> {
        let part = self.parts.get(self.at)?;
        self.at += 1;
        Some(part)
    }

    /// The place behind the last part read.
    pub(super) fn here(&self) -> Span {
        let before = self.at.checked_sub(1).and_then(|before| self.parts.get(before));
        let end = before.map_or(self.word.end, |before| before.span.end);
        Span { start: end, end, ..self.span }
    }

    /// The place of the parts `first..=last`, which were read.
    pub(super) fn span_of(&self, first: usize, last: usize) -> Span {
        match (self.parts.get(first), self.parts.get(last)) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => self.here(),
        }
    }

    pub(super) fn wrong(&mut self, error: Diagnostic) {
        self.mistakes.push(error);
    }

    /// A mistake of this stage at `span`.
    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Stage::Verbs, span, message)
    }

    /// Keeps the value, or the mistake.
    pub(super) fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|error| self.wrong(error)).ok()
    }

    /// The clause of this verb that `word` opens.
    pub(super) fn clause(&self, word: &str) -> Option<&'static ClauseAbout> {
        self.verb.clause(word)
    }

    /// The clause that a part opens: by its word, or by its looks.
    fn opened_by(&self, part: &Part, word: &str) -> Option<&'static ClauseAbout> {
        let sign = match part.kind {
            PartKind::Stride(_) => Sign::Slash,
            PartKind::Size(_) | PartKind::Value(_) => Sign::Size,
            _ => return self.clause(word),
        };
        self.verb.clauses.iter().copied().find(|clause| clause.sign == Some(sign))
    }

    /// Reads what stands in the next place behind the verb's word, unless the place before could not be read.
    pub(super) fn behind<T>(&mut self, behind: &Behind<T>) -> Option<T> {
        if self.is_lost {
            self.give_up();
            return None;
        }
        self.fillers();
        let start = self.at;
        let read = (behind.read)(self);
        self.is_lost = read.is_none();
        let parts = &self.parts[start..self.at];
        self.written.push(Written { opened: None, parts, joint: Joint::Space, form: behind.form });
        read
    }

    /// Passes over all that is left: it cannot be told apart.
    pub(super) fn give_up(&mut self) {
        self.at = self.parts.len();
        self.has_given_up = true;
    }

    /// Reads clauses to the statement's end; `read` is given each that the verb takes, its word passed.
    pub(super) fn clauses(&mut self, read: &mut dyn FnMut(&mut Self, Opened<'a>)) {
        let mut seen: Vec<(&'static str, Span)> = Vec::new();
        let mut comma: Option<Span> = None;
        while let Some(part) = self.next() {
            let word = match &part.kind {
                PartKind::Comma if comma.is_none() => {
                    comma = Some(part.span);
                    continue;
                }
                PartKind::Word(word) | PartKind::Call(word, _) => word.as_str(),
                PartKind::Stride(_) => "stride",
                _ => "",
            };
            comma = None;
            let Some(about) = self.opened_by(part, word) else {
                self.no_clause(part, word);
                continue;
            };
            if let Some(Part { kind: PartKind::Equals, .. }) = self.peek() {
                self.at += 1;
            }
            read(self, Opened { about, part });
            let span = self.span_from(part);
            match seen.iter().find(|(word, _)| *word == about.word) {
                Some(&(word, first)) => self.one_of_two(self.twice(&format!("`{word}`"), first, span), first, span),
                None => seen.push((about.word, span)),
            }
        }
        if let Some(span) = comma {
            let error = self.error(span, "the statement ends in a comma").found(",").expected("a clause");
            self.wrong(error.mend(span, "").help("remove it, or write the clause"));
        }
    }

    /// Reads what `clause` says, if that is the one that was opened; `joint` stands before it in the canonical form.
    pub(super) fn said<T>(&mut self, clause: &Clause<T>, opened: Opened<'a>, said: &mut Option<Said<T>>, joint: Joint) {
        if clause.about.word != opened.about.word {
            return;
        }
        let (start, known) = (self.at, self.mistakes.len());
        let value = (clause.read)(self, opened);
        let is_wrong = self.mistakes[known..].iter().any(|mistake| mistake.stage == Stage::Verbs);
        if !is_wrong
            && !matches!(
                opened.about.behind.first(),
                Some(Offer::Constants | Offer::ConstantsOr(_) | Offer::Parentheses)
            )
        {
            self.no_parentheses(opened);
        }
        let parts = &self.parts[start..self.at];
        self.written.push(Written { opened: Some(opened), parts, joint, form: clause.form });
        let Some(value) = value else { return };
        let (word, span) = (opened.part.span, self.span_from(opened.part));
        let what = if self.at > start { self.span_of(start, self.at - 1) } else { word };
        *said = Some(Said { value, word, what, span, before: self.cut(span).start });
    }

    /// Says that nothing stands in parentheses where something does: `same(2)`.
    fn no_parentheses(&mut self, opened: Opened<'_>) {
        if matches!(opened.part.kind, PartKind::Call(..)) {
            let message = format!("`{}` takes nothing in parentheses", opened.about.word);
            let error = self.error(opened.part.span, message).found(quoted(&opened.part.to_string()));
            self.wrong(error.expected(opened.about.word).write(opened.part.span, opened.about.word));
        }
    }

    /// What a needed clause said; says where it is missing, unless something else is wrong.
    pub(super) fn needed<T>(&mut self, needed: &Needed<T>, said: Option<Said<T>>) -> Option<T> {
        if said.is_none() && self.mistakes.is_empty() {
            (needed.missing)(self);
        }
        said.map(|said| said.value)
    }

    /// From a part to the last one read.
    fn span_from(&self, part: &Part) -> Span {
        let last = self.at.checked_sub(1).and_then(|last| self.parts.get(last));
        last.map_or(part.span, |last| part.span.to(last.span))
    }
}
