//! `maximize`: the pictures that units of a net want to see.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use fovea::event::{Event, Output};
use ndarray::{ArrayD, Axis};
use serde_json::{Value, json};
use support::bench::Bench;

/// A small net that knows digits.
const KNOWS: &str = "net q = 8x8x1 - conv 8 - relu - pool - conv 6 3x3 valid as c2 - relu as r2 - fc 24 - tanh, softmax 10\n\
                     train q on digits for 5 epochs with sgd(lr 0.03)";

fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

/// The text, however its lines are broken.
fn words(output: &Output) -> String {
    output.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn kept(file: &str) -> ArrayD<f32> {
    ndarray_npy::read_npy(file).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn every_class_gets_its_picture_and_the_same_seed_the_same() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    let file = bench.path("seen.npy");
    let output = last(&mut bench, &format!("maximize q for 60 steps seed 3 save \"{file}\""));
    let data = &output.data;
    assert_eq!((&data["verb"], &data["class"], &data["layer"]), (&json!("maximize"), &json!("all"), &json!("fc2")));
    assert_eq!((&data["steps"], &data["interrupted"], &data["trained"]), (&json!(60), &json!(false), &json!(true)));
    assert_eq!(data["with"], json!(["fourier(power 1)", "tv(weight 0.1)"]));
    let [before, after] = ["before", "after"].map(|end| numbers(&data["activation"][end]));
    assert!(before.iter().zip(&after).all(|(before, after)| after > before), "{before:?} {after:?}");
    assert_eq!(data["activation"]["curve"].as_array().unwrap().len(), 61);
    let pictures = kept(&file);
    assert_eq!(pictures.shape(), [10, 8, 8, 1]);
    assert!(pictures.iter().all(|value| (0.0..=1.0).contains(value)));
    assert_eq!(output.pictures[0].svg.matches("<image").count(), 10);
    assert!(
        words(&output)
            .starts_with("What the classes of q want to see: the score before the softmax, 60 steps with fourier")
    );
    let again = last(&mut bench, &format!("maximize q for 60 steps seed 3 save \"{file}\""));
    assert_eq!((again.data, kept(&file)), (output.data.clone(), pictures), "the same seed, the same bits");
    assert_ne!(last(&mut bench, "maximize q for 60 steps seed 4").data["activation"], output.data["activation"]);
    assert_eq!(last(&mut bench, "seed 3\nmaximize q for 60 steps").data["activation"], output.data["activation"]);
}

#[test]
fn a_class_s_picture_excites_it_more_than_any_digit() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    let [seen, of_seen, of_digits] = ["seen.npy", "of seen.npy", "of digits.npy"].map(|name| bench.path(name));
    let output = last(&mut bench, &format!("maximize q class all with plain save \"{seen}\""));
    assert!(words(&output).contains("150 steps without regularisers"), "{}", output.text);
    bench.ok(&format!("predict q on \"{seen}\" save \"{of_seen}\"\npredict q on digits save \"{of_digits}\""));
    let (of_seen, of_digits) = (kept(&of_seen), kept(&of_digits));
    for (class, after) in numbers(&output.data["activation"]["after"]).into_iter().enumerate() {
        let score = f64::from(of_seen[[class, class]]);
        assert!((score - after).abs() < 1e-4, "class {class}: {score}, {after}");
        let most = of_digits.index_axis(Axis(1), class).iter().copied().fold(f32::NEG_INFINITY, f32::max);
        assert!(score > f64::from(most), "class {class}: {score}, {most}");
    }
}

