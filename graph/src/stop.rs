//! Breaking long work off: what takes time with the size of a net asks again and again whether it is to end.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Whether work is to end before it is done. Asked every few hundred microseconds at most, often from the innermost loop
/// that makes no more than one node or some thousand numbers, so that asking must cost next to nothing.
pub trait Stop {
    /// Whether it is to end.
    fn is_set(&self) -> bool;

    /// The same, for one who waits for others and wakes by the clock. A test that counts looks does not count these.
    fn is_set_meanwhile(&self) -> bool {
        self.is_set()
    }

    /// An error once it is to end.
    ///
    /// # Errors
    /// [`Interrupted`].
    fn go_on(&self) -> Result<(), Interrupted> {
        if self.is_set() { Err(Interrupted) } else { Ok(()) }
    }
}

impl dyn Stop + '_ {
    /// The items, each once it is clear that work goes on.
    pub fn each<T>(&self, items: impl IntoIterator<Item = T>) -> impl Iterator<Item = Result<T, Interrupted>> {
        items.into_iter().map(|item| self.go_on().map(|()| item))
    }
}

/// The work was broken off: nothing has come of it, and nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// A flag that somebody sets.
impl Stop for AtomicBool {
    fn is_set(&self) -> bool {
        self.load(Ordering::Relaxed)
    }
}

/// Nothing ends the work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Never;

impl Stop for Never {
    fn is_set(&self) -> bool {
        false
    }
}

/// Ends the work when it asks for the n-th time: for tests, which no clock tells how often work asks.
#[derive(Debug)]
pub struct At {
    look: usize,
    asked: AtomicUsize,
}

impl At {
    /// The look at which it is set, 0 the first.
    pub fn look(look: usize) -> Self {
        Self { look, asked: AtomicUsize::new(0) }
    }

    /// One that is never set, and counts.
    pub fn never() -> Self {
        Self::look(usize::MAX)
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Stop for At {
    fn is_set(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed) >= self.look
    }

    fn is_set_meanwhile(&self) -> bool {
        false
    }
}

/// How often some work asks, for tests; and that it ends at once at whichever look it is told to.
///
/// # Panics
/// It ends without being told to, or goes on where it is told to end.
pub fn looks<T>(work: impl Fn(&dyn Stop) -> Result<T, Interrupted>) -> usize {
    let counted = At::never();
    assert!(work(&counted).is_ok(), "nothing ended it");
    for look in 0..counted.asked() {
        let stop = At::look(look);
        assert!(work(&stop).is_err(), "it went on at look {look} of {}", counted.asked());
        assert_eq!(stop.asked(), look + 1, "it asked again when it was to end");
    }
    counted.asked()
}
