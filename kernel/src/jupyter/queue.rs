//! The cells that wait, the one that runs, and what front ends are told of both. One lock guards all of it: an interrupt
//! meets a cell that waits or one that runs, never the one after it, and the last status said is the true one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jupyter_protocol::{ExecuteRequest, ExecutionCount, InspectRequest, JupyterMessage, Status};
use serde_json::json;

use super::outbox::{Channel, Outbox, raw};

/// What the interpreter is asked for.
pub struct Job {
    /// The request.
    pub message: JupyterMessage,
    /// What it asks.
    pub ask: Ask,
}

/// What a request asks of the interpreter.
pub enum Ask {
    /// To run a cell.
    Cell(ExecuteRequest),
    /// To explain a name of the session.
    Inspect(InspectRequest),
}

/// The interpreter's work, in the order in which it came.
pub struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
    out: Outbox,
    /// Ends the statement that runs.
    interrupted: Arc<AtomicBool>,
}

/// A front end that runs a whole notebook sends its cells one behind the other: those that follow within this time are
/// of the same going.
pub const QUIET: Duration = Duration::from_millis(15);

/// How long cells are waited for at most.
pub const LONGEST: Duration = Duration::from_millis(150);

#[derive(Default)]
struct Inner {
    waiting: VecDeque<Job>,
    /// The request that is being worked on.
    running: Option<JupyterMessage>,
    /// The number of the last cell that was numbered.
    count: usize,
    closed: bool,
}

impl Queue {
    /// Nothing waits. `interrupted` ends what the session runs.
    pub fn new(out: Outbox, interrupted: Arc<AtomicBool>) -> Self {
        Self { inner: Mutex::default(), changed: Condvar::new(), out, interrupted }
    }

    /// Puts a request behind those that wait; where the kernel is ending, it is dropped.
    pub fn push(&self, job: Job) {
        self.admit(&mut self.lock(), job);
    }

    /// The same where nothing runs or waits; else gives the request back.
    pub fn at_once(&self, job: Job) -> Option<Job> {
        let mut inner = self.lock();
        if inner.running.is_some() || !inner.waiting.is_empty() {
            return Some(job);
        }
        self.admit(&mut inner, job);
        None
    }

    fn admit(&self, inner: &mut Inner, job: Job) {
        if inner.closed {
            self.drop_cell(inner, &job);
        } else {
            inner.waiting.push_back(job);
            self.changed.notify_all();
        }
    }

    /// The next request, once there is one; none when the kernel ends. From now on it is the one that runs.
    pub fn next(&self) -> Option<Job> {
        let mut inner = self.lock();
        loop {
            if inner.closed {
                return None;
            }
            if let Some(job) = inner.waiting.pop_front() {
                inner.running = Some(job.message.clone());
                self.interrupted.store(false, Ordering::Relaxed);
                self.out.publish(&job.message, Status::busy());
                return Some(job);
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The request that ran is done.
    pub fn done(&self) {
        let mut inner = self.lock();
        if let Some(message) = inner.running.take() {
            self.out.publish(&message, Status::idle());
        }
        self.changed.notify_all();
    }

    /// Counts a cell; its number.
    pub fn number(&self) -> ExecutionCount {
        let mut inner = self.lock();
        inner.count += 1;
        ExecutionCount::new(inner.count)
    }

    /// The number of the last cell that was numbered.
    pub fn count(&self) -> ExecutionCount {
        ExecutionCount::new(self.lock().count)
    }

    /// Waits until no request comes any more, before a failure is told: what comes until then was sent by somebody who
    /// does not know of it, and what comes after by somebody who may.
    pub fn settle(&self) {
        let end = Instant::now() + LONGEST;
        let mut inner = self.lock();
        loop {
            let waiting = inner.waiting.len();
            let (next, quiet) = self.changed.wait_timeout(inner, QUIET).unwrap_or_else(PoisonError::into_inner);
            inner = next;
            if inner.closed || Instant::now() >= end || (quiet.timed_out() && inner.waiting.len() == waiting) {
                return;
            }
        }
    }

    /// Drops the cells that wait: one before them failed.
    pub fn abort(&self) {
        self.drop_waiting(&mut self.lock());
    }

    /// Ends what runs and drops the cells that wait. Where nothing runs or waits, nothing happens.
    pub fn interrupt(&self) {
        let mut inner = self.lock();
        if inner.running.is_some() {
            self.interrupted.store(true, Ordering::Relaxed);
        }
        self.drop_waiting(&mut inner);
    }

    /// Ends what runs and lets nothing else begin.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        self.interrupted.store(true, Ordering::Relaxed);
        self.drop_waiting(&mut inner);
        self.changed.notify_all();
    }

    /// Waits until nothing runs, as long as that; whether it came so.
    pub fn rest(&self, longest: Duration) -> bool {
        let end = Instant::now() + longest;
        let mut inner = self.lock();
        while inner.running.is_some() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Does what a request asks that needs no interpreter, between the statuses that the protocol wants. Front ends take
    /// the last status for the kernel's, so that a cell that runs is then said to be busy once more.
    pub fn answer(&self, message: &JupyterMessage, work: impl FnOnce()) {
        self.out.publish(message, Status::busy());
        work();
        self.idle_again(&self.lock(), message);
    }

    fn idle_again(&self, inner: &Inner, message: &JupyterMessage) {
        self.out.publish(message, Status::idle());
        if let Some(running) = &inner.running {
            self.out.publish(running, Status::busy());
        }
    }

    fn drop_waiting(&self, inner: &mut Inner) {
        for job in std::mem::take(&mut inner.waiting) {
            self.drop_cell(inner, &job);
        }
    }

    /// Tells whoever sent a request that it will not be worked on.
    fn drop_cell(&self, inner: &Inner, job: &Job) {
        self.out.publish(&job.message, Status::busy());
        let (kind, content) = match job.ask {
            Ask::Cell(_) => ("execute_reply", json!({ "status": "aborted" })),
            Ask::Inspect(_) => ("inspect_reply", json!({ "status": "ok", "found": false, "data": {}, "metadata": {} })),
        };
        self.out.reply(Channel::Shell, &job.message, raw(kind, content));
        self.idle_again(inner, &job.message);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that holds the lock can leave it half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
