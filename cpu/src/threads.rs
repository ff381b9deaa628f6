//! Fork and join: helpers that wait for the next job a moment by spinning, then asleep, and leave it with the caller.
//!
//! A job is open for as long as the caller works at it. Helpers enter an open one; the caller closes it when it finds no
//! more to do, and waits only for those inside. One that comes late, because other programs have its processor, finds the
//! job closed and is not waited for. All of this is one word, `state`: whether a job is open, how many are inside, and the
//! job's number; so a helper enters in the same step in which it sees that the job is open.

use std::any::Any;
use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use fovea_graph::BackendError;

use crate::simd::{Instructions, Vectors};

/// How long one waits awake: longer than what lies between two ops, and than it takes to fall asleep and be woken.
const AWAKE: Duration = Duration::from_micros(60);

/// Bits of `state`. Behind `INSIDE`, which is counted, comes the job's number.
const OPEN: u64 = 1;
const OVER: u64 = 2;
const INSIDE: u64 = 4;
const NUMBER: u64 = 1 << 20;

/// What a job's helpers and the caller do: it is given each one's number, the caller's is 0.
type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// The caller's thread and its helpers.
pub struct Threads {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
    /// Whoever has the helpers: others that work meanwhile, or from within a job, do so alone.
    turn: AtomicBool,
    vectors: Vectors,
}

impl Threads {
    /// This many threads, the caller's among them, or as many as there are processors, and the instructions that they work
    /// with.
    pub fn new(threads: impl Into<Option<usize>>, instructions: Instructions) -> Result<Self, BackendError> {
        let lacks = || BackendError::Unavailable(format!("this machine has no {instructions}"));
        let vectors = Vectors::new(instructions).ok_or_else(lacks)?;
        // Asked once: the system looks it up in several files.
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.into().unwrap_or(processors).max(1);
        // Whoever spins on a processor that another of us needs holds up what it waits for.
        let awake = if threads > processors { Duration::ZERO } else { AWAKE };
        let shared = Arc::new(Shared::new(awake));
        let mut all = Self { shared, helpers: Vec::new(), turn: AtomicBool::new(false), vectors };
        for number in 1..threads {
            let shared = Arc::clone(&all.shared);
            let helper = Builder::new().name(format!("fovea-cpu-{number}")).spawn(move || shared.help(number));
            let refused = |e| BackendError::Unavailable(format!("cannot start {threads} threads: {e}"));
            all.helpers.push(helper.map_err(refused)?);
        }
        Ok(all)
    }

    /// How many threads work, the caller's among them.
    pub fn count(&self) -> usize {
        self.helpers.len() + 1
    }

    /// The vectors that they work with.
    pub fn vectors(&self) -> Vectors {
        self.vectors
    }

    /// Does `work` on the caller's thread, and on up to `wanted − 1` others or more: it must come to an end on whichever
    /// of them has come first. A panic of one is passed on when all are back.
    pub fn run(&self, wanted: usize, work: &Work<'_>) {
        if wanted < 2 || self.helpers.is_empty() || self.turn.swap(true, Acquire) {
            return work(0);
        }
        self.shared.open(work, wanted - 1);
        let own = catch_unwind(AssertUnwindSafe(|| work(0)));
        self.shared.close();
        let theirs = locked(&self.shared.panic).take();
        self.turn.store(false, Release);
        if let Some(panic) = own.err().or(theirs) {
            resume_unwind(panic);
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.shared.state.fetch_or(OVER, SeqCst);
        drop(locked(&self.shared.asleep));
        self.shared.wake.notify_all();
        for helper in self.helpers.drain(..) {
            // Helpers catch the panics of what they run.
            let _ = helper.join();
        }
    }
}

/// What the caller and its helpers share.
struct Shared {
    state: AtomicU64,
    /// Of the open job; written while none is open and nobody inside.
    work: UnsafeCell<Option<*const Work<'static>>>,
    /// What a helper has panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    awake: Duration,
    /// Helpers that sleep, or are about to.
    sleepers: AtomicUsize,
    asleep: Mutex<()>,
    wake: Condvar,
    /// Whether the caller sleeps, or is about to.
    waits: AtomicBool,
    left: Condvar,
    leaving: Mutex<()>,
}

// SAFETY: everything but `work` may be shared. `work` is written by `open` alone, whose caller has the turn, while no job
// is open and nobody inside; it is read by helpers that are inside. Entering acquires what `open` has released, and `close`
// acquires what leaving has released, so the two never meet. The work itself is `Sync`.
unsafe impl Sync for Shared {}
// SAFETY: as above; the pointer is used only while the caller of `run` keeps what it points to.
unsafe impl Send for Shared {}

impl Shared {
    fn new(awake: Duration) -> Self {
        Self {
            state: AtomicU64::new(0),
            work: UnsafeCell::new(None),
            panic: Mutex::default(),
            awake,
            sleepers: AtomicUsize::new(0),
            asleep: Mutex::default(),
            wake: Condvar::new(),
            waits: AtomicBool::new(false),
            left: Condvar::new(),
            leaving: Mutex::default(),
        }
    }

