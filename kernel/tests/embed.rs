//! Codes of a layer in the plane.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use fovea::event::{Event, Output};
use fovea_graph::Tensor;
use ndarray_npy::WriteNpyExt;
use serde_json::{Value, json};
use support::bench::Bench;

const NET: &str = "net q = 8x8x1 - conv 6 - relu - pool - fc 24 as code - relu, softmax 10\n";
const TRAINED: &str = "train q on digits for 6 epochs with adam(lr 0.005), batch 32\n";

fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

fn share(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn lenets_codes_keep_the_classes_apart() {
    let mut bench = Bench::new();
    let output = last(
        &mut bench,
        "data digits size 28x28\ntrain lenet on digits for 6 epochs with sgd(lr 0.03), batch 32\nembed lenet.fc1 on digits",
    );
    let right = &output.data["neighbours"];
    let (plane, codes) = (share(&right["plane"]), share(&right["codes"]));
    assert!(plane >= 0.95 && plane >= codes - 0.01, "{right}");
    assert_eq!(output.data["points"].as_array().unwrap().len(), 360);
    assert!(output.text.starts_with("lenet.fc1 on digits: 360 codes of 120 numbers, by t-SNE"), "{}", output.text);
    assert!(output.text.contains("perplexity 30, 1,000 steps: divergence 0."), "{}", output.text);
}

#[test]
fn the_points_as_data_text_picture_and_file() {
    let mut bench = Bench::new();
    let file = bench.path("points.npy");
    let text = format!("{NET}{TRAINED}embed q.code on digits with tsne(steps 250), save \"{file}\"");
    let output = last(&mut bench, &text);
    let data = &output.data;
    assert_eq!((&data["verb"], &data["net"], &data["layer"]), (&json!("embed"), &json!("q"), &json!("code")));
    assert_eq!((&data["shape"], &data["by"], &data["steps"]), (&json!([24]), &json!("tsne"), &json!(250)));
    assert_eq!((&data["perplexity"], &data["interrupted"]), (&json!(30.0), &json!(false)));
    let labels = data["labels"].as_array().unwrap();
    assert_eq!(labels.len(), 360);
    assert_eq!(output.as_data()["files"], json!([file]));
    let kept: Tensor = ndarray_npy::read_npy(Path::new(&file)).unwrap();
    assert_eq!(kept.shape(), [360, 2]);
    assert_eq!(json!([kept[[7, 0]], kept[[7, 1]]]), data["points"][7]);

    // What is ringed are the mistakes of a test.
    let wrong = data["wrong"].as_array().unwrap().len();
    let accuracy = last(&mut bench, "test q on digits").data["accuracy"].as_f64().unwrap();
    assert_eq!(wrong, ((1.0 - accuracy) * 360.0).round() as usize);
    assert!(wrong > 0 && output.text.contains(&format!("ringed: {wrong} sample")), "{}", output.text);
    let svg = &output.pictures[0].svg;
    // A dot a sample, a ring a mistake and one in the legend.
    assert_eq!(svg.matches("<circle").count(), 360 + wrong + 1);
    assert!(svg.contains(">taken for another class by q<") && svg.matches("<image").count() > 20);
    assert!((0..10).all(|class| svg.matches(&format!(">{class}</text>")).count() == 2), "legend and plane");

    let again = last(&mut bench, "embed q.code on digits with tsne(steps 250)");
    assert_eq!(again.data["points"], output.data["points"], "the same again");
    let other = last(&mut bench, "embed q.code on digits with tsne(steps 250, random) seed 3");
    assert_ne!(other.data["points"], output.data["points"]);
}

#[test]
fn a_net_alone_is_its_scores_and_pca_keeps_distances() {
    let mut bench = Bench::new();
    let output = last(&mut bench, &format!("{NET}{TRAINED}embed q on digits.train[0..40] with pca"));
    assert_eq!((&output.data["layer"], &output.data["shape"]), (&json!("fc2"), &json!([10])));
    assert_eq!((&output.data["by"], &output.data["data"]), (&json!("pca"), &json!("digits.train[0..40]")));
    let shares: Vec<f64> = output.data["shares"].as_array().unwrap().iter().map(share).collect();
    assert!(shares[0] >= shares[1] && shares[0] + shares[1] <= 1.0, "{shares:?}");
    assert!(output.text.contains("the axes have ") && output.text.contains("by PCA"), "{}", output.text);
    // Maps are flattened, and some channels of them are codes as well.
    let maps = last(&mut bench, "embed q.conv1[1..3] on digits[0..40] with pca");
    assert_eq!(maps.data["shape"], json!([8, 8, 2]));
}

#[test]
fn an_interrupt_keeps_and_shows_the_points_so_far() {
    let mut bench = Bench::new();
    bench.ok(&format!("{NET}{TRAINED}"));
    let (flag, mut outputs) = (Arc::clone(&bench.interrupted), Vec::new());
    let ran = bench.session.run("test", "embed q.code on digits with tsne(steps 100000)", &mut |event| match event {
        Event::Progress(progress) if progress.done >= 30 => flag.store(true, Ordering::Relaxed),
        Event::Output(output) => outputs.push(output),
        _ => {}
    });
    bench.interrupted.store(false, Ordering::Relaxed);
    let output = outputs.pop().unwrap_or_else(|| panic!("{ran:?}"));
    assert!(output.interrupted && output.data["interrupted"] == true);
    assert_eq!((output.pictures.len(), output.data["points"].as_array().unwrap().len()), (1, 360));
    let steps = output.data["steps"].as_u64().unwrap();
    assert!((30..100_000).contains(&steps), "{steps}");
    assert!(output.text.contains(&format!("{steps} of 100,000 steps, broken off")), "{}", output.text);
}

#[test]
fn samples_without_a_class_are_grey_and_a_net_that_was_never_trained_is_said() {
    let mut bench = Bench::new();
    let file = bench.path("x.npy");
    let mut bytes = Vec::new();
    let values = Tensor::from_shape_fn(vec![30, 5], |at| ((at[0] * 7 + at[1] * 3) % 11) as f32);
    values.write_npy(&mut bytes).unwrap();
    std::fs::write(&file, bytes).unwrap();
    let mut said = Vec::new();
    let mut outputs = Vec::new();
    let text =
        format!("data x = npy \"{file}\" shape 5\nnet v = 5 - fc 8 - relu - fc 3\nembed v on x with tsne(steps 20)");
    bench
        .session
        .run("test", &text, &mut |event| match event {
            Event::Text(text) => said.push(text),
            Event::Output(output) => outputs.push(output),
            _ => {}
        })
        .unwrap();
    assert!(said.iter().any(|text| text.contains("nothing has trained it")), "{said:?}");
    let output = outputs.pop().unwrap();
    for key in ["labels", "wrong", "neighbours"] {
        assert_eq!(output.data[key], Value::Null, "{key}");
    }
    // A third of the others.
    assert_eq!(output.data["perplexity"], 9.0);
    let svg = &output.pictures[0].svg;
    assert_eq!((svg.matches("<circle").count(), svg.matches("<image").count()), (30, 0));
}

#[test]
fn what_cannot_be_laid_out() {
    let mut bench = Bench::new();
    bench.ok(NET);
    let mut message = |text: &str| bench.mistakes(text)[0].message.clone();
    assert_eq!(message("embed q.code on digits[0..3]"), "3 samples make no picture: `embed` lays out 4 or more");
    let wide = message("embed q.code on digits[0..40] with tsne(perplexity 30)");
    assert_eq!(wide, "`perplexity` is 30, and of 40 samples it is at least 1 and at most 13");
    assert_eq!(message("embed q.fc9 on digits"), "`q` has no layer `fc9`");
    assert_eq!(
        message("embed q.code on digits with tsne(perplexity 0)"),
        "`perplexity` must be a number above 0, not 0"
    );
    assert_eq!(message("embed q.code on digits with umap"), "there is no layout `umap`");
    let other = message("net c = 8x8x3 - conv 2 - relu, softmax 10\nembed c on digits");
    assert_eq!(other, "`c` takes 8x8x3, and the pictures of `digits` are 8x8x1");
    let file = bench.path("ones.npy");
    let mut bytes = Vec::new();
    Tensor::ones(vec![9, 4]).write_npy(&mut bytes).unwrap();
    std::fs::write(&file, bytes).unwrap();
    let alike = bench.mistakes(&format!("data o = npy \"{file}\" shape 4\nnet z = 4 - fc 3\nembed z on o"));
    assert_eq!(alike[0].message, "all codes are the same: there is nothing to lay out");
}
