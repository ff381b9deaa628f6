//! Steps under way behind the host's back: what a run leaves is the same, and whatever ends it ends it whole.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fovea_data::Dataset;
use fovea_graph::Backend;
use fovea_graph::training::Optimizer;
use fovea_train::{CheckpointEvery, Ending, Event, History, Recipe, Runs, TrainError, Trainee, fit, resume};
use support::{Left, Lost, Oracle, adam, bits, few_digits, info, left, normalised, recipe};

/// Steps of a run by [`long`].
const STEPS: u32 = 30;

static GO_ON: AtomicBool = AtomicBool::new(false);

/// Three epochs of ten steps, the last of them of three pictures.
fn data() -> Dataset {
    few_digits(57, 20)
}

fn long(optimizer: Optimizer) -> Recipe {
    Recipe { batch: 6, ..support::long(optimizer) }
}

/// A net on a device, and a folder for its runs.
struct Bench {
    runs: Runs,
    trainee: Trainee,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new(oracle: &Oracle) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { runs: Runs::at(folder.path()), trainee: trainee(oracle), _folder: folder }
    }

    fn train(
        &mut self,
        recipe: &Recipe,
        events: &mut dyn FnMut(Event),
        stop: &AtomicBool,
    ) -> Result<History, TrainError> {
        let mut run = self.runs.create(&info(recipe)).unwrap();
        fit(&mut self.trainee, &data(), recipe, Some(&mut run), events, stop)
    }

    /// Goes on with the run on a device that has nothing wrong with it.
    fn resume(&self, recipe: &Recipe) -> Left {
        let record = self.runs.open(1).unwrap();
        resume(&mut trainee(&Oracle::behind(2)), &data(), recipe, &record, &mut |_| {}, &GO_ON).unwrap();
        left(&self.runs.open(1).unwrap())
    }

    fn left(&self) -> Left {
        left(&self.runs.open(1).unwrap())
    }
}

fn trainee(oracle: &Oracle) -> Trainee {
    let backend: Arc<dyn Backend> = Arc::new(oracle.clone());
    Trainee::fresh(backend, normalised(8, 10), 1).unwrap()
}

/// What a whole run leaves, and its events without their times.
fn whole(oracle: &Oracle, recipe: &Recipe) -> (Left, Vec<String>) {
    let (mut bench, mut told) = (Bench::new(oracle), Vec::new());
    let mut events = |event| {
        told.push(match event {
            Event::Step { step, epoch, loss, done_fraction, .. } => {
                format!("step {step} {epoch} {:x} {done_fraction}", loss.to_bits())
            }
            Event::Epoch(metrics) => format!("epoch {} {:x}", metrics.epoch, metrics.loss.to_bits()),
            Event::Checkpoint { step, .. } => format!("checkpoint {step}"),
            Event::Begin { done, .. } => format!("begin {done}"),
            Event::PassedOver { why, .. } => why,
            Event::End(ending) => format!("{ending:?}"),
        });
    };
    bench.train(recipe, &mut events, &GO_ON).unwrap();
    (bench.left(), told)
}

/// Steps of full batches and a smaller last one, tests, checkpoints at all kinds of moments.
#[test]
fn the_depth_changes_nothing() {
    let moments = [
        CheckpointEvery::EpochAnd(Duration::from_secs(30)),
        CheckpointEvery::EpochAnd(Duration::ZERO),
        CheckpointEvery::Steps(1),
        CheckpointEvery::Steps(7),
        CheckpointEvery::Epochs(2),
    ];
    for (checkpoint_every, optimizer) in moments.into_iter().flat_map(|at| [(at, adam()), (at, recipe().optimizer)]) {
        let recipe = Recipe { checkpoint_every, ..long(optimizer) };
        let (plain, behind) = (Oracle::default(), Oracle::behind(2));
        let expected = whole(&plain, &recipe);
        assert_eq!(whole(&behind, &recipe), expected, "{checkpoint_every:?}");
        assert_eq!((behind.numbers(), behind.seen()), (plain.numbers(), plain.seen()));
        assert_eq!(whole(&Oracle::behind(5), &recipe), expected, "{checkpoint_every:?}");
    }
}

/// Told to stop after a step, no further one is begun; those under way are finished and count, so the run ends where it
/// is resumed from with the same bits.
#[test]
fn an_interrupt_finishes_what_is_under_way() {
    let recipe = long(adam());
    let (uncut, _) = whole(&Oracle::default(), &recipe);
    for last in 1..u64::from(STEPS) {
        let (mut bench, stop, mut told) = (Bench::new(&Oracle::behind(2)), AtomicBool::new(false), 0);
        let mut events = |event| {
            if let Event::Step { step, .. } = event {
                stop.fetch_or(step == last, Ordering::Relaxed);
                told = step;
            }
        };
        let history = bench.train(&recipe, &mut events, &stop).unwrap();
        // The next is under way already, unless this is an epoch's last or second last or a checkpoint comes after it.
        let alone = last % 10 == 0 || last % 10 == 9 || last % 4 == 0;
        let steps = if alone { last } else { last + 1 };
        assert_eq!((&history.ending, told), (&Ending::Interrupted { steps }, steps), "after {last}");
        assert_eq!(bench.runs.open(1).unwrap().ending, Some(history.ending));
        let mut same = trainee(&Oracle::default());
        let stop = AtomicBool::new(false);
        let mut events = |event| match event {
            Event::Step { step, .. } if step == steps => stop.store(true, Ordering::Relaxed),
            _ => {}
        };
        fit(&mut same, &data(), &recipe, None, &mut events, &stop).unwrap();
        assert_eq!(bench.trainee.weights().unwrap(), same.weights().unwrap());
        assert_eq!(bench.resume(&recipe), uncut, "after {last}");
    }
}

