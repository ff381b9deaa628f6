//! `evolve`: pictures that mean nothing and of which a net is sure.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use fovea::event::Output;
use ndarray::ArrayD;
use ndarray_npy::ReadNpyExt;
use serde_json::{Value, json};
use support::bench::Bench;

/// A small net that knows digits.
const KNOWS: &str =
    "net q = 8x8x1 - conv 8 - relu - pool, softmax 10\ntrain q on digits for 3 epochs with sgd(lr 0.03)";

fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

fn certainties(data: &Value) -> Vec<f64> {
    data["champions"].as_array().unwrap().iter().map(|champion| champion["certainty"].as_f64().unwrap()).collect()
}

/// Figure 1 of the source, and its figures 4 and 5 for handwritten digits: certainty above 99 % for all of them.
#[test]
fn lenet_is_sure_of_rubbish_for_all_ten_digits() {
    let mut bench = Bench::new();
    bench.ok("data digits size 28x28\ntrain lenet on digits for 3 epochs");
    for encoding in ["direct", "indirect"] {
        let output = last(&mut bench, &format!("evolve lenet class all {encoding} for 100 generations, seed 1"));
        let sure = certainties(&output.data);
        assert_eq!((sure.len(), &output.data["encoding"]), (10, &json!(encoding)));
        assert!(sure.iter().all(|&certainty| certainty >= 0.99), "{encoding}: {sure:?}");
        assert_eq!(output.pictures[0].svg.matches("<image").count(), 10);
    }
}

#[test]
fn what_is_kept_is_what_the_net_was_sure_of() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    for encoding in ["direct", "indirect"] {
        let file = bench.path("rubbish.npy");
        let text = format!("evolve q class all {encoding} for 10 generations, seed 3, save \"{file}\"");
        let output = last(&mut bench, &text);
        let kept = ArrayD::<f32>::read_npy(std::fs::File::open(&file).unwrap()).unwrap();
        assert_eq!(kept.shape(), [10, 8, 8, 1]);
        assert!(kept.iter().all(|value| (0.0..=1.0).contains(value)));
        let said = last(&mut bench, &format!("predict q on \"{file}\""));
        let probabilities = said.data["probabilities"].as_array().unwrap();
        for (class, certainty) in certainties(&output.data).into_iter().enumerate() {
            let again = probabilities[class][class].as_f64().unwrap();
            assert!((again - certainty).abs() < 1e-5, "{encoding} {class}: {again}, {certainty}");
        }
        assert_eq!(last(&mut bench, &text).data, output.data, "the same seed, the same pictures");
    }
}

/// The best so far is only ever followed by a better one.
#[test]
fn certainty_never_falls() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    let output = last(&mut bench, "evolve q class 7 for 30 generations, seed 2");
    let course: Vec<f64> = serde_json::from_value(output.data["course"].clone()).unwrap();
    assert_eq!((course.len(), &output.data["class"], &output.data["encoding"]), (30, &json!(7), &json!("direct")));
    assert!(course.windows(2).all(|pair| pair[0] <= pair[1]) && course[29] > course[0], "{course:?}");
    assert_eq!(certainties(&output.data), [course[29]]);
    let other = last(&mut bench, "evolve q class 7 for 30 generations, seed 3");
    assert_ne!(certainties(&other.data), certainties(&output.data));
}

#[test]
fn a_search_that_is_broken_off_keeps_what_it_has() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    let file = bench.path("kept.png");
    let text = format!("evolve q class all for 100000 generations, save \"{file}\"");
    let output = bench.broken_off(&text, 3);
    assert!(output.interrupted && output.text.contains("broken off after 3 of"), "{}", output.text);
    assert_eq!((&output.data["generations"], certainties(&output.data).len()), (&json!(3), 10));
    assert!(std::fs::read(&file).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn what_cannot_be_evolved_is_named() {
    let mut bench = Bench::new();
    let mut first = |text: &str| bench.mistakes(text)[0].message.clone();
    assert_eq!(first(&format!("{KNOWS}\nevolve q class 10")), "`q` tells 10 classes, and none with number 10");
    assert_eq!(first("net n = 8x8x1 - fc 3\nevolve n"), "`n` does not end in softmax: it tells no classes");
    let maps = first("net m = 8x8x1 - conv 4 1x1 - softmax\nevolve m");
    assert_eq!(maps, "`m` tells a class at each of 8x8x4 positions");
    let wave = first("net w = 16x2 - fc 4 - relu, softmax 3\nevolve w");
    assert_eq!(wave, "`w` takes 16x2, and pictures have height x width x 1 or 3 channels");
}

#[test]
fn a_net_that_nothing_has_trained_is_sure_of_something_too() {
    let mut bench = Bench::new();
    let output =
        last(&mut bench, "net u = 8x8x3 - fc 8 - relu, softmax 4\nevolve u class 2 indirect for 5 generations");
    assert_eq!(output.data["champions"][0]["class"], json!(2));
}
