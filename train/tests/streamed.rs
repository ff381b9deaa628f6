//! Runs on samples that are read ahead by a thread end with the bits of runs on samples in memory.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use fovea_cpu::Cpu;
use fovea_data::{Augmentation, DataError, Dataset, Samples, Source};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{Backend, Stop};
use fovea_train::{Ending, Recipe, Runs, TrainError, Trainee, fit, resume};
use support::{Left, Oracle, adam, bits, data, info, left, long, normalised, recipe};

static GO_ON: AtomicBool = AtomicBool::new(false);

/// Samples of a tensor, each read when it is asked for; `before` hears of it.
struct Read<F> {
    all: Samples,
    before: F,
}

impl<F> std::fmt::Debug for Read<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Read")
    }
}

impl<F: Fn(&[usize], &dyn Stop) -> Result<(), DataError> + Send + Sync> Source for Read<F> {
    fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError> {
        (self.before)(indices, stop)?;
        self.all.read(indices, values, stop)
    }
}

/// The data, read from a source.
fn read(before: impl Fn(&[usize], &dyn Stop) -> Result<(), DataError> + Send + Sync + 'static) -> Dataset {
    let data = data();
    let (all, count, shape) = (data.images.clone(), data.images.len(), data.images.shape().to_vec());
    Dataset { images: Samples::of(Arc::new(Read { all, before }), count, &shape), ..data }
}

fn trainee(backend: Arc<dyn Backend>) -> Trainee {
    Trainee::fresh(backend, normalised(8, 10), 1).unwrap()
}

