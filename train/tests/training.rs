//! The loop, on a softmax regression of the digits: what it sees, computes, tells and keeps.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fovea_data::Dataset;
use fovea_graph::training::Optimizer;
use fovea_graph::{Backend, Tensor};
use fovea_train::{Ending, Event, History, Recipe, Schedule, Standardisation, TrainError, Trainee, fit};
use ndarray::{Array2, Axis};
use support::{Oracle, bits, digits, few_digits, recipe, regression};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn trainee(oracle: &Oracle) -> Trainee {
    let backend: Arc<dyn Backend> = Arc::new(oracle.clone());
    Trainee::fresh(backend, regression(8, 10, 0.1), 1).unwrap()
}

fn train(trainee: &mut Trainee, recipe: &Recipe) -> History {
    fit(trainee, &digits(), recipe, None, &mut |_| {}, &GO_ON).unwrap()
}

/// The bits of a net's weights after a run.
fn trained(recipe: &Recipe) -> Vec<(String, Vec<u32>)> {
    let mut trainee = trainee(&Oracle::default());
    train(&mut trainee, recipe);
    bits(&trainee.weights().unwrap().tensors)
}

#[test]
fn it_learns() {
    let mut trainee = trainee(&Oracle::default());
    let history = train(&mut trainee, &Recipe { epochs: 4, rate: 0.1, schedule: Schedule::Cosine, ..recipe() });
    let last = history.epochs.last().unwrap();
    assert_eq!((history.ending, history.epochs.len()), (Ending::Complete, 4));
    assert!(last.test_accuracy.unwrap() > 0.93, "{last:?}");
    assert!(last.loss < history.epochs[0].loss && last.accuracy > history.epochs[0].accuracy);
}

#[test]
fn each_epoch_shows_every_training_picture_once_and_standardised() {
    let (oracle, data) = (Oracle::default(), digits());
    train(&mut trainee(&oracle), &recipe());
    let seen = oracle.seen();
    // 1437 = 22·64 + 29.
    let sizes: Vec<usize> = seen.iter().map(|(images, _)| images.shape()[0]).collect();
    assert_eq!(sizes, [[64; 22].as_slice(), &[29]].concat().repeat(2));

    let mut images = data.images.held().unwrap().clone();
    Standardisation::of(&data).unwrap().apply(&mut images);
    let picture = |t: &Tensor, i: usize| t.index_axis(Axis(0), i).iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let mut expected: Vec<_> = data.train.iter().map(|&i| (picture(&images, i), data.labels.classes()[i])).collect();
    let epoch = |steps: &[(Tensor, Tensor)]| {
        let pairs = steps.iter().flat_map(|(x, y)| (0..y.len()).map(move |i| (picture(x, i), y[[i]] as u32)));
        pairs.collect::<Vec<_>>()
    };
    let (mut first, mut second) = (epoch(&seen[..23]), epoch(&seen[23..]));
    assert_ne!(first, second, "each epoch has its own order");
    for pairs in [&mut expected, &mut first, &mut second] {
        pairs.sort();
    }
    assert!(first == expected && second == expected);
}

/// One step of plain gradient descent on the whole training part, computed here in f64: softmax regression's gradient
/// is (p − y)ᵀx / N.
#[test]
fn one_step_is_the_textbooks() {
    let backend: Arc<dyn Backend> = Arc::new(Oracle::default());
    let mut trainee = Trainee::fresh(backend, regression(8, 10, 0.0), 7).unwrap();
    let before = trainee.weights().unwrap().tensors[0].1.clone();
    let data = digits();
    let plain = Optimizer::Sgd { momentum: 0.0, decay: 0.0 };
    let history = train(&mut trainee, &Recipe { epochs: 1, batch: 1437, optimizer: plain, rate: 0.5, ..recipe() });

    let mut images = data.images.held().unwrap().clone();
    Standardisation::of(&data).unwrap().apply(&mut images);
    let x = images.select(Axis(0), &data.train).into_shape_with_order((1437, 64)).unwrap().mapv(f64::from);
    let w = before.into_shape_with_order((10, 64)).unwrap().mapv(f64::from);
    let mut p = x.dot(&w.t()).mapv(f64::exp);
    let mut loss = 0.0;
    for (mut row, &i) in p.outer_iter_mut().zip(&data.train) {
        row /= row.sum();
        loss -= row[data.labels.classes()[i] as usize].ln() / 1437.0;
        row[data.labels.classes()[i] as usize] -= 1.0;
    }
    let expected: Array2<f64> = &w - &(p.t().dot(&x) * (0.5 / 1437.0));
    let found = trainee.weights().unwrap().tensors[0].1.mapv(f64::from);
    let worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < 1e-6, "{worst}");
    assert!((history.epochs[0].loss - loss).abs() < 1e-5, "{} and {loss}", history.epochs[0].loss);
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
    assert_eq!(trained(&recipe()), trained(&recipe()));
    assert_ne!(trained(&recipe()), trained(&Recipe { seed: 8, ..recipe() }));
}

