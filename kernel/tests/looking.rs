//! Looking into layers and at the session: `convolve`, `filters`, `features`, `plot` of several nets, `%who`, `%reset`.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::sync::atomic::Ordering;

use fovea::event::Output;
use fovea::failure::Failure;
use fovea_dsl::Stage;
use fovea_train::Weights;
use serde_json::{Value, json};
use support::bench::Bench;

/// The lecture's first slide.
const SLIDE: &str = "convolve [1 1 1 0 0; 0 1 1 1 0; 0 0 1 1 1; 0 0 1 1 0; 0 1 1 0 0] with [1 0 1; 0 1 0; 1 0 1]";

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10\n";

/// The last result of a text.
fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

#[test]
fn the_lectures_first_slide() {
    let output = last(&mut Bench::new(), SLIDE);
    assert_eq!(output.data["verb"], "convolve");
    assert_eq!(output.data["output"], json!([[4.0, 3.0, 4.0], [2.0, 4.0, 3.0], [2.0, 3.0, 4.0]]));
    assert_eq!(output.data["image"][4], json!([0.0, 1.0, 1.0, 0.0, 0.0]));
    assert_eq!(output.data["filter"], json!([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]));
    assert_eq!((&output.data["stride"], &output.data["padding"]), (&json!([1, 1]), &json!([[0, 0], [0, 0]])));
    for words in [
        "height and width: (5 − 3)/1 + 1 = 3",
        "4 3 4\n2 4 3\n2 3 4",
        "row 0, column 0: 1·1 + 1·0 + 1·1 + 0·0 + 1·1 + 1·0 + 0·1 + 0·0 + 1·1 = 4",
        "row 2, column 2: 1·1 + 1·0 + 1·1 + 1·0 + 1·1 + 0·0 + 1·1 + 0·0 + 0·1 = 4",
    ] {
        assert!(output.text.contains(words), "{words} in {}", output.text);
    }
    let svg = &output.pictures[0].svg;
    assert_eq!(svg.matches("×1<").count(), 5, "the factors of the filter's ones");
    assert!((1..=9).all(|step| svg.contains(&format!(">step {step}<"))) && !svg.contains(">step 10<"));
}

#[test]
fn sizes_with_padding_stride_and_dilation() {
    let mut bench = Bench::new();
    let image = "[1 2 3 4 5; 4 5 6 7 8; 7 8 9 1 2; 1 1 1 1 1]";
    let mut says = |clauses: &str, words: &str, rows: usize, columns: usize| {
        let output = last(&mut bench, &format!("convolve {image} with [1 2; 3 4] {clauses}"));
        assert!(output.text.contains(words), "{clauses}: {}", output.text);
        let found = output.data["output"].as_array().unwrap();
        assert_eq!((found.len(), found[0].as_array().unwrap().len()), (rows, columns), "{clauses}");
    };
    says("/2", "height: (4 − 2)/2 + 1 = 2\nwidth: ⌊(5 − 2)/2⌋ + 1 = 2", 2, 2);
    says("pad 1", "height: (4 + 2·1 − 2)/1 + 1 = 5\nwidth: (5 + 2·1 − 2)/1 + 1 = 6", 5, 6);
    says("same", "height: (4 + 0 + 1 − 2)/1 + 1 = 4", 4, 5);
    says("same /2", "width: (5 + 0 + 1 − 2)/2 + 1 = 3", 2, 3);
    says("dilate 3", "(4 − 4)/1 + 1 = 1, where the filter covers (2 − 1)·3 + 1 = 4", 1, 2);
    says("valid, stride 3x1", "height: ⌊(4 − 2)/3⌋ + 1 = 1", 1, 4);
}

