//! Failures as a front end shows them: every mistake with its place in the cell, in colour.

use fovea::failure::Failure;
use fovea_dsl::{Diagnostic, Source, Stage, Style, render};
use jupyter_protocol::ErrorOutput;

/// How many bytes a traceback has at most; what a cell of garbage does not need to say is left out.
const LONG: usize = 1 << 16;

/// How many characters of a mistake stand in the one line that sums it up.
const LINE: usize = 300;

/// Why a cell ended early.
pub fn error(failure: &Failure, sources: &[Source]) -> ErrorOutput {
    match failure {
        Failure::Interrupted => interrupted(),
        Failure::Mistakes(mistakes) => ErrorOutput {
            ename: name(mistakes.first()).to_string(),
            evalue: summary(mistakes),
            traceback: traceback(mistakes, sources),
        },
    }
}

/// The user broke it off.
fn interrupted() -> ErrorOutput {
    let message = "the cell was broken off; what had completed stays".to_string();
    ErrorOutput {
        ename: "Interrupted".to_string(),
        traceback: vec![format!("\x1b[1;31minterrupted\x1b[0m: {message}")],
        evalue: message,
    }
}

/// What kind of mistake it is, in a word.
fn name(mistake: Option<&Diagnostic>) -> &'static str {
    match mistake.map(|mistake| mistake.stage) {
        Some(Stage::Parse) => "SyntaxError",
        Some(Stage::Names) => "NameError",
        Some(Stage::Values) => "ValueError",
        Some(Stage::Shapes) => "ShapeError",
        Some(Stage::Memory) => "MemoryError",
        Some(Stage::Verbs) | None => "StatementError",
    }
}

/// The first mistake in one line, and how many more there are.
fn summary(mistakes: &[Diagnostic]) -> String {
    let Some((first, rest)) = mistakes.split_first() else { return String::new() };
    let line: String = first.message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LINE).collect();
    match rest.len() {
        0 => line,
        more => format!("{line} (and {more} more)"),
    }
}

/// The mistakes with the lines that they speak of, as many as there is room for.
fn traceback(mistakes: &[Diagnostic], sources: &[Source]) -> Vec<String> {
    let (mut lines, mut size) = (Vec::new(), 0);
    for (at, mistake) in mistakes.iter().enumerate() {
        let text = render(std::slice::from_ref(mistake), sources, Style::Coloured);
        size += text.len();
        if size > LONG && at > 0 {
            lines.push(format!("… and {} more mistakes", mistakes.len() - at));
            break;
        }
        lines.extend(text.trim_end().lines().map(str::to_string));
        lines.push(String::new());
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}
