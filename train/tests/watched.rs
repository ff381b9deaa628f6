//! Runs that the validation part is watched by, and runs of so many steps.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea_cpu::Cpu;
use fovea_data::Dataset;
use fovea_graph::Backend;
use fovea_train::{
    Best, Checkpoint, CheckpointEvery, Ending, EpochMetrics, Event, History, Keep, Measure, Recipe, Runs, State,
    Trainee, Watch, Weights, fit, resume,
};
use support::{adam, few_digits, info, normalised, recipe};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn trainee() -> Trainee {
    let cpu: Arc<dyn Backend> = Arc::new(Cpu::new(Some(1)).unwrap());
    Trainee::fresh(cpu, normalised(8, 10), 1).unwrap()
}

/// 153 pictures to train on, in ten steps an epoch, 40 to validate by, 30 to test.
fn data() -> Dataset {
    let mut data = few_digits(193, 30);
    data.validation = data.train.split_off(153);
    data
}

/// A rate that soon makes things worse.
fn restless() -> Recipe {
    Recipe { epochs: 12, batch: 16, optimizer: adam(), rate: 0.2, ..recipe() }
}

/// The figures of epochs, but for the time they took.
fn figures(epochs: &[EpochMetrics]) -> Vec<EpochMetrics> {
    epochs.iter().map(|epoch| EpochMetrics { seconds: 0.0, ..epoch.clone() }).collect()
}

#[test]
fn the_weights_of_the_best_epoch_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let recipe = Recipe { watch: Watch { keep: Keep::Best, patience: None }, ..restless() };
    let mut run = runs.create(&info(&recipe)).unwrap();
    let history = fit(&mut trainee(), &data(), &recipe, Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    let best = Best::of(&history.epochs).unwrap();
    assert_eq!(best.measure, Measure::ValidationAccuracy);
    assert!(best.epoch < 12, "the last epoch is the best, and this test says nothing: {:?}", history.epochs);

    // Those that a run of so many epochs ends with.
    let mut until = trainee();
    let short = Recipe { epochs: best.epoch, ..restless() };
    fit(&mut until, &data(), &short, None, &mut |_| {}, &GO_ON).unwrap();
    let record = runs.open(1).unwrap();
    let kept = Weights::load(record.best_weights.unwrap()).unwrap();
    assert_eq!(kept.tensors, until.weights().unwrap().tensors);
    assert_eq!(kept.metadata["epoch"], best.epoch.to_string());
    assert!(kept.not_finite().is_none() && kept.standardisation == until.weights().unwrap().standardisation);
    assert_ne!(Weights::load(record.weights.unwrap()).unwrap().tensors, kept.tensors);
}

#[test]
fn a_run_ends_where_waiting_has_not_helped() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let whole = fit(&mut trainee(), &data(), &restless(), None, &mut |_| {}, &GO_ON).unwrap().epochs;
    let recipe = Recipe { watch: Watch { keep: Keep::Best, patience: Some(2) }, ..restless() };
    let mut run = runs.create(&info(&recipe)).unwrap();
    let history = fit(&mut trainee(), &data(), &recipe, Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    let count = history.epochs.len();
    assert!(count < 12, "it did not end early: {:?}", history.epochs);
    let best = Best::of(&history.epochs).unwrap().epoch;
    assert_eq!((count - best, &history.ending), (2, &Ending::Early { best }));
    assert_eq!(figures(&history.epochs), figures(&whole[..count]));
    // In no epoch before had it waited so long.
    for end in 1..count {
        assert!(end - Best::of(&whole[..end]).unwrap().epoch < 2);
    }
    let record = runs.open(1).unwrap();
    assert_eq!((record.state(), record.epochs_done()), (State::Early, count));
    assert_eq!(std::fs::read_dir(folder.path().join("1/checkpoints")).unwrap().count(), 1);
    let error = resume(&mut trainee(), &data(), &recipe, &record, &mut |_| {}, &GO_ON).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("run 1 was stopped early after {count} epochs: `train … further` goes on from its weights")
    );
}

/// Breaks off a run at a step, and goes on with it.
fn in_two(runs: &Runs, recipe: &Recipe, at: u64) -> History {
    let mut run = runs.create(&info(recipe)).unwrap();
    let stop = AtomicBool::new(false);
    let mut events = |event| {
        if let Event::Step { step, .. } = event
            && step == at
        {
            stop.store(true, Ordering::Relaxed);
        }
    };
    fit(&mut trainee(), &data(), recipe, Some(&mut run), &mut events, &stop).unwrap();
    let record = runs.open(run.number()).unwrap();
    if record.ending.as_ref().is_some_and(Ending::is_whole) {
        panic!("it ended before step {at}");
    }
    resume(&mut trainee(), &data(), recipe, &record, &mut |_| {}, &GO_ON).unwrap()
}

