//! Runs one keeps: listing, comparing, exporting, removing, going on with them, taking their weights.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use fovea::event::{Event, Output};
use fovea::failure::Failure;
use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_train::Runs;
use support::bench::Bench;

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10\n";

/// A session in which `tiny` was trained for two epochs.
fn trained() -> Bench {
    let mut bench = Bench::new();
    bench.ok(&format!("{TINY}train tiny on digits for 2 epochs"));
    bench
}

/// A new session that has the runs of another.
fn again(bench: &Bench) -> Session {
    Session::new(Arc::new(Cpu::new(Some(1)).unwrap()), bench.path("runs").into(), Arc::default())
}

fn run(session: &mut Session, text: &str) -> Result<Vec<Output>, Failure> {
    let mut outputs = Vec::new();
    session.run("test", text, &mut |event| {
        if let Event::Output(output) = event {
            outputs.push(output);
        }
    })?;
    Ok(outputs)
}

/// The scores of the first test pictures.
fn scores(session: &mut Session) -> Output {
    run(session, "predict tiny on digits[0..20]").unwrap().remove(0)
}

fn mistake(bench: &mut Bench, text: &str) -> (String, String) {
    let mistakes = bench.mistakes(text);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    (mistakes[0].message.clone(), mistakes[0].help.clone().unwrap_or_default())
}

/// Ends the training of a run at a step.
fn broken_off(bench: &mut Bench, text: &str, at: u64) {
    let stop = Arc::clone(&bench.interrupted);
    let ended = bench.session.run("test", text, &mut |event| {
        if let Event::Progress(progress) = event
            && progress.done == at
        {
            stop.store(true, Ordering::Relaxed);
        }
    });
    assert_eq!(ended, Err(Failure::Interrupted));
    bench.interrupted.store(false, Ordering::Relaxed);
}