/// Told to stop as a step begins, before it or while the device has it.
#[test]
fn an_interrupt_at_the_beginning_of_a_step_keeps_those_before_it() {
    let recipe = long(adam());
    let (uncut, _) = whole(&Oracle::default(), &recipe);
    for step in 1..=STEPS {
        for (op, done) in [(0, step - 1), (1, step)] {
            let stop = Arc::new(AtomicBool::new(false));
            let flag = Arc::clone(&stop);
            let hook = move |s, i| {
                flag.fetch_or((s, i) == (step, op), Ordering::Relaxed);
            };
            let mut bench = Bench::new(&Oracle::behind(2).watched(hook));
            let history = bench.train(&recipe, &mut |_| {}, &stop).unwrap();
            assert_eq!(history.ending, Ending::Interrupted { steps: done.into() });
            assert_eq!(bench.resume(&recipe), uncut, "step {step}, op {op}");
        }
    }
}

/// The step that is not finite is named, and those behind it have done nothing.
#[test]
fn a_step_that_is_not_finite_stops_those_behind_it() {
    let recipe = long(adam());
    for step in 1..=STEPS {
        let run = |oracle: Oracle| {
            let mut bench = Bench::new(&oracle.poisoned(step));
            let history = bench.train(&recipe, &mut |_| {}, &GO_ON).unwrap();
            let record = bench.runs.open(1).unwrap();
            let steps: Vec<_> = record.steps.iter().map(|s| (s.step, s.loss.to_bits())).collect();
            let saved = record.load_checkpoint().unwrap().map(|c| (c.place.step, c.step, bits(&c.moments)));
            (history.ending, steps, saved, bits(&bench.trainee.weights().unwrap().tensors))
        };
        let found = run(Oracle::behind(3));
        assert_eq!(found.0, Ending::NotFinite { step: step.into(), what: "loss".into() });
        assert_eq!(found, run(Oracle::default()), "step {step}");
    }
}

/// What was not finite halts no step of a run after it.
#[test]
fn a_net_trains_on_after_a_step_that_was_not_finite() {
    let mut net = trainee(&Oracle::behind(2).poisoned(14));
    let mut train = |further| {
        let recipe = Recipe { further, ..long(adam()) };
        fit(&mut net, &data(), &recipe, None, &mut |_| {}, &GO_ON).unwrap().ending
    };
    assert_eq!(train(false), Ending::NotFinite { step: 14, what: "loss".into() });
    assert_eq!(train(true), Ending::Complete);
}

/// Whenever the device is lost, the error says what is left, and the run goes on from there with the same bits.
#[test]
fn a_lost_device_leaves_the_run_on_disk() {
    let recipe = long(adam());
    let (uncut, _) = whole(&Oracle::default(), &recipe);
    let moments = (1..=STEPS).flat_map(|step| [Lost::Begin(step), Lost::Finish(step), Lost::Read(step)]);
    for at in moments.chain((1..=3).map(|epoch| Lost::Infer(10 * epoch))) {
        let mut bench = Bench::new(&Oracle::behind(2).lost(at));
        let mut saved = None;
        let mut events = |event| {
            if let Event::Checkpoint { step, path } = event {
                saved = Some((step, path));
            }
        };
        let error = match (bench.train(&recipe, &mut events, &GO_ON), at) {
            (Err(error), _) => error,
            // Nobody reads where no checkpoint is due.
            (Ok(_), Lost::Read(step)) if step % 4 != 0 => continue,
            (Ok(_), _) => panic!("{at:?} is not noticed"),
        };
        let left = match &saved {
            Some((step, path)) => {
                format!("goes on from its checkpoint after step {step}, {}, when it is resumed", path.display())
            }
            None => "had no checkpoint yet and begins anew when it is resumed".into(),
        };
        assert_eq!(error.to_string(), format!("oracle is lost: it fell off the bus; run 1 {left}"), "{at:?}");
        let record = bench.runs.open(1).unwrap();
        assert_eq!((&record.ending, &record.weights), (&None, &None));
        assert_eq!(record.load_checkpoint().unwrap().map(|c| c.place.step), saved.map(|(step, _)| step));
        assert_eq!(bench.resume(&recipe), uncut, "{at:?}");
    }
}

#[test]
fn a_lost_device_leaves_nothing_of_a_run_that_is_not_kept() {
    let mut net = trainee(&Oracle::behind(2).lost(Lost::Finish(3)));
    let error = fit(&mut net, &data(), &long(adam()), None, &mut |_| {}, &GO_ON).unwrap_err();
    let text = "oracle is lost: it fell off the bus; the run is not kept on disk, so nothing is left of it";
    assert_eq!(error.to_string(), text);
}
