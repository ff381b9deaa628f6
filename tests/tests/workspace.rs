//! The layout's rules: who may import whom, and what the map in the README promises.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Which of our crates each of our crates may import; dev-dependencies may cross.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    let graph: &[&str] = &["fovea-graph"];
    BTreeMap::from([
        ("fovea-graph", &[][..]),
        ("fovea-dsl", graph),
        ("fovea-cpu", graph),
        ("fovea-cuda", graph),
        ("fovea-cuda-emulator", &[]),
        ("fovea-data", graph),
        ("fovea-train", &["fovea-graph", "fovea-data"]),
        ("fovea-show", &["fovea-graph", "fovea-dsl"]),
        (
            "fovea-session",
            &["fovea-graph", "fovea-data", "fovea-dsl", "fovea-cpu", "fovea-cuda", "fovea-train", "fovea-show"],
        ),
        ("fovea-wire", &[]),
        ("fovea-lang", &["fovea-graph", "fovea-dsl", "fovea-train", "fovea-show", "fovea-session", "fovea-wire"]),
        (
            "fovea-tests",
            &[
                "fovea-graph",
                "fovea-data",
                "fovea-dsl",
                "fovea-cpu",
                "fovea-cuda",
                "fovea-cuda-emulator",
                "fovea-train",
                "fovea-lang",
                "fovea-wire",
            ],
        ),
    ])
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    metadata.workspace_packages().into_iter().cloned().collect()
}

/// The imports of `package` that the rule does not allow.
fn forbidden(package: &Package) -> Vec<String> {
    let allowed = allowed();
    let rule = allowed.get(package.name.as_str());
    let ours = package.dependencies.iter().filter(|d| d.name.starts_with("fovea-"));
    let imported = ours.filter(|d| d.kind != DependencyKind::Development);
    imported.filter(|d| !rule.is_some_and(|names| names.contains(&d.name.as_str()))).map(|d| d.name.clone()).collect()
}

#[test]
fn crates_import_only_what_the_rule_allows() {
    let packages = packages();
    assert_eq!(packages.len(), allowed().len(), "a crate without a rule, or a rule without a crate");
    for package in &packages {
        let wrong = forbidden(package);
        assert!(wrong.is_empty(), "{} must not import {}", package.name, wrong.join(", "));
    }
}

#[test]
fn the_rule_would_find_a_wrong_import() {
    let mut graph = packages().into_iter().find(|p| p.name.as_str() == "fovea-graph").unwrap();
    let kernel = packages().into_iter().find(|p| p.name.as_str() == "fovea-lang").unwrap();
    let dsl = kernel.dependencies.into_iter().find(|d| d.name == "fovea-dsl").unwrap();
    graph.dependencies.push(dsl);
    assert_eq!(forbidden(&graph), ["fovea-dsl"]);
}

/// `dsl`, `graph` and what shows are pure: no file, no clock, no environment.
#[test]
fn the_core_touches_nothing_outside() {
    let mut looked = 0;
    for folder in ["graph/src", "dsl/src", "kernel/show/src"] {
        for file in rust_files(&root().join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap();
            assert_eq!(outside(&text), None, "{}", file.display());
            looked += 1;
        }
    }
    assert!(looked > 20, "only {looked} files were looked at");
}

/// The first module through which a text reaches outside, whether it is named alone or in a list.
fn outside(text: &str) -> Option<&'static str> {
    let lists: Vec<&str> = text.split("std::{").skip(1).filter_map(|rest| rest.split("};").next()).collect();
    let listed = |module: &str| {
        let words = |list: &&str| list.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == module);
        lists.iter().any(words)
    };
    let modules = ["fs", "env", "time", "net", "process", "io"];
    modules.into_iter().find(|module| text.contains(&format!("std::{module}")) || listed(module))
}

#[test]
fn the_purity_check_would_find_a_file_or_a_clock() {
    assert_eq!(outside("use std::{collections::BTreeMap, fs};"), Some("fs"));
    assert_eq!(outside("let now = std::time::Instant::now();"), Some("time"));
    assert_eq!(outside("use std::{fmt, iter};"), None);
}

/// What an op's file lacks of its source and its tests.
fn lacking(text: &str) -> Vec<&'static str> {
    let source = text.lines().any(|line| line.starts_with("//! Source: ") || line.starts_with("//! Sources: "));
    let tests = text.contains("#[cfg(test)]\nmod tests {") && text.contains("#[test]");
    [("source", source), ("tests", tests)].into_iter().filter(|(_, there)| !there).map(|(what, _)| what).collect()
}

/// One file an op: it names its source and holds its tests.
#[test]
fn every_op_has_its_source_and_its_tests() {
    let mut looked = 0;
    for file in rust_files(&root().join("graph/src/op")) {
        if !["mod.rs", "backward.rs", "testing.rs"].iter().any(|other| file.ends_with(other)) {
            let lacks = lacking(&std::fs::read_to_string(&file).unwrap());
            assert!(lacks.is_empty(), "{} lacks {}", file.display(), lacks.join(" and "));
            looked += 1;
        }
    }
    assert!(looked >= 21, "only {looked} files were looked at");
    assert_eq!(lacking("//! A sum.\n"), ["source", "tests"]);
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

/// Every path that the README names in its map exists.
#[test]
fn the_map_is_true() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let map = readme.split("## The map").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let named: Vec<&str> = map.split('`').skip(1).step_by(2).filter(|w| w.contains('/') && !w.contains(' ')).collect();
    assert!(named.len() >= 10, "the map names {} paths", named.len());
    for path in named {
        assert!(root().join(path).exists(), "the map names {path}, which does not exist");
    }
}
