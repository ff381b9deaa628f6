//! Runs cut anywhere and resumed end as if they had not been.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use fovea_cpu::Cpu;
use fovea_data::Dataset;
use fovea_graph::Backend;
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::training::Optimizer;
use fovea_train::{
    Checkpoint, CheckpointEvery, Ending, Event, History, Place, Recipe, Runs, Schedule, TrainError, Trainee, fit,
    resume,
};
use support::{Left, Oracle, adam, bits, data, few_digits, info, left, long, normalised, recipe, recipes, until_step};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn cpu() -> Arc<dyn Backend> {
    Arc::new(Cpu::new(Some(1)).unwrap())
}

fn trainee(backend: Arc<dyn Backend>) -> Trainee {
    Trainee::fresh(backend, normalised(8, 10), 1).unwrap()
}

fn optimizers() -> [Optimizer; 2] {
    [adam(), recipe().optimizer]
}

/// A run that nobody breaks off.
fn uncut(backend: Arc<dyn Backend>, recipe: &Recipe) -> Left {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let mut run = runs.create(&info(recipe)).unwrap();
    let history = fit(&mut trainee(backend), &data(), recipe, Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    assert_eq!(history.ending, Ending::Complete);
    left(&runs.open(1).unwrap())
}

fn go_on(trainee: &mut Trainee, recipe: &Recipe, runs: &Runs) -> Result<History, TrainError> {
    resume(trainee, &data(), recipe, &runs.open(1).unwrap(), &mut |_| {}, &GO_ON)
}

/// Interrupted three times over, at moments that a seed draws: in the middle of a step, between two, or in a test.
#[test]
fn runs_cut_at_twenty_random_moments_end_with_the_bits_of_the_uncut_run() {
    for (kind, recipe) in recipes().into_iter().enumerate() {
        let whole = uncut(Arc::new(Oracle::default()), &recipe);
        for cut in 0..20 {
            let random = Stream::new(kind as u64, Purpose::Data, cut);
            let (folder, stop) = (tempfile::tempdir().unwrap(), Arc::new(AtomicBool::new(false)));
            let runs = Runs::at(folder.path());
            let mut run = runs.create(&info(&recipe)).unwrap();
            // A new process each time: nothing but the folder is left.
            for life in 0..4 {
                let (at, op) = (1 + random.below(2 * life, 12) as u32, random.below(2 * life + 1, 70) as usize);
                stop.store(false, Ordering::Relaxed);
                let flag = Arc::clone(&stop);
                let oracle = Oracle::hooked(move |step, i| {
                    if step > at || step == at && i >= op {
                        flag.store(true, Ordering::Relaxed);
                    }
                });
                let mut trainee = trainee(Arc::new(oracle));
                match life {
                    0 => fit(&mut trainee, &data(), &recipe, Some(&mut run), &mut |_| {}, &stop).unwrap(),
                    _ if runs.open(1).unwrap().ending == Some(Ending::Complete) => break,
                    _ => {
                        let record = runs.open(1).unwrap();
                        resume(&mut trainee, &data(), &recipe, &record, &mut |_| {}, &stop).unwrap()
                    }
                };
            }
            if runs.open(1).unwrap().ending != Some(Ending::Complete) {
                go_on(&mut trainee(Arc::new(Oracle::default())), &recipe, &runs).unwrap();
            }
            assert_eq!(left(&runs.open(1).unwrap()), whole, "cut {cut}");
        }
    }
}

/// As it is left by a power cut: metrics and newest checkpoint cut short anywhere, no word about the end.
#[test]
fn folders_cut_short_go_on_from_what_reads() {
    let recipe = long(adam());
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let whole = uncut(cpu(), &recipe);
    for cut in 0..20 {
        let random = Stream::new(9, Purpose::Data, cut);
        let _ = fs::remove_dir_all(folder.path().join("1"));
        let mut run = runs.create(&info(&recipe)).unwrap();
        let last = random.below(0, 30);
        let stop = AtomicBool::new(last == 0);
        let mut events = |event| match event {
            Event::Step { step, .. } if step == last => stop.store(true, Ordering::Relaxed),
            _ => {}
        };
        fit(&mut trainee(cpu()), &data(), &recipe, Some(&mut run), &mut events, &stop).unwrap();
        let record = runs.open(1).unwrap();
        if let (Some(path), true) = (&record.checkpoint, cut % 2 == 0) {
            cut_short(path, random.below(1, 1000));
        }
        // What stands behind the newest checkpoint may be torn, what stands before it is safe.
        let metrics = run.path().join("metrics.jsonl");
        let text = fs::read_to_string(&metrics).unwrap();
        let safe = text.lines().rev().skip(1 + random.below(2, 2) as usize).map(|line| line.len() + 1).sum::<usize>();
        fs::write(&metrics, &text[..safe + random.below(3, 20).min((text.len() - safe) as u64) as usize]).unwrap();

        let resumed = go_on(&mut trainee(cpu()), &recipe, &runs);
        match record.checkpoint.is_some() && cut % 2 == 0 && last <= 4 {
            // The only checkpoint there was does not read, and nobody knows what it held.
            true => assert!(matches!(resumed, Err(TrainError::File(_))), "cut {cut}"),
            false => {
                resumed.unwrap();
                let found = left(&runs.open(1).unwrap());
                assert_eq!((found.weights, found.moments), (whole.weights.clone(), whole.moments.clone()), "cut {cut}");
            }
        }
    }
}

/// Keeps so many thousandths of a file.
fn cut_short(path: &Path, thousandths: u64) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() * thousandths as usize / 1000]).unwrap();
}

