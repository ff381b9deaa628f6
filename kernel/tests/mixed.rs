//! Training samples mixed with each other, from the text on: whatever they are trained toward.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use ndarray::{Array1, Array2, Array4};
use ndarray_npy::write_npy;
use support::bench::Bench;

/// Forty pictures 8x8x1, of three numbers each, any of three classes at once, and a class at every position.
fn files(bench: &Bench) -> [String; 4] {
    let [x, n, k, m] = ["x.npy", "n.npy", "k.npy", "m.npy"].map(|name| bench.path(name));
    let value = |n: usize, at: usize| ((n * 31 + at * 17) % 23) as f32 / 23.0;
    write_npy(&x, &Array4::from_shape_fn((40, 8, 8, 1), |(n, y, x, _)| value(n, 8 * y + x))).unwrap();
    write_npy(&n, &Array2::from_shape_fn((40, 3), |(n, at)| value(n, at) + 0.01)).unwrap();
    write_npy(&k, &Array2::from_shape_fn((40, 3), |(n, at)| u8::from(value(n, at) > 0.6))).unwrap();
    write_npy(&m, &ndarray::Array3::from_shape_fn((40, 8, 8), |(n, y, x)| u8::from(value(n, 8 * y + x) > 0.5)))
        .unwrap();
    [x, n, k, m]
}

#[test]
fn mixed_training_is_another_training_and_tests_see_samples_as_they_are() {
    let mut bench = Bench::new();
    let net = "net small = 8x8x1 - conv 4 3x3 - relu - pool, softmax 10\n";
    let train = "train small on digits for 3 epochs with adam(lr 0.01), batch 32";
    let mut run = |data: &str, clauses: &str| {
        let outputs = bench.ok(&format!("{data}\n{net}{train}{clauses}\ntest small on digits"));
        let [_, _, trained, tested] = &outputs[..] else { panic!("four outputs") };
        let last = trained.data["epochs"][2].clone();
        assert!((last["test_loss"].as_f64().unwrap() - tested.data["loss"].as_f64().unwrap()).abs() < 1e-6);
        (last["loss"].as_f64().unwrap(), last["accuracy"].as_f64().unwrap(), tested.data["accuracy"].as_f64().unwrap())
    };
    let plain = run("data digits", "");
    let mixed = run("data digits augment mixup 1", "");
    // Of a mixture the class that is told counts by its share: three quarters at best, where shares are uniform.
    assert!(mixed.1 < 0.77 && mixed.0 > plain.0, "{mixed:?}");
    assert!(mixed.2 > 0.75, "it has learnt: {mixed:?}");
    assert_eq!(mixed, run("data digits augment mixup 1", ""));
    assert_ne!(mixed, run("data digits augment mixup 1", ", smooth 0.1, weights balanced"));
    assert_eq!(plain, run("data digits", ""));
}

#[test]
fn whatever_samples_are_trained_toward_is_mixed() {
    let mut bench = Bench::new();
    let [x, n, k, m] = files(&bench);
    for (labels, end, clauses, key) in [
        (format!(" labels \"{n}\""), "fc 3", "", "rmse"),
        (format!(" labels \"{k}\""), "fc 3 - sigmoid", ", weights balanced", "mean_f1"),
        (String::new(), "fc 64 - sigmoid", " toward itself", "loss"),
        (format!(" labels \"{m}\""), "conv 2 1x1 - softmax", "", "mean_iou"),
        (format!(" labels \"{m}\""), "conv 2 1x1 - softmax", ", loss dice", "mean_iou"),
        (format!(" labels \"{m}\""), "conv 1 1x1 - sigmoid", "", "mean_iou"),
    ] {
        let outputs = bench.ok(&format!(
            "data d = npy \"{x}\"{labels} augment mixup 0.4\nnet q = 8x8x1 - conv 4 - relu - {end}\n\
             train q on d for 2 epochs batch 8{clauses}"
        ));
        let epochs = outputs[2].data["epochs"].as_array().unwrap();
        assert!(epochs[1]["loss"].as_f64().unwrap().is_finite() && epochs[1][key].is_f64(), "{}", outputs[2].data);
    }
}

#[test]
fn what_is_mixed_is_shown_with_both_classes() {
    let mut bench = Bench::new();
    let outputs = bench.ok("data digits augment mixup 1\nshow digits.train[0..4] augmented");
    let text = outputs[1].text.replace('\n', " ");
    assert!(text.ends_with("see them, each mixed with the next"), "{text}");
    assert!(outputs[1].pictures[0].svg.contains(" + 0."), "the shares of two classes");
}

#[test]
fn mixed_labels_are_not_ignored() {
    let mut bench = Bench::new();
    let [x, _, _, m] = files(&bench);
    bench.ok(&format!("data d = npy \"{x}\" labels \"{m}\" augment mixup 0.4"));
    bench.ok("net q = 8x8x1 - conv 4 - relu - conv 2 1x1 - softmax");
    let text = "train q on d for 1 epochs, ignore 0, batch 8";
    let found = bench.mistakes(text).remove(0);
    assert_eq!(&text[found.span().range()], "ignore 0");
    assert!(found.message.contains("`ignore` and `augment mixup` do not go together"), "{}", found.message);
    for (text, at, message) in [
        ("data digits augment mixup 0", "0", "takes a number above 0, at most 10"),
        ("data digits augment cutmix 1", "cutmix", "cannot be augmented by"),
        ("data digits augment mixup", "mixup", "lacks how much"),
    ] {
        let found = bench.mistakes(text).remove(0);
        assert_eq!(&text[found.span().range()], at);
        assert!(found.message.contains(message), "{}", found.message);
    }
    // Samples that are no pictures can be mixed, too.
    let line = Array2::from_shape_fn((20, 6), |(n, at)| (n * at) as f32);
    write_npy(bench.path("l.npy"), &line).unwrap();
    write_npy(bench.path("c.npy"), &Array1::from_shape_fn(20, |n| (n % 2) as i64)).unwrap();
    bench.ok(&format!(
        "data lines = npy \"{}\" labels \"{}\" augment mixup 0.2\n\
         net p = 6x1 - conv 2 size 3 - relu, softmax\ntrain p on lines for 1 epochs batch 4",
        bench.path("l.npy"),
        bench.path("c.npy")
    ));
}
