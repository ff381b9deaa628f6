//! A training run: `run 3`, `run last`; several.

use fovea_graph::Span;

use super::super::about::{About, Behind, Offer};
use super::super::form::lower;
use super::super::mends::is_word;
use super::super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::{Part, PartKind};

/// A training run on disk.
#[derive(Clone, Debug, PartialEq)]
pub enum RunRef {
    /// The newest.
    Last(Span),
    /// By number.
    Number(u32, Span),
}

impl RunRef {
    /// Where it stands: its number, or `last`.
    pub fn span(&self) -> Span {
        match *self {
            RunRef::Last(span) | RunRef::Number(_, span) => span,
        }
    }

    /// Whether two are written alike.
    pub(in crate::verb) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (RunRef::Last(_), RunRef::Last(_)) => true,
            (RunRef::Number(a, _), RunRef::Number(b, _)) => a == b,
            _ => false,
        }
    }
}

/// The run that a verb is applied to.
pub(in crate::verb) const RUN: Behind<RunRef> =
    Behind { offer: Offer::Words(&["run"]), read: |parts| parts.needed_run(), form };

/// The runs that a verb is applied to, with commas between them.
pub(in crate::verb) const RUNS: Behind<Vec<RunRef>> =
    Behind { offer: Offer::List(&Offer::Words(&["run"])), read: |parts| parts.needed_runs(), form };

/// `run last` among names with commas between them.
pub(in crate::verb) fn form(_: &About, mut parts: Vec<Part>) -> Vec<Part> {
    for item in parts.split_mut(|part| part.kind == PartKind::Comma) {
        if let [run @ Part { kind: PartKind::Word(_), .. }, which] = item {
            lower(run);
            lower(which);
        }
    }
    parts
}

impl Parts<'_> {
    /// `run 3`, `run last`; says so where none stands here.
    fn needed_run(&mut self) -> Option<RunRef> {
        if let Some(run) = self.run() {
            return run;
        }
        let verb = self.verb.word;
        let other = self.peek();
        let span = other.map_or(self.here(), |part| part.span);
        let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
        let is_which = other.is_some_and(|part| matches!(part.kind, PartKind::Value(_)) || is_word(part, "last"));
        let error = if is_which {
            let error = self.error(span, format!("`run` is missing before `{found}`"));
            error.expected("`run`").put_before(span, "run ").help(format!("write `{verb} run {found}`"))
        } else {
            let error =
                self.error(span, format!("`{verb}` lacks its run")).expected("`run` and its number, or `run last`");
            let error = match other {
                Some(_) => error.put_before(span, "run last "),
                None => error.put_behind(span, " run last"),
            };
            error.help(format!("write `{verb} run last`, say; `runs` lists them"))
        };
        self.wrong(error.found(found));
        self.give_up();
        None
    }

    /// `run 3, run last`
    fn needed_runs(&mut self) -> Option<Vec<RunRef>> {
        let mut runs: Vec<RunRef> = Vec::new();
        loop {
            let run = self.needed_run()?;
            if let Some(first) = runs.iter().find(|first| first.is_like(&run)) {
                let twice = self.twice("this run", first.span(), run.span());
                self.wrong(twice);
            }
            runs.push(run);
            match self.peek() {
                Some(Part { kind: PartKind::Comma, .. }) => drop(self.next()),
                Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => {
                    if self.no_comma(word, *span).is_break() {
                        break;
                    }
                }
                _ => break,
            }
        }
        Some(runs)
    }

    /// `run 3`, `run last`; the outer `None` where something else stands here.
    pub(in crate::verb) fn run(&mut self) -> Option<Option<RunRef>> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), .. }) if word.eq_ignore_ascii_case("run") => {}
            _ => return None,
        }
        let word = self.next();
        let part =
            self.peek().filter(|part| !matches!(&part.kind, PartKind::Word(word) if self.clause(word).is_some()));
        self.at += usize::from(part.is_some());
        match part.map(|part| (&part.kind, part.span)) {
            Some((PartKind::Word(word), span)) if word.eq_ignore_ascii_case("last") => Some(Some(RunRef::Last(span))),
            Some((PartKind::Value(expr), span)) => {
                let number = self.scope.count(expr, 1, "a run's number");
                let number = self.keep(number).and_then(|number| u32::try_from(number).ok());
                Some(number.map(|number| RunRef::Number(number, span)))
            }
            other => {
                let span = other.map_or(self.here(), |(_, span)| span);
                let place = word.map_or(span, |word| word.span.to(span));
                let error = self.error(span, "which run?").expected("a run's number, or `last`");
                self.wrong(error.mend(place, "run last").help("write `run last`, or `run 3` for a run's number"));
                Some(None)
            }
        }
    }
}
