//! What stands behind clauses: numbers, samples, sizes, names.

use fovea_graph::Span;

use super::read::Parts;
use super::table::Clause;
use super::{Period, RunRef, Samples, Subject};
use crate::parse::quoted;
use crate::syntax::{Argument, Expr, ExprKind, Name, Part, PartKind};

/// Whether two are written alike.
fn same(a: &Subject, b: &Subject) -> bool {
    match (a, b) {
        (Subject::Net(a), Subject::Net(b)) => a.text == b.text,
        (Subject::Run(RunRef::Last(_)), Subject::Run(RunRef::Last(_))) => true,
        (Subject::Run(RunRef::Number(a, _)), Subject::Run(RunRef::Number(b, _))) => a == b,
        _ => false,
    }
}

impl<'a> Parts<'a> {
    /// The number behind a clause's word, as `batch 64` or `batch(64)`; a word is a constant's name.
    pub(super) fn number(&mut self, clause: &Clause, word: &'a Part) -> Option<Expr> {
        if let PartKind::Call(_, arguments) = &word.kind {
            if let [Argument { key: None, value }] = &arguments[..] {
                return Some(value.clone());
            }
            self.lacks(clause, "its number");
            return None;
        }
        let expr = match self.peek() {
            Some(Part { kind: PartKind::Value(expr), .. }) => Some(expr.clone()),
            Some(Part { kind: PartKind::Word(name), span }) if self.clause(name).is_none() => {
                Some(Expr { kind: ExprKind::Name(name.clone()), span: *span })
            }
            _ => None,
        };
        match expr {
            Some(_) => self.at += 1,
            None => self.lacks(clause, "its number"),
        }
        expr
    }

    pub(super) fn count(&mut self, clause: &Clause, word: &'a Part) -> Option<(usize, Span)> {
        let expr = self.number(clause, word)?;
        let count = self.scope.count(&expr, 1, &format!("the {}", clause.word));
        self.keep(count).map(|count| (count, word.span.to(expr.span)))
    }

    /// A seed: a whole number of at least 0.
    pub(super) fn seed(&mut self, expr: &Expr) -> Option<u64> {
        let seed = self.scope.count(expr, 0, "a seed");
        self.keep(seed).map(|seed| seed as u64)
    }

