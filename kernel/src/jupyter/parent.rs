//! The process that started the kernel: without it, nobody would end the kernel.

use std::time::Duration;

use tokio::time::sleep;

use fovea_wire::log;

/// The variable in which Jupyter says what it is.
const VARIABLE: &str = "JPY_PARENT_PID";

/// How often the parent is looked for.
const EVERY: Duration = Duration::from_secs(1);

/// Waits for the parent's end; for ever where Jupyter does not say which it is.
pub async fn gone() {
    let Some(jupyter) = std::env::var(VARIABLE).ok().and_then(|pid| pid.parse().ok()).filter(|&pid: &i32| pid > 0)
    else {
        return std::future::pending().await;
    };
    let started_by = std::os::unix::process::parent_id();
    // Another process may stand between the two, and outlive Jupyter.
    while std::os::unix::process::parent_id() == started_by && lives(jupyter) {
        sleep(EVERY).await;
    }
    log("Jupyter is gone, so the kernel ends");
}

/// Whether there is such a process.
fn lives(pid: i32) -> bool {
    // SAFETY: signal 0 is never delivered.
    let sent = unsafe { libc::kill(pid, 0) };
    sent == 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}
