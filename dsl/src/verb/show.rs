//! `show digits`, `show digits[3]`, `show run 3`, `show run last`

use super::about::{Behind, Offer};
use super::behind::{RunRef, Samples, is_name, run};
use super::clause::AUGMENTED;
use super::declare::verb;
use super::read::Parts;
use crate::syntax::PartKind;

verb! {
    /// `show DATA`, `show run N`
    Show: "show", "show digits";
    behind {
        /// What it shows.
        what: Shown = SHOWN,
    }
    takes {
        augmented: () = AUGMENTED,
    }
    check of_samples;
}

/// Of a run there are no samples to augment.
fn of_samples(show: &Show, parts: &mut Parts<'_>) {
    if let (Shown::Run(_), Some(augmented)) = (&show.what, &show.augmented) {
        let error = parts.error(augmented.word, "`augmented` shows samples as training sees them, and a run has none");
        parts.wrong(
            error.found("a run").expected("data").mend(augmented.cut(), "").help("write `show digits augmented`, say"),
        );
    }
}

/// What `show` shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// A sheet of samples with their labels.
    Samples(Samples),
    /// A training run: its program, its figures, its curves.
    Run(RunRef),
}

const SHOWN: Behind<Shown> = Behind { offer: Offer::DataAndRuns, read: shown, form: run::form };

fn shown(parts: &mut Parts<'_>) -> Option<Shown> {
    if let Some(run) = parts.run() {
        return run.map(Shown::Run);
    }
    match parts.next() {
        Some(part) if matches!(part.kind, PartKind::Word(_) | PartKind::Select(..)) => {
            parts.picked(part).map(Shown::Samples)
        }
        other => {
            let span = other.map_or(parts.here(), |part| part.span);
            let error = parts.error(span, "`show` lacks what it is to show").expected("data, samples or a run");
            let space = if other.is_none() { " " } else { "" };
            let name = match other.map(|part| &part.kind) {
                Some(PartKind::Text(text)) if is_name(text) => text,
                _ => "digits",
            };
            let error = error.mend(span, format!("{space}{name}"));
            parts.wrong(error.help(format!("write `show {name}`, say, `show digits[0..16]` or `show run last`")));
            None
        }
    }
}
