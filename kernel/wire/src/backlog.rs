//! What a peer has not read yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// From so many bytes on, of a display's updates only the newest waits.
const MUCH: usize = 1 << 20;

/// So many bytes wait at most for a peer that is to hear them.
pub const FULL: usize = 64 << 20;

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its frames, encoded.
    pub bytes: Arc<Vec<u8>>,
    /// The display that it updates: a later update says all that this one does.
    pub updates: Option<Arc<str>>,
}

/// The messages that wait for a peer to read, in order; their bytes are bounded.
#[derive(Default)]
pub struct Backlog {
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<Item>,
    bytes: usize,
    /// A message is being written.
    writing: bool,
    closed: bool,
    lost: usize,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It waits to be written.
    Waits,
    /// It is the first for which there was no room.
    Stuck,
    /// It is another one for which there was no room, or the peer is gone.
    Lost,
}

impl Backlog {
    /// Puts a message behind the others, of which no more than `room` bytes may wait.
    pub fn push(&self, item: Item, room: usize) -> Flow {
        let mut inner = self.lock();
        if inner.closed {
            return Flow::Lost;
        }
        let size = item.bytes.len();
        if let (true, Some(display)) = (inner.bytes > MUCH, &item.updates) {
            let older = inner.waiting.iter().rposition(|waiting| waiting.updates.as_ref() == Some(display));
            if let Some(older) = older.and_then(|at| inner.waiting.remove(at)) {
                inner.bytes -= older.bytes.len();
            }
        }
        if inner.bytes + size > room && !inner.waiting.is_empty() {
            inner.lost += 1;
            return if inner.lost == 1 { Flow::Stuck } else { Flow::Lost };
        }
        inner.bytes += size;
        inner.waiting.push_back(item);
        drop(inner);
        self.changed.notify_one();
        Flow::Waits
    }

    /// The next message to write, once there is one; none when the peer is gone. The one before it has been written.
    pub async fn next(&self) -> Option<Item> {
        loop {
            {
                let mut inner = self.lock();
                inner.writing = false;
                if inner.closed {
                    return None;
                }
                if let Some(item) = inner.waiting.pop_front() {
                    inner.bytes -= item.bytes.len();
                    inner.writing = true;
                    return Some(item);
                }
                inner.lost = 0;
            }
            self.changed.notified().await;
        }
    }

    /// Whether everything has been written.
    pub fn is_empty(&self) -> bool {
        let inner = self.lock();
        inner.closed || inner.waiting.is_empty() && !inner.writing
    }

    /// The peer is gone.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.waiting.clear();
        inner.bytes = 0;
        drop(inner);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn item(size: usize, updates: Option<&str>) -> Item {
        Item { bytes: Arc::new(vec![0; size]), updates: updates.map(Arc::from) }
    }

    fn sizes(backlog: &Backlog) -> Vec<usize> {
        backlog.lock().waiting.iter().map(|item| item.bytes.len()).collect()
    }

    #[test]
    fn of_a_displays_updates_the_newest_waits_behind_what_came_before_it() {
        let backlog = Backlog::default();
        backlog.push(item(10, Some("plot")), FULL);
        backlog.push(item(11, Some("plot")), FULL);
        assert_eq!(sizes(&backlog), [10, 11], "a peer that reads gets every update");
        backlog.push(item(MUCH, None), FULL);
        backlog.push(item(12, Some("plot")), FULL);
        backlog.push(item(13, Some("line")), FULL);
        backlog.push(item(14, Some("plot")), FULL);
        assert_eq!(sizes(&backlog), [10, MUCH, 13, 14], "a peer that does not read gets the newest");
    }

    #[test]
    fn what_waits_is_bounded_and_the_first_loss_is_told() {
        let backlog = Backlog::default();
        assert_eq!(backlog.push(item(FULL + 1, None), FULL), Flow::Waits, "one message always has room");
        assert_eq!(backlog.push(item(1, None), FULL), Flow::Stuck);
        assert_eq!(backlog.push(item(1, None), FULL), Flow::Lost);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(backlog.next()).unwrap().bytes.len(), FULL + 1);
        assert!(!backlog.is_empty(), "it is being written");
        assert_eq!(backlog.push(item(1, None), FULL), Flow::Waits);
        backlog.close();
        assert!(backlog.is_empty() && runtime.block_on(backlog.next()).is_none());
        assert_eq!(backlog.push(item(1, None), FULL), Flow::Lost);
    }
}
