//! Runs one keeps: what a run is at a glance, what it takes on disk, its figures for other programs, removing it.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea_graph::Backend;
use fovea_train::{
    Best, Checkpoint, Event, FileError, Measure, Pruned, Recipe, RunInfo, Runs, State, Trainee, Weights, Writer, fit,
    resume,
};
use support::{Oracle, adam, digits, info, recipe, regression};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn trainee() -> Trainee {
    let backend: Arc<dyn Backend> = Arc::new(Oracle::default());
    Trainee::fresh(backend, regression(8, 10, 0.1), 1).unwrap()
}

/// A recipe of few steps.
fn short() -> Recipe {
    Recipe { batch: 479, epochs: 1, ..recipe() }
}

/// A complete run.
fn train(runs: &Runs, info: &RunInfo) -> u32 {
    let mut run = runs.create(info).unwrap();
    fit(&mut trainee(), &digits(), &info.recipe, Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    run.number()
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).unwrap().len()
}

#[test]
fn a_complete_run_keeps_its_last_state_once_and_goes_on_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let few = Recipe { optimizer: adam(), epochs: 3, ..short() };
    train(&runs, &info(&few));
    let record = runs.open(1).unwrap();
    let (weights, checkpoint) = (record.weights.clone().unwrap(), record.checkpoint.clone().unwrap());
    assert_eq!(fs::read_dir(folder.path().join("1/checkpoints")).unwrap().count(), 1);
    // Weights and moments are there once, however many names they have.
    let small: u64 = ["run.json", "program.fov", "metrics.jsonl", "lock"]
        .map(|name| size(&folder.path().join("1").join(name)))
        .iter()
        .sum();
    assert_eq!(runs.look(1).unwrap().bytes, size(&checkpoint) + small);
    assert_eq!(fs::read(&weights).unwrap(), fs::read(&checkpoint).unwrap());
    assert_eq!(Weights::load(&weights).unwrap(), Checkpoint::load(&checkpoint).unwrap().weights);

    let mut whole = trainee();
    fit(&mut whole, &digits(), &Recipe { epochs: 5, ..few.clone() }, None, &mut |_| {}, &GO_ON).unwrap();
    let mut again = trainee();
    let more = Recipe { epochs: 5, ..few };
    resume(&mut again, &digits(), &more, &record, &mut |_| {}, &GO_ON).unwrap();
    assert_eq!(again.weights().unwrap(), whole.weights().unwrap());
    assert_eq!(Weights::load(&weights).unwrap(), whole.weights().unwrap());
}

#[test]
fn a_run_says_how_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    train(&runs, &info(&short()));
    let mut held = runs.create(&info(&short())).unwrap();
    let process = Some(std::process::id());
    let states = || runs.overview().unwrap().into_iter().map(|run| run.state).collect::<Vec<_>>();
    assert_eq!(states(), [State::Complete, State::Running(Writer { process })]);
    let stop = AtomicBool::new(false);
    let mut events = |event| stop.store(matches!(event, Event::Step { .. }), Ordering::Relaxed);
    fit(&mut trainee(), &digits(), &short(), Some(&mut held), &mut events, &stop).unwrap();
    drop(runs.create(&info(&short())).unwrap());
    assert_eq!(states(), [State::Complete, State::Interrupted, State::Killed]);
    assert_eq!(
        runs.overview().unwrap().iter().map(|run| run.record.as_ref().unwrap().steps_done()).collect::<Vec<_>>(),
        [3, 1, 0]
    );

    // A description by another version; one that is none; a folder that is no run's.
    let description = folder.path().join("1/run.json");
    let written = fs::read_to_string(&description).unwrap();
    let other = written.replace(&format!("\"fovea\": \"{}\"", env!("CARGO_PKG_VERSION")), "\"fovea\": \"9.1.0\"");
    fs::write(&description, other.replace("\"constant\"", "\"spiral\"")).unwrap();
    fs::write(folder.path().join("2/run.json"), "{").unwrap();
    fs::create_dir(folder.path().join("7")).unwrap();
    let all = runs.overview().unwrap();
    assert_eq!(all.iter().map(|run| run.state.word()).collect::<Vec<_>>(), ["broken", "broken", "killed", "broken"]);
    let why = all[0].record.as_ref().unwrap_err().to_string();
    assert!(why.contains("unknown variant `spiral`"), "{why}");
    assert!(why.ends_with(&format!("; fovea 9.1.0 wrote it, and this is {}", env!("CARGO_PKG_VERSION"))), "{why}");
}

