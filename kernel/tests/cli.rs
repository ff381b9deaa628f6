//! The program `fovea` from outside: exit statuses, what goes to which stream, files.

#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10";

fn fovea(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fovea"));
    command.args(arguments).current_dir(folder).env("XDG_STATE_HOME", folder).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    fovea(folder, arguments).output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_statement_prints_its_result_and_the_status_is_0() {
    let folder = tempfile::tempdir().unwrap();
    let done = run(folder.path(), &["-e", TINY, "-e", "note \"done\""]);
    assert_eq!((status(&done), text(&done.stderr)), (0, String::new()));
    assert!(text(&done.stdout).contains("tiny: 8x8x1 → 10"), "{}", text(&done.stdout));
    assert!(text(&done.stdout).ends_with("done\n"));
}

#[test]
fn json_is_one_object_a_statement_on_standard_output_alone() {
    let folder = tempfile::tempdir().unwrap();
    let train = "train tiny on digits for 2 epochs, batch 128";
    let done = run(folder.path(), &["--format", "json", "-e", TINY, "-e", train, "-e", "test tiny on digits;"]);
    assert_eq!(status(&done), 0, "{}", text(&done.stderr));
    let lines = lines(&done);
    let verbs: Vec<&str> = lines.iter().map(|line| line["verb"].as_str().unwrap()).collect();
    assert_eq!(verbs, ["net", "train", "test"]);
    assert_eq!(lines[1]["run"], 1);
    assert_eq!(lines[1]["epochs"].as_array().unwrap().len(), 2);
    assert_eq!(lines[2]["confusion"].as_array().unwrap().len(), 10);
    assert_eq!(lines[1]["epochs"][1]["test_accuracy"], lines[2]["accuracy"]);
    assert!(text(&done.stderr).contains("epoch 2/2"), "{}", text(&done.stderr));
    assert!(folder.path().join("runs").is_dir());
}

#[test]
fn a_wrong_program_is_status_1_with_its_diagnostics_on_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = run(folder.path(), &["-e", "net n = 8x8x1 - rellu"]);
    assert_eq!((status(&wrong), text(&wrong.stdout)), (1, String::new()));
    assert!(text(&wrong.stderr).contains("rellu"), "{}", text(&wrong.stderr));
    let json = run(folder.path(), &["--format", "json", "-e", TINY, "-e", "train tiny on digitz for 1 epochs"]);
    assert_eq!((status(&json), text(&json.stdout)), (1, String::new()));
    let error: Value = serde_json::from_str(text(&json.stderr).lines().next().unwrap()).unwrap();
    assert_eq!((&error["error"]["line"], &error["error"]["column"]), (&2.into(), &15.into()), "{error}");
    assert_eq!(error["error"]["found"], "digitz");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_remark_stands_on_standard_error_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.fov"), "net a = 3x150x150 - conv 8, softmax 2\nnote \"done\"\n").unwrap();
    for command in ["run", "check"] {
        let done = run(folder.path(), &[command, "a.fov"]);
        assert_eq!(status(&done), 0, "{}", text(&done.stderr));
        let said = text(&done.stderr);
        assert!(said.contains("remark: channels stand last: `150x150x3`") && said.contains("a.fov:1:9"), "{said}");
        let json = run(folder.path(), &[command, "a.fov", "--format", "json"]);
        let remark: Value = serde_json::from_str(text(&json.stderr).lines().next().unwrap()).unwrap();
        let mend = &remark["remark"]["mends"][0];
        assert_eq!((&mend["column"], &mend["end_column"]), (&9.into(), &18.into()), "{remark}");
        assert_eq!(mend["text"], "150x150x3");
    }
}

