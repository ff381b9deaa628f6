//! Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Broken off by the user: the exit status that shells use.
pub const STATUS: i32 = 130;

static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The flag that Ctrl-C sets.
pub fn flag() -> Arc<AtomicBool> {
    Arc::clone(FLAG.get_or_init(Arc::default))
}

/// Sets the flag at Ctrl-C (and at SIGTERM and SIGHUP). In a script a second one ends the process at once.
pub fn watch(script: Script) -> anyhow::Result<()> {
    let flag = flag();
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) && script == Script::Yes {
            std::process::exit(STATUS);
        }
    })?;
    Ok(())
}

/// Whether a script runs, or somebody sits at the prompt and may press twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// A script, or `-e`.
    Yes,
    /// The prompt.
    No,
}

/// Forgets an earlier Ctrl-C.
pub fn forget() {
    flag().store(false, Ordering::Relaxed);
}
