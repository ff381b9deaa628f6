//! The Jupyter kernel: a session behind the sockets of a connection file.

mod answers;
mod connection;
mod core;
mod errors;
mod history;
pub mod install;
mod interpreter;
mod outbox;
mod panics;
mod parent;
mod queue;
mod render;
mod sockets;
#[cfg(test)]
mod tests;
mod training;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use fovea::session::Session;
use sockets::{Open, Sockets};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use self::core::{Core, STACK};
use crate::{interrupt, state};

/// How long a cell that is broken off may take to end before the process does.
const ENDING: Duration = Duration::from_secs(1);

/// How long front ends have to take the last messages.
const FLUSH: Duration = Duration::from_millis(500);

/// How long these are on their way.
const LINGER: Duration = Duration::from_millis(100);

/// Serves a session to Jupyter until it is told to end.
pub fn serve(connection_file: &Path, session: Session) -> anyhow::Result<ExitCode> {
    let info = connection::read(connection_file)?;
    panics::watch();
    // Texts are read on these threads too, by functions that call themselves.
    let mut threads = Builder::new_multi_thread();
    let runtime =
        threads.worker_threads(2).thread_stack_size(STACK).enable_all().build().context("no threads to serve with")?;
    runtime.block_on(async {
        let sockets = Sockets::bind(&info).await?;
        let (out, messages) = sockets::outbox();
        let core = Arc::new(Core::new(session, interrupt::flag(), state::file("notebook-history"), out.clone())?);
        let open = sockets.open(&core, &out, messages);
        until_the_end(&core, &open).await?;
        let ending = Arc::clone(&core);
        drop(tokio::task::spawn_blocking(move || ending.end(ENDING)).await);
        open.flush(FLUSH, LINGER).await;
        anyhow::Ok(())
    })?;
    // Sockets in the file system go.
    runtime.shutdown_timeout(LINGER);
    // A statement that does not end holds nothing back: what it trained is on disk up to its last checkpoint.
    std::process::exit(0)
}

/// Serves until a front end or a signal ends the kernel, or the process that started it is gone.
async fn until_the_end(core: &Core, open: &Open) -> anyhow::Result<()> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    let gone = parent::gone();
    tokio::pin!(gone);
    loop {
        tokio::select! {
            () = open.ended.notified() => return Ok(()),
            _ = interrupts.recv() => core.interrupt(),
            _ = terminations.recv() => return Ok(()),
            _ = hangups.recv() => return Ok(()),
            () = &mut gone => return Ok(()),
        }
    }
}
