//! `load lenet "lenet.safetensors"`, `load resnet18 "resnet18.safetensors" normalize imagenet`, `load lenet run 3`

use super::about::{Behind, Offer};
use super::behind::{NET, RunRef, run};
use super::clause::{BEST, NORMALIZE, Path, RAW};
use super::declare::verb;
use super::read::Parts;
use crate::syntax::Name;

verb! {
    /// `load NET "FILE"`, `load NET run N`
    Load: "load", "load lenet \"lenet.safetensors\"";
    behind {
        /// Which net.
        net: Name = NET,
        /// Where from.
        from: Origin = ORIGIN,
    }
    takes {
        best: () = BEST,
        normalize: () = NORMALIZE,
        raw: () = RAW,
    }
    check goes_together;
}

/// A file has one set of weights, and a run knows what its pictures were brought to.
fn goes_together(load: &Load, parts: &mut Parts<'_>) {
    let pictures = [&load.normalize, &load.raw].into_iter().flatten().collect::<Vec<_>>();
    if let [first, second] = pictures[..] {
        let error = parts.error(second.word, "`raw` values are not normalised").expected("one of the two");
        parts.one_of_two(error, first.span, second.span);
    }
    if let (Some(said), Origin::Run(run)) = (pictures.first(), &load.from) {
        let error =
            parts.error(said.span, "a run knows what its pictures were brought to").also(run.span(), "this run");
        parts.wrong(error.mend(said.cut(), "").help("leave it out; it is for files that do not say it"));
    }
    if let (Some(best), Origin::File(file)) = (&load.best, &load.from) {
        let error = parts.error(best.span, "a file has no best epoch").found("best").also(file.span, "this is a file");
        let error = error.mend(best.cut(), "").help("leave it out; `load lenet run 3 best` takes the best of a run");
        parts.wrong(error);
    }
}

/// Where weights come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// A file.
    File(Path),
    /// A training run.
    Run(RunRef),
}

const ORIGIN: Behind<Origin> = Behind { offer: Offer::Words(&["run"]), read: origin, form: run::form };

fn origin(parts: &mut Parts<'_>) -> Option<Origin> {
    if let Some(run) = parts.run() {
        return run.map(Origin::Run);
    }
    let example = format!("{}.safetensors", parts.subject_words());
    parts.text("the file's name", &example).map(Origin::File)
}