#[test]
fn files_that_are_no_scripts_are_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("latin.fov"), b"note \"a\"\nnote \"\xe9\"\n").unwrap();
    std::fs::create_dir(folder.path().join("folder.fov")).unwrap();
    for (file, reason) in [("missing.fov", "missing.fov"), ("latin.fov", "line 2"), ("folder.fov", "folder")] {
        let failed = run(folder.path(), &["run", file]);
        assert_eq!(status(&failed), 1, "{file}");
        let said = text(&failed.stderr);
        assert!(said.contains(file) && said.contains(reason), "{said}");
    }
}

#[test]
fn a_wrong_command_line_is_status_2() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["frobnicate"][..],
        &["run"],
        &["--format", "yaml", "-e", "note \"a\""],
        &["--threads", "0", "-e", "note \"a\""],
        &["--set", "width", "-e", "note \"a\""],
        &["--set", "width=", "-e", "note \"a\""],
        &["--set", "width=3", "-e", "note \"a\""],
    ] {
        let wrong = run(folder.path(), arguments);
        assert_eq!((status(&wrong), text(&wrong.stdout)), (2, String::new()), "{arguments:?}");
    }
}

#[test]
fn set_overrides_a_let() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.fov"), "let width = 4\nnet n = 8x8x1 - conv width, softmax 10\nsummary n\n")
        .unwrap();
    let done = run(folder.path(), &["run", "a.fov", "--set", "width=2*3", "--format", "json"]);
    assert_eq!(status(&done), 0, "{}", text(&done.stderr));
    assert_eq!(lines(&done)[2]["layers"][0]["output"], serde_json::json!([8, 8, 6]));
}

#[test]
fn a_bench_without_its_net_and_a_text_without_statements_are_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.fov"), format!("{TINY}\n")).unwrap();
    std::fs::write(folder.path().join("empty.fov"), "# nothing\n").unwrap();
    let bench = run(folder.path(), &["bench", "a.fov"]);
    assert!(status(&bench) == 2 && text(&bench.stderr).contains("a.fov:NET"), "{}", text(&bench.stderr));
    let said = |file| text(&run(folder.path(), &["check", file]).stdout);
    assert_eq!(said("a.fov").trim(), "a.fov: 1 statement, nothing is wrong with it");
    assert_eq!(said("empty.fov").trim(), "empty.fov: there is no statement in it");
}

#[test]
fn checking_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.fov"), format!("{TINY}\ntrain tiny on digits for 1 epochs\n")).unwrap();
    assert_eq!(status(&run(folder.path(), &["check", "a.fov"])), 0);
    std::fs::write(folder.path().join("a.fov"), format!("{TINY}\ntrain tiny on digitz for 1 epochs\n")).unwrap();
    assert_eq!(status(&run(folder.path(), &["check", "a.fov"])), 1);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn pictures_go_beside_the_script_or_where_out_says() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.fov"), "show digits[0..4]\n").unwrap();
    let done = run(folder.path(), &["run", "a.fov", "--format", "json"]);
    let files = lines(&done)[0]["files"].as_array().unwrap().clone();
    assert_eq!(files, ["a.out/01-show-sheet.svg", "a.out/01-show-sheet.png"]);
    for file in files {
        assert!(folder.path().join(file.as_str().unwrap()).is_file());
    }
    run(folder.path(), &["run", "a.fov", "--out", "elsewhere"]);
    assert!(folder.path().join("elsewhere/01-show-sheet.png").is_file());
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let statements: Vec<String> = (0..2000).map(|i| format!("note \"{i}\"")).collect();
    std::fs::write(folder.path().join("a.fov"), statements.join("\n")).unwrap();
    let mut child =
        fovea(folder.path(), &["run", "a.fov"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn standard_input_is_a_script_where_nobody_types() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = fovea(folder.path(), &[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"note \"from a pipe\"\n").unwrap();
    let done = child.wait_with_output().unwrap();
    assert_eq!((status(&done), text(&done.stdout)), (0, "from a pipe\n".to_string()));
}

/// Tests and measurements choose the CPU's instructions; what runs is listed, and what the machine lacks is refused.
#[test]
fn the_instructions_of_the_cpu_are_chosen_listed_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let with = |set: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fovea"));
        command.args(["devices", "--format", "json"]).current_dir(folder.path()).env("FOVEA_CPU", set).output().unwrap()
    };
    for set in fovea_cpu::Instructions::available() {
        let listed = with(set.word());
        let said = lines(&listed)[0]["devices"][0]["description"].as_str().unwrap().to_string();
        let asked = set != fovea_cpu::Instructions::best();
        assert!(said.contains(&set.to_string()) && said.contains("as asked") == asked, "{said}");
    }
    for set in ["avx", "neon,avx2", if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" }] {
        let refused = with(set);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains("FOVEA_CPU: th") && said.contains("`plain`"), "{said}");
    }
}

