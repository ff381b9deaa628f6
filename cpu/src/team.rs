//! The threads, and how work is handed to them.

use std::sync::{Mutex, PoisonError};

use fovea_graph::BackendError;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Elements of one task of an elementwise op; tensors up to this size are not worth a second thread.
pub const CHUNK: usize = 1 << 15;

/// The caller's thread and a pool of helpers.
///
/// Nothing here decides how work is cut: the callers do, from shapes alone.
pub struct Team {
    helpers: Option<ThreadPool>,
    threads: usize,
}

impl Team {
    /// A team of this many threads, the caller's among them.
    pub fn new(threads: usize) -> Result<Self, BackendError> {
        let threads = threads.max(1);
        let build = |n| ThreadPoolBuilder::new().num_threads(n).thread_name(|i| format!("fovea-cpu-{i}")).build();
        let helpers = match threads {
            1 => None,
            n => Some(build(n - 1).map_err(|e| BackendError::Unavailable(format!("cannot start {n} threads: {e}")))?),
        };
        Ok(Self { helpers, threads })
    }

    /// How many threads work, the caller's among them.
    pub fn threads(&self) -> usize {
        self.threads
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
        let Some(first) = tasks.next() else { return };
        let Some(pool) = &self.helpers else {
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
            for _ in 1..self.threads.min(left) {
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
