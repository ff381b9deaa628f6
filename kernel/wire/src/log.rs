//! The kernel's log, on standard error: whoever reads it may have gone or may not read, and nothing waits for them.

use std::fmt::Display;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::Builder;

/// How many lines wait to be written; those beyond are lost.
const WAITING: usize = 1000;

/// Says a line.
pub fn log(line: impl Display) {
    static WRITER: OnceLock<Option<SyncSender<String>>> = OnceLock::new();
    if let Some(writer) = WRITER.get_or_init(writer) {
        drop(writer.try_send(line.to_string()));
    }
}

/// A thread that writes; none where there is no thread to be had.
fn writer() -> Option<SyncSender<String>> {
    let (sender, lines) = sync_channel::<String>(WAITING);
    let write = move || lines.iter().for_each(|line| drop(writeln!(std::io::stderr(), "{line}")));
    Builder::new().name("log".into()).spawn(write).ok()?;
    Some(sender)
}
