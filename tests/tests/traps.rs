//! Texts that look as if they could be read in several ways, or that people write by habit: which are accepted, and what
//! the others are told first. They lie in `tests/traps/traps.txt`, parted by `%%`, each with its verdict behind `=>`.
#![allow(clippy::unwrap_used)]

mod programs;

use fovea_dsl::Level;

fn verdict(text: &str) -> String {
    let (said, _) = programs::said(text);
    let mistake = said.into_iter().find(|diagnostic| diagnostic.level == Level::Error);
    mistake.map_or("accepted".to_string(), |mistake| mistake.message)
}

#[test]
fn every_trap_is_decided_as_written() {
    let traps = programs::traps();
    assert!(traps.len() >= 100, "only {} traps", traps.len());
    let wrong: Vec<String> = traps
        .iter()
        .map(|(program, expected)| (program, expected, verdict(program)))
        .filter(|(_, expected, found)| *expected != found)
        .map(|(program, expected, found)| format!("{program}\n   expected: {expected}\n   found:    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
