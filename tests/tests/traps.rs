//! Texts that look as if they could be read in several ways, or that people write by habit: which are accepted, and what
//! the others are told first. They lie in `tests/traps/traps.txt`, parted by `%%`, each with its verdict behind `=>`.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea::failure::Failure;
use fovea::session::Session;
use fovea_cpu::Cpu;

fn verdict(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let cpu = Arc::new(Cpu::new(Some(1)).unwrap());
    let mut session = Session::new(cpu, runs, Arc::new(AtomicBool::new(false)));
    match session.check("trap.fov", text) {
        Ok(_) => "accepted".into(),
        Err(Failure::Mistakes(mistakes)) => mistakes[0].message.clone(),
        Err(Failure::Interrupted) => "interrupted".into(),
    }
}

#[test]
fn every_trap_is_decided_as_written() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("traps/traps.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let traps: Vec<(&str, &str)> = text.split("\n%%\n").map(|trap| trap.rsplit_once("\n=> ").unwrap()).collect();
    assert!(traps.len() >= 100, "only {} traps", traps.len());
    let wrong: Vec<String> = traps
        .iter()
        .map(|(program, expected)| (program, expected.trim_end(), verdict(program)))
        .filter(|(_, expected, found)| expected != found)
        .map(|(program, expected, found)| format!("{program}\n   expected: {expected}\n   found:    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
