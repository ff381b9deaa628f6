//! Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Broken off by the user: the exit status that shells use.
pub const STATUS: u8 = 130;

static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The flag that Ctrl-C sets.
pub fn flag() -> Arc<AtomicBool> {
    Arc::clone(FLAG.get_or_init(Arc::default))
}

/// Sets the flag at Ctrl-C, and at SIGTERM and SIGHUP.
pub fn watch(second: Presses) -> anyhow::Result<()> {
    let flag = flag();
    ctrlc::set_handler(move || {
        let again = flag.swap(true, Ordering::Relaxed);
        if again && second == Presses::Insist || WAITS.load(Ordering::Relaxed) {
            std::process::exit(i32::from(STATUS));
        }
    })?;
    Ok(())
}

/// A file that would grow beyond its limit is an error of the write, as on a full disk, and not the end of the process.
pub fn survive_full_files() {
    #[cfg(unix)]
    // SAFETY: only sets the disposition of a signal, before any other thread runs.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// What a second Ctrl-C does before the first has had its effect.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presses {
    /// It ends the process at once: a script.
    Insist,
    /// Nothing more: the prompt comes back, with all that was made there.
    Wait,
}

/// Whether the program waits for what would not hear of the flag.
static WAITS: AtomicBool = AtomicBool::new(false);

/// Does something that may wait for ever, as for a pipe: Ctrl-C then ends the program.
pub fn ends<T>(wait: impl FnOnce() -> T) -> T {
    WAITS.store(true, Ordering::Relaxed);
    let waited = wait();
    WAITS.store(false, Ordering::Relaxed);
    waited
}

/// As if Ctrl-C had been pressed.
pub fn now() {
    flag().store(true, Ordering::Relaxed);
}

/// Forgets an earlier Ctrl-C.
pub fn forget() {
    flag().store(false, Ordering::Relaxed);
}
