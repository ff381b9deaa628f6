//! `train lenet on digits for 10 epochs with sgd(lr 0.01, momentum 0.9, decay 5e-4), batch 64, schedule cosine, seed 7`

use super::behind::{NET, RunRef};
use super::clause::{
    BATCH, CHECKPOINT, CLIP, DATA, FOR, FREEZE, FURTHER, LR, LayerRate, OPTIMIZER, Optimizer, Period, RESUME, SCHEDULE,
    SEED, Schedule, Stretch, WARMUP,
};
use super::declare::verb;
use super::read::Parts;
use crate::syntax::Name;

verb! {
    /// `train NET on DATA …`
    Train: "train", "train lenet on digits for 10 epochs";
    behind {
        /// Which net.
        net: Name = NET,
    }
    needs {
        /// On which data.
        data: Name = DATA,
    }
    takes {
        further: () = FURTHER,
        epochs: usize = FOR,
        optimizer: Optimizer = OPTIMIZER,
        resume: RunRef = RESUME,
    }
    apart {
        batch: usize = BATCH,
        schedule: Schedule = SCHEDULE,
        warmup: Period = WARMUP,
        clip: f64 = CLIP,
        freeze: Vec<Stretch> = FREEZE,
        lr: Vec<LayerRate> = LR,
        checkpoint: Period = CHECKPOINT,
        seed: u64 = SEED,
    }
    check one_beginning;
}

/// A run begins from the net's weights, or goes on from its own.
fn one_beginning(train: &Train, parts: &mut Parts<'_>) {
    if let (Some(further), Some(resume)) = (&train.further, &train.resume) {
        let error = parts.error(resume.word, "`further` and `resume` stand together").expected("one of the two");
        let error = error.help("`further` begins a new run from the net's weights; `resume` goes on with an old run");
        parts.one_of_two(error, further.span, resume.span);
    }
}
