//! Reads a verb's parts: what it is applied to, then its clauses, in any order, each at most once.

use fovea_graph::Span;

use super::optimizer::{OPTIMIZERS, SCHEDULES};
use super::table::{self, Clause, Takes};
use super::{Filter, Optimizer, Period, RunRef, Samples, Schedule, Subject};
use crate::diagnostic::{Diagnostic, Stage};
use crate::parse::{quoted, words::list};
use crate::scope::{Scope, nearest};
use crate::syntax::{Name, Part, PartKind, Verb};

/// What the clauses of one statement say.
#[derive(Debug, Default)]
pub(super) struct Clauses {
    pub on: Option<Samples>,
    pub further: bool,
    pub epochs: Option<usize>,
    pub optimizer: Option<Optimizer>,
    pub batch: Option<(usize, Span)>,
    pub schedule: Option<Schedule>,
    pub warmup: Option<Period>,
    pub checkpoint: Option<Period>,
    pub resume: Option<(RunRef, Span)>,
    pub seed: Option<u64>,
    pub size: Option<([usize; 2], Span)>,
    pub save: Option<Name>,
    pub train: bool,
    pub infer: bool,
    pub of: Vec<Subject>,
    pub filter: Option<Filter>,
    pub stride: Option<[usize; 2]>,
    pub pad: Option<([usize; 2], Span)>,
    pub same: Option<Span>,
    pub valid: Option<Span>,
    pub dilate: Option<[usize; 2]>,
}