/// What a whole run leaves.
fn whole(backend: Arc<dyn Backend>, data: &Dataset, recipe: &Recipe) -> Left {
    let folder = tempfile::tempdir().unwrap();
    let runs = Runs::at(folder.path());
    let mut run = runs.create(&info(recipe)).unwrap();
    let history = fit(&mut trainee(backend), data, recipe, Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    assert_eq!(history.ending, Ending::Complete);
    assert!((0.0..=1.0).contains(&history.waiting));
    left(&runs.open(1).unwrap())
}

#[test]
fn reading_ahead_changes_no_bit() {
    for optimizer in [adam(), recipe().optimizer] {
        let recipe = long(optimizer);
        for threads in [1, 2] {
            let cpu = || Arc::new(Cpu::new(Some(threads)).unwrap());
            let streamed = read(|_, _| Ok(()));
            assert!(whole(cpu(), &streamed, &recipe) == whole(cpu(), &data(), &recipe), "{threads} threads");
        }
        // A device that has several steps under way.
        let ahead = || Arc::new(Oracle::behind(2));
        assert!(whole(ahead(), &read(|_, _| Ok(())), &recipe) == whole(ahead(), &data(), &recipe));
    }
}

/// Broken off in memory and resumed from a source, and the other way about: both are the same data.
#[test]
fn a_run_on_samples_in_memory_goes_on_with_samples_that_are_read() {
    let recipe = long(adam());
    let uncut = whole(Arc::new(Oracle::default()), &data(), &recipe);
    for cut in 0..10 {
        let at = 1 + Stream::new(3, Purpose::Data, cut).below(0, 28) as u32;
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let oracle = Oracle::hooked(move |step, _| flag.store(step >= at, Ordering::Relaxed));
        let sets = [data(), read(|_, _| Ok(()))];
        let [first, second] = if cut % 2 == 0 { [&sets[0], &sets[1]] } else { [&sets[1], &sets[0]] };
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::at(folder.path());
        let mut run = runs.create(&info(&recipe)).unwrap();
        fit(&mut trainee(Arc::new(oracle)), first, &recipe, Some(&mut run), &mut |_| {}, &stop).unwrap();
        drop(run);
        let record = runs.open(1).unwrap();
        if record.ending != Some(Ending::Complete) {
            let mut trainee = trainee(Arc::new(Oracle::default()));
            resume(&mut trainee, second, &recipe, &record, &mut |_| {}, &GO_ON).unwrap();
        }
        assert!(left(&runs.open(1).unwrap()) == uncut, "broken off at step {at}");
    }
}

/// A step waits for the batch behind the next to be read: without a thread it would wait for ever.
#[test]
fn the_next_batch_is_read_while_a_step_is_computed() {
    let batches = Arc::new((Mutex::new(0usize), Condvar::new()));
    let (count, training) = (Arc::clone(&batches), Arc::new(AtomicBool::new(false)));
    let is_training = Arc::clone(&training);
    let streamed = read(move |_, _| {
        if is_training.load(Ordering::Relaxed) {
            *count.0.lock().unwrap() += 1;
            count.1.notify_all();
        }
        Ok(())
    });
    let oracle = Oracle::hooked(move |step, op| {
        // The epoch has three steps, and the last has none behind it; tests come later.
        if op == 0 && step < 2 {
            let read = batches.0.lock().unwrap();
            let enough = |read: &mut usize| *read < step as usize + 2;
            let (_read, late) = batches.1.wait_timeout_while(read, Duration::from_secs(60), enough).unwrap();
            assert!(!late.timed_out(), "nothing was read ahead of step {step}");
        }
    });
    let recipe = Recipe { epochs: 1, ..recipe() };
    let mut trainee = trainee(Arc::new(oracle));
    let begin = |event| {
        if matches!(event, fovea_train::Event::Begin { .. }) {
            training.store(true, Ordering::Relaxed);
        }
    };
    let history = fit(&mut trainee, &streamed, &recipe, None, &mut { begin }, &GO_ON).unwrap();
    assert_eq!(history.ending, Ending::Complete);
}

#[test]
fn samples_that_cannot_be_read_end_the_run_and_the_net_keeps_its_last_step() {
    let gone = Arc::new(AtomicBool::new(false));
    let is_gone = Arc::clone(&gone);
    let streamed = read(move |_, _| match is_gone.load(Ordering::Relaxed) {
        true => Err(DataError::Builtin { name: "digits", why: "the disk was pulled out".into() }),
        false => Ok(()),
    });
    let mut trainee = trainee(Arc::new(Oracle::default()));
    let mut steps = 0;
    let mut tell = |event| match event {
        fovea_train::Event::Step { .. } => steps += 1,
        fovea_train::Event::Epoch(_) => gone.store(true, Ordering::Relaxed),
        _ => {}
    };
    let error = fit(&mut trainee, &streamed, &recipe(), None, &mut tell, &GO_ON).unwrap_err();
    assert!(matches!(error, TrainError::Read(_)), "{error}");
    assert_eq!(error.to_string(), "the built-in digits cannot be read: the disk was pulled out");
    // Of the second epoch no step was begun, so the weights are those of one epoch.
    let mut whole = self::trainee(Arc::new(Oracle::default()));
    fit(&mut whole, &data(), &Recipe { epochs: 1, ..recipe() }, None, &mut |_| {}, &GO_ON).unwrap();
    assert_eq!(steps, 3);
    let bits = |trainee: &Trainee| bits(&trainee.weights().unwrap().tensors);
    assert_eq!(bits(&trainee), bits(&whole));
}

/// A reader that would wait for ever but for the interrupt.
#[test]
fn an_interrupt_ends_a_run_that_waits_for_its_samples() {
    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (flag, count, training) = (Arc::clone(&stop), Arc::clone(&reads), Arc::new(AtomicBool::new(false)));
    let is_training = Arc::clone(&training);
    let streamed = read(move |indices, stop| {
        // Of whole batches the third never comes.
        let is_batch = is_training.load(Ordering::Relaxed) && indices.len() == 64;
        if is_batch && count.fetch_add(1, Ordering::Relaxed) > 1 {
            flag.store(true, Ordering::Relaxed);
            while !stop.is_set() {
                std::thread::yield_now();
            }
        }
        Ok(stop.go_on()?)
    });
    let begin = |event| {
        if matches!(event, fovea_train::Event::Begin { .. }) {
            training.store(true, Ordering::Relaxed);
        }
    };
    let recipe = Recipe { epochs: 40, ..recipe() };
    let mut trainee = trainee(Arc::new(Oracle::default()));
    let history = fit(&mut trainee, &streamed, &recipe, None, &mut { begin }, &stop).unwrap();
    assert!(matches!(history.ending, Ending::Interrupted { .. }), "{:?}", history.ending);
}

/// A test and its predictions are those of samples in memory.
#[test]
fn tests_read_ahead_as_well() {
    let (held, streamed) = (data(), read(|_, _| Ok(())));
    let mut trainee = trainee(Arc::new(Oracle::default()));
    let of = |data: &Dataset, trainee: &mut Trainee| trainee.evaluate(data, &data.train, &GO_ON).unwrap();
    assert_eq!(of(&held, &mut trainee), of(&streamed, &mut trainee));
}

/// Augmented, from memory and from a source, whole and broken off at twenty moments.
#[test]
fn augmented_runs_cut_at_twenty_random_moments_end_with_the_bits_of_the_uncut_run() {
    use Augmentation::{Crop, Flip, Mixup, Noise, Rotate};
    let all = [Flip, Crop(2), Rotate(10.0), Noise(0.02), Mixup(0.4)];
    let augmented = |data: Dataset| Dataset { augment: all.into_iter().collect(), ..data };
    let sets = [augmented(data()), augmented(read(|_, _| Ok(())))];
    let recipe = long(recipe().optimizer);
    let uncut = whole(Arc::new(Oracle::default()), &sets[0], &recipe);
    assert!(whole(Arc::new(Oracle::behind(2)), &sets[1], &recipe) == uncut);
    assert!(whole(Arc::new(Oracle::default()), &data(), &recipe) != uncut, "nothing is augmented");
    for cut in 0..20 {
        let at = 1 + Stream::new(5, Purpose::Data, cut).below(0, 28) as u32;
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let oracle = Oracle::hooked(move |step, _| flag.store(step >= at, Ordering::Relaxed));
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::at(folder.path());
        let mut run = runs.create(&info(&recipe)).unwrap();
        let [first, second] = [&sets[cut as usize % 2], &sets[cut as usize / 2 % 2]];
        fit(&mut trainee(Arc::new(oracle)), first, &recipe, Some(&mut run), &mut |_| {}, &stop).unwrap();
        drop(run);
        let record = runs.open(1).unwrap();
        if record.ending != Some(Ending::Complete) {
            let mut other = trainee(Arc::new(Oracle::default()));
            let plain = resume(&mut other, &data(), &recipe, &record, &mut |_| {}, &GO_ON);
            assert!(plain.is_err(), "other augmentation is other data");
            resume(&mut other, second, &recipe, &record, &mut |_| {}, &GO_ON).unwrap();
        }
        assert!(left(&runs.open(1).unwrap()) == uncut, "broken off at step {at}");
    }
}

/// Mixed, with one thread and two, from memory and from a source.
#[test]
fn mixed_samples_have_the_same_bits_with_one_and_two_threads() {
    let mixed = |data: Dataset| Dataset { augment: [Augmentation::Mixup(0.4)].into_iter().collect(), ..data };
    let recipe = recipe();
    let cpu = |threads| Arc::new(Cpu::new(Some(threads)).unwrap());
    let one = whole(cpu(1), &mixed(data()), &recipe);
    assert!(whole(cpu(2), &mixed(data()), &recipe) == one);
    assert!(whole(cpu(2), &mixed(read(|_, _| Ok(()))), &recipe) == one);
    assert!(whole(cpu(2), &data(), &recipe) != one, "nothing is mixed");
}