#[test]
fn a_matrix_goes_over_each_channel_of_a_colour_picture() {
    let mut bench = Bench::new();
    let data = last(&mut bench, "convolve shapes[2] with [0 0 0; 0 2 0; 0 0 0] same").data;
    let (image, result) = (&data["image"], &data["output"]);
    for (y, x, c) in [(0, 0, 0), (16, 9, 1), (31, 31, 2)] {
        let (before, after) = (image[y][x][c].as_f64().unwrap(), result[y][x][c].as_f64().unwrap());
        assert!((after - 2.0 * before).abs() < 1e-6, "{before} gives {after}");
    }
    assert_eq!(result[0][0].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_shown_is_html_and_follows_the_theme() {
    let mut bench = Bench::new();
    bench.ok(TINY);
    let verbs =
        [SLIDE, "filters tiny.conv1", "features tiny.relu1 on digits[3]", "features tiny.softmax1 on digits[3]"];
    for verb in verbs {
        let light = last(&mut bench, verb);
        let dark = last(&mut bench, &format!("theme dark\n{verb}\ntheme light"));
        let dark_again = bench.ok(&format!("theme dark\n{verb}\ntheme light")).remove(1);
        assert_eq!(dark.verb, "theme");
        assert_ne!(light.pictures[0].svg, dark_again.pictures[0].svg, "{verb}");
        assert!(!light.pictures[0].alt.is_empty() && !light.text.is_empty(), "{verb}");
    }
    let html = last(&mut bench, "filters tiny.conv1").html.unwrap();
    assert!(html.contains("<table") && html.contains("norm"), "{html}");
}

#[test]
fn maps_that_are_zero_everywhere_are_told_and_crossed_out() {
    let mut bench = Bench::new();
    let file = bench.path("tiny.safetensors");
    bench.ok(&format!("{TINY}save tiny \"{file}\""));
    let mut weights = Weights::load(&file).unwrap();
    // Filter 1 gives minus 1 everywhere, and the rectifier behind it 0.
    for (name, value) in &mut weights.tensors {
        match name.as_str() {
            "conv1.filter" => value.index_axis_mut(ndarray::Axis(0), 1).fill(0.0),
            "conv1.bias" => value[1] = -1.0,
            _ => {}
        }
    }
    weights.save(&file).unwrap();
    bench.ok(&format!("load tiny \"{file}\""));
    let output = last(&mut bench, "features tiny.relu1 on digits[0..3]");
    assert_eq!(output.data["silent"], json!([1]));
    assert!(output.text.contains("1 of 4 maps is 0 everywhere here: 1"), "{}", output.text);
    assert!(output.pictures[0].svg.contains("crossed out: 0 everywhere"));
    assert_eq!(last(&mut bench, "features tiny.conv1 on digits[0..3]").data["silent"], json!([]));
    assert_eq!(last(&mut bench, "features tiny.conv1[1] on digits[5]").data["max"], json!(-1.0));
    let one = last(&mut bench, "features tiny.relu1[1..3] on digits[0]");
    assert_eq!((&one.data["silent"], &one.data["shape"]), (&json!([1]), &json!([8, 8, 2])));
}

#[test]
fn weights_are_in_colour_only_where_they_see_colours() {
    let mut bench = Bench::new();
    bench.ok("net c = 32x32x3 - conv 3 - relu - conv 4 - relu - pool 16x16 - fc 5 - relu, softmax 10");
    let mut says = |layer: &str, words: &str| {
        let output = last(&mut bench, &format!("filters c.{layer}"));
        assert!(output.pictures[0].svg.contains(words), "{layer}: {}", output.pictures[0].alt);
    };
    says("conv1", "red, green and blue are the channels");
    says("conv2", "a row a filter, a column a channel of the input");
    says("conv2[3]", "a tile a channel of the input");
    says("fc1", "c.fc1: 5 units of 2x2x4");
    says("fc2", "c.fc2: 10 units of 5");
    says("fc2[1]", "c.fc2[1]: 1 unit of 5");
}

#[test]
fn layers_have_the_names_they_have_everywhere() {
    let mut bench = Bench::new();
    bench.ok("block twice(c) = conv c - relu - conv c\nnet n.wide = 8x8x1 - twice(3) - relu as r, softmax 10");
    for (layer, kind) in
        [("twice1.conv1", "conv"), ("twice1.conv2", "conv"), ("twice1", "conv"), ("r", "relu"), ("fc1", "fc")]
    {
        let output = last(&mut bench, &format!("features n.wide.{layer} on digits[3]"));
        assert_eq!((&output.data["net"], &output.data["kind"]), (&json!("n.wide"), &json!(kind)), "{layer}");
    }
    let known = bench.session.known();
    assert!(known.layers.iter().any(|layer| layer == "n.wide.twice1.conv2"), "{:?}", known.layers);
    assert_eq!(bench.mistakes("filters n.wide")[0].message, "which layer of `n.wide`?");
    assert_eq!(bench.mistakes("filters n.narrow.conv1")[0].stage, Stage::Names);
}

#[test]
fn a_net_that_waits_for_its_data_takes_theirs() {
    let mut bench = Bench::new();
    bench.ok("net any = conv 4 - relu - pool, softmax");
    assert_eq!(last(&mut bench, "features any.relu1 on digits[3]").data["shape"], json!([8, 8, 4]));
    assert_eq!(last(&mut bench, "features any.relu1 on shapes[3]").data["shape"], json!([32, 32, 4]));
    assert!(!bench.mistakes("filters any.conv1").is_empty(), "nothing says how many channels there are");
}

#[test]
fn features_of_a_net_without_softmax_and_on_all_of_the_data() {
    let mut bench = Bench::new();
    bench.ok("net plain = 8x8x1 - conv 2 - relu - deconv 3");
    let output = last(&mut bench, "features plain.deconv1 on digits");
    assert_eq!((output.data["samples"].as_array().unwrap().len(), &output.data["shape"]), (8, &json!([16, 16, 3])));
    let vgg = bench.mistakes(
        "data digits size 224x224\nnet big = 224x224x1 - conv 512, softmax 10\nfeatures big.conv1 on digits[0..64]",
    );
    assert!(vgg[0].message.contains("too many numbers"), "{vgg:?}");
}

#[test]
fn curves_of_several_nets_in_one_picture() {
    let mut bench = Bench::new();
    bench.ok(&format!("{TINY}net wide = 8x8x1 - conv 8 - relu - pool, softmax 10"));
    bench.ok("train tiny on digits for 2 epochs\ntrain wide on digits for 3 epochs");
    let output = last(&mut bench, "plot loss, accuracy of tiny, wide");
    let runs = output.data["runs"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[1]["net"], &runs[1]["run"]), (2, &json!("wide"), &json!(2)));
    let alone = last(&mut bench, "plot loss, accuracy of wide");
    assert_eq!(runs[1]["curves"], alone.data["curves"]);
    assert_eq!(runs[0]["curves"]["accuracy"]["test"].as_array().unwrap().len(), 2);
    let svg = &output.pictures[0].svg;
    for label in ["tiny train", "tiny test", "wide train", "wide test"] {
        assert!(svg.contains(&format!(">{label} ")), "{label}");
    }
    assert!(output.text.lines().any(|line| line.starts_with("wide") && line.contains('%')), "{}", output.text);
    let by_run = last(&mut bench, "plot loss, accuracy of run 1, run last");
    assert_eq!(by_run.data["runs"], output.data["runs"]);
    assert_eq!(bench.mistakes("plot loss of tiny, run 9")[0].stage, Stage::Verbs);
    let many: Vec<String> = (1..=15).map(|i| format!("run {i}")).collect();
    let mistakes = bench.mistakes(&format!("plot loss of {}", many.join(", ")));
    assert!(mistakes[0].message.contains("15 runs cannot be told apart"), "{mistakes:?}");
}

#[test]
fn a_run_without_an_epoch_is_not_compared() {
    let mut bench = Bench::new();
    bench.ok(TINY);
    bench.ok("train tiny on digits for 1 epochs");
    let flag = std::sync::Arc::clone(&bench.interrupted);
    let ended = bench.session.run("test", "train tiny on digits for 9 epochs", &mut |event| {
        if let fovea::event::Event::Progress(_) = event {
            flag.store(true, Ordering::Relaxed);
        }
    });
    assert_eq!(ended, Err(Failure::Interrupted));
    bench.interrupted.store(false, Ordering::Relaxed);
    let mistakes = bench.mistakes("plot loss of run 1, run 2");
    assert!(mistakes[0].message.contains("run 2 has no loss over epochs"), "{mistakes:?}");
}

/// The names of a kind that `%who` tells.
fn names(data: &Value, kind: &str, key: &str) -> Vec<String> {
    data[kind].as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_string()).collect()
}