/// Goes over a verb's parts and gathers mistakes.
pub(super) struct Parts<'a> {
    pub verb: &'static str,
    pub scope: &'a Scope,
    pub mistakes: Vec<Diagnostic>,
    /// The whole statement.
    pub span: Span,
    /// The verb's word.
    word: Span,
    parts: &'a [Part],
    pub(super) at: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(verb: &'static str, statement: &'a Verb, scope: &'a Scope) -> Self {
        let word = statement.word.span;
        let span = statement.parts.last().map_or(word, |last| word.to(last.span));
        Self { verb, scope, mistakes: Vec::new(), span, word, parts: &statement.parts, at: 0 }
    }

    /// What the verb is applied to, as written.
    pub(super) fn subject_words(&self) -> String {
        self.parts.first().map_or(String::new(), |part| quoted(&part.to_string()))
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

    /// The net that the verb is applied to.
    pub(super) fn net(&mut self) -> Option<Name> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => {
                self.at += 1;
                Some(Name { text: word.clone(), span: *span })
            }
            other => {
                let verb = self.verb;
                let span = other.map_or(self.here(), |part| part.span);
                let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
                let error =
                    self.error(span, format!("`{verb}` lacks its net")).found(found).expected("the name of a net");
                self.wrong(error.help(format!("`{}` shows how it reads", table::example(verb))));
                None
            }
        }
    }

    /// The string that the verb takes.
    pub(super) fn text(&mut self, what: &str) -> Option<Name> {
        let part = self.next();
        if let Some(Part { kind: PartKind::Text(text), span }) = part {
            return Some(Name { text: text.clone(), span: *span });
        }
        let help = match part {
            Some(Part { kind: PartKind::Word(_), span })
                if matches!(self.peek(), Some(Part { kind: PartKind::Text(_), .. })) =>
            {
                let span = *span;
                self.at += 1;
                let error = self.error(span, "a word before the string").expected("a string");
                self.wrong(error.help(format!("`{}` shows how it reads", table::example(self.verb))));
                return None;
            }
            Some(Part { kind: PartKind::Word(word), .. }) => format!("put it in quotes: `\"{}\"`", quoted(word)),
            _ => format!("`{}` shows how it reads", table::example(self.verb)),
        };
        let found = part.map_or("the end".to_string(), |part| quoted(&part.to_string()));
        let message = match part {
            Some(_) => format!("{what} stands in quotes"),
            None => format!("{what} is missing"),
        };
        let error = self.error(part.map_or(self.here(), |part| part.span), message).found(found);
        self.wrong(error.expected("a string").help(help));
        None
    }

    /// The clause of this verb that `word` opens.
    pub(super) fn clause(&self, word: &str) -> Option<&'static Clause> {
        table::clauses_of(self.verb).find(|clause| clause.word.eq_ignore_ascii_case(word))
    }

    /// Reads clauses to the statement's end.
    pub(super) fn clauses(&mut self) -> Clauses {
        let mut clauses = Clauses::default();
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
                _ => {
                    self.no_clause(part, "");
                    continue;
                }
            };
            comma = None;
            let Some(clause) = self.clause(word) else {
                self.no_clause(part, word);
                continue;
            };
            let start = self.at;
            self.given(clause, part, &mut clauses);
            let span = match self.parts.get(self.at.max(start) - 1) {
                Some(last) => part.span.to(last.span),
                None => part.span,
            };
            match seen.iter().find(|(word, _)| *word == clause.word) {
                Some(&(word, first)) => {
                    let error =
                        self.error(span, format!("`{word}` stands twice")).also(first, "it stands here already");
                    self.wrong(error.here("the second").help("remove one of the two"));
                }
                None => seen.push((clause.word, span)),
            }
        }
        if let Some(span) = comma {
            let error = self.error(span, "the statement ends in a comma").found(",").expected("a clause");
            self.wrong(error.help("remove it, or write the clause"));
        }
        clauses
    }

    /// Reads what stands behind a clause's word.
    pub(super) fn given(&mut self, clause: &'static Clause, word: &'a Part, clauses: &mut Clauses) {
        if let Some(Part { kind: PartKind::Equals, .. }) = self.peek() {
            self.at += 1;
        }
        match clause.takes {
            Takes::Nothing => match clause.word {
                "further" => clauses.further = true,
                "infer" => clauses.infer = true,
                "same" => clauses.same = Some(word.span),
                "valid" => clauses.valid = Some(word.span),
                _ => clauses.train = true,
            },
            Takes::Samples => clauses.on = self.samples(clause),
            Takes::Epochs => clauses.epochs = self.epochs(clause, word),
            Takes::Count => clauses.batch = self.count(clause, word),
            Takes::Seed => {
                let number = self.number(clause, word);
                clauses.seed = number.and_then(|expr| self.seed(&expr));
            }
            Takes::Optimizer => clauses.optimizer = self.named(clause, "optimizer", OPTIMIZERS),
            Takes::Schedule => clauses.schedule = self.named(clause, "schedule", SCHEDULES),
            Takes::Period => clauses.warmup = self.period(clause, word),
            Takes::Every => clauses.checkpoint = self.every(clause, word),
            Takes::Run => clauses.resume = self.resumed(clause).map(|run| (run, word.span)),
            Takes::Size => clauses.size = self.size(clause),
            Takes::Text => clauses.save = self.text("the file's name"),
            Takes::Subjects => clauses.of = self.subjects(),
            Takes::Filter => clauses.filter = self.filter(clause),
            Takes::Steps => match clause.word {
                "pad" => clauses.pad = self.steps(clause, word, 0).map(|zeros| (zeros, word.span)),
                "dilate" => clauses.dilate = self.steps(clause, word, 1),
                _ => clauses.stride = self.steps(clause, word, 1),
            },
        }
    }

    /// A part that opens no clause of this verb. What belongs to it is passed over.
    pub(super) fn no_clause(&mut self, part: &'a Part, word: &str) {
        let verb = self.verb;
        let takes: Vec<&str> = table::clauses_of(verb).map(|clause| clause.word).collect();
        let found = quoted(&part.to_string());
        let all = match &takes[..] {
            [] => format!("`{verb}` takes no clauses"),
            takes => format!("`{verb}` takes {}", list(takes, "and")),
        };
        let is_known = table::is_clause_word(word);
        let lacks_data = takes.contains(&"on") && !self.parts.iter().any(|part| is_word(part, "on"));
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
            ("", _) if self.verb == "convolve" && matches!(part.kind, PartKind::Matrix(_)) => self
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
                self.error(part.span, format!("`{word}` belongs to the optimizer"))
                    .help("write `with sgd(lr 0.01, momentum 0.9, decay 5e-4)`")
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

    /// Goes on to the next clause; a list goes on behind a comma, unless a clause's word stands there.
    pub(super) fn pass_over(&mut self) {
        while let Some(part) = self.peek() {
            let opens = |part: &Part| match &part.kind {
                PartKind::Word(word) | PartKind::Call(word, _) => table::is_clause_word(word),
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
    pub(super) fn lacks(&mut self, clause: &Clause, what: &str) {
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
