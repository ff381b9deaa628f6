//! `compare alexnet, vgg16`, `compare run 1, run 3`

use super::about::{Behind, Offer};
use super::behind::run;
use super::clause::Subject;
use super::declare::verb;
use super::read::Parts;
use crate::syntax::Name;
use crate::verb::RunRef;

verb! {
    /// `compare NETS`, `compare RUNS`
    Compare: "compare", "compare alexnet, vgg16";
    behind {
        /// At least two of one kind.
        what: Compared = SEVERAL,
    }
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Compared {
    /// Nets: how large they are, and how much they compute.
    Nets(Vec<Name>),
    /// Training runs: their recipes and what came of them.
    Runs(Vec<RunRef>),
}

const SEVERAL: Behind<Compared> = Behind { offer: Offer::List(&Offer::NetsAndRuns), read: several, form: run::form };

fn several(parts: &mut Parts<'_>) -> Option<Compared> {
    let start = parts.at;
    let subjects = parts.subjects();
    if !parts.mistakes.is_empty() {
        parts.give_up();
        return None;
    }
    let (mut nets, mut runs) = (Vec::new(), Vec::new());
    for subject in subjects {
        match subject {
            Subject::Net(net) => nets.push(net),
            Subject::Run(run) => runs.push(run),
        }
    }
    match (&nets[..], &runs[..]) {
        ([net, ..], [run, ..]) => {
            let error = parts.error(run.span(), "a net and a run cannot be compared").also(net.span, "this is a net");
            let error = error.found("a run").expected("nets alone, or runs alone");
            parts.wrong(error.help("`show run 3` says which net a run trained"));
            None
        }
        ([only], []) => {
            let other = if only.text == "vgg16" { "alexnet" } else { "vgg16" };
            lonely(parts, "net", &only.text, other)
        }
        ([], [only]) => {
            let text = parts.span_text(start);
            let other = if matches!(only, RunRef::Last(_)) { "run 1" } else { "run last" };
            lonely(parts, "run", &text, other)
        }
        (_, []) => Some(Compared::Nets(nets)),
        _ => Some(Compared::Runs(runs)),
    }
}

/// Says that there is nothing to compare the only one with.
fn lonely(parts: &mut Parts<'_>, kind: &str, only: &str, other: &str) -> Option<Compared> {
    let error = parts.error(parts.here(), format!("`compare` lacks its second {kind}")).found("the end");
    let error = error.put_behind(parts.here(), format!(", {other}"));
    parts.wrong(error.expected(format!("`,` and a {kind}")).help(format!("write `compare {only}, {other}`, say")));
    None
}
