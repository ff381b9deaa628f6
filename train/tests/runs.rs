//! Runs on disk: numbers, what a folder holds, and what is left of it when something breaks.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use fovea_graph::Backend;
use fovea_train::{
    Checkpoint, CheckpointEvery, Ending, Event, FileError, Recipe, Runs, TrainError, Trainee, Weights, fit,
};
use support::{Oracle, bits, digits, info, recipe, regression, until_step};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn trainee(oracle: &Oracle) -> Trainee {
    let backend: Arc<dyn Backend> = Arc::new(oracle.clone());
    Trainee::fresh(backend, regression(8, 10, 0.1), 1).unwrap()
}

/// All names below a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn runs_begun_at_once_have_numbers_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path().join("not/yet/there"));
    assert_eq!((runs.list().unwrap(), runs.last().unwrap()), (vec![], None));
    let claim = || (0..5).map(|_| runs.create(&info(&recipe())).unwrap().number()).collect::<Vec<_>>();
    let claimed: Vec<u32> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(claimed.iter().copied().collect::<BTreeSet<_>>(), (1..=40).collect());
    assert_eq!(runs.list().unwrap(), (1..=40).collect::<Vec<_>>());
    assert_eq!(names(runs.folder()).len(), 40, "nothing else is left");
    for number in [1, 40] {
        assert_eq!(runs.open(number).unwrap().info, info(&recipe()));
    }
}

/// The number of a run that did not begin may be another session's next.
#[test]
fn a_run_that_did_not_begin_is_nobodys_last() {
    let folder = tempfile::tempdir().unwrap();
    let [mine, theirs] = [Runs::at(folder.path()), Runs::at(folder.path())];
    let begin = |runs: &Runs| {
        let number = runs.create(&info(&recipe())).unwrap().number();
        runs.began(number);
        number
    };
    assert_eq!(begin(&mine), 1);
    mine.create(&info(&recipe())).unwrap().discard().unwrap();
    assert_eq!((mine.last().unwrap(), begin(&theirs)), (Some(1), 2));
    assert_eq!(
        (mine.last().unwrap(), mine.clone().last().unwrap(), theirs.last().unwrap()),
        (Some(1), Some(1), Some(2))
    );
    mine.began(2);
    assert_eq!(mine.last().unwrap(), Some(2));
    fs::remove_dir_all(folder.path().join("2")).unwrap();
    assert_eq!((mine.last().unwrap(), theirs.last().unwrap()), (Some(1), Some(1)));
}

#[test]
fn a_number_is_not_used_again_and_other_names_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    for name in ["7", "007", "notes", "+9", ".x.part", "4294967296"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("8"), "a file").unwrap();
    assert_eq!(runs.create(&info(&recipe())).unwrap().number(), 9);
    fs::remove_dir_all(folder.path().join("7")).unwrap();
    assert_eq!((runs.create(&info(&recipe())).unwrap().number(), runs.last().unwrap()), (10, Some(10)));
    let error = runs.open(3).unwrap_err().to_string();
    assert_eq!(error, format!("there is no run 3 in {}", folder.path().display()));

    fs::create_dir(folder.path().join(u32::MAX.to_string())).unwrap();
    let error = runs.create(&info(&recipe())).unwrap_err().to_string();
    assert!(error.ends_with("cannot be written: there is no number left"), "{error}");
}