#[test]
fn the_best_epoch_is_found_by_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    train(&runs, &info(&Recipe { epochs: 6, ..short() }));
    let record = runs.open(1).unwrap();
    let mut epochs = record.epochs.clone();
    let shares = [0.2, 0.7, 0.5, 0.7, f64::NAN, 0.1];
    epochs.iter_mut().zip(shares).for_each(|(epoch, share)| epoch.test_accuracy = Some(share));
    assert_eq!(Best::of(&epochs), Some(Best { epoch: 2, measure: Measure::TestAccuracy, value: 0.7 }));
    epochs.iter_mut().for_each(|epoch| epoch.test_accuracy = None);
    epochs.iter_mut().for_each(|epoch| epoch.test_loss = Some((epoch.epoch as f64 - 4.0).abs()));
    assert_eq!(Best::of(&epochs), Some(Best { epoch: 4, measure: Measure::TestLoss, value: 0.0 }));
    epochs.iter_mut().for_each(|epoch| epoch.validation_loss = Some((epoch.epoch as f64 - 3.0).abs()));
    assert_eq!(Best::of(&epochs), Some(Best { epoch: 3, measure: Measure::ValidationLoss, value: 0.0 }));
    epochs.iter_mut().for_each(|epoch| (epoch.test_loss, epoch.validation_loss) = (None, None));
    assert_eq!(Best::of(&epochs).unwrap().measure, Measure::Loss);
    assert_eq!(Best::of(&[]), None);
}

#[test]
fn a_run_is_removed_whole_and_its_number_is_not_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    assert_eq!([(); 3].map(|()| train(&runs, &info(&short()))), [1, 2, 3]);
    let bytes = runs.look(3).unwrap().bytes;
    assert_eq!(runs.remove(3).unwrap(), bytes);
    assert_eq!((runs.list().unwrap(), runs.newest_ever().unwrap()), (vec![1, 2], Some(3)));
    assert_eq!(train(&runs, &info(&short())), 4);
    assert!(matches!(runs.remove(3), Err(FileError::NoRun { number: 3, .. })));

    let held = runs.create(&info(&short())).unwrap();
    let error = runs.remove(5).unwrap_err().to_string();
    assert_eq!(error, format!("run 5 is being trained, by process {}", std::process::id()));
    drop(held);
    runs.remove(5).unwrap();

    // What is nobody's run stays; one that cannot be read goes when it is named.
    fs::create_dir(folder.path().join("9")).unwrap();
    fs::write(folder.path().join("9/thesis.txt"), "mine").unwrap();
    let error = runs.remove(9).unwrap_err().to_string();
    assert!(error.ends_with("9 is not a run's folder: it has neither run.json nor metrics.jsonl"), "{error}");
    assert!(folder.path().join("9/thesis.txt").is_file());
    fs::write(folder.path().join("1/run.json"), "{").unwrap();
    runs.remove(1).unwrap();
    assert_eq!(runs.list().unwrap(), [2, 4, 9]);
}

#[test]
fn pruning_keeps_the_newest_the_best_and_what_is_not_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let of = |net: &str, recipe: Recipe| RunInfo { net: net.into(), ..info(&recipe) };
    // Run 2 is the best of `r`: it trained for longer.
    train(&runs, &of("r", short()));
    train(&runs, &of("r", Recipe { epochs: 12, ..short() }));
    train(&runs, &of("r", short()));
    train(&runs, &of("other", short()));
    let held = runs.create(&info(&short())).unwrap();
    fs::create_dir(folder.path().join("6")).unwrap();
    assert_eq!([(); 3].map(|()| train(&runs, &of("r", short()))), [7, 8, 9]);
    // As a removing that was cut short leaves it.
    fs::create_dir(folder.path().join(".1.part")).unwrap();
    let freed = [1, 3, 7].map(|number| runs.look(number).unwrap().bytes).iter().sum();
    let pruned = runs.prune(2).unwrap();
    let expected =
        Pruned { removed: vec![1, 3, 7], kept: vec![2, 4, 8, 9], running: vec![5], broken: vec![6], bytes: freed };
    assert_eq!(pruned, expected);
    assert_eq!(runs.list().unwrap(), [2, 4, 5, 6, 8, 9]);
    assert!(!folder.path().join(".1.part").exists());
    drop(held);
    assert!(runs.prune(100).unwrap().removed.is_empty());
}

#[test]
fn figures_are_a_table_that_other_programs_read() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    train(&runs, &info(&Recipe { epochs: 2, ..short() }));
    let record = runs.open(1).unwrap();
    let text = record.csv();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0][..3], ["kind", "epoch", "step"]);
    assert_eq!(lines.len(), 1 + 2 + 6);
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
    let column = |name: &str| lines[0].iter().position(|head| *head == name).unwrap();
    let number = |row: usize, name: &str| lines[row][column(name)].parse::<f64>().unwrap();
    assert_eq!(lines[2][..3], ["epoch", "2", ""]);
    assert_eq!(number(2, "test_accuracy"), record.epochs[1].test_accuracy.unwrap());
    assert_eq!(lines[8][..3], ["step", "", "6"]);
    assert_eq!((number(8, "loss"), number(8, "rate")), (record.steps[5].loss, 0.02));
    assert_eq!(lines[8][column("test_accuracy")], "");
}
