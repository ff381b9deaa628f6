//! `of lenet, run 3`: nets and runs.

use fovea_graph::Span;

use super::super::RunRef;
use super::super::about::{Clause, Needed, Offer, clause};
use super::super::behind::run;
use super::super::read::Parts;
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
        parts.wrong(error.expected("`of` and a net").help("write `plot loss of lenet` or `plot loss of run last`"));
    },
};

impl Parts<'_> {
    /// Nets and runs, with commas between them.
    fn subjects(&mut self) -> Vec<Subject> {
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
    fn subject(&mut self) -> Option<Subject> {
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
        (Subject::Run(RunRef::Last(_)), Subject::Run(RunRef::Last(_))) => true,
        (Subject::Run(RunRef::Number(a, _)), Subject::Run(RunRef::Number(b, _))) => a == b,
        _ => false,
    }
}
