//! `deconvnet`: what excited a map, carried back to the pixels.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fovea::event::{Event, Output};
use fovea::failure::Failure;
use ndarray::ArrayD;
use serde_json::{Value, json};
use support::bench::Bench;

const KNOWS: &str = "net q = 8x8x1 - conv 6 - relu - lrn - pool - conv 8 as c2 - bn - relu as r2, softmax 10\n\
                     train q on digits for 2 epochs with sgd(lr 0.03)";

fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

fn kept(file: &str) -> ArrayD<f32> {
    ndarray_npy::read_npy(file).unwrap()
}

fn numbers(value: &Value) -> Vec<usize> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        number => vec![number.as_u64().unwrap() as usize],
    }
}

#[test]
fn nothing_is_carried_outside_the_receptive_field() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    let file = bench.path("back.npy");
    let output = last(&mut bench, &format!("deconvnet q.c2[3] on digits[0..8] save \"{file}\""));
    let (back, found) = (kept(&file), output.data["found"].as_array().unwrap().clone());
    assert_eq!((back.shape(), found.len()), (&[8, 8, 8, 1][..], 8));
    let mut signals = 0;
    for (sample, found) in found.iter().enumerate() {
        let [top, bottom, left, right] = numbers(&found["receptive_field"])[..] else { panic!("{found}") };
        assert!(bottom - top <= 8 && right - left <= 8 && bottom > top && right > left, "{found}");
        for row in 0..8 {
            for column in 0..8 {
                let is_in = (top..bottom).contains(&row) && (left..right).contains(&column);
                let value = back[[sample, row, column, 0]];
                assert!(is_in || value == 0.0, "{found}: row {row}, column {column}");
                signals += usize::from(value != 0.0);
            }
        }
        // A 3x3 window over a 2x2 pool over a 3x3 window: 8 pixels, less where it lies at an edge.
        let position = numbers(&found["position"]);
        let sees = |at: usize| ((2 * at).saturating_sub(3), (2 * at + 5).min(8));
        assert_eq!(((top, bottom), (left, right)), (sees(position[0]), sees(position[1])));
    }
    assert!(signals > 20, "{signals}");
    // The largest of the map on each sample, as `features` gives it.
    let maps = last(&mut bench, "features q.c2[3] on digits[0..8]").data["max"].as_f64().unwrap();
    let most = found.iter().map(|found| found["activation"].as_f64().unwrap()).fold(f64::NEG_INFINITY, f64::max);
    assert!((maps - most).abs() < 1e-6);
}

#[test]
fn the_samples_that_excite_a_map_most_come_first() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    let output = last(&mut bench, "deconvnet q.r2[1] on digits top 9");
    let found = output.data["found"].as_array().unwrap();
    let activations: Vec<f64> = found.iter().map(|found| found["activation"].as_f64().unwrap()).collect();
    assert!(activations.len() == 9 && activations.is_sorted_by(|a, b| a >= b), "{activations:?}");
    let all = last(&mut bench, "features q.r2[1] on digits[0..360]").data["max"].as_f64().unwrap();
    assert!((activations[0] - all).abs() < 1e-6);
    assert_eq!(output.pictures[0].svg.matches("<image").count(), 28, "three rows of nine, and a scale");
    assert_eq!((&output.data["map"], &output.data["layer"]), (&json!(1), &json!("r2")));
    let file = bench.path("back.png");
    bench.ok(&format!("deconvnet q.r2[1] on digits top 2 save \"{file}\""));
    assert!(std::fs::read(&file).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_search_that_is_broken_off_shows_what_it_has() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    let (file, interrupted) = (bench.path("back.npy"), Arc::clone(&bench.interrupted));
    let mut outputs = Vec::new();
    let mut seen = Vec::new();
    let text = format!("deconvnet q.r2[1] on digits top 9 save \"{file}\"");
    let ended = bench.session.run("cell", &text, &mut |event| match event {
        Event::Progress(progress) => {
            interrupted.store(progress.done > 64, Ordering::Relaxed);
            seen.push((progress.done, progress.of, progress.figures[0].value));
        }
        Event::Output(output) => outputs.push(output),
        _ => {}
    });
    assert_eq!(ended.unwrap_err(), Failure::Interrupted);
    let output = outputs.pop().unwrap();
    assert!(output.interrupted && output.text.contains("broken off after 128 of 360 samples"), "{}", output.text);
    assert_eq!((&output.data["looked_at"], &output.data["interrupted"]), (&json!(128), &json!(true)));
    assert_eq!((output.pictures.len(), kept(&file).shape()), (1, &[9, 8, 8, 1][..]));
    interrupted.store(false, Ordering::Relaxed);
    // They are those of the part that was looked at.
    let whole = last(&mut bench, "deconvnet q.r2[1] on digits[0..128] top 9");
    assert_eq!((&whole.data["found"], &whole.data["interrupted"]), (&output.data["found"], &json!(false)));
    assert_eq!(seen.iter().map(|&(done, of, _)| (done, of)).collect::<Vec<_>>(), [(64, 360), (128, 360)]);
    assert!(seen[1].2 >= seen[0].2 && seen[1].2 == output.data["found"][0]["activation"].as_f64().unwrap());
}

#[test]
fn a_net_that_nothing_has_trained_is_looked_into_too() {
    let mut bench = Bench::new();
    let output = last(
        &mut bench,
        "net u = 64x64x3 - conv 4 - relu - concat(conv 4 | pool 3x3/1 same) as j - pool avg, softmax 4\ndata shapes size 64x64\ndeconvnet u.j[6] on shapes[2]",
    );
    assert_eq!(output.data["found"].as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_carried_back_is_named() {
    let mut bench = Bench::new();
    bench.ok("net q = 8x8x1 - conv 4 - relu - pool - fc 6 - relu, softmax 10");
    let mut first = |text: &str| bench.mistakes(text)[0].message.clone();
    assert_eq!(first("deconvnet q.fc1[0] on digits[3]"), "`q.fc1` gives 6, and no maps");
    assert_eq!(first("deconvnet q.conv1[4] on digits[3]"), "`q.conv1` has 4 maps, and none with number 4");
    assert_eq!(first("deconvnet q.conv1 on digits[3]"), "`deconvnet` carries one map back: which of `q.conv1`?");
    assert_eq!(first("deconvnet q.conv1[0] on digits top 100"), "100 pictures are too many to look at");
    assert_eq!(first("deconvnet q.conv1[0] on digits top 0"), "the number of samples must be at least 1, not 0");
}