/// The folder that a parent gave to this child process.
fn given() -> Option<PathBuf> {
    std::env::var_os("RUN_TO_KILL").map(PathBuf::from)
}

#[cfg(unix)]
#[test]
fn a_killed_run_goes_on_with_the_same_bits() {
    for (kind, optimizer) in optimizers().into_iter().enumerate() {
        let recipe = long(optimizer);
        let whole = uncut(cpu(), &recipe);
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::at(folder.path());
        for life in 0..6 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "child_that_is_killed", "--nocapture", "--test-threads=1"])
                .env("RUN_TO_KILL", folder.path())
                .env("RUN_OPTIMIZER", kind.to_string())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            until_step(&runs, 1, 5 * life);
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(runs.open(1).unwrap().ending, None, "it was killed each time");
        go_on(&mut trainee(cpu()), &recipe, &runs).unwrap();
        assert_eq!(left(&runs.open(1).unwrap()), whole);
        assert_eq!(runs.list().unwrap(), [1]);
    }
}

#[test]
fn child_that_is_killed() {
    let Some(folder) = given() else { return };
    let kind: usize = std::env::var("RUN_OPTIMIZER").unwrap().parse().unwrap();
    let (runs, recipe) = (Runs::at(folder), long(optimizers()[kind].clone()));
    let slow = &mut |event| {
        if let Event::Step { step, .. } = event {
            // Behind the last it waits for its end.
            thread::sleep(Duration::from_millis(if step < 30 { 3 } else { 600_000 }));
        }
    };
    match runs.last().unwrap() {
        None => {
            let mut run = runs.create(&info(&recipe)).unwrap();
            fit(&mut trainee(cpu()), &data(), &recipe, Some(&mut run), slow, &GO_ON).unwrap();
        }
        Some(number) => {
            let record = runs.open(number).unwrap();
            if record.ending.is_none() {
                resume(&mut trainee(cpu()), &data(), &recipe, &record, slow, &GO_ON).unwrap();
            }
        }
    }
}

/// A run that went further from other weights is resumed from those, though only its folder knows them.
#[test]
fn a_run_that_went_further_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let further = Recipe { further: true, checkpoint_every: CheckpointEvery::Epochs(5), ..long(adam()) };
    let mut first = trainee(cpu());
    fit(&mut first, &data(), &long(recipe().optimizer), None, &mut |_| {}, &GO_ON).unwrap();
    let mut copy = first.copy(cpu(), normalised(8, 10)).unwrap();
    fit(&mut first, &data(), &further, None, &mut |_| {}, &GO_ON).unwrap();

    let mut run = runs.create(&info(&further)).unwrap();
    let stop = AtomicBool::new(false);
    let mut events = |event| {
        if let Event::Step { step: 17, .. } = event {
            stop.store(true, Ordering::Relaxed);
        }
    };
    fit(&mut copy, &data(), &further, Some(&mut run), &mut events, &stop).unwrap();
    // Only the checkpoint of the beginning is left.
    fs::remove_file(run.path().join("checkpoints/step-00000017.safetensors")).unwrap();
    let mut second = trainee(cpu());
    let mut begun = None;
    let mut events = |event| {
        if let Event::Begin { done, .. } = event {
            begun = Some(done);
        }
    };
    let recipe = Recipe { further: false, ..further };
    let history = resume(&mut second, &data(), &recipe, &runs.open(1).unwrap(), &mut events, &GO_ON).unwrap();
    assert_eq!((begun, history.run, history.epochs.len()), (Some(0), Some(1), 3));
    assert_eq!(bits(&second.weights().unwrap().tensors), bits(&first.weights().unwrap().tensors));
    assert_eq!(second.weights().unwrap(), first.weights().unwrap());
}