#[test]
fn a_folder_holds_the_whole_run() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let recipe = Recipe { epochs: 3, ..recipe() };
    let mut run = runs.create(&info(&recipe)).unwrap();
    let mut trainee = trainee(&Oracle::default());
    let (mut losses, mut saved) = (Vec::new(), Vec::new());
    let mut events = |event| match event {
        Event::Step { loss, .. } => losses.push(loss),
        Event::Checkpoint { step, .. } => saved.push(step),
        _ => {}
    };
    let history = fit(&mut trainee, &digits(), &recipe, Some(&mut run), &mut events, &GO_ON).unwrap();
    assert_eq!((history.run, saved), (Some(1), vec![23, 46, 69]));
    assert_eq!(
        names(run.path()),
        ["checkpoints", "lock", "metrics.jsonl", "program.fov", "run.json", "weights.safetensors"]
    );
    assert_eq!(names(&run.path().join("checkpoints")), ["step-00000069.safetensors"]);

    let record = runs.open(1).unwrap();
    assert_eq!((&record.info, &record.epochs), (&info(&recipe), &history.epochs));
    assert_eq!(record.ending, Some(Ending::Complete));
    assert_eq!(record.steps.iter().map(|s| s.loss).collect::<Vec<_>>(), losses);
    let weights = trainee.weights().unwrap();
    assert_eq!(Weights::load(record.weights.as_ref().unwrap()).unwrap(), weights);
    let checkpoint = record.load_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.weights, weights);
    assert_eq!((checkpoint.step, checkpoint.epoch, checkpoint.seed), (69, 3, 7));
    let moments: Vec<&str> = checkpoint.moments.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(moments, ["fc1.weight.velocity", "fc1.bias.velocity"]);
}

/// A run that goes on, or was broken off, has two: a power cut may spoil the newest checkpoint.
#[test]
fn a_run_without_its_end_has_two_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let recipe = Recipe { epochs: 9, ..recipe() };
    let mut run = runs.create(&info(&recipe)).unwrap();
    let stop = AtomicBool::new(false);
    let mut events = |event| stop.store(matches!(event, Event::Step { step: 70, .. }), Ordering::Relaxed);
    fit(&mut trainee(&Oracle::default()), &digits(), &recipe, Some(&mut run), &mut events, &stop).unwrap();
    assert_eq!(names(&run.path().join("checkpoints")), ["step-00000069.safetensors", "step-00000070.safetensors"]);
    let record = runs.open(1).unwrap();
    let newest = record.checkpoint.as_ref().unwrap();
    let bytes = fs::read(newest).unwrap();
    fs::write(newest, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(record.load_checkpoint().unwrap().unwrap().step, 69);
}

#[test]
fn checkpoints_come_by_the_clock_too() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Recipe { epochs: 1, checkpoint_every: CheckpointEvery::EpochAnd(Duration::ZERO), ..recipe() };
    let mut run = Runs::at(folder.path()).create(&info(&recipe)).unwrap();
    let mut saved = Vec::new();
    let mut events = |event| {
        if let Event::Checkpoint { step, path } = event {
            assert_eq!(Checkpoint::load(path).unwrap().step, step);
            saved.push(step);
        }
    };
    fit(&mut trainee(&Oracle::default()), &digits(), &recipe, Some(&mut run), &mut events, &GO_ON).unwrap();
    assert_eq!(saved[..23], (1..=23).collect::<Vec<_>>());
}

