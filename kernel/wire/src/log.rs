//! The kernel's log, on standard error: whoever reads it may have gone or may not read, and nothing waits for them.

use std::fmt::Display;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

/// How many lines wait to be written; those beyond are lost.
const WAITING: usize = 1000;

static WRITER: OnceLock<Option<SyncSender<String>>> = OnceLock::new();

/// Says a line.
pub fn log(line: impl Display) {
    if let Some(writer) = WRITER.get_or_init(writer) {
        drop(writer.try_send(line.to_string()));
    }
}

/// Has lines come out here instead, where none was said yet; where nobody takes them, they are lost.
pub fn divert() -> Receiver<String> {
    let (sender, lines) = sync_channel(WAITING);
    drop(WRITER.set(Some(sender)));
    lines
}

/// A thread that writes; none where there is no thread to be had.
fn writer() -> Option<SyncSender<String>> {
    let (sender, lines) = sync_channel::<String>(WAITING);
    let write = move || lines.iter().for_each(|line| drop(writeln!(std::io::stderr(), "{line}")));
    Builder::new().name("log".into()).spawn(write).ok()?;
    Some(sender)
}