#[test]
fn one_unit_is_shown_with_its_course() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    for (what, said, of) in [
        ("q class 7", "class 7 of q", "the score before the softmax"),
        ("q.c2[5]", "q.c2[5]", "the mean of the map"),
        ("q.c2[5] centre", "q.c2[5]", "the value in the middle of the map"),
        ("q.fc1[11]", "q.fc1[11]", "the value"),
    ] {
        let output = last(&mut bench, &format!("maximize {what} for 30 steps"));
        assert!(words(&output).starts_with(&format!("What {said} wants to see: {of} from ")), "{}", output.text);
        let picture = &output.pictures[0];
        assert_eq!((picture.name.as_str(), picture.svg.matches("<image").count()), ("maximize", 2), "{what}");
        assert!(picture.width <= 720, "{}", picture.width);
        assert_eq!(
            (&output.data["of"], &output.data["activation"]["after"].as_array().unwrap().len()),
            (&json!(of), &1)
        );
    }
    assert_eq!(last(&mut bench, "maximize q class 7 for 5 steps").data["class"], json!(7));
    assert_eq!(last(&mut bench, "maximize q.c2[5] for 5 steps").data["units"], json!([5]));
}

#[test]
fn a_layer_is_a_sheet_of_its_maps_and_a_wide_one_of_the_first() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    let output = last(&mut bench, "maximize q.r2 for 10 steps");
    assert_eq!((&output.data["units"], &output.data["class"]), (&json!([0, 1, 2, 3, 4, 5]), &json!(null)));
    assert_eq!(output.pictures[0].svg.matches("<image").count(), 6);
    let some = last(&mut bench, "maximize q.r2[2..4] for 10 steps");
    assert_eq!(some.data["units"], json!([2, 3]));
    let wide = last(&mut bench, "net w = 8x8x3 - conv 70 - relu, softmax 4\nmaximize w.conv1 for 2 steps");
    assert_eq!((wide.data["units"].as_array().unwrap().len(), &wide.data["all"]), (64, &json!(70)));
    assert!(words(&wide).contains("; the first 64 of 70"), "{}", wide.text);
    assert!(wide.pictures[0].alt.contains("(64 of 70)"), "{}", wide.pictures[0].alt);
}

#[test]
fn octaves_are_of_the_net_s_size_where_a_layer_needs_it_and_of_their_own_where_none_does() {
    let mut bench = Bench::new();
    bench.ok("net q = 16x16x3 - conv 8 - relu - pool - conv 6 - relu - fc 12 - relu, softmax 5");
    for what in ["q class 3", "q.conv2[1]", "q.conv2[1] centre"] {
        let output = last(&mut bench, &format!("maximize {what} with octaves(count 3, by 1.5), tv for 12 steps"));
        assert_eq!(output.data["with"], json!(["octaves(count 3, by 1.5)", "tv(weight 0.1)"]));
        let [before, after] = ["before", "after"].map(|end| numbers(&output.data["activation"][end])[0]);
        assert!(after > before, "{what}: {before} {after}");
    }
}

#[test]
fn a_net_that_nothing_has_trained_says_so_and_one_that_was_loaded_has_its_weights() {
    let mut bench = Bench::new();
    let mut texts = Vec::new();
    let mut data = Value::Null;
    let text = "net u = 8x8x3 - conv 4 - relu, softmax 4\nmaximize u.conv1[2] for 5 steps";
    bench
        .session
        .run("cell", text, &mut |event| match event {
            Event::Text(text) => texts.push(text),
            Event::Output(output) => data = output.data,
            _ => {}
        })
        .unwrap();
    assert_eq!(texts, ["`u` has its first weights: nothing has trained it"]);
    assert_eq!(data["trained"], json!(false));
    bench.ok(KNOWS);
    let (file, own) = (bench.path("q.safetensors"), last(&mut bench, "maximize q class 2 for 5 steps").data);
    bench.ok(&format!("save q \"{file}\""));
    let mut other = Bench::new();
    other.ok(&format!("{}\nload q \"{file}\"", KNOWS.lines().next().unwrap()));
    assert_eq!(last(&mut other, "maximize q class 2 for 5 steps").data, own);
    let shapes = "net c = 16x16x3 - conv 4 - relu, softmax 10\ndata shapes size 16x16\ntrain c on shapes for 1 steps";
    let (file, called) = (bench.path("c.safetensors"), "class star of c wants to see");
    bench.ok(&format!("{shapes}\nsave c \"{file}\""));
    other.ok(&format!("{}\nload c \"{file}\"", shapes.lines().next().unwrap()));
    for bench in [&mut bench, &mut other] {
        assert!(words(&last(bench, "maximize c class 6 for 2 steps")).contains(called));
    }
}

