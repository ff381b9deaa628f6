//! The loop on the real device: a small convolutional network of the digits.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use fovea_cpu::Cpu;
use fovea_data::{DataSource, DataSpec, Dataset};
use fovea_graph::{Backend, Tensor};
use fovea_train::{Ending, Event, Recipe, Runs, Schedule, Trainee, Weights, fit};
use ndarray::Axis;
use support::{Oracle, adam, bits, convolutional, digits, few_digits, info, normalised, recipe};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn cpu(threads: usize) -> Arc<dyn Backend> {
    Arc::new(Cpu::new(Some(threads)).unwrap())
}

fn trainee(backend: Arc<dyn Backend>) -> Trainee {
    Trainee::fresh(backend, convolutional(8, 10), 1).unwrap()
}

fn small() -> Recipe {
    Recipe { epochs: 1, rate: 0.05, ..recipe() }
}

type Bits = Vec<(String, Vec<u32>)>;

/// Weights and losses, bit by bit, of a run.
fn trained(backend: Arc<dyn Backend>, recipe: &Recipe) -> (Bits, Vec<u64>) {
    let mut trainee = trainee(backend);
    let mut losses = Vec::new();
    let mut events = |event| {
        if let Event::Step { loss, .. } = event {
            losses.push(loss.to_bits());
        }
    };
    let history = fit(&mut trainee, &digits(), recipe, None, &mut events, &GO_ON).unwrap();
    losses.extend(history.epochs.iter().flat_map(|e| e.test_loss).map(f64::to_bits));
    (bits(&trainee.weights().unwrap().tensors), losses)
}

#[test]
fn it_learns() {
    let mut trainee = trainee(cpu(2));
    let recipe = Recipe { epochs: 5, schedule: Schedule::Cosine, ..small() };
    let history = fit(&mut trainee, &digits(), &recipe, None, &mut |_| {}, &GO_ON).unwrap();
    let last = history.epochs.last().unwrap();
    assert!(last.test_accuracy.unwrap() > 0.95, "{last:?}");
}

/// The same losses as the f64 reference computes, step by step.
#[test]
fn it_follows_the_reference() {
    let losses = |backend| trained(backend, &small()).1.into_iter().map(f64::from_bits).collect::<Vec<_>>();
    let (found, expected) = (losses(cpu(2)), losses(Arc::new(Oracle::default())));
    assert_eq!(found.len(), 24);
    for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!((found - expected).abs() < 1e-4 * expected, "step {}: {found}, not {expected}", step + 1);
    }
}

#[test]
fn bits_do_not_depend_on_the_run_or_the_threads() {
    let one = trained(cpu(1), &small());
    assert_eq!(one, trained(cpu(2), &small()));
    assert_eq!(one, trained(cpu(1), &small()));
    assert_ne!(one, trained(cpu(1), &Recipe { seed: 8, ..small() }));
}

#[test]
fn further_goes_on_where_the_last_run_ended() {
    let mut trainee = trainee(cpu(2));
    for further in [false, true] {
        fit(&mut trainee, &digits(), &Recipe { further, ..small() }, None, &mut |_| {}, &GO_ON).unwrap();
    }
    let found = bits(&trainee.weights().unwrap().tensors);
    assert_eq!(found, trained(cpu(2), &Recipe { epochs: 2, ..small() }).0);
}

/// Another thread interrupts at moments that nobody chose; the weights are those of a run that was stopped between the
/// very same two steps.
#[test]
fn an_interrupt_from_outside_keeps_the_last_complete_step() {
    // Far longer than the thread needs, however late it comes.
    let recipe = Recipe { epochs: 100_000, ..small() };
    for delay in [0, 7, 31] {
        let (stop, mut interrupted) = (AtomicBool::new(false), trainee(cpu(2)));
        let begun = AtomicBool::new(false);
        let history = thread::scope(|scope| {
            scope.spawn(|| {
                while !begun.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
                thread::sleep(Duration::from_millis(delay));
                stop.store(true, Ordering::Relaxed);
            });
            let mut events = |_| begun.store(true, Ordering::Relaxed);
            fit(&mut interrupted, &digits(), &recipe, None, &mut events, &stop).unwrap()
        });
        let Ending::Interrupted { steps } = history.ending else { panic!("{:?}", history.ending) };

        let (stop, mut counted) = (AtomicBool::new(false), trainee(cpu(2)));
        let mut events = |event| match event {
            // Broken off any earlier it would not have begun.
            Event::Begin { .. } if steps == 0 => stop.store(true, Ordering::Relaxed),
            Event::Step { step, .. } if step == steps => stop.store(true, Ordering::Relaxed),
            _ => {}
        };
        fit(&mut counted, &digits(), &recipe, None, &mut events, &stop).unwrap();
        let weights = |trainee: &Trainee| bits(&trainee.weights().unwrap().tensors);
        assert_eq!(weights(&interrupted), weights(&counted), "{steps} steps");
    }
}

