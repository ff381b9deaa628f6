//! Work on many things by threads of their own, from which the one who waits for it can leave at once: a decoder in the
//! middle of a large picture cannot be told to end.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use fovea_graph::{Interrupted, Stop};

/// How long anybody waits before asking again whether to go on.
const PATIENCE: Duration = Duration::from_millis(20);

/// Does `work` for the numbers below `count`, by as many threads as compute, and gives what comes of it in the order of the
/// numbers. `work` begins at most `ahead` numbers before they are given.
///
/// Once `stop` ends it, or `give` fails, nobody waits for what has begun: it goes on, is told by the flag that nobody wants
/// it, and what comes of it is dropped.
///
/// # Errors
/// Those of `give`; `stop` ends it.
pub(crate) fn in_order<R: Send + 'static, E: From<Interrupted>>(
    count: usize,
    ahead: usize,
    work: impl Fn(usize, &AtomicBool) -> R + Send + Sync + 'static,
    stop: &dyn Stop,
    mut give: impl FnMut(usize, R) -> Result<(), E>,
) -> Result<(), E> {
    let crew = Arc::new(Crew {
        count,
        ahead: ahead.max(1),
        board: Mutex::default(),
        moved: Condvar::new(),
        left: AtomicBool::new(false),
    });
    let leave = Leave(&crew);
    let work = Arc::new(work);
    let (results, arrived) = mpsc::channel();
    for _ in 0..rayon::current_num_threads().min(count) {
        let (crew, work, results) = (crew.clone(), work.clone(), results.clone());
        let member = move || {
            while let Some(at) = crew.turn() {
                let done = catch_unwind(AssertUnwindSafe(|| work(at, &crew.left)));
                if results.send((at, done)).is_err() {
                    return;
                }
            }
        };
        if thread::Builder::new().name("fovea-crew".into()).spawn(member).is_err() {
            break;
        }
    }
    drop(results);
    let mut early = BTreeMap::new();
    for at in stop.each(0..count) {
        let at = at?;
        let done = loop {
            if let Some(done) = early.remove(&at) {
                break done;
            }
            match arrived.recv_timeout(PATIENCE) {
                Ok((at, done)) => drop(early.insert(at, done)),
                Err(RecvTimeoutError::Timeout) if stop.is_set_meanwhile() => return Err(Interrupted.into()),
                Err(RecvTimeoutError::Timeout) => {}
                // Not one thread could be started.
                Err(RecvTimeoutError::Disconnected) => break Ok(work(at, &crew.left)),
            }
        };
        give(at, done.unwrap_or_else(|panic| resume_unwind(panic)))?;
        crew.given();
    }
    drop(leave);
    Ok(())
}

/// What the threads have in common.
struct Crew {
    count: usize,
    ahead: usize,
    board: Mutex<Board>,
    moved: Condvar,
    /// Whether nobody waits for them any more.
    left: AtomicBool,
}

/// How many numbers have begun, and how many are given.
#[derive(Default)]
struct Board {
    begun: usize,
    given: usize,
}

impl Crew {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number that is to begin next; waits for its turn.
    fn turn(&self) -> Option<usize> {
        let mut board = self.board();
        loop {
            if self.left.is_set() || board.begun == self.count {
                return None;
            }
            if board.begun < board.given + self.ahead {
                board.begun += 1;
                return Some(board.begun - 1);
            }
            board = self.moved.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn given(&self) {
        self.board().given += 1;
        self.moved.notify_all();
    }
}

/// Tells the threads, when it is dropped, that nobody waits any more.
struct Leave<'a>(&'a Crew);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let board = self.0.board();
        self.0.left.store(true, Ordering::Relaxed);
        drop(board);
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use fovea_graph::{Never, stop};

    use super::*;

    /// Longer than any machine takes.
    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn what_comes_is_given_in_order_and_little_is_begun_ahead() {
        let (begun, mut given) = (Arc::new(AtomicUsize::new(0)), Vec::new());
        let counted = begun.clone();
        let work = move |at: usize, _: &AtomicBool| {
            counted.fetch_add(1, Ordering::SeqCst);
            // Some take longer than those that follow.
            (0..(at * 7919) % 1000).fold(at, |sum, i| std::hint::black_box(sum + i - i))
        };
        let give = |at, done| {
            assert!(begun.load(Ordering::SeqCst) <= at + 5, "begun before it was needed");
            given.push((at, done));
            Ok::<_, Interrupted>(())
        };
        in_order(300, 5, work, &Never, give).expect("nothing ends it");
        assert!(given.into_iter().eq((0..300).map(|at| (at, at))));
    }

    #[test]
    fn whoever_leaves_waits_for_nobody() {
        let (stop, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (told, ending, work_ended) = (stop.clone(), ended.clone(), mpsc::channel());
        let (let_go, going) = mpsc::channel::<()>();
        let going = Mutex::new(going);
        let done = Mutex::new(work_ended.0);
        // Whoever begins it interrupts it, and it lasts until it is let go.
        let work = move |_: usize, left: &AtomicBool| {
            told.store(true, Ordering::Relaxed);
            let _ = going.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(LONG);
            ending.fetch_add(1, Ordering::SeqCst);
            let _ = done.lock().unwrap_or_else(PoisonError::into_inner).send(left.is_set());
        };
        let nothing = |_, ()| -> Result<(), Interrupted> { unreachable!("nothing has come of it") };
        assert_eq!(in_order(1, 9, work, &*stop, nothing), Err(Interrupted));
        assert_eq!(ended.load(Ordering::SeqCst), 0, "it waited for what had begun");
        drop(let_go);
        assert_eq!(work_ended.1.recv_timeout(LONG), Ok(true), "the work is told that nobody wants it");
    }

    #[test]
    fn a_failure_of_the_one_who_takes_ends_it() {
        let give = |at, ()| if at == 3 { Err(Interrupted) } else { Ok(()) };
        assert_eq!(in_order(1000, 1, |_, _| (), &Never, give), Err(Interrupted));
        let asked = stop::looks(|stop| in_order(12, 4, |at, _| at, stop, |_, _| Ok::<_, Interrupted>(())));
        assert_eq!(asked, 12);
    }

    #[test]
    #[should_panic(expected = "as it was")]
    fn a_panic_is_handed_on() {
        let work = |at: usize, _: &AtomicBool| assert_ne!(at, 7, "as it was");
        let _ = in_order(20, 4, work, &Never, |_, ()| Ok::<_, Interrupted>(()));
    }
}