#[test]
fn an_interrupted_run_keeps_the_last_complete_step_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let mut run = runs.create(&info(&recipe())).unwrap();
    let stop = AtomicBool::new(false);
    let mut events = |event| {
        if let Event::Step { step: 30, .. } = event {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let mut trainee = trainee(&Oracle::default());
    fit(&mut trainee, &digits(), &recipe(), Some(&mut run), &mut events, &stop).unwrap();
    let record = runs.open(1).unwrap();
    assert_eq!((record.epochs.len(), &record.ending), (1, &Some(Ending::Interrupted { steps: 30 })));
    assert_eq!(Weights::load(record.weights.as_ref().unwrap()).unwrap(), trainee.weights().unwrap());
    assert_eq!(record.load_checkpoint().unwrap().unwrap().step, 30);
}

#[test]
fn a_torn_last_line_is_left_out_and_so_is_a_wrong_one_before_it_which_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let mut run = runs.create(&info(&recipe())).unwrap();
    let history =
        fit(&mut trainee(&Oracle::default()), &digits(), &recipe(), Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    let path = run.path().join("metrics.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 46 + 2 + 1);
    let begins = whole.len() - lines[48].len() - 1 - lines[47].len() - 1;
    for length in begins..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let record = runs.open(1).unwrap();
        // A line is there from its last brace on.
        let second = length >= begins + lines[47].len();
        let ended = length >= whole.len() - 1;
        assert_eq!(record.epochs, history.epochs[..1 + usize::from(second)], "{length} of {}", whole.len());
        assert_eq!(record.ending.is_some(), ended);
    }
    // Zeros at the end, as a power cut can leave them; a line of a kind that is not known.
    fs::write(&path, [whole.as_bytes(), b"{\"kind\":\"later\",\"x\":1}\n\0\0\0"].concat()).unwrap();
    assert_eq!(runs.open(1).unwrap().epochs, history.epochs);
    fs::write(&path, whole.replacen("\"kind\":\"step\"", "\"kind", 1)).unwrap();
    let record = runs.open(1).unwrap();
    assert_eq!((record.unread, record.steps.len(), record.epochs), (vec![1], 45, history.epochs.clone()));
    let without_an_epoch = whole.replacen("\"kind\":\"epoch\"", "\"kind\":7,\"x\":\"epoch\"", 1);
    fs::write(&path, without_an_epoch).unwrap();
    let record = runs.open(1).unwrap();
    assert_eq!(
        (record.unread, record.epochs, record.ending),
        (vec![24], history.epochs[1..].to_vec(), Some(Ending::Complete))
    );
}

#[test]
fn a_folder_that_is_no_run_says_which_file_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    fs::create_dir(folder.path().join("1")).unwrap();
    let error = runs.open(1).unwrap_err().to_string();
    assert!(error.ends_with("run.json cannot be read: there is no such file or folder"), "{error}");
    fs::write(folder.path().join("1/run.json"), "[]").unwrap();
    assert!(matches!(runs.open(1), Err(FileError::Foreign { expected: "a run's description", .. })));
}

/// This test binary again, to run one of the tests below that do nothing on their own.
fn child(test: &str, folder: &Path, limit: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limit} exec \"$@\""), "sh"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env("RUNS_OF_CHILD", folder);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The folder that a parent gave to this child process.
fn given() -> Option<PathBuf> {
    std::env::var_os("RUNS_OF_CHILD").map(PathBuf::from)
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_named_and_costs_nothing_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    // Files of at most 2 or 4 KiB, by shell: enough for the run's description, too little for a checkpoint.
    let output = child("child_on_a_full_disk", folder.path(), "trap '' XFSZ; ulimit -f 4;").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let record = Runs::at(folder.path()).open(1).unwrap();
    assert_eq!((record.epochs.len(), record.weights, record.checkpoint, record.ending), (1, None, None, None));
    assert_eq!(names(&folder.path().join("1/checkpoints")), [] as [&str; 0]);
    assert_eq!(names(folder.path()), ["1"]);
}

#[test]
fn child_on_a_full_disk() {
    let Some(folder) = given() else { return };
    let recipe = Recipe { batch: 479, ..recipe() };
    let mut run = Runs::at(&folder).create(&info(&recipe)).unwrap();
    let mut full = trainee(&Oracle::default());
    let error = fit(&mut full, &digits(), &recipe, Some(&mut run), &mut |_| {}, &GO_ON).unwrap_err();
    let path = folder.join("1/checkpoints/step-00000003.safetensors");
    assert!(matches!(&error, TrainError::File(FileError::Write { path: named, .. }) if *named == path), "{error}");
    let reason = "cannot be written: it would be larger than files may be here";
    assert_eq!(error.to_string(), format!("{} {reason}", path.display()));

    // What was trained is still there, and can be trained further.
    let mut free = trainee(&Oracle::default());
    for further in [false, true] {
        let recipe = Recipe { epochs: 1, further, ..recipe.clone() };
        if further {
            fit(&mut full, &digits(), &recipe, None, &mut |_| {}, &GO_ON).unwrap();
        }
        fit(&mut free, &digits(), &recipe, None, &mut |_| {}, &GO_ON).unwrap();
        assert_eq!(bits(&full.weights().unwrap().tensors), bits(&free.weights().unwrap().tensors));
    }
}

