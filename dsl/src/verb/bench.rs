//! `bench lenet train batch 64`

use super::behind::NET;
use super::clause::{BATCH, DATA, INFER, TRAIN};
use super::declare::verb;
use super::read::Parts;
use crate::syntax::Name;

verb! {
    /// `bench NET …`
    Bench: "bench", "bench lenet train batch 64";
    behind {
        /// Which net.
        net: Name = NET,
    }
    takes {
        on: Name = DATA.clause,
        batch: usize = BATCH,
        train: () = TRAIN,
        infer: () = INFER,
    }
    check one_mode;
}

/// What `bench` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BenchMode {
    /// A training step.
    Train,
    /// Inference.
    Infer,
}

impl Bench {
    /// What it times, where it says so.
    pub fn mode(&self) -> Option<BenchMode> {
        let train = self.train.map(|_| BenchMode::Train);
        train.or(self.infer.map(|_| BenchMode::Infer))
    }
}

fn one_mode(bench: &Bench, parts: &mut Parts<'_>) {
    if bench.train.is_some() && bench.infer.is_some() {
        let error = parts.error(parts.span, "`train` and `infer` stand together").expected("one of the two");
        parts.wrong(error.help("write two statements, one for each"));
    }
}
