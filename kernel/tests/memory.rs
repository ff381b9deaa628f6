//! Memory is what it says: the largest that a run's process ever was, beside what was planned for it.

#![cfg(all(feature = "program", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Stdio};

/// Names and graphs, and the code that training takes beside what a program of one word does: of the kernels, 9 MB in all.
const BESIDE: u64 = 10_000_000;

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

/// What is planned for a run, by `summary`, and the most that it takes.
fn planned_and_taken(data: &str, net: &str, batch: usize) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let name = data.split(' ').nth(1).unwrap();
    let summary = format!("{data}\nnet n = {net}\nsummary n on {name} batch {batch} train");
    let told = fovea(folder.path(), &["--format", "json", "-e", &summary]).output().unwrap();
    let told: serde_json::Value =
        serde_json::from_str(String::from_utf8(told.stdout).unwrap().lines().last().unwrap()).unwrap();
    let planned = told["totals"]["train_bytes"].as_u64().unwrap();
    (planned, peak(folder.path(), &format!("{data}\nnet n = {net}\ntrain n on {name} for 1 epochs, batch {batch}")))
}

/// Within a tenth, and the program itself: how much of its code lies in memory is its build's affair. Each of these has a
/// smaller last batch, and a test part behind it.
fn check(data: &str, net: &str, batch: usize) {
    let (planned, taken) = planned_and_taken(data, net, batch);
    let program = peak(Path::new("."), "note \"nothing\"") + BESIDE;
    assert!(taken <= planned + planned / 10 + program, "{net}: {planned} planned, {taken} taken");
    assert!(planned <= taken + taken / 10, "{net}: {planned} planned, {taken} taken");
}

#[test]
fn nets_of_large_weights_take_what_was_planned() {
    check("data digits", "8x8x1 - fc 3000 - relu - fc 3000 - relu, softmax 10", 64);
}

#[test]
fn nets_of_large_maps_take_what_was_planned() {
    check("data digits", "8x8x1 - (conv 64 - relu)^4 - pool, softmax 10", 1000);
    check("data digits size 28x28", "28x28x1 - (conv 32 - bn - relu)^3 - pool - fc 256 - relu, softmax 10", 100);
}

#[test]
fn small_nets_take_what_was_planned_and_their_data() {
    let lenet = "28x28x1 - conv 6 5x5 - relu - pool - conv 16 5x5 valid - relu - pool - (fc {120,84} - relu)^2";
    check("data digits size 28x28", &format!("{lenet}, softmax 10"), 64);
    check("data shapes", "32x32x3 - (conv {8,16} - relu - pool)^2 - fc 64 - relu, softmax 10", 64);
}

/// What `stylize` says before it starts is what it takes; its picture is drawn when its maps are gone.
#[test]
fn a_style_takes_what_was_planned() {
    let folder = tempfile::tempdir().unwrap();
    image::RgbImage::from_fn(300, 200, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]))
        .save(folder.path().join("photo.png"))
        .unwrap();
    let program = "net n = 32x32x3 - (conv 32 - relu)^4 - conv 4 1x1 - softmax\n\
                   stylize \"photo.png\" as \"photo.png\" with n content relu4 from noise for 1 steps size 300x400";
    let told = fovea(folder.path(), &["--format", "json", "-e", program]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let told: serde_json::Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    let planned = told["bytes"].as_u64().unwrap_or_else(|| panic!("{told}"));
    let taken = peak(folder.path(), program);
    let nothing = peak(Path::new("."), "note \"nothing\"") + BESIDE;
    assert!(planned > 100_000_000 && taken <= planned + planned / 10 + nothing, "{planned} planned, {taken} taken");
    assert!(planned <= taken + taken / 10, "{planned} planned, {taken} taken");
}
