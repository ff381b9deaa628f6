//! The command line of `fovea`: which options a command takes, several files, what a shell completes.

#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fovea"));
    command.args(arguments).current_dir(folder).env("XDG_STATE_HOME", folder).stdin(Stdio::null());
    command.output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_help_lists_what_its_command_takes_and_the_rest_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let all = ["--set", "--device", "--threads", "--runs", "--out", "--graphics", "--theme", "--format"];
    let takes = [
        ("run", &all[..]),
        ("check", &["--set", "--device", "--threads", "--runs", "--format"]),
        ("bench", &["--set", "--device", "--threads", "--format"]),
        ("fmt", &["--format"]),
        ("devices", &["--threads", "--format"]),
        ("library", &["--format"]),
        ("completions", &[]),
        ("jupyter", &["--format"]),
    ];
    for (command, options) in takes {
        let help = text(&run(folder.path(), &[command, "--help"]).stdout);
        for option in all {
            let listed = help.lines().any(|line| line.trim_start().starts_with(option));
            assert_eq!(listed, options.contains(&option), "fovea {command} --help and {option}:\n{help}");
        }
    }
    let refused = run(folder.path(), &["fmt", "a.fov", "--device", "cpu"]);
    let said = text(&refused.stderr);
    assert!(status(&refused) == 2 && said.contains("`fovea fmt` does not take --device"), "{said}");
    // What a command takes may stand before it, too.
    assert_eq!(status(&run(folder.path(), &["--format", "json", "library"])), 0);
}

#[test]
fn a_file_without_a_command_is_told_how_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = run(folder.path(), &["lenet.fov"]);
    let said = text(&wrong.stderr);
    assert!(status(&wrong) == 2 && said.contains("`fovea run lenet.fov` runs it"), "{said}");
}

#[test]
fn check_and_fmt_take_many_files_each_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("one.fov", "net a = 8x8x1 - conv 4 -  relu, softmax 10\n");
    write("two.fov", "net b = 8x8x1 - fc 4 - rellu, softmax 10\n");
    // What one script defines is not there for the next.
    write("three.fov", "summary a\n");
    let checked = run(folder.path(), &["check", "one.fov", "two.fov", "three.fov", "none.fov"]);
    let said = text(&checked.stderr);
    assert_eq!(status(&checked), 1);
    assert_eq!(text(&checked.stdout), "one.fov: 1 statement, nothing is wrong with it\n");
    assert!(
        said.contains("rellu") && said.contains("there is no net called `a`") && said.contains("none.fov"),
        "{said}"
    );
    assert_eq!(status(&run(folder.path(), &["check", "one.fov", "one.fov"])), 0);
    assert_eq!(status(&run(folder.path(), &["check"])), 2);

    let formatted = run(folder.path(), &["fmt", "none.fov", "one.fov", "three.fov"]);
    assert!(status(&formatted) == 1 && text(&formatted.stderr).contains("none.fov"), "{}", text(&formatted.stderr));
    let one = std::fs::read_to_string(folder.path().join("one.fov")).unwrap();
    assert_eq!(one, "net a = 8x8x1 - conv 4 - relu, softmax 10\n");
    assert_eq!(status(&run(folder.path(), &["fmt", "--check", "one.fov", "three.fov"])), 0);
}

#[test]
fn runs_go_where_they_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let train = ["-e", "net t = 8x8x1 - fc 4 - relu, softmax 10", "-e", "train t on digits for 1 epochs"];
    let done = run(folder.path(), &[&train[..], &["--runs", "kept/here"]].concat());
    assert_eq!(status(&done), 0, "{}", text(&done.stderr));
    assert!(folder.path().join("kept/here/1/metrics.jsonl").is_file() && !folder.path().join("runs").exists());
    let shown = run(folder.path(), &["--runs", "kept/here", "-e", "show run last"]);
    assert_eq!(status(&shown), 0, "{}", text(&shown.stderr));
}

#[test]
fn shells_get_completions_of_what_each_command_takes() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let done = run(folder.path(), &["completions", shell]);
        let script = text(&done.stdout);
        assert_eq!(status(&done), 0);
        assert!(["fovea", "check", "completions", "threads"].iter().all(|word| script.contains(word)), "{shell}");
    }
    let bash = text(&run(folder.path(), &["completions", "bash"]).stdout);
    std::fs::write(folder.path().join("fovea.bash"), bash).unwrap();
    let ask = "source ./fovea.bash; COMP_WORDS=(fovea li); COMP_CWORD=1; _fovea fovea li fovea; echo ${COMPREPLY[*]}";
    let answer = Command::new("bash").args(["-c", ask]).current_dir(folder.path()).output().unwrap();
    assert_eq!(text(&answer.stdout).trim(), "library", "{}", text(&answer.stderr));
}