/// A run that was broken off in its second epoch.
fn stopped_early(runs: &Runs, recipe: &Recipe) {
    let mut run = runs.create(&info(recipe)).unwrap();
    let stop = AtomicBool::new(false);
    let mut events = |event| {
        if let Event::Step { step: 13, .. } = event {
            stop.store(true, Ordering::Relaxed);
        }
    };
    fit(&mut trainee(cpu()), &data(), recipe, Some(&mut run), &mut events, &stop).unwrap();
}

/// What does not fit is named, and neither the folder nor the trainee changes.
#[test]
fn what_differs_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let recipe = long(adam());
    stopped_early(&runs, &recipe);
    let before = runs.open(1).unwrap();

    let refused = |trainee: &mut Trainee, data: &Dataset, recipe: &Recipe| {
        let weights = trainee.weights().unwrap();
        let error = resume(trainee, data, recipe, &before, &mut |_| panic!("an event"), &GO_ON).unwrap_err();
        assert_eq!(trainee.weights().unwrap(), weights);
        assert_eq!(runs.open(1).unwrap(), before);
        error.to_string()
    };
    let other = Recipe { batch: 32, seed: 8, warm_up: None, rate: 0.1, ..recipe.clone() };
    assert_eq!(
        refused(&mut trainee(cpu()), &data(), &other),
        "run 1 goes on as it began, and this says otherwise: batch 32, not 16; optimizer adam(lr 0.1, beta1 0.9, beta2 \
         0.999, eps 0.00000001, decay 0), not adam(lr 0.01, beta1 0.9, beta2 0.999, eps 0.00000001, decay 0); warm-up \
         none, not 4 steps; seed 8, not 7"
    );
    let other = Recipe { epochs: 4, schedule: Schedule::Step { every: 2, factor: 0.5 }, ..recipe.clone() };
    assert_eq!(
        refused(&mut trainee(cpu()), &data(), &other),
        "run 1 goes on as it began, and this says otherwise: epochs 4, not 3; schedule step(every 2, by 0.5), \
         not cosine"
    );
    assert_eq!(
        refused(&mut trainee(cpu()), &few_digits(150, 40), &recipe),
        "digits is not the data that run 1 was trained on: it has 150 training pictures, the run's had 153"
    );
    let mut pale = data();
    pale.images = (pale.images.held().unwrap() * 0.5).into();
    assert_eq!(
        refused(&mut trainee(cpu()), &pale, &recipe),
        "digits is not the data that run 1 was trained on: its pictures, labels or parts have changed since the run began"
    );
    let mut regression = Trainee::fresh(cpu(), support::regression(8, 10, 0.0), 1).unwrap();
    assert_eq!(
        refused(&mut regression, &data(), &recipe),
        "the net is not the one that run 1 trained: the weights have 5 that the net has no place for: \
         conv1.filter (6x3x3x1), bn1.scale (6), bn1.shift (6), bn1.mean (6) and 1 more; \
         fc1.weight is 10x96 in the weights and 10x64 in the net"
    );
    let sleepy: fovea_train::Forward = Box::new(|batch, _| normalised(8, 10)(batch, fovea_train::Mode::Infer));
    let mut sleepy = Trainee::fresh(cpu(), sleepy, 1).unwrap();
    assert_eq!(
        refused(&mut sleepy, &data(), &recipe),
        "the net is not the one that run 1 trained: its weights fit, but it computes with them in another way"
    );

    // What fits goes on, and a run that is complete says so.
    let eager = Recipe { checkpoint_every: CheckpointEvery::Epochs(1), ..recipe.clone() };
    go_on(&mut trainee(cpu()), &eager, &runs).unwrap();
    assert_eq!(
        go_on(&mut trainee(cpu()), &recipe, &runs).unwrap_err().to_string(),
        "run 1 is complete after 3 epochs: `train … further` goes on from its weights"
    );
}

