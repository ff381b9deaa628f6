//! Memory is what it says: the largest that a run's process ever was, beside what was planned for it.

#![cfg(all(feature = "program", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Stdio};

/// What stands beside the plan: the program itself, the data, what products are packed into.
const BESIDE: u64 = 48_000_000;

fn fovea(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fovea"));
    command.args(["--threads", "2"]).args(arguments).current_dir(folder).stdin(Stdio::null());
    command.env("XDG_STATE_HOME", folder);
    command
}

/// The most bytes that a process which runs this program held at once.
fn peak(folder: &Path, program: &str) -> u64 {
    let mut child = fovea(folder, &["-e", program]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut status = 0;
    // SAFETY: a usage of zeros is one, and both places live as long as the call, which waits for our own child.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::wait4(child.id() as i32, &mut status, 0, &mut usage), child.id() as i32);
        usage
    };
    // It has been waited for; this only takes note.
    let _ = child.try_wait();
    assert_eq!(status, 0, "{program}");
    usage.ru_maxrss as u64 * 1024
}

#[test]
fn a_run_takes_what_was_planned() {
    let size = "data digits size 28x28";
    let nets = [
        // A smaller last batch, and a test part behind it.
        ("", "8x8x1 - fc 3000 - relu - fc 3000 - relu, softmax 10", 64),
        ("", "8x8x1 - fc 2000 - relu - fc 2000 - relu, softmax 10", 100),
        ("", "8x8x1 - (conv 64 - relu)^4 - pool, softmax 10", 1000),
        ("", "8x8x1 - (conv 128 - relu)^4 - pool, softmax 10", 300),
        (size, "28x28x1 - (conv 32 - bn - relu)^3 - pool - fc 256 - relu, softmax 10", 100),
    ];
    for (data, net, batch) in nets {
        let folder = tempfile::tempdir().unwrap();
        let train = format!("train n on digits for 1 epochs, batch {batch}");
        let summary = format!("net n = {net}\nsummary n batch {batch} train");
        let told = fovea(folder.path(), &["--format", "json", "-e", &summary]).output().unwrap();
        let told: serde_json::Value =
            serde_json::from_str(String::from_utf8(told.stdout).unwrap().lines().last().unwrap()).unwrap();
        let planned = told["totals"]["train_bytes"].as_u64().unwrap();
        let peak = peak(folder.path(), &format!("{data}\nnet n = {net}\n{train}"));
        let allowed = planned + planned / 10 + BESIDE;
        assert!((planned * 9 / 10..allowed).contains(&peak), "{net}: {planned} planned, {peak} at most");
    }
}
