//! Output that goes nowhere: a disk that is full, a reader who left; and scripts that have no end.
#![cfg(all(target_os = "linux", feature = "program"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{File, OpenOptions};
use std::process::Stdio;

use support::{Place, Ran};

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10";

/// A command of every kind that prints.
fn commands() -> Vec<Vec<&'static str>> {
    let lines = [
        "--help",
        "--version",
        "help",
        "run --help",
        "run a.fov",
        "run a.fov --format json",
        "check a.fov",
        "fmt -",
        "devices",
        "library",
        "completions bash",
        "bench a.fov:tiny --batch 1",
        "jupyter status --prefix here",
        "jupyter --help",
        "jupyter install --prefix here",
        "jupyter uninstall --prefix here",
    ];
    let mut commands: Vec<Vec<&str>> = lines.iter().map(|line| line.split(' ').collect()).collect();
    commands.push(vec!["-e", "note \"a\"", "-e", "note \"b\""]);
    commands.push(vec![]);
    commands
}

/// Runs a command with this standard output; standard input is a script.
fn run(place: &Place, arguments: &[&str], out: impl Into<Stdio>) -> Ran {
    let script = File::open(place.path().join("a.fov")).unwrap();
    place.command(arguments).stdin(script).stdout(out).output().unwrap().into()
}

fn place() -> Place {
    let place = Place::new();
    place.write("a.fov", format!("{TINY}\nnote \"1\"\nnote \"2\"\n"));
    place
}

#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let place = place();
    for arguments in commands() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = run(&place, &arguments, full);
        assert_eq!(ran.status, Some(1), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains("standard output cannot be written: "), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_reader_who_left_is_no_failure() {
    let place = place();
    for arguments in commands() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = run(&place, &arguments, writer);
        assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn what_has_no_end_is_no_script() {
    let place = Place::new();
    place.write("huge.fov", vec![b'#'; 4_000_001]);
    place.write("large.fov", [&vec![b'#'; 3_999_990][..], b"\nnote 1"].concat());
    for arguments in [["run", "/dev/zero"], ["check", "/dev/zero"], ["fmt", "/dev/zero"], ["run", "huge.fov"]] {
        let said = format!("error: {} is larger than 4 MB, the most that a script may be\n", arguments[1]);
        assert_eq!(place.run(&arguments).fails(&[]).err, said);
    }
    place.run(&["check", "large.fov"]).fails(&["large.fov:2:6"]);
    place.run(&["bench", "/dev/zero:tiny"]).fails(&["/dev/zero is larger than 4 MB"]);
    let zeros = place.command(&["run", "-"]).stdin(File::open("/dev/zero").unwrap()).output().unwrap();
    Ran::from(zeros).fails(&["standard input is larger than 4 MB"]);
    place.run(&["run", "/"]).fails(&["/ is a folder, not a script"]);
    place.run(&["run", "/dev/null"]).done();
}

/// What a shell gives for `<(…)`.
#[test]
fn a_pipe_that_ends_is_a_script() {
    let place = Place::new();
    let pipe = place.pipe("script");
    let writer = std::thread::spawn(move || std::fs::write(pipe, "note \"from a pipe\"\n").unwrap());
    assert_eq!(place.run(&["run", "script"]).done().out, "from a pipe\n");
    writer.join().unwrap();
}

#[test]
fn an_interrupt_ends_the_wait_for_a_script() {
    let place = Place::new();
    let pipe = place.pipe("script");
    let mut child = place.command(&["run", "script"]).spawn().unwrap();
    // Once this end is open, so is the other, and nothing comes.
    let writer = OpenOptions::new().write(true).open(pipe).unwrap();
    place.interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(writer);
}
