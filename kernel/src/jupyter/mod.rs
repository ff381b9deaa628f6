//! The Jupyter kernel: a session behind the sockets of a connection file.

mod answers;
mod connection;
mod core;
mod errors;
mod history;
pub mod install;
mod interpreter;
mod outbox;
mod queue;
mod render;
mod sockets;
mod training;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use fovea::session::Session;
use sockets::Sockets;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use self::core::Core;
use crate::{interrupt, state};

/// How long a cell that is broken off may take to end before the process does.
const ENDING: Duration = Duration::from_secs(1);

/// How long the last messages have to leave.
const LINGER: Duration = Duration::from_millis(100);

/// Serves a session to Jupyter until it is told to end.
pub fn serve(connection_file: &Path, session: Session) -> anyhow::Result<ExitCode> {
    let info = connection::read(connection_file)?;
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_all().build().context("no threads to serve with")?;
    runtime.block_on(async {
        let sockets = Sockets::bind(&info).await?;
        let (out, messages) = sockets::outbox();
        let core = Arc::new(Core::new(session, interrupt::flag(), state::file("notebook-history"), out.clone())?);
        let mut interrupts = signal(SignalKind::interrupt())?;
        let mut terminations = signal(SignalKind::terminate())?;
        let mut hangups = signal(SignalKind::hangup())?;
        let serving = tokio::spawn({
            let core = Arc::clone(&core);
            async move { sockets.serve(core, &out, messages).await }
        });
        tokio::pin!(serving);
        loop {
            tokio::select! {
                _ = &mut serving => break,
                _ = interrupts.recv() => core.interrupt(),
                _ = terminations.recv() => break,
                _ = hangups.recv() => break,
            }
        }
        core.end(ENDING);
        tokio::time::sleep(LINGER).await;
        anyhow::Ok(())
    })?;
    // A statement that does not end holds nothing back: what it trained is on disk up to its last checkpoint.
    std::process::exit(0)
}
