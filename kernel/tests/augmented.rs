//! Augmented training pictures, and data normalised otherwise, from the text on.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use serde_json::json;
use support::bench::Bench;

/// Augmented training is another training, the same each time; tests see the pictures as they are.
#[test]
fn training_pictures_are_augmented() {
    let mut bench = Bench::new();
    let net = "net small = 8x8x1 - conv 4 3x3 - relu - pool, softmax 10\n";
    let train = "train small on digits for 2 epochs with adam(lr 0.005)\n";
    let mut losses = |data: &str| {
        let outputs = bench.ok(&format!("{data}\n{net}{train}test small on digits"));
        let [_, _, trained, tested] = &outputs[..] else { panic!("four outputs") };
        let epochs = trained.data["epochs"].clone();
        // What the run said of the test part is what `test` says of it: neither is augmented.
        let last = epochs[1]["test_loss"].as_f64().unwrap();
        assert!((last - tested.data["loss"].as_f64().unwrap()).abs() < 1e-6);
        assert!((0.0..=1.0).contains(&trained.data["waiting"].as_f64().unwrap()));
        (epochs[0]["loss"].clone(), epochs[1]["loss"].clone())
    };
    let plain = losses("data digits");
    let turned = losses("data digits augment rotate 20, crop 1");
    assert_eq!(turned, losses("data digits augment crop 1, rotate 20"));
    assert_ne!(plain, turned);
    assert_ne!(plain, losses("data digits raw"));
    assert_eq!(plain, losses("data digits"));
}

#[test]
fn augmented_pictures_are_shown() {
    let mut bench = Bench::new();
    let text = "data digits augment rotate 20\nshow digits augmented\nshow digits.train[0..2] augmented\n\
                data scenes augment flip\nshow scenes.train[0] augmented\ndata shapes\nshow shapes augmented";
    let outputs = bench.ok(text);
    assert!(outputs[1].text.starts_with("digits: 12 pictures as they are"), "{}", outputs[1].text);
    assert_eq!(outputs[2].data["pictures"], json!(2));
    assert!(outputs[6].text.starts_with("shapes is not augmented"), "{}", outputs[6].text);
    assert!([1, 2, 4, 6].iter().all(|&at: &usize| outputs[at].pictures.len() == 1));
}

#[test]
fn data_that_cannot_be_seen_so_say_it() {
    let mut bench = Bench::new();
    let line = ndarray::Array2::from_shape_fn((20, 6), |(n, at)| (n * at) as f32);
    ndarray_npy::write_npy(bench.path("x.npy"), &line).unwrap();
    ndarray_npy::write_npy(bench.path("y.npy"), &ndarray::Array1::from_shape_fn(20, |n| (n % 2) as i64)).unwrap();
    let lines = format!("data lines = npy \"{}\" labels \"{}\"", bench.path("x.npy"), bench.path("y.npy"));
    for (text, at, message) in [
        ("data digits augment crop 8".to_string(), "crop 8", "cannot be moved by 8 pixels"),
        ("data digits augment cutout 9".to_string(), "cutout 9", "cannot be cut out by 9 pixels"),
        (format!("{lines} augment noise 0.1, flip"), "noise 0.1, flip", "only pictures can be moved or recoloured"),
        ("data digits normalize imagenet".to_string(), "imagenet", "ImageNet's pictures are in colour"),
    ] {
        let found = bench.mistakes(&text).remove(0);
        assert_eq!(&text[found.span().range()], at);
        assert!(found.message.contains(message), "{}", found.message);
    }
    bench.ok(&format!(
        "{lines} augment noise 0.1\nnet q = 6x1 - conv 2 size 3 - relu, softmax\ntrain q on lines for 1 epochs batch 4"
    ));
}