/// It ends with the bits that it would have had with so many from its beginning.
#[test]
fn a_complete_run_gets_more_epochs() {
    for optimizer in optimizers() {
        let schedule = Schedule::Step { every: 2, factor: 0.5 };
        let many = Recipe { schedule, ..long(optimizer) };
        let few = Recipe { epochs: 1, ..many.clone() };
        let whole = uncut(cpu(), &many);

        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::at(folder.path());
        let mut run = runs.create(&info(&few)).unwrap();
        fit(&mut trainee(cpu()), &data(), &few, Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
        let refused = |recipe: &Recipe| go_on(&mut trainee(cpu()), recipe, &runs).unwrap_err().to_string();
        assert_eq!(refused(&few), "run 1 is complete after 1 epoch: `train … further` goes on from its weights");

        let history = go_on(&mut trainee(cpu()), &many, &runs).unwrap();
        assert_eq!((history.ending, history.epochs.len()), (Ending::Complete, 3));
        let record = runs.open(1).unwrap();
        assert!(
            record.intact
                && record.info == fovea_train::RunInfo { program: record.info.program.clone(), ..info(&many) }
        );
        assert_eq!(left(&record), whole);
        assert_eq!(
            refused(&Recipe { epochs: 2, ..many.clone() }),
            "run 1 has 3 epochs already, and is to have 2 in all: ask for more, or leave them out"
        );
    }
}

/// As a kill leaves it between the two files that say how long a run is.
#[test]
fn a_run_that_is_killed_as_it_gets_more_epochs_goes_on() {
    let many = Recipe { schedule: Schedule::Constant, ..long(adam()) };
    let few = Recipe { epochs: 2, ..many.clone() };
    let [folder, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let runs = Runs::at(folder.path());
    let mut run = runs.create(&info(&few)).unwrap();
    fit(&mut trainee(cpu()), &data(), &few, Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    Runs::at(other.path()).create(&info(&many)).unwrap();
    fs::copy(other.path().join("1/run.json"), folder.path().join("1/run.json")).unwrap();
    go_on(&mut trainee(cpu()), &many, &runs).unwrap();
    assert_eq!(left(&runs.open(1).unwrap()), uncut(cpu(), &many));
}

/// A run of 30 steps, broken off after 17; its checkpoints are of steps 10 and 17.
fn broken_off(runs: &Runs, recipe: &Recipe) {
    let mut run = runs.create(&info(recipe)).unwrap();
    let stop = AtomicBool::new(false);
    let mut events = |event| {
        if let Event::Step { step: 17, .. } = event {
            stop.store(true, Ordering::Relaxed);
        }
    };
    fit(&mut trainee(cpu()), &data(), recipe, Some(&mut run), &mut events, &stop).unwrap();
}

/// What does not belong into a run's folder is passed over, said, and does no harm.
#[test]
fn a_run_goes_on_beside_foreign_and_broken_files() {
    let recipe = long(adam());
    let whole = uncut(cpu(), &recipe);
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    broken_off(&runs, &recipe);
    let at = |name: &str| folder.path().join("1/checkpoints").join(name);
    let good = Checkpoint::load(at("step-00000017.safetensors")).unwrap();
    let of_step = |step: u64| at(&format!("step-{step:08}.safetensors"));

    // Empty, cut, another program's, the same under another name.
    fs::write(of_step(18), "").unwrap();
    fs::write(of_step(19), &fs::read(of_step(17)).unwrap()[..500]).unwrap();
    fs::write(of_step(20), "a picture, say").unwrap();
    fs::copy(of_step(17), of_step(21)).unwrap();
    // Whole, but of another net, of other data, or in a state in which the run cannot be.
    let spoils: [fn(&mut Checkpoint); 7] = [
        |c| drop(c.weights.tensors.pop()),
        |c| c.fingerprint.data ^= 1,
        |c| c.step = 99,
        |c| c.epoch = 7,
        |c| c.seed = 8,
        |c| c.place.batches = 9,
        |c| c.moments.clear(),
    ];
    for (step, spoil) in (22..).zip(spoils) {
        let place = Place { step, epochs: 2, batches: step - 20, ..good.place.clone() };
        let mut strange = Checkpoint { place, step, epoch: 2, ..good.clone() };
        spoil(&mut strange);
        strange.save(of_step(step)).unwrap();
    }
    fs::create_dir(of_step(40)).unwrap();
    fs::write(at("step-x.safetensors"), "").unwrap();
    for part in ["1/.abc.part", "1/checkpoints/.def.part"] {
        fs::write(folder.path().join(part), "half of it").unwrap();
    }

    let (mut passed, mut begun) = (Vec::new(), None);
    let mut events = |event| match event {
        Event::PassedOver { path, why } => {
            assert!(why.contains(&path.display().to_string()), "{why}");
            passed.push(path);
        }
        Event::Begin { done, .. } => begun = Some(done),
        _ => {}
    };
    resume(&mut trainee(cpu()), &data(), &recipe, &runs.open(1).unwrap(), &mut events, &GO_ON).unwrap();
    let expected: Vec<PathBuf> = (18..29).rev().map(of_step).collect();
    assert_eq!((passed, begun), (expected, Some(17)));
    assert_eq!(left(&runs.open(1).unwrap()), whole);
    let parts = [folder.path().join("1"), folder.path().join("1/checkpoints")];
    let names = parts.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|e| e.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_str().unwrap().ends_with(".part")).count(), 0);
}

/// Bits that have changed on disk are noticed: the run goes on from the checkpoint before, to the same bits.
#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let recipe = long(adam());
    let whole = uncut(cpu(), &recipe);
    for case in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::at(folder.path());
        broken_off(&runs, &recipe);
        let newest = runs.open(1).unwrap().checkpoint.unwrap();
        let mut bytes = fs::read(&newest).unwrap();
        let random = Stream::new(27, Purpose::Data, case);
        for bit in 0..27 {
            let at = random.below(2 * bit, bytes.len() as u64) as usize;
            bytes[at] ^= 1 << random.below(2 * bit + 1, 8);
        }
        fs::write(&newest, bytes).unwrap();
        go_on(&mut trainee(cpu()), &recipe, &runs).unwrap();
        assert_eq!(left(&runs.open(1).unwrap()), whole, "case {case}");
    }
}

