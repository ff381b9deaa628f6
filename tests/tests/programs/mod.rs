//! What is said of a program when it is checked, and the programs that lie in `suite` and `traps`.
#![allow(dead_code)] // Each test takes what it needs of this.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea::failure::Failure;
use fovea::session::Session;
use fovea_dsl::{Diagnostic, Source};

/// The mistakes of a program or, where it has none, what is remarked of it; and the program as the session has it.
pub fn said(text: &str) -> (Vec<Diagnostic>, Source) {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let cpu = Arc::new(fovea_cpu::Cpu::new(Some(1)).unwrap());
    let mut session = Session::new(cpu, runs.clone(), Arc::new(AtomicBool::new(false)));
    let result = session.check("program.fov", text);
    assert!(!runs.exists(), "checking wrote something: {text}");
    let said = match result {
        Ok(report) => report.remarks,
        Err(Failure::Mistakes(mistakes)) => mistakes,
        Err(Failure::Interrupted) => panic!("it was interrupted: {text}"),
    };
    (said, session.sources()[0].clone())
}

/// The files of `suite`, in order.
pub fn suite() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
    let mut programs = Vec::new();
    for stage in std::fs::read_dir(root).unwrap() {
        for file in std::fs::read_dir(stage.unwrap().path()).unwrap() {
            programs.push(file.unwrap().path());
        }
    }
    programs.sort();
    programs
}

/// The programs of `traps`, each with its verdict.
pub fn traps() -> Vec<(String, String)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("traps/traps.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let parts = text.split("\n%%\n").map(|trap| trap.rsplit_once("\n=> ").unwrap());
    parts.map(|(program, verdict)| (program.to_string(), verdict.trim_end().to_string())).collect()
}
