//! Failures as a front end shows them: every mistake with its place in the cell, in colour.

use fovea::failure::{BROKEN, Failure};
use fovea::session::Session;
use fovea_dsl::ends::is_line_end;
use fovea_dsl::{Diagnostic, Source, Stage, Style, render, visible_line};
use fovea_graph::{SourceId, Span};
use jupyter_protocol::ErrorOutput;
use serde_json::{Value, json};

use super::panics;

/// How many bytes a traceback has at most; what a cell of garbage does not need to say is left out.
const LONG: usize = 1 << 16;

/// How many characters are shown of a cell that is too long.
const BEGINNING: usize = 60;

/// How many characters of a mistake stand in the one line that sums it up.
const LINE: usize = 300;

/// Why the cell of this name ended early.
pub fn error(failure: &Failure, session: &Session, cell: &str) -> ErrorOutput {
    let Failure::Mistakes(mistakes) = failure else { return interrupted() };
    let mut traceback = traceback(mistakes, session.sources());
    let broken = mistakes.iter().find(|mistake| mistake.stage == Stage::Internal);
    if let Some(broken) = broken {
        traceback.push(String::new());
        traceback.extend(panics::report(session, cell, panics::words(session, broken.span())));
    }
    let ename = name(broken.or(mistakes.first()));
    ErrorOutput { ename: ename.to_string(), evalue: summary(mistakes), traceback }
}

/// The cell of this name is longer than a cell may be.
pub fn too_long(cell: &str, code: &str, longest: usize) -> ErrorOutput {
    let message = format!("a cell of {} bytes; the longest may have {longest}", code.len());
    let script = "a program of this size is a script: `fovea run FILE`";
    no_program(cell, code, Stage::Parse, message, Some(script))
}

/// The cell of this name is no program, and what it asks for is not done.
pub fn no_program(cell: &str, code: &str, stage: Stage, message: String, help: Option<&str>) -> ErrorOutput {
    let beginning: String = code.split(is_line_end).next().unwrap_or_default().chars().take(BEGINNING).collect();
    let id = SourceId(0);
    let mistake = Diagnostic::new(stage, Span::new(id, 0, beginning.len()), message);
    let mistakes = [match help {
        Some(help) => mistake.help(help),
        None => mistake,
    }];
    let source = Source { id, name: cell.to_string(), text: beginning };
    ErrorOutput {
        ename: name(mistakes.first()).to_string(),
        evalue: summary(&mistakes),
        traceback: traceback(&mistakes, &[source]),
    }
}

/// A request that cannot be worked on; why, in words.
pub fn request(why: String) -> ErrorOutput {
    ErrorOutput { ename: "ValueError".to_string(), evalue: why, traceback: Vec::new() }
}

/// A request that was too large to be kept; why, in words.
pub fn too_large(why: &str) -> ErrorOutput {
    let help = "help: a program of this size is a script: `fovea run FILE`";
    let traceback = vec![format!("\x1b[1;31merror\x1b[0m: {why}"), help.to_string()];
    ErrorOutput { traceback, ..request(why.to_string()) }
}

/// What is answered of a request that failed.
pub fn refused(error: ErrorOutput) -> Value {
    let ErrorOutput { ename, evalue, traceback } = error;
    json!({ "status": "error", "ename": ename, "evalue": evalue, "traceback": traceback })
}

/// The cell of this name met a fault of ours that no statement is known to have.
pub fn broken(session: &Session, cell: &str, code: &str) -> ErrorOutput {
    ErrorOutput {
        ename: kind(Stage::Internal).to_string(),
        evalue: BROKEN.to_string(),
        traceback: panics::report(session, cell, code),
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
    kind(mistake.map_or(Stage::Verbs, |mistake| mistake.stage))
}

fn kind(stage: Stage) -> &'static str {
    match stage {
        Stage::Parse => "SyntaxError",
        Stage::Names => "NameError",
        Stage::Values => "ValueError",
        Stage::Shapes => "ShapeError",
        Stage::Verbs => "StatementError",
        Stage::Memory => "MemoryError",
        Stage::Internal => "InternalError",
    }
}

/// The first mistake in one line, and how many more there are.
fn summary(mistakes: &[Diagnostic]) -> String {
    let Some((first, rest)) = mistakes.split_first() else { return String::new() };
    let line: String = visible_line(&first.message).chars().take(LINE).collect();
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