/// One process at a time writes a run; another is told which one it is.
#[test]
fn a_run_that_is_held_does_not_go_on_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (runs, recipe) = (Runs::at(folder.path()), long(adam()));
    let mut run = runs.create(&info(&recipe)).unwrap();
    let stop = AtomicBool::new(false);
    let mut events = |event| {
        if let Event::Step { step: 12, .. } = event {
            let before = runs.open(1).unwrap();
            let refused = go_on(&mut trainee(cpu()), &recipe, &runs).unwrap_err().to_string();
            let (run, process) = (folder.path().join("1"), std::process::id());
            let held = format!(
                "{} is held by process {process}, which trains this run: it can go on here when that has ended",
                run.display()
            );
            assert_eq!(refused, held);
            assert_eq!(runs.open(1).unwrap(), before);
            stop.store(true, Ordering::Relaxed);
        }
    };
    fit(&mut trainee(cpu()), &data(), &recipe, Some(&mut run), &mut events, &stop).unwrap();
    // The run has ended, or whoever wrote it is gone without a word.
    fs::write(folder.path().join("1/lock"), "4194304").unwrap();
    go_on(&mut trainee(cpu()), &recipe, &runs).unwrap();
    assert_eq!(left(&runs.open(1).unwrap()), uncut(cpu(), &recipe));
    assert_eq!(fs::read_to_string(folder.path().join("1/lock")).unwrap(), std::process::id().to_string());
}

#[test]
fn checkpoints_come_when_they_are_asked_for() {
    let saved = |checkpoint_every| {
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe { checkpoint_every, ..long(adam()) };
        let mut run = Runs::at(folder.path()).create(&info(&recipe)).unwrap();
        let saved = AtomicU64::new(0);
        let mut steps = Vec::new();
        let mut events = |event| {
            if let Event::Checkpoint { step, .. } = event {
                saved.fetch_add(1, Ordering::Relaxed);
                steps.push(step);
            }
        };
        fit(&mut trainee(cpu()), &data(), &recipe, Some(&mut run), &mut events, &GO_ON).unwrap();
        steps
    };
    assert_eq!(saved(Recipe::CHECKPOINT_EVERY), [10, 20, 30]);
    // The last one has the end of the last epoch too.
    assert_eq!(saved(CheckpointEvery::Steps(15)), [15, 30, 30]);
    assert_eq!(saved(CheckpointEvery::Steps(7)), [7, 14, 21, 28, 30]);
    assert_eq!(saved(CheckpointEvery::Epochs(2)), [20, 30]);
    assert_eq!(saved(CheckpointEvery::Epochs(9)), [30]);
}
