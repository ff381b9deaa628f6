//! `of lenet, run 3`: nets and runs.

use std::ops::ControlFlow;

use fovea_graph::Span;

use super::super::about::{Clause, Needed, Offer, clause};
use super::super::behind::run;
use super::super::form::AS_WRITTEN;
use super::super::read::Parts;
use super::super::{RunRef, words};
use crate::diagnostic::quoted;
use crate::syntax::{Name, Part, PartKind};

/// Of what.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// The last run of a net.
    Net(Name),
    /// A run.
    Run(RunRef),
}

/// Whose curves are drawn.
pub(in crate::verb) const SUBJECTS: Needed<Vec<Subject>> = Needed {
    clause: Clause {
        about: clause("of", "of lenet", &[Offer::List(&Offer::NetsAndRuns)]),
        read: |parts, _| Some(parts.subjects()),
        form: run::form,
    },
    missing: |parts| {
        let verb = parts.verb.word;
        let error = parts.error(parts.here(), format!("`{verb}` lacks the net or the run")).found("the end");
        let error = error.expected("`of` and a net").put_behind(parts.here(), " of run last");
        parts.wrong(error.help("write `of run last`, say, or `of` and a net"));
    },
};

/// The one net that something is found of.
pub(in crate::verb) const NET_OF: Needed<Name> = Needed {
    clause: Clause {
        about: clause("of", "of lenet", &[Offer::Nets]),
        read: |parts, _| {
            parts.fillers();
            parts.net()
        },
        form: AS_WRITTEN,
    },
    missing: |parts| {
        let verb = parts.verb.word;
        let error = parts.error(parts.here(), format!("`{verb}` lacks its net")).found("the end");
        let mend = format!(" of {}", parts.some_net());
        let error = error.expected("`of` and a net").put_behind(parts.here(), mend.clone());
        parts.wrong(error.help(format!("write `{}`, say", mend.trim_start())));
    },
};

impl Parts<'_> {
    /// Says that `,` is missing before a word of a list of nets, or stands there as another word; whether the list ends.
    pub(in crate::verb) fn no_comma(&mut self, word: &str, span: Span) -> ControlFlow<()> {
        let found = quoted(word);
        let is_and = matches!(word.to_lowercase().as_str(), "and" | "with" | "vs" | "versus" | "to");
        if !is_and && words::is_clause_word(word) {
            return ControlFlow::Break(());
        }
        let error = self.error(span, format!("`,` is missing before `{found}`")).found(found).expected("`,`");
        let before = Span { end: span.start, ..self.here() };
        let place = if is_and { before.to(span) } else { before };
        self.wrong(error.mend(place, if is_and { "," } else { ", " }).help("put `,` between two nets"));
        self.at += usize::from(is_and);
        ControlFlow::Continue(())
    }

    /// Nets and runs, with commas between them.
    pub(in crate::verb) fn subjects(&mut self) -> Vec<Subject> {
        let mut subjects: Vec<(Subject, Span)> = Vec::new();
        loop {
            let start = self.at;
            let Some(subject) = self.subject() else { break };
            let last = self.at.max(start + 1) - 1;
            let span = self.span_of(start, last);
            if let Some((_, first)) = subjects.iter().find(|(earlier, _)| same(earlier, &subject)) {
                let what = if let Subject::Net(net) = &subject { format!("`{}`", net.text) } else { "this run".into() };
                self.wrong(self.twice(&what, *first, span));
            }
            subjects.push((subject, span));
            match self.peek() {
                Some(Part { kind: PartKind::Comma, .. }) => self.at += 1,
                Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => {
                    if self.no_comma(word, *span).is_break() {
                        break;
                    }
                }
                _ => break,
            }
        }
        subjects.into_iter().map(|(subject, _)| subject).collect()
    }

    /// A net, `run 3` or `run last`.
    fn subject(&mut self) -> Option<Subject> {
        self.fillers();
        match self.run() {
            Some(run) => run.map(Subject::Run),
            None => self.net().map(Subject::Net),
        }
    }
}

/// Whether two are written alike.
fn same(a: &Subject, b: &Subject) -> bool {
    match (a, b) {
        (Subject::Net(a), Subject::Net(b)) => a.text == b.text,
        (Subject::Run(a), Subject::Run(b)) => a.is_like(b),
        _ => false,
    }
}