#[test]
fn a_run_that_goes_on_has_the_same_best_and_the_same_end() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let recipe = Recipe { watch: Watch { keep: Keep::Best, patience: Some(3) }, ..restless() };
    let mut run = runs.create(&info(&recipe)).unwrap();
    let whole = fit(&mut trainee(), &data(), &recipe, Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    let kept = Weights::load(runs.open(1).unwrap().best_weights.unwrap()).unwrap();
    for (number, at) in (2..).zip([1, 10, 17, 20, 25, 31]) {
        let history = in_two(&runs, &recipe, at);
        assert_eq!(
            (figures(&history.epochs), &history.ending),
            (figures(&whole.epochs), &whole.ending),
            "broken off at {at}"
        );
        let again = Weights::load(runs.open(number).unwrap().best_weights.unwrap()).unwrap();
        assert_eq!(again, kept, "broken off at {at}");
    }
}

#[test]
fn what_is_to_be_watched_must_be_there() {
    let mut without = data();
    without.validation.clear();
    for watch in [Watch { keep: Keep::Best, patience: None }, Watch { keep: Keep::Last, patience: Some(3) }] {
        let recipe = Recipe { watch, ..restless() };
        let error = fit(&mut trainee(), &without, &recipe, None, &mut |_| {}, &GO_ON).unwrap_err().to_string();
        let expected =
            "digits has no validation part, by which the best epoch could be told: `split 70/15/15` makes one";
        assert_eq!(error, expected);
    }
}

#[test]
fn so_many_steps_are_the_first_of_a_longer_run() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let few = Recipe { epochs: 3, steps: Some(23), ..restless() };
    let mut run = runs.create(&info(&few)).unwrap();
    let mut net = trainee();
    let mut begun = None;
    let mut events = |event| {
        if let Event::Begin { steps, epochs, .. } = event {
            begun = Some((steps, epochs));
        }
    };
    let history = fit(&mut net, &data(), &few, Some(&mut run), &mut events, &GO_ON).unwrap();
    assert_eq!((begun, &history.ending, history.epochs.len()), (Some((23, 3)), &Ending::Complete, 3));

    let folder = tempfile::tempdir().unwrap();
    let by_step = Recipe { checkpoint_every: CheckpointEvery::Steps(23), ..restless() };
    let mut long = Runs::at(folder.path()).create(&info(&by_step)).unwrap();
    let mut at_step = None;
    let mut events = |event| {
        if let Event::Checkpoint { step: 23, path } = event {
            at_step = Some(Checkpoint::load(path).unwrap());
        }
    };
    let whole = fit(&mut trainee(), &data(), &by_step, Some(&mut long), &mut events, &GO_ON).unwrap();
    assert_eq!(net.weights().unwrap().tensors, at_step.unwrap().weights.tensors);
    assert_eq!(figures(&history.epochs[..2]), figures(&whole.epochs[..2]));
    // The third epoch's figures are those of its three steps.
    assert!(history.epochs[2].loss.is_finite() && history.epochs[2].validation_loss.is_some());
    let steps = runs.open(1).unwrap().steps;
    let mean = steps[20..].iter().map(|step| step.loss).sum::<f64>() / 3.0;
    assert!((history.epochs[2].loss - mean).abs() < 1e-9, "{} and {mean}", history.epochs[2].loss);

    // It goes on to more steps, and to whole epochs, as if there had been no end.
    let record = runs.open(1).unwrap();
    let refused = |recipe: &Recipe| {
        resume(&mut trainee(), &data(), recipe, &record, &mut |_| {}, &GO_ON).unwrap_err().to_string()
    };
    assert_eq!(refused(&few), "run 1 is complete after 3 epochs: `train … further` goes on from its weights");
    let fewer = Recipe { epochs: 2, steps: Some(11), ..few.clone() };
    assert_eq!(
        refused(&fewer),
        "run 1 has 23 steps already, and is to have 11 in all: ask for more, or leave them out"
    );
    let more = Recipe { epochs: 4, steps: Some(37), ..few };
    resume(&mut trainee(), &data(), &more, &record, &mut |_| {}, &GO_ON).unwrap();
    let mut again = trainee();
    let history = resume(&mut again, &data(), &restless(), &runs.open(1).unwrap(), &mut |_| {}, &GO_ON).unwrap();
    assert_eq!(figures(&history.epochs), figures(&whole.epochs));
    assert_eq!(runs.open(1).unwrap().info.recipe.steps, None);
}