#[test]
fn runs_are_listed() {
    let mut bench = Bench::new();
    let none = bench.ok("runs").remove(0);
    assert!(none.text.ends_with("runs yet: `train … on …` makes one"), "{}", none.text);
    assert_eq!(none.data, serde_json::json!({ "verb": "runs", "runs": [] }));

    bench.ok(&format!("{TINY}train tiny on digits for 2 epochs"));
    broken_off(&mut bench, "train tiny on digits for 9 epochs", 30);
    let epochs = bench.ok("show run 1").remove(0).data["epochs"].clone();
    // Of another version; broken lines; a folder that is no run's.
    bench.ok("train tiny on digits for 1 epochs\ntrain tiny on digits for 1 epochs");
    fs::write(bench.path("runs/3/run.json"), r#"{"fovea":"99.0","net":{"a":1}}"#).unwrap();
    let metrics = fs::read_to_string(bench.path("runs/4/metrics.jsonl")).unwrap();
    fs::write(bench.path("runs/4/metrics.jsonl"), metrics.replacen("{\"kind\":\"step\"", "{\"kind\":\u{1}", 3))
        .unwrap();
    fs::create_dir(bench.path("runs/7")).unwrap();

    let output = bench.ok("runs").remove(0);
    let runs = output.data["runs"].as_array().unwrap();
    let states: Vec<&str> = runs.iter().map(|run| run["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["complete", "interrupted", "broken", "complete", "broken"]);
    let first = &runs[0];
    assert_eq!(
        (&first["run"], &first["net"], &first["data"], &first["steps"]),
        (&1.into(), &"tiny".into(), &"digits".into(), &46.into())
    );
    let best =
        epochs.as_array().unwrap().iter().map(|epoch| epoch["test_accuracy"].as_f64().unwrap()).fold(0.0, f64::max);
    assert_eq!((first["best"]["value"].as_f64(), &first["best"]["measure"]), (Some(best), &"test accuracy".into()));
    assert_eq!(runs[1]["steps"], 30);
    let when = first["when"].as_str().unwrap();
    assert!(when.len() == 20 && when.ends_with('Z') && when.starts_with("20"), "{when}");
    let size = |run: u32| Runs::at(bench.path("runs")).look(run).unwrap().bytes;
    assert_eq!((first["bytes"].as_u64(), runs[1]["bytes"].as_u64()), (Some(size(1)), Some(size(2))));
    assert_eq!(runs[3]["unread"], 3);
    assert!(
        output
            .text
            .lines()
            .next()
            .unwrap()
            .split_whitespace()
            .eq(["run", "when", "net", "data", "steps", "best", "size", "state"]),
        "{}",
        output.text
    );
    assert!(output.text.contains("fovea 99.0 wrote it"), "{}", output.text);
    assert!(output.text.lines().all(|line| line.chars().count() <= 80), "{}", output.text);
    let shown = bench.ok("show run 4").remove(0);
    assert!(
        shown.text.contains("3 lines of its metrics cannot be read and are left out, the first is line 1"),
        "{}",
        shown.text
    );
}

#[test]
fn a_run_that_another_process_writes_is_running_and_stays() {
    let mut bench = trained();
    let record = Runs::at(bench.path("runs")).open(1).unwrap();
    let held = Runs::at(bench.path("runs")).create(&record.info).unwrap();
    let output = bench.ok("runs").remove(0);
    assert_eq!(output.data["runs"][1]["state"], "running");
    assert!(bench.ok("show run 2")[0].text.contains("0 of 2 epochs complete: it runs still"));
    let (message, _) = mistake(&mut bench, "remove run 2");
    assert_eq!(message, format!("run 2 is being trained, by process {}", std::process::id()));
    let (message, _) = mistake(&mut bench, "resume run 2");
    assert!(message.contains("which trains this run"), "{message}");
    let (message, help) = mistake(&mut bench, "load tiny run 2");
    assert_eq!(
        (message.as_str(), help.as_str()),
        ("run 2 has no weights yet", "a run writes its first ones after its first epoch, or after 30 seconds")
    );
    bench.ok("train tiny on digits for 1 epochs");
    let pruned = bench.ok("prune runs keep 1").remove(0);
    assert_eq!((&pruned.data["running"], &pruned.data["removed"]), (&serde_json::json!([2]), &serde_json::json!([])));
    drop(held);
    assert_eq!(bench.ok("runs")[0].data["runs"][1]["state"], "killed");
}

#[test]
fn runs_are_compared_by_what_differs_and_what_came_of_it() {
    let mut bench = trained();
    bench.ok("train tiny on digits for 2 epochs with adam(lr 0.01), batch 32");
    broken_off(&mut bench, "train tiny on digits for 2 epochs", 5);
    let output = bench.ok("compare run 1, run 2, run last").remove(0);
    assert_eq!(output.data["differs"], serde_json::json!(["batch", "with"]));
    let runs = output.data["runs"].as_array().unwrap();
    assert_eq!(runs[1]["differs"]["batch"], "batch 32");
    assert_eq!(runs[1]["differs"]["with"], "with adam(lr 0.01, beta1 0.9, beta2 0.999, eps 0.00000001, decay 0)");
    assert_eq!((&runs[2]["state"], &runs[2]["last"]), (&"interrupted".into(), &serde_json::Value::Null));
    assert_eq!(runs[0]["last"], bench.ok("show run 1")[0].data["epochs"][1]);
    assert!(
        output.text.contains("alike in all: tiny, digits, for 2 epochs, schedule constant, seed 0, cpu"),
        "{}",
        output.text
    );
    let [picture] = &output.pictures[..] else { panic!("{:?}", output.pictures) };
    assert!(picture.alt.contains("run 1 test") && picture.alt.contains("run 2 test"), "{}", picture.alt);
    assert!(!picture.alt.contains("run 3"), "it has no epoch: {}", picture.alt);

    let (message, _) = mistake(&mut bench, "compare run 1, run 9");
    assert_eq!(message, format!("there is no run 9 in {}", bench.path("runs")));
    let ahead = bench.ok("train tiny on digits for 1 epochs\ncompare run 1, run 4");
    assert_eq!(ahead[1].data["differs"], serde_json::json!(["for"]));
}

#[test]
fn a_runs_figures_are_exported() {
    let mut bench = trained();
    let file = bench.path("run1.csv");
    let output = bench.ok(&format!("export run last \"{file}\"")).remove(0);
    assert_eq!(output.text, "run 1: 2 epochs and 46 steps exported");
    assert_eq!((output.files.len(), &output.data["epochs"], &output.data["steps"]), (1, &2.into(), &46.into()));
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, Runs::at(bench.path("runs")).open(1).unwrap().csv());
    assert!(text.starts_with("kind,epoch,step,") && text.lines().count() == 1 + 2 + 46, "{text}");
    let nowhere = format!("export run 1 \"{}\"", bench.path("none/x.csv"));
    let (message, help) = mistake(&mut bench, &nowhere);
    assert!(message.starts_with("there is no folder") && help == "make the folder first, or name another", "{message}");
    assert_eq!(mistake(&mut bench, "export run 5 \"x.csv\"").0, format!("there is no run 5 in {}", bench.path("runs")));
}

#[test]
fn runs_are_removed_and_their_numbers_are_not_used_again() {
    let mut bench = trained();
    bench.ok("train tiny on digits for 1 epochs\ntrain tiny on digits for 1 epochs");
    let output = bench.ok("remove run 3, run 1").remove(0);
    assert_eq!(output.data["runs"], serde_json::json!([3, 1]));
    assert!(output.text.starts_with("run 3, run 1 are removed, "), "{}", output.text);
    assert!(!fs::exists(bench.path("runs/3")).unwrap());
    // The net's weights are still there; its run is not.
    bench.ok("test tiny on digits");
    assert_eq!(mistake(&mut bench, "plot loss of tiny").0, "there is no such run");
    let next = bench.ok("train tiny on digits for 1 epochs\nshow run 4");
    assert_eq!(next[0].data["run"], 4);
    assert_eq!(mistake(&mut bench, "remove run 3").0, format!("there is no run 3 in {}", bench.path("runs")));
    // Nothing goes where one of them is not there.
    assert_eq!(bench.mistakes("remove run 4, run 9").len(), 1);
    fs::create_dir(bench.path("runs/6")).unwrap();
    let (message, _) = mistake(&mut bench, "remove run 6");
    assert!(message.ends_with("it has neither run.json nor metrics.jsonl"), "{message}");
    bench.ok("train tiny on digits for 1 epochs\nremove run last");
    assert_eq!(Runs::at(bench.path("runs")).list().unwrap(), [2, 4, 6]);
    assert_eq!(mistake(&mut Bench::new(), "remove run last").1, "`runs` lists what there is");
}

#[test]
fn all_but_a_few_runs_are_pruned() {
    let mut bench = trained();
    bench.ok("train tiny on digits for 1 epochs\ntrain tiny on digits for 1 epochs\ntrain tiny on digits for 1 epochs");
    let output = bench.ok("prune runs keep 1").remove(0);
    let expected = serde_json::json!({
        "verb": "prune", "removed": [2, 3], "kept": [1, 4], "running": [], "broken": [], "bytes": output.data["bytes"],
    });
    assert_eq!(output.data, expected);
    assert!(output.text.starts_with("2 runs are removed (2, 3), "), "{}", output.text);
    assert!(output.text.ends_with("stay: 1, 4 (the newest, and the best of each net and data)"), "{}", output.text);
    assert_eq!(bench.ok("prune runs keep 5")[0].data["removed"], serde_json::json!([]));
}

#[test]
fn a_runs_weights_are_loaded() {
    let mut bench = trained();
    let wanted = scores(&mut bench.session);
    bench.ok("train tiny on digits for 1 epochs, seed 9");
    assert_ne!(scores(&mut bench.session).data, wanted.data);
    let output = bench.ok("load tiny run 1").remove(0);
    assert_eq!((output.data["run"].as_u64(), output.text.ends_with(" parameters loaded from run 1")), (Some(1), true));
    assert_eq!(scores(&mut bench.session).data, wanted.data);
    assert_eq!(bench.ok("plot loss of tiny")[0].data["run"], 1);

    // In the program that begins the run, of a run that was broken off, and into a net whose input is open.
    bench.ok("train tiny on digits for 1 epochs\nload tiny run 3\nload tiny run last");
    broken_off(&mut bench, "train tiny on digits for 5 epochs", 30);
    let of_session = scores(&mut bench.session);
    bench.ok("train tiny on digits for 1 epochs\nload tiny run 4");
    assert_eq!(scores(&mut bench.session).data, of_session.data);
    bench.ok("net tiny = input - conv 4 - relu - pool, softmax\nload tiny run 4");
    assert_eq!(scores(&mut bench.session).data, of_session.data);
    let (message, _) = mistake(&mut bench, "net other = 8x8x1 - conv 5 - relu - pool, softmax 10\nload other run 1");
    assert!(message.contains("conv1"), "{message}");
    assert_eq!(mistake(&mut bench, "load tiny run 77").0, format!("there is no run 77 in {}", bench.path("runs")));
}

#[test]
fn a_run_goes_on_with_net_and_data_from_its_program() {
    let program = "
let depth = 2
block one(c) = conv c - relu
data digits size 12x12
net tiny = 12x12x1 - [one(4)]^depth - pool, softmax 10
";
    let train = "train tiny on digits for 3 epochs with sgd(lr 0.02), batch 32";
    let mut whole = Bench::new();
    whole.ok(&format!("{program}{train}"));
    let mut bench = Bench::new();
    bench.ok(program);
    broken_off(&mut bench, train, 50);

    // Nothing of it is known in another session, where the names mean something else.
    let mut session = again(&bench);
    run(&mut session, "net tiny = 8x8x1 - fc 10, softmax\nlet depth = 7").unwrap();
    let mut told = Vec::new();
    let mut output = None;
    session
        .run("test", "resume run 1", &mut |event| match event {
            Event::Text(text) => told.push(text),
            Event::Output(result) => output = Some(result),
            _ => {}
        })
        .unwrap();
    assert_eq!(told, ["`tiny` is the net of run 1 from here on, and no more what it was"]);
    let output = output.unwrap();
    assert_eq!((&output.data["verb"], &output.data["run"]), (&"resume".into(), &1.into()));
    assert_eq!(output.data["epochs"].as_array().unwrap().len(), 3);
    assert_eq!(scores(&mut session).data, scores(&mut whole.session).data);
    // What it took from the program is the session's from here on, and a new run's program has it.
    run(&mut session, "train tiny on digits for 1 epochs").unwrap();
    let mut third = again(&bench);
    run(&mut third, "resume run 2 for 2 epochs").unwrap();
    assert_eq!(
        run(&mut third, "summary tiny").unwrap()[0].data["totals"],
        run(&mut session, "summary tiny").unwrap()[0].data["totals"]
    );

    let (message, help) = mistake(&mut bench, "resume run 1");
    assert_eq!(
        (message.as_str(), help.as_str()),
        ("run 1 is complete", "`resume run 1 for 6 epochs` adds as many as it has")
    );
    bench.ok("resume run 1 for 4 epochs");
    let (message, help) = mistake(&mut bench, "train tiny on digits for 1 epochs\nresume run last");
    assert_eq!(message, "net and data of `run last` are known only when it has begun");
    assert_eq!(help, "name them: `train … on … resume run last`");
    assert_eq!(mistake(&mut bench, "resume run 8").0, format!("there is no run 8 in {}", bench.path("runs")));
}

#[test]
fn a_run_whose_program_lost_its_data_says_so() {
    let mut bench = Bench::new();
    let folder = bench.path("pets");
    support::own::pictures(folder.as_ref(), "shapes", &["cats", "dogs"], 10);
    bench.ok(&format!("data pets = images \"{folder}\" size 8x8\nnet tiny = 8x8x3 - fc 4 - relu, softmax"));
    broken_off(&mut bench, "train tiny on pets for 50 epochs, batch 2", 3);
    fs::rename(&folder, bench.path("elsewhere")).unwrap();
    let mut session = again(&bench);
    let Err(Failure::Mistakes(mistakes)) = run(&mut session, "resume run 1") else { panic!() };
    assert!(
        mistakes[0].message.starts_with("the program of run 1 does not say any more what it trains: "),
        "{mistakes:?}"
    );
    assert!(mistakes[0].message.contains("pets"), "{mistakes:?}");
}

/// Two notebooks in one folder do not take each other's `run last`; whoever has none of their own gets the newest.
#[test]
fn the_last_run_is_the_sessions_own() {
    let mut bench = trained();
    let mut other = again(&bench);
    let last = |session: &mut Session| run(session, "show run last").unwrap()[0].data["run"].clone();
    assert_eq!(last(&mut other), 1);
    run(&mut other, &format!("{TINY}train tiny on digits for 1 epochs")).unwrap();
    assert_eq!((last(&mut other), last(&mut bench.session)), (2.into(), 1.into()));
    assert_eq!((other.known().last_run, bench.session.known().last_run), (Some(2), Some(1)));
    // A run that is gone on with is the last one; one that was removed is none any more.
    run(&mut other, "resume run 1 for 3 epochs").unwrap();
    assert_eq!(last(&mut other), 1);
    bench.ok("remove run 1");
    assert_eq!((last(&mut other), last(&mut bench.session)), (2.into(), 2.into()));
}
