//! One probability that tells two classes apart, and classes of which several may be there, from the text on.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use ndarray::{Array1, Array2};
use ndarray_npy::write_npy;
use support::bench::Bench;

/// Eight numbers that rise or fall: data of two classes, of which the second is rarer.
fn slopes(bench: &Bench) -> String {
    let [x, y] = ["x.npy", "y.npy"].map(|name| bench.path(name));
    let rises = |n: usize| n.is_multiple_of(3);
    let value = |n: usize, at: usize| if rises(n) { at as f32 } else { 7.0 - at as f32 };
    write_npy(&x, &Array2::from_shape_fn((120, 8), |(n, at)| value(n, at) / 8.0 + (n * 7 % 11) as f32 / 40.0)).unwrap();
    write_npy(&y, &Array1::from_shape_fn(120, |n| i64::from(rises(n)))).unwrap();
    format!("data slopes = npy \"{x}\" labels \"{y}\"")
}

#[test]
fn one_probability_tells_two_classes_apart_as_a_softmax_of_two_does() {
    let mut bench = Bench::new();
    let data = slopes(&bench);
    let outputs = bench.ok(&format!(
        "{data}\nnet one = 8x1 - fc 4 - relu - fc 1 - sigmoid\n\
         train one on slopes for 20 epochs with adam(lr 0.02), batch 16\ntest one on slopes\n\
         predict one on slopes[0..5]\npredict one on \"{}\"\nsave one \"{}\"",
        bench.path("x.npy"),
        bench.path("one.safetensors")
    ));
    let epochs = outputs[2].data["epochs"].as_array().unwrap();
    assert!(epochs[19]["accuracy"].as_f64().unwrap() > 0.95, "{}", outputs[2].text);
    let tested = &outputs[3].data;
    assert!(tested["accuracy"].as_f64().unwrap() > 0.95, "{}", outputs[3].text);
    assert_eq!(tested["confusion"].as_array().unwrap().len(), 2);
    assert!(tested["auc"][1].as_f64().unwrap() > 0.95 && tested["auc"][0] == tested["auc"][1], "{tested}");
    assert!(tested["f1"][1].as_f64().unwrap() > 0.9 && tested["recall"][0].is_f64(), "{tested}");
    let rows = outputs[4].data["probabilities"].as_array().unwrap();
    assert_eq!((rows.len(), rows[0].as_array().unwrap().len()), (5, 2));
    assert!((rows[0][0].as_f64().unwrap() + rows[0][1].as_f64().unwrap() - 1.0).abs() < 1e-6);
    // Files have no labels: the classes are those that it was trained on.
    assert_eq!(outputs[5].data["classes"].as_array().unwrap().len(), 120);
    let again = bench.ok(&format!("load one \"{}\"\ntest one on slopes", bench.path("one.safetensors")));
    assert_eq!(again[1].data["confusion"], tested["confusion"]);
    bench.ok("train one on slopes for 1 epochs, weights balanced, smooth 0.1, batch 16");
}

#[test]
fn other_ends_say_what_they_give() {
    let mut bench = Bench::new();
    let data = slopes(&bench);
    bench.ok(&data);
    let text = "net two = 8x1 - fc 2 - sigmoid\ntrain two on slopes for 1 epochs";
    let found = bench.mistakes(text).remove(0);
    let shown = format!("{found:?}");
    assert!(found.message.contains("does not end in softmax"), "{}", found.message);
    assert!(shown.contains("gives 2 by sigmoid") && shown.contains("one of 2 classes a sample"), "{shown}");
    assert!(shown.contains("softmax 2") && shown.contains("fc 1 - sigmoid"), "{shown}");
    let found = bench.mistakes("net one = 8x8x1 - fc 1 - sigmoid\ntrain one on digits for 1 epochs").remove(0);
    assert!(found.message.contains("tells 2 classes apart, and `digits` has 10"), "{}", found.message);
}

#[test]
fn rare_ones_of_several_classes_count_more_where_they_are_weighed() {
    let mut bench = Bench::new();
    let [x, y] = ["a.npy", "b.npy"].map(|name| bench.path(name));
    write_npy(&x, &Array2::from_shape_fn((100, 6), |(n, at)| ((n * 13 + at * 7) % 17) as f32 / 17.0)).unwrap();
    // The second class is there once in ten, whatever the sample is.
    write_npy(&y, &Array2::from_shape_fn((100, 2), |(n, at)| u8::from(n % [2, 10][at] == 0))).unwrap();
    bench.ok(&format!("data d = npy \"{x}\" labels \"{y}\"\nnet n = 6x1 - fc 2 - sigmoid"));
    let mut recall = |clause: &str| {
        let outputs =
            bench.ok(&format!("train n on d for 20 epochs with adam(lr 0.02), batch 16{clause}\ntest n on d"));
        outputs[1].data["recall"][1].as_f64().unwrap()
    };
    assert!(recall("") < 0.01);
    assert!(recall(", weights balanced") > 0.2);
}
