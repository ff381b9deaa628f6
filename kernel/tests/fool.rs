//! `fool`: adversarial examples.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fovea::event::{Event, Output};
use fovea::failure::Failure;
use fovea_data::DataSpec;
use ndarray::ArrayD;
use ndarray_npy::ReadNpyExt;
use serde_json::{Value, json};
use support::bench::Bench;

/// A net that knows digits.
const KNOWS: &str =
    "net q = 8x8x1 - conv 8 - relu - pool - fc 32 - relu, softmax 10\ntrain q on digits for 6 epochs with sgd(lr 0.03)";

fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

fn knowing() -> Bench {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    bench
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn one_picture_before_and_after() {
    let mut bench = knowing();
    let output = last(&mut bench, "fool q on digits[3] with pgd(eps 0.2)");
    let shares = |key: &str| serde_json::from_value::<Vec<f64>>(output.data[key].clone()).unwrap();
    let (before, after) = (shares("before"), shares("after"));
    let truth = output.data["truth"].as_u64().unwrap() as usize;
    assert!(before[truth] > 0.5 && after[truth] < before[truth], "{before:?} {after:?}");
    assert_eq!((before.len(), &output.data["fooled"], &output.data["classes"][0]), (10, &json!(true), &json!("0")));
    let most = number(&output.data["max_change"]);
    assert!(most > 0.0 && most <= f64::from(0.2f32), "{most}");
    assert_eq!(output.pictures[0].svg.matches("<image").count(), 3, "the picture, the change, the result");
    assert!(output.pictures[0].svg.contains("the change, "), "how many times it is magnified");
    let said = last(&mut bench, "predict q on digits[3]");
    assert!((number(&said.data["probabilities"][0][truth]) - before[truth]).abs() < 1e-6);
}

#[test]
fn no_value_changes_by_more_than_eps_or_leaves_0_to_1_whatever_the_data_are_normalised_to() {
    let data = DataSpec::of_builtin("digits").unwrap().load().unwrap();
    let pictures = data.images.held().unwrap().select(ndarray::Axis(0), &data.test);
    for normalise in ["", "raw"] {
        let mut bench = Bench::new();
        let file = bench.path("fooled.npy");
        let digits = if normalise.is_empty() { String::new() } else { format!("data digits {normalise}\n") };
        bench.ok(&format!("{digits}{KNOWS}"));
        for eps in ["0.1", "0.03"] {
            for attack in ["fgsm", "pgd"] {
                let output = last(&mut bench, &format!("fool q on digits with {attack}(eps {eps}) save \"{file}\""));
                let changed = ArrayD::<f32>::read_npy(std::fs::File::open(&file).unwrap()).unwrap();
                assert_eq!(changed.shape(), pictures.shape());
                let bound: f32 = eps.parse().unwrap();
                let most = changed.iter().zip(&pictures).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                // In f32 most values cannot move by exactly eps: they stay within it.
                assert!(most <= bound && most > 0.999 * bound, "{normalise} {attack} {eps}: {most}");
                assert!(changed.iter().all(|value| (0.0..=1.0).contains(value)));
                assert!(number(&output.data["accuracy"]) < number(&output.data["clean"]), "{}", output.text);
            }
        }
    }
}

#[test]
fn several_steps_fool_at_least_as_often_as_one() {
    let mut bench = knowing();
    for eps in ["0.05", "0.1", "0.2"] {
        let [one, several] = ["fgsm", "pgd"].map(|attack| {
            let output = last(&mut bench, &format!("fool q on digits with {attack}(eps {eps})"));
            let curve: Vec<[f64; 2]> = serde_json::from_value(output.data["curve"].clone()).unwrap();
            assert_eq!((curve.len(), curve[0]), (5, [0.0, number(&output.data["clean"])]));
            assert_eq!(curve[4][1], number(&output.data["accuracy"]));
            assert!(curve.windows(2).all(|pair| pair[0][0] < pair[1][0]));
            number(&output.data["accuracy"])
        });
        assert!(several <= one && one < 0.97, "{eps}: {several}, {one}");
    }
}

#[test]
fn the_way_to_the_nearest_boundary_is_shorter_than_that_by_signs() {
    let mut bench = knowing();
    let near = last(&mut bench, "fool q on digits with deepfool");
    assert!(number(&near.data["accuracy"]) < 0.05 && near.data["eps"].is_null(), "{}", near.text);
    let curve: Vec<[f64; 2]> = serde_json::from_value(near.data["curve"].clone()).unwrap();
    assert!(curve.windows(2).all(|pair| pair[0][1] >= pair[1][1]), "{curve:?}");
    let length = |text: &str, bench: &mut Bench| {
        let output = last(bench, text);
        assert_eq!(output.data["fooled"], json!(true), "{text}");
        number(&output.data["length"])
    };
    let shortest = length("fool q on digits[3] with deepfool", &mut bench);
    assert!(shortest < length("fool q on digits[3] with pgd(eps 0.3)", &mut bench));
}

#[test]
fn pictures_are_taken_for_an_aim() {
    let mut bench = knowing();
    let output = last(&mut bench, "fool q on digits with pgd(eps 0.4) toward 0");
    assert!(number(&output.data["reached"]) > 0.5, "{}", output.text);
    let data = DataSpec::of_builtin("digits").unwrap().load().unwrap();
    let zeros = data.test.iter().filter(|&&at| data.labels.class(at) == Some(0)).count();
    assert_eq!(output.data["pictures"], json!(360 - zeros), "those of class 0 are left alone");
}

#[test]
fn what_is_broken_off_keeps_the_sizes_that_are_done() {
    let mut bench = knowing();
    let interrupted = Arc::clone(&bench.interrupted);
    let mut outputs = Vec::new();
    let ended = bench.session.run("cell", "fool q on digits with pgd(eps 0.1, steps 20)", &mut |event| match event {
        Event::Progress(progress) if progress.done > 400 => interrupted.store(true, Ordering::Relaxed),
        Event::Output(output) => outputs.push(output),
        _ => {}
    });
    assert_eq!(ended.unwrap_err(), Failure::Interrupted);
    let output = outputs.pop().unwrap();
    assert!(output.interrupted && output.text.contains("broken off"), "{}", output.text);
    assert_eq!(output.data["curve"].as_array().unwrap().len(), 1, "the accuracy on pictures as they are");
}

#[test]
fn what_cannot_be_fooled_is_named() {
    let mut bench = knowing();
    let mut first = |text: &str| bench.mistakes(text)[0].message.clone();
    assert_eq!(first("fool q on digits[3] toward 10"), "`q` tells 10 classes, and none with number 10");
    assert_eq!(first("fool q on scenes[3]"), "the weights of `q` take 8x8x1, and the pictures of `scenes` are 64x64x3");
    let maps = first("net m = 64x64x3 - conv 4 - relu - conv 6 1x1 - softmax\nfool m on scenes[3]");
    assert_eq!(maps, "`m` tells a class at each of 64x64x6 positions");
    let truth = last(&mut bench, "fool q on digits[3]").data["truth"].as_u64().unwrap();
    let same = bench.mistakes(&format!("fool q on digits[3] toward {truth}"));
    assert_eq!(same[0].message, format!("digits[3] is of class {truth} already"));
}
