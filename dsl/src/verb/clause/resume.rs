//! `resume run 3`: the run that goes on.

use super::super::RunRef;
use super::super::about::{Clause, Offer, clause};
use super::super::behind::run;
use super::super::mends::is_word;
use crate::syntax::PartKind;

/// The run that goes on.
pub(in crate::verb) const RESUME: Clause<RunRef> = Clause {
    about: clause("resume", "resume run last", &[Offer::Words(&["run"]), Offer::Words(&["last"])]),
    read: |parts, opened| match parts.run() {
        Some(run) => run,
        None => {
            // `resume 3`, `resume last`
            let run = parts.peek().filter(|part| matches!(part.kind, PartKind::Value(_)) || is_word(part, "last"));
            match run {
                Some(run) => {
                    let found = run.to_string();
                    let error = parts.error(run.span, format!("`run` is missing before `{found}`")).found(&found);
                    let error = error.expected("`run`").put_before(run.span, "run ");
                    parts.wrong(error.help(format!("write `resume run {found}`")));
                    parts.next();
                }
                None => parts.lacks(opened, "its run"),
            }
            None
        }
    },
    form: run::form,
};
