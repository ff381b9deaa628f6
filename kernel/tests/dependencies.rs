//! What a Rust notebook has to build: the library without what belongs to the program alone.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Crates of the program: servers, the command line, the prompt, evcxr itself, which loads the library; and what takes
/// long to build.
const PROGRAM: [&str; 13] = [
    "anstream",
    "anyhow",
    "clap",
    "ctrlc",
    "evcxr",
    "image",
    "indicatif",
    "resvg",
    "ring",
    "rustyline",
    "tokio",
    "uuid",
    "zeromq",
];

/// The crates that are built, by name; `more` chooses features.
fn built(more: &[&str]) -> BTreeSet<String> {
    let tree = ["tree", "-p", "fovea-lang", "-e", "normal", "--prefix", "none", "--offline", "--locked"];
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(tree).args(more).current_dir(env!("CARGO_MANIFEST_DIR"));
    let tree = cargo.output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_string).collect()
}

/// Those that only the program should need.
fn of_the_program(crates: &BTreeSet<String>) -> Vec<&str> {
    let is = |name: &&str| PROGRAM.contains(name) || name.starts_with("jupyter") || name.starts_with("evcxr_");
    crates.iter().map(String::as_str).filter(is).collect()
}

#[test]
fn the_library_alone_brings_nothing_of_the_program() {
    let library = built(&["--no-default-features"]);
    assert!(library.contains("fovea-cpu") && library.contains("plotters"), "{library:?}");
    assert_eq!(of_the_program(&library), [""; 0]);
}

#[test]
fn the_same_look_finds_what_the_program_brings() {
    let program = built(&[]);
    let found = of_the_program(&program);
    for name in ["clap", "jupyter-protocol", "resvg", "ring", "rustyline", "tokio"] {
        assert!(found.contains(&name), "{name} is not found in {found:?}");
    }
}

#[test]
fn every_crate_of_the_feature_is_optional() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let named: Vec<&str> = manifest.split("\"dep:").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(named.contains(&"tokio"), "{named:?}");
    let direct = built(&["--no-default-features", "--depth", "1"]);
    let kept: Vec<&&str> = named.iter().filter(|&&name| direct.contains(name)).collect();
    assert_eq!(kept, [&""; 0]);
}
