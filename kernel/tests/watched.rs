//! `keep best`, `stop early` and `for … steps`, from the text on.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use fovea::event::Output;
use fovea_train::Runs;
use support::bench::Bench;

/// A session with pictures of its own in three parts, and a net for them.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let folder = bench.path("pets");
    support::own::pictures(folder.as_ref(), "shapes", &["circle", "square", "star"], 40);
    bench.ok(&format!(
        "data pets = images \"{folder}\" size 16x16 split 60/20/20\nnet q = 16x16x3 - fc 24 - relu, softmax"
    ));
    bench
}

const TRAIN: &str = "train q on pets for 12 epochs with adam(lr 0.05), batch 8, seed 3";

/// The epoch of the highest accuracy on the validation part; of several alike the first.
fn best(output: &Output) -> usize {
    let epochs = output.data["epochs"].as_array().unwrap();
    let shares: Vec<f64> = epochs.iter().map(|epoch| epoch["validation_accuracy"].as_f64().unwrap()).collect();
    (0..shares.len()).rev().max_by(|&a, &b| shares[a].total_cmp(&shares[b])).unwrap() + 1
}

fn scores(bench: &mut Bench) -> serde_json::Value {
    bench.ok("predict q on pets").remove(0).data
}

#[test]
fn the_net_ends_with_the_weights_of_its_best_epoch() {
    let mut bench = bench();
    let output = bench.ok(&format!("{TRAIN}, keep best")).remove(0);
    let epoch = best(&output);
    assert!(epoch < 12, "the last epoch is the best, and this test says nothing");
    assert_eq!((&output.data["best"], &output.data["stopped"]), (&epoch.into(), &"complete".into()));
    assert!(output.text.contains(&format!("12 epochs, with the weights of epoch {epoch}")), "{}", output.text);
    let kept = scores(&mut bench);
    bench.ok(&TRAIN.replace("12 epochs", &format!("{epoch} epochs")));
    assert_eq!(scores(&mut bench), kept);
    bench.ok("load q run 1");
    assert_ne!(scores(&mut bench), kept);
    bench.ok("load q run 1 best");
    assert_eq!(scores(&mut bench), kept);
    let wrong = bench.mistakes("load q run 2 best").remove(0);
    assert_eq!(wrong.message, "run 2 has not kept its best epoch");
    assert_eq!(bench.ok("runs")[0].data["runs"][0]["best"]["measure"], "validation accuracy");
}

#[test]
fn a_run_is_stopped_early() {
    let mut bench = bench();
    let output = bench.ok(&TRAIN.replace("12 epochs", "60 epochs").replace(", seed", ", stop early 3, seed")).remove(0);
    let (epochs, best) = (output.data["epochs"].as_array().unwrap().len(), best(&output));
    assert_eq!((epochs - best, &output.data["stopped"]), (3, &"early".into()));
    assert!(
        output.text.contains(&format!("stopped early after {epochs} epochs, none better than epoch {best}")),
        "{}",
        output.text
    );
    assert_eq!(bench.ok("runs")[0].data["runs"][0]["state"], "early");
    assert!(bench.ok("show run 1")[0].text.contains(&format!("stopped early after epoch {epochs}, none better")));
    let wrong = bench.mistakes("resume run 1 for 90 epochs").remove(0);
    assert_eq!(wrong.message, "run 1 was stopped early");
    let wrong = bench.mistakes("train q on pets resume run 1").remove(0);
    assert_eq!(wrong.message, "run 1 was stopped early");
}

#[test]
fn data_without_a_validation_part_are_refused() {
    let mut bench = Bench::new();
    let net = "net tiny = 8x8x1 - fc 8 - relu, softmax\n";
    for (clause, word) in [("keep best", "keep best"), ("stop early 5", "stop early")] {
        let wrong = bench.mistakes(&format!("{net}train tiny on digits for 1 epochs, {clause}")).remove(0);
        assert_eq!(wrong.message, format!("`digits` has no validation part, by which `{word}` goes"));
        let help = "leave it out, or train on other parts of it: `data my_digits = digits part 1 split 70/15/15`";
        assert_eq!(wrong.help.as_deref(), Some(help));
    }
    assert!(Runs::at(bench.path("runs")).list().unwrap().is_empty());
}

#[test]
fn training_is_counted_in_steps() {
    let mut bench = Bench::new();
    let net = "net tiny = 8x8x1 - fc 8 - relu, softmax 10\n";
    let output = bench.ok(&format!("{net}train tiny on digits for 30 steps")).remove(1);
    assert_eq!(output.data["epochs"].as_array().unwrap().len(), 2);
    assert!(output.text.starts_with("run 1: tiny on digits, 30 steps: loss "), "{}", output.text);
    assert_eq!(bench.ok("runs")[0].data["runs"][0]["steps"], 30);
    let more = bench.ok("resume run 1 for 46 steps").remove(0);
    let whole = Bench::new().ok(&format!("{net}train tiny on digits for 2 epochs")).remove(1);
    assert_eq!(more.data["epochs"][1]["loss"], whole.data["epochs"][1]["loss"]);
    let wrong = bench.mistakes("train tiny on digits for 40 steps resume run 1").remove(0);
    assert_eq!(wrong.message, "run 1 has had 46 steps already");
    assert_eq!(wrong.mends[0].text, "for 92 steps");
    assert_eq!(
        bench.mistakes("resume run 1")[0].help.as_deref(),
        Some("`resume run 1 for 92 steps` adds as many as it has")
    );
    let more = bench.ok("train tiny on digits for 3 epochs resume run 1").remove(0);
    assert_eq!((more.data["epochs"].as_array().unwrap().len(), &more.data["stopped"]), (3, &"complete".into()));
    let cosine = bench.ok("train tiny on digits for 30 steps, schedule cosine, warmup 5 steps").remove(0);
    assert_eq!(cosine.data["stopped"], "complete");
    let wrong = bench.mistakes("train tiny on digits for 60 steps resume run 2").remove(0);
    assert_eq!(wrong.message, "run 2 began with `for 30 steps`, and its `schedule cosine` ends there");
    let wrong = bench.mistakes("train tiny on digits for 30 steps, warmup 31 steps").remove(0);
    assert!(wrong.message.contains("longer than the run, which has 30"), "{}", wrong.message);
}