#[test]
fn a_run_begins_anew_unless_it_goes_further() {
    let mut again = trainee(&Oracle::default());
    for seed in [99, 7, 7] {
        train(&mut again, &Recipe { seed, ..recipe() });
    }
    assert_eq!(bits(&again.weights().unwrap().tensors), trained(&recipe()));
}

/// Random numbers are drawn by the step's number and the recipe's seed.
#[test]
fn steps_are_numbered_through_and_anew_with_each_beginning() {
    let oracle = Oracle::default();
    let mut trainee = trainee(&oracle);
    let recipe = Recipe { epochs: 1, ..recipe() };
    train(&mut trainee, &recipe);
    train(&mut trainee, &Recipe { further: true, seed: 8, ..recipe.clone() });
    train(&mut trainee, &recipe);
    let expected = (0..23).map(|i| (7, i)).chain((23..46).map(|i| (8, i))).chain((0..23).map(|i| (7, i)));
    assert_eq!(oracle.numbers(), expected.collect::<Vec<_>>());
}

/// Weights that were trained on pictures standardised in one way see all others so, until they are drawn anew.
#[test]
fn further_keeps_the_standardisation() {
    let mut trainee = trainee(&Oracle::default());
    train(&mut trainee, &recipe());
    let first = Standardisation::of(&digits()).unwrap();
    let mut pale = digits();
    pale.images = (pale.images.held().unwrap() * 0.5).into();
    for (further, expected) in [(true, &first), (false, &Standardisation::of(&pale).unwrap())] {
        fit(&mut trainee, &pale, &Recipe { further, ..recipe() }, None, &mut |_| {}, &GO_ON).unwrap();
        assert_eq!(trainee.standardisation(), Some(expected));
    }
}