/// Where not even a line of metrics can be written whole, nothing of it stays.
#[cfg(unix)]
#[test]
fn a_disk_full_of_metrics_is_named_too() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        child("child_on_a_disk_full_of_metrics", folder.path(), "trap '' XFSZ; ulimit -f 2;").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let record = Runs::at(folder.path()).open(1).unwrap();
    assert!((1..45).contains(&record.steps.len()), "{} steps", record.steps.len());
    let metrics = fs::read_to_string(folder.path().join("1/metrics.jsonl")).unwrap();
    assert!(metrics.ends_with("}\n") && metrics.lines().count() == record.steps.len());
}

#[test]
fn child_on_a_disk_full_of_metrics() {
    let Some(folder) = given() else { return };
    let recipe = Recipe { batch: 32, ..recipe() };
    let mut run = Runs::at(&folder).create(&info(&recipe)).unwrap();
    let mut full = trainee(&Oracle::default());
    let error = fit(&mut full, &digits(), &recipe, Some(&mut run), &mut |_| {}, &GO_ON).unwrap_err();
    let path = folder.join("1/metrics.jsonl");
    assert!(matches!(&error, TrainError::File(FileError::Write { path: named, .. }) if *named == path), "{error}");
}

#[cfg(unix)]
#[test]
fn a_run_killed_at_any_moment_reads() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    for number in 1..=6 {
        let mut child = child("child_that_is_killed", folder.path(), "").spawn().unwrap();
        until_step(&runs, number, 3 * u64::from(number - 1));
        child.kill().unwrap();
        child.wait().unwrap();

        let record = runs.open(number).unwrap();
        assert_eq!((&record.info.net, &record.ending, &record.weights), (&"r".to_string(), &None, &None));
        assert!(record.epochs.iter().map(|e| e.epoch).eq(1..=record.epochs.len()));
        // A checkpoint a step: no more than one step is lost.
        let saved = record.load_checkpoint().unwrap().map_or(0, |checkpoint| checkpoint.step);
        let told = record.steps.last().map_or(0, |step| step.step);
        assert!(saved + 1 >= told, "step {told} was done, step {saved} is kept");
    }
}

#[test]
fn child_that_is_killed() {
    let Some(folder) = given() else { return };
    let recipe = Recipe { epochs: 100_000, checkpoint_every: CheckpointEvery::EpochAnd(Duration::ZERO), ..recipe() };
    let mut run = Runs::at(&folder).create(&info(&recipe)).unwrap();
    let _ = fit(&mut trainee(&Oracle::default()), &digits(), &recipe, Some(&mut run), &mut |_| {}, &GO_ON);
}

#[test]
fn a_changed_byte_in_a_runs_description_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    runs.create(&info(&recipe())).unwrap();
    let file = folder.path().join("1/run.json");
    let written = fs::read(&file).unwrap();
    let open = || runs.open(1);
    let whole = open().unwrap();
    assert!(whole.intact);
    for at in 0..written.len() {
        let flipped = [1, 2, 32].map(|bit| {
            let mut bytes = written.clone();
            bytes[at] ^= bit;
            bytes
        });
        let shorter = [&written[..at], &written[at + 1..]].concat();
        for bytes in flipped.into_iter().chain([shorter]) {
            fs::write(&file, &bytes).unwrap();
            // What does not read is an error; what says the same in other spaces is the same.
            let found = open().map_or(true, |record| !record.intact || record.info == whole.info);
            assert!(found, "byte {at}: {}", String::from_utf8_lossy(&bytes));
        }
    }
    fs::write(&file, &written).unwrap();
    assert!(open().unwrap().intact);
}
