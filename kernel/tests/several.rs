//! `seeds` and `sweep`: several runs of one statement.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fovea::event::{Event, Output};
use fovea::failure::Failure;
use fovea_train::{Ending, Runs};
use serde_json::{Value, json};
use support::bench::Bench;

const TINY: &str = "net tiny = 8x8x1 - fc 16 - relu, softmax 10\n";

/// The last epoch of a run, the time it took aside.
fn last(run: &Value) -> Value {
    let mut last = run["epochs"].as_array().unwrap().last().unwrap().clone();
    last["seconds"] = Value::Null;
    last
}

fn lasts(output: &Output) -> Vec<Value> {
    output.data["runs"].as_array().unwrap().iter().map(last).collect()
}

/// What one statement alone gives.
fn alone(text: &str) -> Value {
    last(&Bench::new().ok(text).last().unwrap().data)
}

#[test]
fn seeds_train_as_often_and_say_the_spread() {
    let train = "train tiny on digits for 2 epochs, batch 64";
    let mut bench = Bench::new();
    let output = bench.ok(&format!("{TINY}{train}, seed 7, seeds 3")).remove(1);
    let runs = output.data["runs"].as_array().unwrap();
    assert_eq!(
        runs.iter().map(|run| (&run["run"], &run["seed"])).collect::<Vec<_>>(),
        [(&1.into(), &7.into()), (&2.into(), &8.into()), (&3.into(), &9.into())]
    );
    for (run, seed) in lasts(&output).iter().zip(7..) {
        assert_eq!(*run, alone(&format!("{TINY}{train}, seed {seed}")));
    }
    let shares: Vec<f64> = lasts(&output).iter().map(|last| last["test_accuracy"].as_f64().unwrap()).collect();
    let mean = shares.iter().sum::<f64>() / 3.0;
    let deviation = (shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    let [setting] = &output.data["settings"].as_array().unwrap()[..] else { panic!("{}", output.data) };
    assert_eq!((&setting["set"], &setting["runs"]), (&json!({}), &json!([1, 2, 3])));
    let close = |found: &Value, expected: f64| (found.as_f64().unwrap() - expected).abs() < 1e-12;
    assert!(close(&setting["test_accuracy"]["mean"], mean) && close(&setting["test_accuracy"]["deviation"], deviation));
    assert!(
        output.text.contains('±') && output.text.contains("3 runs of tiny on digits; the best is run"),
        "{}",
        output.text
    );
    assert!(output.text.lines().all(|line| line.chars().count() <= 80), "{}", output.text);
    assert_eq!((output.pictures.len(), output.files.len(), output.interrupted), (1, 3, false));
    assert!(output.pictures[0].alt.contains("seed 8 test"), "{}", output.pictures[0].alt);

    // The net has the first run's weights, as without `seeds`.
    let mut single = Bench::new();
    single.ok(&format!("{TINY}{train}, seed 7"));
    let scores = |bench: &mut Bench| bench.ok("predict tiny on digits[0..20]").remove(0).data;
    assert_eq!(scores(&mut bench), scores(&mut single));
    assert_eq!(bench.ok("plot loss of tiny")[0].data["run"], 1);
}

#[test]
fn a_sweep_is_each_program_with_other_constants() {
    let program = |n: u32, rate: f64| {
        format!(
            "let N = {n}, rate = {rate}, half = rate/2\nnet tiny = 8x8x1 - (fc 16 - relu)^N, softmax 10\n\
             train tiny on digits for 1 epochs with sgd(lr rate, decay (half/100))"
        )
    };
    let mut bench = Bench::new();
    let output = bench.ok(&format!("{} sweep N {{1, 3}}, rate {{0.1, 0.01}}, seed 2", program(2, 0.05))).remove(2);
    let expected: Vec<Value> = [(1, 0.1), (1, 0.01), (3, 0.1), (3, 0.01)]
        .map(|(n, rate)| alone(&format!("{}, seed 2", program(n, rate))))
        .to_vec();
    assert_eq!(lasts(&output), expected);
    let sets: Vec<&Value> = output.data["runs"].as_array().unwrap().iter().map(|run| &run["set"]).collect();
    assert_eq!(sets[2], &json!({ "N": 3.0, "rate": 0.1 }));
    assert_eq!(output.data["settings"].as_array().unwrap().len(), 4);
    assert_eq!(output.data["settings"][3]["test_accuracy"]["deviation"], Value::Null);
    let heads = output.text.lines().next().unwrap().split_whitespace().take(3).collect::<Vec<_>>();
    assert_eq!(heads, ["N", "rate", "run"]);
    let best = output.data["best"].as_u64().unwrap() as usize - 1;
    let share = |last: &Value| last["test_accuracy"].as_f64().unwrap();
    assert!(expected.iter().all(|last| share(last) <= share(&expected[best])));
    let alt = &output.pictures[0].alt;
    assert!(
        alt.starts_with("tiny on digits: N, rate. ") && alt.contains("3, 0.1 test") && alt.contains("1, 0.01 train"),
        "{alt}"
    );

    // The net is what it was, and has not been trained; each run can be gone on with by its own program.
    let summary = bench.ok("summary tiny").remove(0).data["totals"].clone();
    assert_eq!(
        summary,
        Bench::new().ok(&format!("{}\nsummary tiny", program(2, 0.05).lines().take(2).collect::<Vec<_>>().join("\n")))
            [2]
        .data["totals"]
    );
    let record = Runs::at(bench.path("runs")).open(3).unwrap();
    assert_eq!(
        record.info.set.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>(),
        ["N 3", "rate 0.1"]
    );
    let more = bench.ok("resume run 3 for 2 epochs").remove(0);
    assert_eq!(
        last(&more.data),
        alone(&format!("{}, seed 2", program(3, 0.1).replace("for 1 epochs", "for 2 epochs")))
    );
}

#[test]
fn the_rate_and_the_batch_are_swept_without_a_name() {
    let mut bench = Bench::new();
    let train = "train tiny on digits for 1 epochs";
    let output = bench.ok(&format!("{TINY}{train} sweep lr {{0.1, 0.02}}, batch {{32, 64}}, seeds 2")).remove(1);
    let runs = lasts(&output);
    assert_eq!(runs.len(), 8);
    assert_eq!(runs[3], alone(&format!("{TINY}{train} with sgd(lr 0.1), batch 64, seed 1")));
    assert_eq!(output.data["settings"][1]["runs"], json!([3, 4]));
    assert_eq!(output.data["settings"][1]["set"], json!({ "lr": 0.1, "batch": 64.0 }));
    assert!(output.text.contains("3–4") && output.text.contains('±'), "{}", output.text);
    assert!(output.text.lines().all(|line| line.chars().count() <= 80), "{}", output.text);
    // Of several seeds each, a curve a setting.
    assert_eq!(output.pictures[0].alt.matches("loss, ").count(), 8, "{}", output.pictures[0].alt);
}

#[test]
fn a_run_that_ends_early_does_not_end_the_others() {
    let mut bench = Bench::new();
    let output = bench.ok(&format!("{TINY}train tiny on digits for 1 epochs sweep lr {{1e30, 0.02}}")).remove(1);
    let runs = output.data["runs"].as_array().unwrap();
    assert!(runs[0]["ending"]["not_finite"].is_object() && runs[1]["ending"] == "complete", "{}", output.data);
    assert!(output.text.contains("not finite") && output.text.contains("run 1 ended at step "), "{}", output.text);
    assert_eq!((&output.data["best"], &output.data["interrupted"]), (&2.into(), &false.into()));
}

/// Breaks off a statement at a step of its run `run`.
fn broken_off(bench: &mut Bench, text: &str, run: usize, at: u64) -> Option<Output> {
    let stop = Arc::clone(&bench.interrupted);
    let (mut begun, mut output) = (0, None);
    let ended = bench.session.run("test", text, &mut |event| match event {
        Event::Text(text) if text.starts_with("run ") => begun += 1,
        Event::Progress(progress) if begun == run && progress.done == at => stop.store(true, Ordering::Relaxed),
        Event::Output(result) if result.verb == "train" => output = Some(result),
        _ => {}
    });
    assert_eq!(ended, Err(Failure::Interrupted));
    bench.interrupted.store(false, Ordering::Relaxed);
    output
}

#[test]
fn what_is_complete_is_kept_where_it_is_broken_off() {
    let mut bench = Bench::new();
    let text = format!("{TINY}train tiny on digits for 2 epochs sweep lr {{0.1, 0.05, 0.02, 0.01}}");
    let output = broken_off(&mut bench, &text, 2, 30).unwrap();
    assert!(output.interrupted && output.data["interrupted"] == true);
    assert_eq!((output.data["runs"].as_array().unwrap().len(), &output.data["of"]), (2, &4.into()));
    assert!(
        output.text.contains("1 run of tiny on digits")
            && output.text.contains("broken off: run 2 after step 30, and 2 runs were not begun"),
        "{}",
        output.text
    );
    let runs = Runs::at(bench.path("runs"));
    assert_eq!(runs.list().unwrap(), [1, 2]);
    assert_eq!(runs.open(1).unwrap().ending, Some(Ending::Complete));
    bench.ok("resume run 2");

    // In the first run of several seeds: as without them.
    let mut bench = Bench::new();
    let output = broken_off(&mut bench, &format!("{TINY}train tiny on digits for 2 epochs, seeds 3"), 1, 30).unwrap();
    assert!(output.text.contains("broken off: run 1 after step 30, and 2 runs were not begun"), "{}", output.text);
    bench.ok("train tiny further on digits for 1 epochs");
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    let mut bench = Bench::new();
    let mut said = |text: &str| {
        let mistakes = bench.mistakes(&format!(
            "let N = 1, unused = 3\nnet tiny = 8x8x1 - [conv 4 - relu - pool]^N, softmax 10\n{text}"
        ));
        (mistakes[0].message.clone(), mistakes[0].help.clone().unwrap_or_default())
    };
    let (message, _) = said("train tiny on digits sweep N {1, 9}");
    assert!(message.starts_with("with N 9: "), "{message}");
    let (message, help) = said("train tiny on digits sweep unused {1, 2}");
    assert_eq!(message, "`unused` changes nothing: neither the net, nor the data, nor this statement has it");
    assert_eq!(help, "leave `unused` out of the sweep");
    assert_eq!(said("train tiny on digits sweep lr {0.1, 0}").0, "with lr 0: `lr` must be a number above 0, not 0");
    assert_eq!(
        said("train tiny on digits sweep batch {32, 0.5}").0,
        "with batch 0.5: `batch` must be a whole number from 1 to 10^9, not 0.5"
    );
    assert!(
        said("train tiny on digits sweep batch {32, 5000}")
            .0
            .starts_with("with batch 5000: batch 5000 is more than the ")
    );
    assert_eq!(said("train tiny on digits, seeds 1001").0, "this statement would begin 1,001 runs");
    assert_eq!(
        said("train tiny on digits for 1 epochs sweep N {1, 2}\nshow run 3").0.split(" in ").next(),
        Some("there is no run 3")
    );
    bench.ok("let N = 1\nnet tiny = 8x8x1 - [conv 4 - relu - pool]^N, softmax 10\ntrain tiny on digits for 1 epochs");
    let mistakes = bench.mistakes("train tiny further on digits for 1 epochs sweep N {1, 2}");
    assert_eq!(mistakes[0].message, "with N 2: `tiny` has no weights to go on from");
    let further = bench.ok("train tiny further on digits for 1 epochs sweep lr {0.01, 0.001}").remove(0);
    assert_eq!(further.data["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_sweep_over_data_takes_other_data() {
    let mut bench = Bench::new();
    let text = "let side = 8\ndata digits size (side)x(side)\nnet tiny = input - fc 16 - relu, softmax\ntrain tiny on digits for 1 epochs";
    let output = bench.ok(&format!("{text} sweep side {{8, 12}}")).remove(3);
    let alone = |side: u32| alone(&text.replace("side = 8", &format!("side = {side}")));
    assert_eq!(lasts(&output), [alone(8), alone(12)]);
}