/// Two epochs and two more are four: weights, moments, shuffles and dropout masks all go on.
#[test]
fn further_goes_on_where_the_last_run_ended() {
    let mut trainee = trainee(&Oracle::default());
    train(&mut trainee, &recipe());
    let history = train(&mut trainee, &Recipe { further: true, ..recipe() });
    assert_eq!(history.epochs.iter().map(|e| e.epoch).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(bits(&trainee.weights().unwrap().tensors), trained(&Recipe { epochs: 4, ..recipe() }));
}

/// Interrupted between steps, or in the middle of the next one, the weights are those of the last complete step.
#[test]
fn an_interrupt_keeps_the_last_complete_step() {
    let one_epoch = trained(&Recipe { epochs: 1, ..recipe() });
    let stop = Arc::new(AtomicBool::new(false));
    for op in [0, 3, 8] {
        stop.store(false, Ordering::Relaxed);
        let flag = Arc::clone(&stop);
        // The 24th step is the second epoch's first.
        let oracle = Oracle::hooked(move |step, at| flag.store(step == 24 && at >= op, Ordering::Relaxed));
        let mut trainee = trainee(&oracle);
        let history = fit(&mut trainee, &digits(), &recipe(), None, &mut |_| {}, &stop).unwrap();
        assert_eq!((history.ending, history.epochs.len()), (Ending::Interrupted { steps: 23 }, 1));
        assert_eq!(bits(&trainee.weights().unwrap().tensors), one_epoch);
    }
    stop.store(false, Ordering::Relaxed);
    let mut trainee = trainee(&Oracle::default());
    let mut events = |event| {
        if let Event::Step { step: 23, .. } = event {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let history = fit(&mut trainee, &digits(), &recipe(), None, &mut events, &stop).unwrap();
    assert_eq!((history.ending, history.epochs.len()), (Ending::Interrupted { steps: 23 }, 0));
    assert_eq!(bits(&trainee.weights().unwrap().tensors), one_epoch);
}

/// Interrupted among its updates, a step is finished and counts.
#[test]
fn an_interrupt_among_the_updates_lets_the_step_end() {
    let stop = Arc::new(AtomicBool::new(false));
    let (flag, last) = (Arc::clone(&stop), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&last);
    // In the first step the ops are counted; before the last one of the 23rd the flag is set.
    let oracle = Oracle::hooked(move |step, op| match step {
        1 => counted.store(op, Ordering::Relaxed),
        23 if op == counted.load(Ordering::Relaxed) => flag.store(true, Ordering::Relaxed),
        _ => {}
    });
    let mut trainee = trainee(&oracle);
    let history = fit(&mut trainee, &digits(), &recipe(), None, &mut |_| {}, &stop).unwrap();
    assert!(last.load(Ordering::Relaxed) > 8);
    assert_eq!(history.ending, Ending::Interrupted { steps: 23 });
    assert_eq!(bits(&trainee.weights().unwrap().tensors), trained(&Recipe { epochs: 1, ..recipe() }));
}

#[test]
fn a_step_that_is_not_finite_ends_the_run_and_changes_nothing() {
    let mut trainee = trainee(&Oracle::poisoned_at(24));
    let history = train(&mut trainee, &recipe());
    assert_eq!(history.ending, Ending::NotFinite { step: 24, what: "loss".into() });
    assert_eq!(bits(&trainee.weights().unwrap().tensors), trained(&Recipe { epochs: 1, ..recipe() }));
}

#[test]
fn events_tell_the_run_in_order() {
    let mut events = Vec::new();
    let mut trainee = trainee(&Oracle::default());
    fit(&mut trainee, &digits(), &recipe(), None, &mut |event| events.push(event), &GO_ON).unwrap();
    assert_eq!(
        events[0],
        Event::Begin { run: None, steps_per_epoch: 23, epochs: 2, steps: 46, samples: 1437, done: 0 }
    );
    assert_eq!(*events.last().unwrap(), Event::End(Ending::Complete));
    let mut steps = 0;
    for event in &events[1..events.len() - 1] {
        match event {
            Event::Step { step, epoch, loss, images_per_second, done_fraction, .. } => {
                steps += 1;
                assert_eq!((*step, *epoch), (steps, (steps as usize - 1) / 23 + 1));
                assert!((done_fraction - steps as f64 / 46.0).abs() < 1e-12);
                assert!(loss.is_finite() && *images_per_second > 0.0);
            }
            Event::Epoch(metrics) => assert_eq!(steps, 23 * metrics.epoch as u64),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(steps, 46);
}

/// Loss, accuracy and confusion follow from the probabilities, which are those that `predict` gives, one picture at a
/// time or all at once.
#[test]
fn test_and_predict_agree() {
    let data = digits();
    let mut trainee = trainee(&Oracle::default());
    train(&mut trainee, &recipe());
    let tested = trainee.evaluate(&data, &data.test, &GO_ON).unwrap();
    let images = data.images.held().unwrap().select(Axis(0), &data.test);
    let predicted = trainee.predict(&images).unwrap();
    assert_eq!(predicted.probabilities, tested.probabilities);
    let one = trainee.predict(&images.select(Axis(0), &[300])).unwrap();
    assert_eq!(one.logits.index_axis(Axis(0), 0), predicted.logits.index_axis(Axis(0), 300));

    let (mut loss, mut right, mut confusion) = (0.0, 0, vec![vec![0u64; 10]; 10]);
    for ((row, logits), (&i, &class)) in (tested.probabilities.outer_iter().zip(predicted.logits.outer_iter()))
        .zip(data.test.iter().zip(&tested.predictions))
    {
        let label = data.labels.classes()[i] as usize;
        let best = (0..10).max_by(|&a, &b| row[[a]].total_cmp(&row[[b]])).unwrap();
        assert_eq!(class as usize, best);
        let sum: f64 = logits.iter().map(|&v| f64::from(v).exp()).sum();
        assert!((f64::from(logits[[best]]).exp() / sum - f64::from(row[[best]])).abs() < 1e-6);
        loss -= f64::from(row[[label]]).ln() / 360.0;
        right += u64::from(best == label);
        confusion[label][best] += 1;
    }
    assert!((tested.loss - loss).abs() < 1e-5, "{} and {loss}", tested.loss);
    assert_eq!(tested.accuracy, Some(right as f64 / 360.0));
    assert_eq!(tested.confusion, confusion);

    let stop = AtomicBool::new(true);
    assert!(matches!(trainee.evaluate(&data, &data.test, &stop), Err(TrainError::Interrupted)));
}

/// Where there is a part for validation, a run is watched by it, and does not look at the test part.
#[test]
fn a_run_is_watched_by_the_validation_part() {
    let mut data = few_digits(100, 40);
    data.validation = digits().train[200..230].to_vec();
    let unseen = Dataset { test: Vec::new(), ..data.clone() };
    let mut histories = [data.clone(), unseen].map(|data| {
        let mut trainee = trainee(&Oracle::default());
        let history = fit(&mut trainee, &data, &Recipe { batch: 20, ..recipe() }, None, &mut |_| {}, &GO_ON).unwrap();
        (trainee, history)
    });
    let last = |history: &History| history.epochs.last().unwrap().clone();
    let (trainee, history) = &mut histories[0];
    let tested = trainee.evaluate(&data, &data.validation, &GO_ON).unwrap();
    let watched = last(history);
    assert!((watched.validation_loss.unwrap() - tested.loss).abs() < 1e-6);
    assert_eq!((watched.validation_accuracy, watched.watched()), (tested.accuracy, "validation"));
    assert_eq!((watched.test_loss, watched.test_accuracy), (None, None));
    assert_eq!(last(&histories[1].1).validation_loss, watched.validation_loss);
}

#[test]
fn weights_carry_all_that_predictions_need() {
    let data = digits();
    let mut first = trainee(&Oracle::default());
    train(&mut first, &recipe());
    let weights = first.weights().unwrap();
    assert_eq!((&weights.classes, weights.metadata["input"].as_str()), (&data.classes, "8x8x1"));
    let backend: Arc<dyn Backend> = Arc::new(Oracle::default());
    let mut second = Trainee::with_weights(backend, regression(8, 10, 0.1), &weights).unwrap();
    assert_eq!(second.weights().unwrap(), weights);
    assert_eq!(
        second.predict(data.images.held().unwrap()).unwrap(),
        first.predict(data.images.held().unwrap()).unwrap()
    );
}

/// A copy goes on as the net itself would have, and neither reaches the other.
#[test]
fn a_copy_goes_on_by_itself() {
    let further = Recipe { further: true, ..recipe() };
    let mut first = trainee(&Oracle::default());
    train(&mut first, &recipe());
    let before = first.weights().unwrap();
    let mut copy = first.copy(Arc::new(Oracle::default()), regression(8, 10, 0.1)).unwrap();
    assert_eq!(copy.weights().unwrap(), before);
    train(&mut copy, &further);
    assert_eq!(first.weights().unwrap(), before);
    train(&mut first, &further);
    assert_eq!(first.weights().unwrap(), copy.weights().unwrap());
    assert!(first.copy(Arc::new(Oracle::default()), regression(8, 9, 0.1)).is_err());
}

/// Where the device has room for a few pictures only, tests and predictions take fewer at a time and give the same.
#[test]
fn little_room_makes_smaller_batches_of_tests_and_predictions() {
    let data = digits();
    let tested = |oracle| {
        let mut trainee = trainee(&oracle);
        let tested = trainee.evaluate(&data, &data.test, &GO_ON).unwrap();
        (trainee.predict(data.images.held().unwrap()).unwrap(), tested.predictions, tested.confusion)
    };
    // A picture takes some 30 numbers of the arena.
    assert_eq!(tested(Oracle::with_room(400)), tested(Oracle::default()));
}

#[test]
fn a_batch_that_does_not_fit_is_refused_before_anything_changes() {
    let mut trainee = trainee(&Oracle::with_room(2000));
    let before = trainee.weights().unwrap();
    let refused = fit(&mut trainee, &digits(), &recipe(), None, &mut |_| panic!("an event"), &GO_ON).unwrap_err();
    let refused = refused.to_string();
    assert!(refused.starts_with("the plan needs") && refused.ends_with("which oracle does not have free"), "{refused}");
    assert_eq!(trainee.weights().unwrap(), before);
}

/// What a training step needs is much; it is not kept once the run is over, however it ended.
#[test]
fn training_programs_are_let_go() {
    for oracle in [Oracle::default(), Oracle::poisoned_at(30)] {
        let mut trainee = trainee(&oracle);
        let mut most = 0;
        let mut events = |_| most = most.max(oracle.training_programs());
        fit(&mut trainee, &digits(), &recipe(), None, &mut events, &GO_ON).unwrap();
        assert_eq!((most, oracle.training_programs()), (2, 0));
    }
}
