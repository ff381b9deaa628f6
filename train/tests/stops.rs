//! What comes before a run's first step asks whether it is to end, and ends where it is told to.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_cpu::Cpu;
use fovea_graph::stop::looks;
use fovea_graph::training::Optimizer;
use fovea_graph::{Backend, Interrupted, Stop};
use fovea_train::{Forward, Needs, NetworkError, Question, TrainError, Trainee, fit};
use support::{convolutional, recipe, regression};

fn cpu() -> Arc<dyn Backend> {
    Arc::new(Cpu::new(Some(1)).unwrap())
}

/// An interrupt alone.
fn broken<T>(result: Result<T, TrainError>) -> Result<(), Interrupted> {
    match result {
        Ok(_) => Ok(()),
        Err(TrainError::Interrupted) => Err(Interrupted),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_route_of_every_question_ends_where_it_is_told_to() {
    let (cpu, forward) = (cpu(), convolutional(8, 10));
    let sgd = Optimizer::Sgd { momentum: 0.9, decay: 0.0 };
    let nodes = forward(2, fovea_train::Mode::Train).unwrap().nodes.len();
    for question in [
        Question::result(),
        Question::test(),
        Question::train(&sgd),
        Question::train_some(&sgd, "fc1", |state| state.name.starts_with("fc1")),
        Question::gradients("logits", &["images"]),
    ] {
        let asked = looks(|stop| broken(question.route_unless(&forward, 2, &*cpu, stop)));
        assert!(asked > 3 * nodes, "{question:?} asks {asked} times of {nodes} nodes");
    }
    let step = Question::train(&sgd);
    let one = looks(|stop| broken(step.route_unless(&forward, 8, &*cpu, stop)));
    let run = looks(|stop| broken(Needs::plan(&forward, [&step, &Question::test()], &[8, 5], 20, &*cpu, stop)));
    assert!(run > 2 * one, "{run} times for all programs of a run, {one} for one of them");
}

#[test]
fn first_weights_are_drawn_until_they_are_broken_off() {
    let fresh = |side: usize| looks(|stop| broken(Trainee::fresh_unless(cpu(), regression(side, 10, 0.0), 1, stop)));
    let [small, large] = [4, 64].map(fresh);
    assert!(small >= 2 && large >= small + 9, "{small} times for 160 weights, {large} for 40,960");
}

#[test]
fn a_graph_whose_making_was_broken_off_is_no_mistake_of_the_net() {
    let broken_off: Forward = Box::new(|_, _| Err(NetworkError::from(Interrupted)));
    let never = AtomicBool::new(false);
    assert!(matches!(Question::result().route(&broken_off, 1, &*cpu()), Err(TrainError::Interrupted)));
    assert!(matches!(Trainee::fresh_unless(cpu(), broken_off, 1, &never), Err(TrainError::Interrupted)));
}

#[test]
fn a_run_that_is_broken_off_before_it_begins_tells_of_no_step() {
    let data = support::digits();
    let mut trainee = Trainee::fresh(cpu(), regression(8, 10, 0.0), 1).unwrap();
    let stop = AtomicBool::new(true);
    let mut events = 0;
    let ended = fit(&mut trainee, &data, &recipe(), None, &mut |_| events += 1, &stop);
    assert!(matches!(ended, Err(TrainError::Interrupted)));
    assert_eq!(events, 0);
    assert!(stop.is_set());
}
