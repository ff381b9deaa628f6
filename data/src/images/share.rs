//! How much memory the pictures take that are being decoded. Nobody waits for what is decoded once its reader was
//! interrupted, and whoever reads next begins beside it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many bytes of pixels: two pictures of the largest size that is read.
const MOST: u64 = 1 << 29;

static TAKEN: Mutex<u64> = Mutex::new(0);
static LESS: Condvar = Condvar::new();

/// Room for a picture's pixels, given back when it is dropped.
pub(super) struct Share(u64);

fn taken() -> MutexGuard<'static, u64> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Share {
    /// Waits until there is room for so many bytes beside others; alone, a picture may be larger.
    pub fn wait(bytes: u64) -> Self {
        let is_too_much = |taken: &mut u64| *taken > 0 && *taken + bytes > MOST;
        let mut taken = LESS.wait_while(taken(), is_too_much).unwrap_or_else(PoisonError::into_inner);
        *taken += bytes;
        Self(bytes)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        *taken() -= self.0;
        LESS.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_does_not_fit_beside_others_waits_for_them() {
        let (first, second) = (Share::wait(MOST * 2), mpsc::channel());
        let waits = std::thread::spawn(move || {
            let share = Share::wait(1);
            second.0.send(*taken()).expect("somebody waits for it");
            drop(share);
        });
        assert!(second.1.try_recv().is_err(), "it did not wait");
        drop(first);
        assert!(second.1.recv().is_ok_and(|taken| taken < MOST), "it began too early");
        assert!(waits.join().is_ok());
    }
}
