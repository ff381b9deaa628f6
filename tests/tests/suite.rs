//! Wrong programs, each with what must be said of it, where.
//!
//! A program lies in the folder of the stage that rejects it. A line `#    ^^^^ words | more words` speaks of the line above
//! it: there a mistake must stand, in exactly these columns, and its message must have these words. (Where the mistake
//! begins in the first column, the `#` stands for that column too.) There must be no other mistake. What lies in `remarks`
//! is accepted, with these remarks.
#![allow(clippy::unwrap_used)]

mod programs;

use std::path::Path;

use fovea_dsl::{Diagnostic, Level, Source};
use programs::{said, suite};

/// What must be said: of which line, in which columns (both from 0, the end exclusive), with which words.
#[derive(Debug, PartialEq)]
struct Expected {
    line: usize,
    columns: std::ops::Range<usize>,
    words: Vec<String>,
}

fn expectations(text: &str) -> Vec<Expected> {
    let mut expected = Vec::new();
    let mut line = 0;
    for (i, content) in text.lines().enumerate() {
        let body = content.strip_prefix('#').map(|rest| rest.trim_start_matches(' '));
        let Some(body) = body.filter(|body| body.starts_with('^')) else {
            line = i;
            continue;
        };
        let carets = body.chars().take_while(|&c| c == '^').count();
        let start = if content.starts_with("#^") { 0 } else { content.chars().count() - body.chars().count() };
        let carets = if start == 0 { carets + 1 } else { carets };
        let words = body.trim_start_matches('^').split(" | ").map(|w| w.trim().to_string()).collect();
        expected.push(Expected { line, columns: start..start + carets, words });
    }
    expected
}

/// Where a mistake stands, by line and columns; beyond the line's end it reaches the line's end.
fn position(mistake: &Diagnostic, source: &Source) -> (usize, std::ops::Range<usize>) {
    let range = mistake.span().range();
    let before = &source.text[..range.start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = source.text[line_start..].lines().next().unwrap_or("");
    let start = source.text[line_start..range.start].chars().count();
    let end = range.end.min(line_start + line.len());
    let end = source.text[line_start..end.max(range.start)].chars().count();
    // What is missing is shown where it should stand, one column wide.
    (before.matches('\n').count(), start..end.max(start + 1))
}

/// What is wrong with what is said of one program.
fn judge(path: &Path) -> Result<(), String> {
    let stage = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let (mistakes, source) = said(&std::fs::read_to_string(path).unwrap());
    let shown = || fovea_dsl::render(&mistakes, std::slice::from_ref(&source), fovea_dsl::Style::Plain);
    let expected = expectations(&source.text);
    if expected.is_empty() || expected.len() != mistakes.len() {
        return Err(format!("{} mistakes are expected, {} found\n{}", expected.len(), mistakes.len(), shown()));
    }
    for (want, mistake) in expected.iter().zip(&mistakes) {
        let (line, columns) = position(mistake, &source);
        if (line, &columns) != (want.line, &want.columns) {
            return Err(format!("expected at {want:?}, found at {line}, {columns:?}\n{}", shown()));
        }
        let said =
            fovea_dsl::render(std::slice::from_ref(mistake), std::slice::from_ref(&source), fovea_dsl::Style::Plain);
        // The words must be the message's own, not the program's as it is shown.
        let said: String =
            said.lines().filter(|l| !source.text.lines().any(|s| !s.is_empty() && l.ends_with(s))).collect();
        for word in &want.words {
            if !said.contains(word) {
                return Err(format!("`{word}` is not said\n{}", shown()));
            }
        }
        let found = match mistake.level {
            Level::Remark => "remarks".to_string(),
            Level::Error => format!("{:?}", mistake.stage).to_lowercase(),
        };
        if found != stage {
            return Err(format!("rejected by {found}\n{}", shown()));
        }
    }
    Ok(())
}

#[test]
fn every_wrong_program_is_told_what_is_wrong_and_where() {
    let programs = suite();
    assert!(programs.len() >= 30, "only {} programs", programs.len());
    let complaints: Vec<String> = programs
        .iter()
        .filter_map(|path| judge(path).err().map(|why| format!("── {}\n{why}\n", path.display())))
        .collect();
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), programs.len(), complaints.join("\n"));
}

#[test]
fn the_expectations_are_read() {
    let text = "net t = 8x8x1 - rleu\n#               ^^^^ one | two\nfoo\n#^^ three\n";
    let words = |w: &[&str]| w.iter().map(|w| w.to_string()).collect::<Vec<_>>();
    assert_eq!(
        expectations(text),
        [
            Expected { line: 0, columns: 16..20, words: words(&["one", "two"]) },
            Expected { line: 2, columns: 0..3, words: words(&["three"]) },
        ]
    );
}