#[test]
fn a_climb_that_is_broken_off_keeps_what_it_has() {
    let mut bench = Bench::new();
    bench.ok(KNOWS);
    let file = bench.path("kept.png");
    let text = format!("maximize q for 1000000 steps save \"{file}\"");
    let output = bench.broken_off(&text, 3);
    assert!(output.interrupted && words(&output).contains("broken off after 3 of 1,000,000 steps"), "{}", output.text);
    assert_eq!((&output.data["steps"], output.pictures.len()), (&json!(3), 1));
    assert!(std::fs::read(&file).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_unit_that_no_pixel_moves_is_named_and_a_rectifier_is_climbed_from_below() {
    let mut bench = Bench::new();
    let output =
        last(&mut bench, "net d = 8x8x1 - conv 16 - relu - pool, softmax 2\nmaximize d.pool1 centre for 3 steps");
    let still = output.data["still"].as_array().unwrap().clone();
    assert!((1..16).contains(&still.len()), "{still:?}");
    let names: Vec<String> = still.iter().map(Value::to_string).collect();
    assert!(
        words(&output).ends_with(&format!("nothing that was tried changes {}", names.join(", "))),
        "{}",
        output.text
    );
    let still = last(&mut bench, &format!("maximize d.pool1[{}] centre for 3 steps with plain", names[0]));
    assert!(words(&still).ends_with("nothing that was tried changes its value"), "{}", still.text);
    assert_eq!(last(&mut bench, "maximize d.relu1 centre for 3 steps").data["still"], json!([]));
}

#[test]
fn what_cannot_be_climbed_to_is_named() {
    let mut bench = Bench::new();
    bench.ok("net q = 8x8x1 - conv 4 - relu - pool - fc 6 - relu, softmax 10\nnet n = 8x8x1 - fc 3\nnet w = 16x2 - fc 4 - relu, softmax 3");
    for (text, message) in [
        ("maximize q class 10", "`q` tells 10 classes, and none with number 10"),
        ("maximize q.conv1[4]", "`q.conv1` has 4 maps, and none with number 4"),
        ("maximize q.fc1[0..9]", "`q.fc1` has 6 units, and none with number 8"),
        ("maximize q.conv7", "`q` has no layer `conv7`"),
        ("maximize q.softmax1[3]", "`q.softmax1` gives probabilities: one rises, too, where the others' scores fall"),
        ("maximize q.input", "`q.input` is the picture itself"),
        ("maximize q.conv1 class 3", "a class is told by the whole net, and `q.conv1` is a layer of it"),
        ("maximize q.fc1[2] centre", "only a map has a middle, and `q.fc1` gives 6"),
        ("maximize q class 3 centre", "only a map has a middle, and `q` gives 10"),
        ("maximize n", "`n` does not end in softmax: it tells no classes"),
        ("maximize w class 1", "`w` takes 16x2, and pictures have height x width x 1 or 3 channels"),
        ("maximize q for 0 steps", "the number of steps must be at least 1, not 0"),
        ("maximize q with jitter(pixels 8)", "pictures of 8x8 cannot be shifted by 8 pixels"),
        ("maximize q with blur(sigma 9)", "a blur of 9 pixels leaves nothing of pictures of 8x8"),
        ("maximize q with octaves(count 9)", "of 9 octaves by 1.5 the first would be smaller than 4 pixels"),
        ("maximize q with octaves(by 1)", "each octave is larger than the one before: `by` is above 1, not 1"),
        ("maximize q with tv(weight 0)", "`weight` must be a number above 0, not 0"),
        ("maximize q with tv(weight -1)", "`weight` cannot be negative"),
        ("maximize q with tv, plain", "`plain` is without regularisers"),
        ("maximize q with tv, jitter, tv", "a regulariser stands twice"),
    ] {
        assert_eq!(bench.mistakes(text)[0].message, message, "{text}");
    }
}
