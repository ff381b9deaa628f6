//! Panics, which are faults of ours: what is reported of them.

use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fovea::session::Session;
use fovea_graph::Span;

/// Where the newest panic was, and what it said. Those of the threads that compute are on their way to the interpreter's.
static NEWEST: Mutex<Option<String>> = Mutex::new(None);

/// How many characters of a statement or a message are reported.
const LONG: usize = 400;

/// From now on panics are remembered, beside what was done with them before.
pub fn watch() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        *NEWEST.lock().unwrap_or_else(PoisonError::into_inner) = Some(place(panic));
        usual(panic);
    }));
}

/// Lines for whoever mends it: which Fovea, where, doing what.
pub fn report(session: &Session, cell: &str, statement: &str) -> Vec<String> {
    let device = session.device();
    let newest = NEWEST.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    let lines = [
        format!("fovea {} on {} ({}), {system} {machine}", env!("CARGO_PKG_VERSION"), device.name, device.description),
        format!("{cell}: {}", short(statement)),
        short(&newest.unwrap_or_default()),
    ];
    let told = "This is a fault of Fovea, not of the program. Whoever mends it needs these lines:".to_string();
    std::iter::once(told).chain(lines.into_iter().map(|line| format!("    {line}"))).collect()
}

/// The words of a statement.
pub fn words(session: &Session, span: Span) -> &str {
    let source = session.sources().iter().find(|source| source.id == span.source);
    source.and_then(|source| source.text.get(span.range())).unwrap_or_default()
}

/// `panicked at cpu/src/conv.rs:12:5: index out of bounds`
fn place(panic: &PanicHookInfo<'_>) -> String {
    let said = fovea::failure::said(panic.payload());
    match panic.location() {
        Some(at) => format!("panicked at {}:{}:{}: {said}", tail(at.file()), at.line(), at.column()),
        None => format!("panicked: {said}"),
    }
}

/// A path as it stands in our sources; of a library's, the end, which does not say whose machine built it.
fn tail(path: &str) -> String {
    let path = Path::new(path);
    let skipped = if path.is_absolute() { path.iter().count().saturating_sub(4) } else { 0 };
    path.iter().skip(skipped).collect::<PathBuf>().display().to_string()
}

/// A text in one line that is not long.
fn short(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONG).collect();
    if text.chars().count() > LONG { line + "…" } else { line }
}
