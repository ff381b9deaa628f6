//! `load lenet "lenet.safetensors"`, `load lenet run 3`

use super::about::{Behind, Offer};
use super::behind::{NET, RunRef, run};
use super::clause::Path;
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
