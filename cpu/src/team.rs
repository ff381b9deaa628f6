//! The threads, and how work is handed to them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use fovea_graph::BackendError;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::simd::{Instructions, Vectors};

/// Elements of one task of an elementwise op; tensors up to this size are not worth a second thread.
pub const CHUNK: usize = 1 << 15;

/// The caller's thread and a pool of helpers.
pub struct Threads {
    helpers: Option<ThreadPool>,
    count: usize,
    vectors: Vectors,
}

impl Threads {
    /// This many threads, the caller's among them, and the instructions that they work with.
    pub fn new(threads: usize, instructions: Instructions) -> Result<Self, BackendError> {
        let lacks = || BackendError::Unavailable(format!("this machine has no {instructions}"));
        let vectors = Vectors::new(instructions).ok_or_else(lacks)?;
        let threads = threads.max(1);
        let build = |n| ThreadPoolBuilder::new().num_threads(n).thread_name(|i| format!("fovea-cpu-{i}")).build();
        let helpers = match threads {
            1 => None,
            n => Some(build(n - 1).map_err(|e| BackendError::Unavailable(format!("cannot start {n} threads: {e}")))?),
        };
        Ok(Self { helpers, count: threads, vectors })
    }

    /// How many threads work, the caller's among them.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The vectors that they work with.
    pub fn vectors(&self) -> Vectors {
        self.vectors
    }
}

/// The threads for the time of one op, which a flag may end early.
///
/// Nothing here decides how work is cut: the callers do, from shapes alone.
pub struct Team<'a> {
    threads: &'a Threads,
    stop: Option<&'a AtomicBool>,
    /// Whether work was left out.
    left: AtomicBool,
}

impl<'a> Team<'a> {
    /// All threads; once `stop` is set they begin no more work.
    pub fn new(threads: &'a Threads, stop: Option<&'a AtomicBool>) -> Self {
        Self { threads, stop, left: AtomicBool::new(false) }
    }

    /// Whether work goes on; where it does not, what the op has computed is of no use. Asked before each task, and inside
    /// of long ones.
    pub fn goes_on(&self) -> bool {
        let stopped = self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
        if stopped {
            self.left.store(true, Ordering::Relaxed);
        }
        !stopped
    }

    /// The vectors that the threads work with.
    pub fn vectors(&self) -> Vectors {
        self.threads.vectors
    }

    /// Whether all work that was given was done.
    pub fn is_done(&self) -> bool {
        !self.left.load(Ordering::Relaxed)
    }

    /// Runs `work` once for every task. Each thread has `slot` elements of `workspace` to itself, so that must hold
    /// `slot` for each thread; a task must not count on what it finds there.
    pub fn each<T: Send>(
        &self,
        mut tasks: impl Iterator<Item = T> + Send,
        workspace: &mut [f32],
        slot: usize,
        work: impl Fn(T, &mut [f32]) + Sync,
    ) {
        let work = |task, workspace: &mut [f32]| {
            if self.goes_on() {
                work(task, workspace);
            }
        };
        let Some(first) = tasks.next() else { return };
        let Some(pool) = &self.threads.helpers else {
            work(first, &mut workspace[..slot]);
            return tasks.for_each(|task| work(task, &mut workspace[..slot]));
        };
        let Some(second) = tasks.next() else { return work(first, &mut workspace[..slot]) };
        let left = tasks.size_hint().1.map_or(usize::MAX, |n| n.saturating_add(2));
        let queue = Mutex::new([first, second].into_iter().chain(tasks));
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let (next, work) = (&next, &work);
        pool.in_place_scope(|scope| {
            let (own, mut rest) = workspace.split_at_mut(slot);
            for _ in 1..self.threads.count.min(left) {
                let (mine, others) = rest.split_at_mut(slot);
                rest = others;
                scope.spawn(move |_| drain(next, mine, work));
            }
            drain(next, own, work);
        });
    }

    /// Runs `work` on every piece of `output` of `chunk` elements, with the index of the piece's first element.
    pub fn chunks(&self, output: &mut [f32], chunk: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
        let chunk = chunk.max(1);
        self.each(output.chunks_mut(chunk).enumerate(), &mut [], 0, |(i, piece), _| work(i * chunk, piece));
    }
}

/// Takes tasks until there are none.
fn drain<T>(next: &impl Fn() -> Option<T>, workspace: &mut [f32], work: &impl Fn(T, &mut [f32])) {
    while let Some(task) = next() {
        work(task, workspace);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::time::{Duration, Instant};

    /// How many of 1,000 tasks begin, where the tenth sets the flag and those behind it wait for that.
    fn begun(threads: usize) -> (usize, bool) {
        let (threads, stop) = (Threads::new(threads, Instructions::best()).unwrap(), AtomicBool::new(false));
        let (team, begun) = (Team::new(&threads, Some(&stop)), AtomicUsize::new(0));
        team.each(0..1_000, &mut [], 0, |task, _| {
            begun.fetch_add(1, Ordering::Relaxed);
            if task == 9 {
                stop.store(true, Ordering::Relaxed);
            }
            let limit = Instant::now() + Duration::from_secs(60);
            while task > 9 && !stop.load(Ordering::Relaxed) && Instant::now() < limit {
                std::thread::yield_now();
            }
        });
        (begun.into_inner(), team.is_done())
    }

    #[test]
    fn once_the_flag_is_set_no_task_begins() {
        assert_eq!(begun(1), (10, false));
        // Each other thread may have begun one that waits.
        let (tasks, done) = begun(3);
        assert!((10..=12).contains(&tasks) && !done, "{tasks}");
        let (threads, flag) = (Threads::new(2, Instructions::best()).unwrap(), AtomicBool::new(false));
        let (team, count) = (Team::new(&threads, Some(&flag)), AtomicUsize::new(0));
        team.each(0..1_000, &mut [], 0, |_, _| _ = count.fetch_add(1, Ordering::Relaxed));
        assert_eq!((count.into_inner(), team.is_done()), (1_000, true));
    }
}
