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
    if let (Some(train), Some(infer)) = (bench.train, bench.infer) {
        let error = parts.error(infer.word, "`train` and `infer` stand together").expected("one of the two");
        let error = error.also(train.word, "it says what is timed already").help("remove one, or write two statements");
        parts.one_of_two(error, train.span, infer.span);
    }
}
