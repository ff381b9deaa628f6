//! `resume run 3`: the run that goes on.

use super::super::RunRef;
use super::super::about::{Clause, Offer, clause};
use super::super::behind::run;

/// The run that goes on.
pub(in crate::verb) const RESUME: Clause<RunRef> = Clause {
    about: clause("resume", "resume run last", &[Offer::Words(&["run"]), Offer::Words(&["last"])]),
    read: |parts, opened| match parts.run() {
        Some(run) => run,
        None => {
            parts.lacks(opened.about, "its run");
            None
        }
    },
    form: run::form,
};
