//! The scripts of `notebooks/` run from beginning to end and reach what they promise.

#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn lenet_learns_the_digits() {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notebooks/lenet.fov");
    std::fs::copy(script, folder.path().join("lenet.fov")).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_fovea"))
        .args(["run", "lenet.fov", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let results: Vec<Value> =
        String::from_utf8(done.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |verb: &str| results.iter().find(|result| result["verb"] == verb).unwrap();
    assert_eq!(of("summary")["totals"]["params"], 61706);
    assert_eq!(of("summary")["totals"]["macs"], 416520);
    assert!(of("test")["accuracy"].as_f64().unwrap() >= 0.98, "{}", of("test")["accuracy"]);
    let written = results.iter().filter_map(|result| result["files"].as_array()).flatten();
    let missing: Vec<&Value> = written.filter(|file| !folder.path().join(file.as_str().unwrap()).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(folder.path().join("lenet.out").read_dir().unwrap().count() >= 8);
}