/// One picture's value is no number: the step that meets it changes nothing.
#[test]
fn a_value_that_is_not_finite_ends_the_run_with_the_weights_before_it() {
    let odd = |picture: usize| {
        let mut data = digits();
        let mut images = data.images.held().unwrap().clone();
        images.index_axis_mut(Axis(0), data.train[picture]).fill(f32::NAN);
        data.images = images.into();
        data
    };
    let mut at = AtomicUsize::new(0);
    // The standardisation of the good data, so that only one picture is spoilt.
    let mut trainee = trainee(cpu(2));
    let first = Recipe { epochs: 1, ..small() };
    fit(&mut trainee, &digits(), &first, None, &mut |_| {}, &GO_ON).unwrap();
    let mut events = |event| {
        if let Event::Step { step, .. } = event {
            at.store(step as usize, Ordering::Relaxed);
        }
    };
    let further = Recipe { further: true, ..small() };
    let history = fit(&mut trainee, &odd(700), &further, None, &mut events, &GO_ON).unwrap();
    let done = *at.get_mut() as u64;
    assert_eq!(history.ending, Ending::NotFinite { step: done + 1, what: "loss".into() });
    let weights = trainee.weights().unwrap();
    assert!(weights.tensors.iter().all(|(_, t): &(String, Tensor)| t.iter().all(|v| v.is_finite())));
}

#[test]
fn a_saved_net_predicts_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let data: Dataset = DataSpec::open("digits", DataSource::Digits, Some([12, 12])).unwrap().load().unwrap();
    let mut first = Trainee::fresh(cpu(2), convolutional(12, 10), 1).unwrap();
    let mut run = Runs::at(folder.path()).create(&info(&small())).unwrap();
    fit(&mut first, &data, &small(), Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    let weights = Weights::load(run.path().join("weights.safetensors")).unwrap();
    let mut second = Trainee::with_weights(cpu(1), convolutional(12, 10), &weights).unwrap();
    let images = data.images.held().unwrap().select(Axis(0), &data.test);
    assert_eq!(second.predict(&images).unwrap(), first.predict(&images).unwrap());
    let (a, b) = (first.evaluate(&data, &data.test, &GO_ON), second.evaluate(&data, &data.test, &GO_ON));
    assert_eq!(a.unwrap(), b.unwrap());
}

/// A net with batch normalisation and dropout.
fn normal_trainee() -> Trainee {
    Trainee::fresh(cpu(1), normalised(8, 10), 1).unwrap()
}

/// Batch normalisation's statistics are kept with the weights, count as no parameters, and inference uses them.
#[test]
fn running_statistics_are_part_of_the_weights() {
    let mut first = normal_trainee();
    assert_eq!((first.parameter_count(), first.running_count()), (9 * 6 + 2 * 6 + 96 * 10 + 10, 12));
    let fresh = first.weights().unwrap();
    let (data, recipe) = (few_digits(153, 40), Recipe { batch: 16, optimizer: adam(), rate: 0.01, ..recipe() });
    fit(&mut first, &data, &recipe, None, &mut |_| {}, &GO_ON).unwrap();
    let weights = first.weights().unwrap();
    let names: Vec<&str> = weights.tensors.iter().map(|(name, _)| name.as_str()).collect();
    let bn = ["bn1.scale", "bn1.shift", "bn1.mean", "bn1.variance"];
    assert_eq!(names, [&["conv1.filter"][..], &bn, &["fc1.weight", "fc1.bias"]].concat());
    let of = |weights: &Weights, name: &str| weights.tensors.iter().find(|(n, _)| n == name).unwrap().1.clone();
    for (name, first) in [("bn1.mean", 0.0), ("bn1.variance", 1.0)] {
        assert!(of(&fresh, name).iter().all(|&v| v == first));
        assert!(of(&weights, name).iter().all(|&v| v.is_finite() && v != first), "{name}");
    }
    let mut second = Trainee::with_weights(cpu(1), normalised(8, 10), &weights).unwrap();
    assert_eq!(
        second.predict(data.images.held().unwrap()).unwrap(),
        first.predict(data.images.held().unwrap()).unwrap()
    );

    let mut without = weights.clone();
    without.tensors.retain(|(name, _)| name != "bn1.mean");
    let error = Trainee::with_weights(cpu(1), normalised(8, 10), &without).err().unwrap().to_string();
    assert_eq!(error, "the weights have no bn1.mean, of 6, which the net needs");
}

/// Another optimizer's moments begin at zero, so its steps are counted from there: Adam's first step is as long as the
/// rate, wherever the net has been before.
#[test]
fn adam_after_another_optimizer_begins_at_its_first_step() {
    let mut trainee = normal_trainee();
    fit(&mut trainee, &few_digits(153, 40), &Recipe { batch: 16, ..recipe() }, None, &mut |_| {}, &GO_ON).unwrap();
    let before = trainee.weights().unwrap();
    let one = Recipe { epochs: 1, batch: 153, optimizer: adam(), rate: 0.01, further: true, ..recipe() };
    fit(&mut trainee, &few_digits(153, 40), &one, None, &mut |_| {}, &GO_ON).unwrap();
    let moved = |(a, b): (&Tensor, &Tensor)| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let after = trainee.weights().unwrap();
    for ((name, a), (_, b)) in before.tensors.iter().zip(&after.tensors) {
        if !name.ends_with("mean") && !name.ends_with("variance") {
            let moved = moved((a, b));
            assert!((0.0098..0.0101).contains(&moved), "{name} moved by {moved}");
        }
    }
}