    /// Opens a job, and wakes as many as it wants.
    fn open(&self, work: &Work<'_>, wanted: usize) {
        // SAFETY: only the lifetime is forgotten: `run` closes the job before it returns, and behind `close` nobody is
        // inside who could use it.
        let work = unsafe { std::mem::transmute::<*const Work<'_>, *const Work<'static>>(work) };
        // SAFETY: see `Shared`: nobody is inside, and who has the turn is here alone.
        unsafe { *self.work.get() = Some(work) };
        self.state.fetch_add(NUMBER + OPEN, SeqCst);
        // A helper first counts itself among the sleepers and then looks at the state; here it is the other way round: one
        // of the two sees the other.
        let sleepers = self.sleepers.load(SeqCst);
        if sleepers > 0 {
            drop(locked(&self.asleep));
            (0..sleepers.min(wanted)).for_each(|_| self.wake.notify_one());
        }
    }

    /// Closes the job, and waits until nobody is inside.
    fn close(&self) {
        self.state.fetch_and(!OPEN, AcqRel);
        let is_left = || inside(self.state.load(SeqCst)) == 0;
        if spin(self.awake, is_left) {
            return;
        }
        let mut leaving = locked(&self.leaving);
        self.waits.store(true, SeqCst);
        while !is_left() {
            leaving = self.left.wait(leaving).unwrap_or_else(PoisonError::into_inner);
        }
        self.waits.store(false, Relaxed);
    }

    /// A helper's life.
    fn help(&self, number: usize) {
        let mut last = 0;
        while let Some(job) = self.enter(last) {
            last = job;
            // SAFETY: see `Shared`: this helper is inside, so `open` has written it, and the caller keeps it until all
            // have left.
            let work = unsafe { (*self.work.get()).map(|work| &*work) };
            if let Some(Err(panic)) = work.map(|work| catch_unwind(AssertUnwindSafe(|| work(number)))) {
                *locked(&self.panic) = Some(panic);
            }
            self.leave();
        }
    }

    /// Waits for a job other than the `last`, and enters it; none when all is over.
    fn enter(&self, last: u64) -> Option<u64> {
        loop {
            let state = self.state.load(SeqCst);
            if state & OVER != 0 {
                return None;
            }
            if is_open(state, last) {
                if self.state.compare_exchange_weak(state, state + INSIDE, AcqRel, Relaxed).is_ok() {
                    return Some(state / NUMBER);
                }
                continue;
            }
            let changed = || self.state.load(Relaxed) / NUMBER != state / NUMBER || self.is_over();
            if !spin(self.awake, changed) {
                self.sleep(state);
            }
        }
    }

    fn is_over(&self) -> bool {
        self.state.load(SeqCst) & OVER != 0
    }

    /// Sleeps until another job than that of `state` has been opened, or all is over.
    fn sleep(&self, state: u64) {
        let mut asleep = locked(&self.asleep);
        self.sleepers.fetch_add(1, SeqCst);
        while self.state.load(SeqCst) / NUMBER == state / NUMBER && !self.is_over() {
            asleep = self.wake.wait(asleep).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, SeqCst);
    }

