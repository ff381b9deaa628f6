//! How an op's work is handed to the threads.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::simd::Vectors;
use crate::threads::Threads;

/// Elements of one task of an elementwise op; tensors up to this size are not worth a second thread.
pub const CHUNK: usize = 1 << 15;

/// Into how many ranges tasks are shared out at most.
const RANGES: usize = 32;

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
        self.threads.vectors()
    }

    /// Whether all work that was given was done.
    pub fn is_done(&self) -> bool {
        !self.left.load(Ordering::Relaxed)
    }

    /// Runs `work` once for each number below `count`. Each thread has `slot` elements of `workspace` to itself, so that
    /// must hold `slot` for each thread; a task must not count on what it finds there.
    pub fn tasks(&self, count: usize, workspace: &mut [f32], slot: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
        let ranges = self.threads.count().min(RANGES);
        let next: [AtomicUsize; RANGES] = std::array::from_fn(|range| AtomicUsize::new(range * count / ranges));
        let next = |thread: usize| {
            (0..ranges).find_map(|away| {
                let range = (thread + away) % ranges;
                let task = next[range].fetch_add(1, Ordering::Relaxed);
                (task < (range + 1) * count / ranges).then_some(task)
            })
        };
        self.share(count, workspace, slot, next, work);
    }

    /// Runs `work` once for every task; workspace as in [`Self::tasks`].
    pub fn each<T: Send>(
        &self,
        tasks: impl Iterator<Item = T> + Send,
        workspace: &mut [f32],
        slot: usize,
        work: impl Fn(T, &mut [f32]) + Sync,
    ) {
        let count = tasks.size_hint().1.unwrap_or(usize::MAX);
        let queue = Mutex::new(tasks);
        let next = |_| queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        self.share(count, workspace, slot, next, work);
    }

    /// Runs `work` on every piece of `output` of `chunk` elements, with the index of the piece's first element.
    pub fn chunks(&self, output: &mut [f32], chunk: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
        let pieces = Pieces::new(output, chunk);
        self.tasks(pieces.count(), &mut [], 0, |i, _| {
            // SAFETY: every number comes once.
            work(i * pieces.size, unsafe { pieces.piece(i) });
        });
    }

    /// Each thread takes tasks until there are none; at most `count` come.
    fn share<T>(
        &self,
        count: usize,
        workspace: &mut [f32],
        slot: usize,
        next: impl Fn(usize) -> Option<T> + Sync,
        work: impl Fn(T, &mut [f32]) + Sync,
    ) {
        let room = workspace.len().checked_div(slot).unwrap_or(usize::MAX);
        assert!(room > 0, "the workspace holds at least one thread's slot");
        let slots = Pieces::new(workspace, slot);
        self.threads.run(count, &|thread| {
            if thread >= room {
                return;
            }
            // SAFETY: each thread comes once, and has its own number.
            let mine = if slot == 0 { &mut [] } else { unsafe { slots.piece(thread) } };
            while let Some(task) = next(thread) {
                if self.goes_on() {
                    work(task, mine);
                }
            }
        });
    }
}

/// A slice in pieces of one size, the last maybe shorter, which several threads take.
struct Pieces<'a> {
    start: *mut f32,
    len: usize,
    size: usize,
    /// It has the slice to itself.
    borrowed: PhantomData<&'a mut [f32]>,
}

// SAFETY: it is a mutable slice, of which `piece` gives out parts that do not meet; `f32` may go to other threads.
unsafe impl Sync for Pieces<'_> {}

impl<'a> Pieces<'a> {
    fn new(slice: &'a mut [f32], size: usize) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), size: size.max(1), borrowed: PhantomData }
    }

    fn count(&self) -> usize {
        self.len.div_ceil(self.size)
    }

    /// The piece of this number.
    ///
    /// # Safety
    /// No two calls may have the same number while what the first gave is in use.
    #[allow(clippy::mut_from_ref)]
    unsafe fn piece(&self, number: usize) -> &mut [f32] {
        assert!(number < self.count(), "a piece of the slice");
        let first = number * self.size;
        let len = self.size.min(self.len - first);
        // SAFETY: the piece lies within the slice, which `self` has to itself, and pieces of other numbers do not meet it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), len) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::simd::Instructions;
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
    fn every_task_comes_once_however_many_threads_there_are() {
        for threads in [1, 2, 3, RANGES + 1] {
            let threads = Threads::new(threads, Instructions::best()).unwrap();
            for count in [0, 1, 2, 7, RANGES, 1_000] {
                let done: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
                Team::new(&threads, None)
                    .tasks(count, &mut [], 0, |task, _| _ = done[task].fetch_add(1, Ordering::Relaxed));
                assert!(
                    done.into_iter().all(|done| done.into_inner() == 1),
                    "{count} tasks, {} threads",
                    threads.count()
                );
            }
        }
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
