//! Optimizers, schedules and what holds beside them, from the text on; and the search for a learning rate.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea::event::Event;
use fovea::failure::Failure;
use fovea_cpu::Cpu;
use fovea_graph::Tensor;
use fovea_train::Weights;
use serde_json::Value;
use support::bench::Bench;

const TINY: &str = "net tiny = 8x8x1 - conv 8 - bn - relu - pool - fc 32 - relu, softmax 10\n";

/// The weights of a net, by name.
fn weights(bench: &mut Bench, net: &str) -> BTreeMap<String, Tensor> {
    let path = bench.path("kept.safetensors");
    bench.ok(&format!("save {net} \"{path}\""));
    Weights::load(path).unwrap().tensors.into_iter().collect()
}

/// The epochs of the last training of a program.
fn epochs(bench: &mut Bench, text: &str) -> Vec<Value> {
    let outputs = bench.ok(&format!("data digits\n{TINY}{text}"));
    outputs.last().unwrap().data["epochs"].as_array().unwrap().clone()
}

#[test]
fn every_optimizer_learns_the_digits() {
    for clauses in [
        "with sgd(lr 0.05, nesterov, decay 5e-4 weights), clip 1",
        "with rmsprop(lr 0.003, decay 1e-4 weights)",
        "with rmsprop(lr 0.002, momentum 0.5), clip 5, schedule poly",
        "with adamw(lr 0.005, decay 0.01 weights), schedule step(at {1, 2}, by 0.5)",
        "with sgd(lr 0.02), lr 0.1 at fc1, fc2, schedule plateau(by 0.5, patience 0)",
    ] {
        let epochs =
            epochs(&mut Bench::new(), &format!("train tiny on digits for 3 epochs {clauses}, batch 32, seed 1"));
        let accuracy = epochs.last().unwrap()["test_accuracy"].as_f64().unwrap();
        assert!(accuracy > 0.9, "{clauses}: {accuracy}");
    }
}

#[test]
fn what_a_net_has_from_another_can_be_frozen_as_a_whole() {
    let mut bench = Bench::new();
    bench.ok(&format!(
        "data digits\n{TINY}train tiny on digits for 2 epochs, seed 1\nnet more = tiny.pool1 - fc 16 - relu, softmax 10\n\
         train more on digits for 1 epochs, freeze tiny, seed 2"
    ));
    let (tiny, more) = (weights(&mut bench, "tiny"), weights(&mut bench, "more"));
    let taken: Vec<&String> =
        tiny.keys().filter(|name| name.starts_with("conv1.") || name.starts_with("bn1.")).collect();
    assert!(taken.len() >= 5, "{taken:?}");
    for name in taken {
        assert_eq!(tiny[name], more[name], "{name}");
    }
}

#[test]
fn a_run_goes_on_with_what_held_beside_its_optimizer() {
    let mut bench = Bench::new();
    let clauses =
        "with sgd(lr 0.05, nesterov, decay 1e-4 weights), clip 1, freeze conv1..bn1, lr 0.1 at fc1, batch 32, seed 3";
    epochs(&mut bench, &format!("train tiny on digits for 2 epochs {clauses}"));
    let whole = weights(&mut bench, "tiny");

    let mut bench = Bench::new();
    epochs(&mut bench, &format!("train tiny on digits for 1 epochs {clauses}"));
    bench.ok("train tiny on digits for 2 epochs resume run 1");
    assert_eq!(weights(&mut bench, "tiny"), whole);

    for (clause, began) in [
        ("clip 2", "run 1 began with `clip 1`, and a run goes on as it began"),
        ("freeze conv1", "run 1 began with `freeze conv1, bn1`, and a run goes on as it began"),
        ("lr 0.2 at fc1", "run 1 began with `lr 0.1 at fc1`, and a run goes on as it began"),
    ] {
        let wrong = bench.mistakes(&format!("train tiny on digits for 3 epochs, {clause} resume run 1"));
        assert_eq!(wrong[0].message, began);
    }
    epochs(&mut bench, "train tiny on digits for 1 epochs");
    let wrong = bench.mistakes("train tiny on digits for 3 epochs, clip 2 resume run 2");
    assert_eq!(wrong[0].message, "run 2 began without `clip`, and a run goes on as it began");
}

#[test]
fn a_rate_is_found_and_nothing_else_happens() {
    let mut bench = Bench::new();
    bench.ok(&format!("data digits\n{TINY}train tiny on digits for 1 epochs, seed 1"));
    let before = weights(&mut bench, "tiny");
    let outputs = bench.ok("find lr of tiny on digits batch 32 with adam");
    let [output] = &outputs[..] else { panic!("{outputs:?}") };
    let (data, curve) = (&output.data, output.data["curve"].as_array().unwrap());
    assert_eq!(
        (data["verb"].as_str(), data["net"].as_str(), data["batch"].as_u64()),
        (Some("find"), Some("tiny"), Some(32))
    );
    assert!(curve.len() > 100 && curve.len() <= 200, "{}", curve.len());
    assert_eq!(curve[0]["lr"].as_f64(), Some(1e-7));
    assert!(data["diverged"].as_bool().unwrap(), "at a rate of 10 it does");
    assert_eq!(output.pictures.len(), 1);
    assert_eq!(weights(&mut bench, "tiny"), before);
    assert!(!bench.mistakes("show run 2").is_empty(), "a search is no run");
}

#[test]
fn the_suggested_rate_trains() {
    for (optimizer, least) in [("sgd", "sgd(lr"), ("adam", "adam(lr")] {
        let mut bench = Bench::new();
        let found = bench.ok(&format!("data digits\n{TINY}find lr of tiny on digits batch 32 with {optimizer} seed 1"));
        let rate = found.last().unwrap().data["suggestion"].as_f64().unwrap();
        assert!((1e-4..1.0).contains(&rate), "{optimizer}: {rate}");
        let further = bench.mistakes("train tiny further on digits");
        assert_eq!(further[0].message, "`tiny` has no weights to go on from", "nobody keeps those of the search");
        let train = format!("train tiny on digits for 2 epochs with {least} {rate}), batch 32, seed 1");
        let accuracy = epochs(&mut bench, &train).last().unwrap()["test_accuracy"].as_f64().unwrap();
        assert!(accuracy > 0.85, "{optimizer}, lr {rate}: {accuracy}");
    }
}

#[test]
fn a_search_is_broken_off() {
    let stop = Arc::new(AtomicBool::new(false));
    let mut bench = Bench::with(Arc::new(Cpu::new(Some(1)).unwrap()), Arc::clone(&stop));
    let text = format!("data digits\n{TINY}find lr of tiny on digits");
    let mut steps = 0;
    let ended = bench.session.run("test", &text, &mut |event| {
        if let Event::Progress(_) = event {
            steps += 1;
            stop.store(steps == 5, Ordering::Relaxed);
        }
    });
    assert!(matches!(ended, Err(Failure::Interrupted)), "{ended:?}");
    assert_eq!(steps, 5);
}