#[test]
fn who_lists_what_the_session_has() {
    let mut bench = Bench::new();
    let empty = last(&mut bench, "%who");
    assert_eq!((&empty.data["nets"], &empty.data["runs"]), (&json!([]), &json!(0)));
    assert!(empty.text.starts_with("device cpu, seed 0, 0 runs in "), "{}", empty.text);
    bench.ok(&format!(
        "{TINY}net any = conv 4 - relu, softmax\nblock b(c) = conv c\nlet width = 16, some = {{1,2}}\nseed 7"
    ));
    bench.ok("data digits size 8x8\ntrain tiny on digits for 1 epochs");
    let output = last(&mut bench, "%who");
    let data = &output.data;
    assert_eq!(names(data, "nets", "net"), ["any", "tiny"]);
    assert_eq!(
        data["nets"][1],
        json!({ "net": "tiny", "input": [8, 8, 1], "output": [10], "params": 690, "trained": true, "run": 1 })
    );
    assert_eq!((&data["nets"][0]["input"], &data["nets"][0]["trained"]), (&Value::Null, &json!(false)));
    assert_eq!(names(data, "data", "data"), ["digits"]);
    assert_eq!(data["constants"], json!({ "width": "16", "some": "{1,2}" }));
    assert_eq!((&data["blocks"], &data["seed"], &data["last_run"]), (&json!(["b"]), &json!(7), &json!(1)));
    assert!(output.text.contains("of run 1") && output.html.unwrap().contains("<table"));
}

