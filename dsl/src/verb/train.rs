//! `train lenet on digits for 10 epochs with sgd(lr 0.01, momentum 0.9, decay 5e-4), batch 64, schedule cosine, seed 7`

use super::Said;
use super::behind::{NET, RunRef};
use super::clause::{
    AGAINST, Attack, BATCH, CHECKPOINT, CLIP, DATA, FOR, FREEZE, FURTHER, IGNORE, KEEP_BEST, LOSS, LR, LayerRate, Loss,
    NOISE, OPTIMIZER, Optimizer, Period, RESUME, SCHEDULE, SEED, SEEDS, SHARE, SMOOTH, STOP, SWEEP, Schedule, Stretch,
    Swept, TOWARD, WARMUP, WEIGHTS,
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
        length: Period = FOR,
        optimizer: Optimizer = OPTIMIZER,
        toward: () = TOWARD,
        against: Attack = AGAINST,
        resume: RunRef = RESUME,
        sweep: Vec<Swept> = SWEEP,
    }
    apart {
        batch: usize = BATCH,
        schedule: Schedule = SCHEDULE,
        warmup: Period = WARMUP,
        clip: f64 = CLIP,
        freeze: Vec<Stretch> = FREEZE,
        lr: Vec<LayerRate> = LR,
        keep: () = KEEP_BEST,
        stop: usize = STOP,
        checkpoint: Period = CHECKPOINT,
        noise: f64 = NOISE,
        loss: Loss = LOSS,
        weights: () = WEIGHTS,
        smooth: f64 = SMOOTH,
        ignore: usize = IGNORE,
        share: f64 = SHARE,
        seed: u64 = SEED,
        seeds: usize = SEEDS,
    }
    check together;
}

/// What can stand together.
fn together(train: &Train, parts: &mut Parts<'_>) {
    one_beginning(train, parts);
    noise_to_take_away(train, parts);
    share_of_what(train, parts);
}

/// Noise is for a net that takes it away.
fn noise_to_take_away(train: &Train, parts: &mut Parts<'_>) {
    if let (Some(noise), None, None) = (&train.noise, &train.toward, &train.resume) {
        let error =
            parts.error(noise.word, "`noise` is what a net learns to take away, and this one has labels to learn");
        let error = error.expected("`toward itself`").mend(noise.cut(), "").put_before(noise.word, "toward itself, ");
        parts.wrong(error.help("`toward itself, noise 0.2` trains a net to give its samples back without it"));
    }
}

/// A share is one of changed pictures.
fn share_of_what(train: &Train, parts: &mut Parts<'_>) {
    if let (Some(share), None, None) = (&train.share, &train.against, &train.resume) {
        let error = parts.error(share.word, "`share` is how much changed pictures count, and none are changed here");
        let error = error.expected("`against`").mend(share.cut(), "").put_before(share.word, "against fgsm(eps 0.1), ");
        parts.wrong(error.help("`against fgsm(eps 0.1), share 0.3` trains by pictures that fool the net, too"));
    }
}

impl Train {
    /// What goes on with a run of a net on data; what is not said is the run's own.
    pub fn resuming(net: Name, data: Name, run: RunRef) -> Self {
        let resume = Some(Said::at(run.clone(), run.span()));
        let (further, length, optimizer, sweep, keep, stop) = (None, None, None, None, None, None);
        let (batch, schedule, warmup, checkpoint, seed, seeds) = (None, None, None, None, None, None);
        let (toward, noise, loss, weights, smooth, ignore) = (None, None, None, None, None, None);
        let (clip, freeze, lr, against, share) = (None, None, None, None, None);
        Self {
            net,
            data,
            further,
            length,
            optimizer,
            toward,
            against,
            resume,
            sweep,
            batch,
            schedule,
            warmup,
            clip,
            freeze,
            lr,
            keep,
            stop,
            checkpoint,
            noise,
            loss,
            weights,
            smooth,
            ignore,
            share,
            seed,
            seeds,
        }
    }
}

/// A run begins from the net's weights, or goes on from its own.
fn one_beginning(train: &Train, parts: &mut Parts<'_>) {
    if let (Some(further), Some(resume)) = (&train.further, &train.resume) {
        let error = parts.error(resume.word, "`further` and `resume` stand together").expected("one of the two");
        let error = error.help("`further` begins a new run from the net's weights; `resume` goes on with an old run");
        parts.one_of_two(error, further.span, resume.span);
    }
    let several = [("sweep", train.sweep.as_ref().map(|said| said.span)), ("seeds", train.seeds.map(|said| said.span))];
    for (word, several) in several {
        if let (Some(several), Some(resume)) = (several, &train.resume) {
            let error = parts.error(resume.word, format!("`{word}` and `resume` stand together"));
            let error = error.expected("one of the two");
            let error = error.help(format!("`{word}` begins runs of its own; `resume` goes on with one"));
            parts.one_of_two(error, several, resume.span);
        }
    }
}