#[test]
fn devices_name_the_cpu_and_say_why_there_is_no_gpu_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let listed = run(folder.path(), &["devices", "--format", "json"]);
    let devices = lines(&listed)[0]["devices"].as_array().unwrap().clone();
    assert_eq!(devices[0]["name"], "cpu");
    assert!(devices.iter().all(|device| device["usable"] == true || device["reason"].as_str().unwrap().len() > 10));
    for device in ["abacus", "cuda:", "cuda:one", "cpu:0"] {
        let refused = run(folder.path(), &["--device", device, "-e", "note \"a\""]);
        let said = text(&refused.stderr);
        assert!(status(&refused) == 1 && said.contains(&format!("there is no device `{device}`")), "{device}: {said}");
    }
}

/// There is no machine with so many GPUs: said in one sentence, before anything of the script runs.
#[test]
fn a_script_on_a_gpu_that_is_not_there_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let train = format!("{TINY}\ntrain tiny on digits for 1 epochs\n");
    std::fs::write(folder.path().join("a.fov"), &train).unwrap();
    std::fs::write(folder.path().join("b.fov"), format!("{train}device cuda:99\n")).unwrap();
    for arguments in [&["run", "a.fov", "--device", "cuda:99"][..], &["run", "b.fov"]] {
        let refused = run(folder.path(), arguments);
        assert_eq!((status(&refused), text(&refused.stdout)), (1, String::new()), "{arguments:?}");
        let said = text(&refused.stderr);
        assert!(said.starts_with("error: ") && said.contains("cuda") && !said.contains("panicked"), "{said}");
        let sentence = said.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(sentence, 1, "{said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_training_with_status_130_and_the_run_on_disk() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let train = "train tiny on digits for 100000 epochs";
    let mut child = fovea(folder.path(), &["-e", TINY, "-e", train, "-e", "note \"never\""])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(progress.next().unwrap().unwrap().contains("epoch"));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    for _ in progress.by_ref() {}
    let done = child.wait_with_output().unwrap();
    assert_eq!(status(&done), 130);
    assert!(!text(&done.stdout).contains("never"));
    let shown = run(folder.path(), &["--format", "json", "-e", "show run last"]);
    assert!(lines(&shown)[0]["ending"]["interrupted"]["steps"].as_u64().unwrap() > 0);
}

#[test]
fn the_command_line_says_how_pictures_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let done = run(folder.path(), &["--theme", "dark", "-e", "show digits[0..2]"]);
    assert_eq!(status(&done), 0, "{}", text(&done.stderr));
    let mut drawn = std::fs::read_dir(folder.path().join("fovea.out")).unwrap().map(|entry| entry.unwrap().path());
    let svg = drawn.find(|path| path.extension().is_some_and(|extension| extension == "svg")).unwrap();
    assert!(!std::fs::read_to_string(svg).unwrap().contains("fill=\"#ffffff\""));
    let wrong = run(folder.path(), &["--theme", "drak", "-e", "show digits"]);
    assert_eq!(status(&wrong), 2);
    assert!(text(&wrong.stderr).contains("[possible values: light, dark]"), "{}", text(&wrong.stderr));
}
