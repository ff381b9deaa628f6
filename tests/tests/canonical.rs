//! The repository's own programs are in their canonical form: every script, and the statements of verbs that pages and
//! notebooks show. Nets there show that other spellings are read, too.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use fovea_dsl::format::format;
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::{Source, parse};
use fovea_graph::SourceId;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files below these folders whose names end so.
fn files(folders: &[&str], ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|this| this == ending) {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn every_script_is_in_its_canonical_form() {
    let scripts = files(&["dsl", "cuda", "notebooks", "tests", "kernel"], "fov");
    let mut count = 0;
    for script in &scripts {
        let text = std::fs::read_to_string(script).unwrap();
        // What cannot be read has no form.
        let Ok(form) = format(&text) else { continue };
        assert_eq!(form, text, "{}", script.display());
        count += 1;
    }
    assert!(count > 80 && scripts.len() > 160, "{count} of {}", scripts.len());
}

/// The programs of a page.
fn blocks(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let pieces: Vec<&str> = text.split("```").collect();
    let fenced = pieces.chunks(2).filter_map(|pair| pair.get(1)?.split_once('\n'));
    fenced.filter(|(word, _)| word.starts_with("fovea")).map(|(_, text)| text.to_string()).collect()
}

/// The cells of a notebook.
fn cells(notebook: &Path) -> Vec<String> {
    let notebook: Value = serde_json::from_str(&std::fs::read_to_string(notebook).unwrap()).unwrap();
    let is_code = |cell: &&Value| cell["cell_type"] == "code";
    let source = |cell: &Value| match &cell["source"] {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap().to_string(),
    };
    notebook["cells"].as_array().unwrap().iter().filter(is_code).map(source).collect()
}

#[test]
fn every_verb_that_is_shown_is_in_its_canonical_form() {
    let mut programs: Vec<String> = ["README.md", "dsl/REFERENCE.md"].into_iter().flat_map(blocks).collect();
    programs.extend(files(&["notebooks"], "ipynb").iter().flat_map(|notebook| cells(notebook)));
    let mut count = 0;
    for text in programs {
        let (program, _) = parse(&Source { id: SourceId(0), name: String::new(), text: text.clone() });
        for statement in program.statements {
            let written = &text[statement.span.range()];
            // A matrix that is written a row a line is to be looked at.
            let has_rows = written.contains("[\n") && !written.contains('#');
            if matches!(statement.kind, StatementKind::Verb(_)) && !has_rows {
                assert_eq!(format(written).unwrap().trim_end(), written);
                count += 1;
            }
        }
    }
    assert!(count > 110, "{count}");
}