    /// Leaves the job; the last one out wakes a caller that sleeps. From here on the work may be gone.
    fn leave(&self) {
        let before = self.state.fetch_sub(INSIDE, SeqCst);
        if inside(before) == 1 && self.waits.load(SeqCst) {
            drop(locked(&self.leaving));
            self.left.notify_one();
        }
    }
}

/// Whether there is a job to enter for one who was in the `last`.
fn is_open(state: u64, last: u64) -> bool {
    state & OPEN != 0 && state / NUMBER != last
}

/// How many helpers are inside.
fn inside(state: u64) -> u64 {
    state % NUMBER / INSIDE
}

/// Waits awake for at most `limit`; whether it has come.
fn spin(limit: Duration, has_come: impl Fn() -> bool) -> bool {
    /// Rounds between looks at the clock.
    const ROUNDS: usize = 32;
    if has_come() {
        return true;
    }
    if limit.is_zero() {
        return false;
    }
    let start = Instant::now();
    loop {
        for _ in 0..ROUNDS {
            spin_loop();
            if has_come() {
                return true;
            }
        }
        if start.elapsed() >= limit {
            return false;
        }
    }
}

/// The lock, also of one who has panicked: what it guards is always whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Takes all tasks of a job; how many times each was done.
    fn counts(threads: &Threads, tasks: usize) -> Vec<usize> {
        let (next, done) = (AtomicUsize::new(0), (0..tasks).map(|_| AtomicUsize::new(0)).collect::<Vec<_>>());
        threads.run(tasks, &|_| {
            while let Some(task) = done.get(next.fetch_add(1, Relaxed)) {
                task.fetch_add(1, Relaxed);
            }
        });
        done.into_iter().map(AtomicUsize::into_inner).collect()
    }

    #[test]
    fn every_task_is_done_once_by_any_number_of_threads() {
        for count in [0, 1, 2, 3, 17] {
            let threads = Threads::new(count, Instructions::best()).unwrap();
            assert_eq!(threads.count(), count.max(1));
            for round in 0..2_000 {
                assert!(counts(&threads, round % 7).iter().all(|&n| n == 1), "{count} threads");
                if round % 500 == 0 {
                    // Long enough that all of them sleep.
                    std::thread::sleep(4 * AWAKE);
                }
            }
        }
    }

    #[test]
    fn helpers_help() {
        let threads = Threads::new(2, Instructions::best()).unwrap();
        let (helped, limit) = (AtomicBool::new(false), Instant::now() + Duration::from_secs(60));
        threads.run(2, &|number| {
            if number > 0 {
                helped.store(true, SeqCst);
            }
            while !helped.load(SeqCst) && Instant::now() < limit {
                std::thread::yield_now();
            }
        });
        assert!(helped.into_inner());
    }

    #[test]
    fn a_panic_comes_out_and_the_threads_stay_of_use() {
        let threads = Threads::new(3, Instructions::best()).unwrap();
        for whose in [0, 1, 2] {
            let reached = AtomicBool::new(false);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                threads.run(3, &|number| {
                    let limit = Instant::now() + Duration::from_secs(60);
                    if number == whose {
                        reached.store(true, SeqCst);
                        panic!("of {number}");
                    }
                    while !reached.load(SeqCst) && Instant::now() < limit {
                        std::thread::yield_now();
                    }
                });
            }));
            let panic = outcome.unwrap_err();
            assert_eq!(panic.downcast_ref::<String>().unwrap(), &format!("of {whose}"));
            assert_eq!(counts(&threads, 100), [1; 100]);
        }
    }

    #[test]
    fn who_comes_meanwhile_or_from_within_works_alone() {
        let threads = Threads::new(2, Instructions::best()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| (0..2_000).for_each(|_| assert_eq!(counts(&threads, 5), [1; 5])));
            }
        });
        let inner = AtomicUsize::new(0);
        threads.run(2, &|number| {
            if number == 0 {
                inner.fetch_add(counts(&threads, 9).len(), Relaxed);
            }
        });
        assert_eq!(inner.into_inner(), 9);
    }
}