#[test]
fn reset_forgets_names_and_weights_but_no_run() {
    let mut bench = Bench::new();
    bench.session.set_override("width", "3").unwrap();
    bench.ok(&format!("{TINY}let width = 16\ndata digits size 8x8\nblock b(c) = conv c\nseed 7"));
    let first = last(&mut bench, "predict tiny on digits[0..4]").data["probabilities"].clone();
    bench.ok("train tiny on digits for 1 epochs");
    assert_ne!(last(&mut bench, "predict tiny on digits[0..4]").data["probabilities"], first);
    let output = last(&mut bench, "%reset");
    assert_eq!(output.data["nets"], json!(["tiny"]));
    assert_eq!(output.text, "forgotten: net tiny; data digits; constant width; block b; runs on disk stay");
    for text in ["summary tiny", "net t = 8x8x1 - b(3)", "net t = 8x8x1 - conv width"] {
        assert_eq!(bench.mistakes(text)[0].stage, Stage::Names, "{text}");
    }
    assert_eq!(last(&mut bench, "show run last").data["run"], json!(1));
    // The same text again has its first weights again, drawn by the seed, which stays; so do overrides.
    assert_eq!(last(&mut bench, &format!("{TINY}predict tiny on digits[0..4]")).data["probabilities"], first);
    assert_eq!(last(&mut bench, "let width = 16").data["constants"], json!({ "width": 3 }));
    assert_eq!(last(&mut bench, "%reset\n%reset").text, "there was nothing to forget");
}

#[test]
fn reset_within_a_program_is_known_before_anything_runs() {
    let mut bench = Bench::new();
    let text = format!("{TINY}%reset\ntest tiny on digits");
    assert_eq!(bench.mistakes(&text)[0].stage, Stage::Names);
    assert_eq!(bench.mistakes("summary tiny").len(), 1, "nothing of it ran");
    let outputs = bench.ok(&format!("{TINY}%reset\nnet tiny = 8x8x1 - fc 10, softmax\nsummary tiny;\n%who"));
    assert_eq!(outputs.last().unwrap().data["nets"][0]["params"], json!(650));
    assert!(bench.run(&format!("{TINY}%reset\nplot loss of tiny")).is_err());
}

#[test]
fn a_reset_that_fails_to_check_forgets_nothing() {
    let mut bench = Bench::new();
    bench.ok(TINY);
    assert!(bench.run("%reset\n%who\nsummary nothing").is_err());
    bench.ok("summary tiny");
}