    /// `for 10 epochs`
    pub(super) fn epochs(&mut self, clause: &Clause, word: &'a Part) -> Option<usize> {
        let expr = self.number(clause, word)?;
        let epochs = self.scope.count(&expr, 1, "the number of epochs");
        let epochs = self.keep(epochs);
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), .. })
                if ["epochs", "epoch"].iter().any(|unit| word.eq_ignore_ascii_case(unit)) =>
            {
                self.at += 1;
            }
            other => {
                let is_unit =
                    matches!(other, Some(Part { kind: PartKind::Word(word), .. }) if self.clause(word).is_none());
                let span = other.filter(|_| is_unit).map_or(self.here(), |part| part.span);
                let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
                let error = self.error(span, "training is counted in epochs").found(found).expected("epochs");
                self.wrong(error.help(format!("write `for {expr} epochs`")));
                if is_unit {
                    self.at += 1;
                }
            }
        }
        epochs
    }

    pub(super) fn samples(&mut self, clause: &Clause) -> Option<Samples> {
        match self.peek() {
            Some(part @ Part { kind: PartKind::Word(_) | PartKind::Select(..), .. }) if !matches!(&part.kind, PartKind::Word(word) if self.clause(word).is_some()) =>
            {
                self.at += 1;
                self.picked(part)
            }
            Some(part @ Part { kind: PartKind::Text(_), span }) => {
                self.at += 1;
                let (what, data) = match self.verb {
                    "train" | "test" => ("data", "digits"),
                    _ => ("a sample", "digits[3]"),
                };
                let message = format!("`{}` takes {what}, and here stands a text", clause.word);
                let error = self.error(*span, message).found(quoted(&part.to_string()));
                let error = error.expected(format!("{what} such as `{data}`"));
                self.wrong(error.help(format!("write `{} {data}`, say", clause.word)));
                None
            }
            _ => {
                self.lacks(clause, "its data");
                None
            }
        }
    }

    /// `digits`, `digits.train[3]`, `digits[0..16]`
    pub(super) fn picked(&mut self, part: &Part) -> Option<Samples> {
        let (path, range) = match &part.kind {
            PartKind::Select(path, first, end) => (path, Some((first, end.as_ref()))),
            PartKind::Word(path) => (path, None),
            _ => return None,
        };
        let (data, train) = match path.split_once('.') {
            None => (path.as_str(), false),
            Some((data, "train")) => (data, true),
            Some((data, "test")) => (data, false),
            Some((data, other)) => {
                let error = self.error(part.span, format!("`{data}` has no part `{}`", quoted(other)));
                self.wrong(
                    error
                        .found(other)
                        .expected("`train` or `test`")
                        .help(format!("write `{data}.train` or `{data}.test`")),
                );
                return None;
            }
        };
        let name = Name { text: data.into(), span: Span { end: part.span.start + data.len() as u32, ..part.span } };
        let range = match range {
            None => None,
            Some((first, end)) => Some(self.range(first, end, "a sample's number")?),
        };
        Some(Samples { data: name, train, range, span: part.span })
    }

    /// `3`, `0..16`: first and end; `what` names the first in messages.
    pub(super) fn range(&mut self, first: &Expr, end: Option<&Expr>, what: &str) -> Option<(usize, usize)> {
        let from = self.scope.count(first, 0, what);
        let from = self.keep(from)?;
        let Some(end) = end else { return Some((from, from + 1)) };
        let to = self.scope.count(end, 0, "the end of a range");
        let to = self.keep(to)?;
        if to > from {
            return Some((from, to));
        }
        let error = self.error(first.span.to(end.span), format!("the range {from}..{to} is empty"));
        self.wrong(error.found(format!("{from}..{to}")).expected(format!("an end above {from}")));
        None
    }

    pub(super) fn size(&mut self, clause: &Clause) -> Option<([usize; 2], Span)> {
        match self.peek() {
            Some(Part { kind: PartKind::Size(sizes), span }) => {
                self.at += 1;
                let [height, width] = &sizes[..] else {
                    let error = self.error(*span, "a picture's size is its height and its width");
                    self.wrong(
                        error
                            .found(format!("{} numbers", sizes.len()))
                            .expected("two numbers")
                            .help("write `size 28x28`, say"),
                    );
                    return None;
                };
                let height = self.scope.count(height, 1, "the height");
                let width = self.scope.count(width, 1, "the width");
                Some(([self.keep(height)?, self.keep(width)?], *span))
            }
            Some(part @ Part { kind: PartKind::Value(_), span }) => {
                self.at += 1;
                let error =
                    self.error(*span, "a picture's size is its height and its width").found(quoted(&part.to_string()));
                self.wrong(error.expected("two numbers").help(format!("write `size {part}x{part}`")));
                None
            }
            _ => {
                self.lacks(clause, "height and width");
                None
            }
        }
    }

    /// `warmup 5 epochs`, `warmup 500 steps`
    pub(super) fn period(&mut self, clause: &Clause, word: &'a Part) -> Option<Period> {
        let expr = self.number(clause, word)?;
        let count = self.scope.count(&expr, 1, &format!("what stands behind `{}`", clause.word));
        let count = self.keep(count);
        let unit = match self.peek() {
            Some(Part { kind: PartKind::Word(unit), span }) if self.clause(unit).is_none() => Some((unit, *span)),
            _ => None,
        };
        self.at += usize::from(unit.is_some());
        match unit.map(|(unit, _)| unit.to_lowercase()).as_deref() {
            Some("epochs" | "epoch") => count.map(Period::Epochs),
            Some("steps" | "step" | "batches") => count.map(Period::Steps),
            _ => {
                let span = unit.map_or(self.here(), |(_, span)| span);
                let found = unit.map_or("the end".to_string(), |(unit, _)| quoted(unit));
                let error = self.error(span, format!("`{}` lacks its unit", clause.word)).found(found);
                self.wrong(error.expected("steps or epochs").help(format!("write `{}`, say", clause.example)));
                None
            }
        }
    }

    /// `checkpoint every 100 steps`
    pub(super) fn every(&mut self, clause: &Clause, word: &'a Part) -> Option<Period> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(every), .. }) if every.eq_ignore_ascii_case("every") => {
                self.at += 1;
                self.period(clause, word)
            }
            _ => {
                self.lacks(clause, "`every`");
                self.pass_over();
                None
            }
        }
    }

    /// `resume run 3`, `resume run last`
    pub(super) fn resumed(&mut self, clause: &Clause) -> Option<RunRef> {
        match self.run() {
            Some(run) => run,
            None => {
                self.lacks(clause, "its run");
                None
            }
        }
    }

    /// Nets and runs, with commas between them.
    pub(super) fn subjects(&mut self) -> Vec<Subject> {
        let mut subjects: Vec<(Subject, Span)> = Vec::new();
        loop {
            let start = self.at;
            let Some(subject) = self.subject() else { break };
            let last = self.at.max(start + 1) - 1;
            let span = self.span_of(start, last);
            if let Some((_, first)) = subjects.iter().find(|(earlier, _)| same(earlier, &subject)) {
                let error = self.error(span, "this stands twice").also(*first, "it stands here already");
                self.wrong(error.here("the second").help("remove one of the two"));
            }
            subjects.push((subject, span));
            match self.peek() {
                Some(Part { kind: PartKind::Comma, .. }) => self.at += 1,
                Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => {
                    let found = quoted(word);
                    let error = self.error(*span, format!("`,` is missing before `{found}`")).found(found);
                    self.wrong(error.expected("`,`").help("put `,` between two nets"));
                    self.at += usize::from(word.eq_ignore_ascii_case("and"));
                }
                _ => break,
            }
        }
        subjects.into_iter().map(|(subject, _)| subject).collect()
    }

    /// A net, `run 3` or `run last`.
    pub(super) fn subject(&mut self) -> Option<Subject> {
        match self.run() {
            Some(run) => run.map(Subject::Run),
            None => self.net().map(Subject::Net),
        }
    }

    /// `run 3`, `run last`; the outer `None` where something else stands here.
    pub(super) fn run(&mut self) -> Option<Option<RunRef>> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), .. }) if word.eq_ignore_ascii_case("run") => {}
            _ => return None,
        }
        self.at += 1;
        let part = self.next();
        match part.map(|part| (&part.kind, part.span)) {
            Some((PartKind::Word(word), span)) if word.eq_ignore_ascii_case("last") => Some(Some(RunRef::Last(span))),
            Some((PartKind::Value(expr), span)) => {
                let number = self.scope.count(expr, 1, "a run's number");
                let number = self.keep(number).and_then(|number| u32::try_from(number).ok());
                Some(number.map(|number| RunRef::Number(number, span)))
            }
            other => {
                let span = other.map_or(self.here(), |(_, span)| span);
                let error = self.error(span, "which run?").expected("a run's number, or `last`");
                self.wrong(error.help("write `run 3` or `run last`"));
                Some(None)
            }
        }
    }
}
