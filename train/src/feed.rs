//! The batches of a pass over samples, in order: where samples have to be read, a thread reads them ahead.

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::batch::{Batch, Pictures};
use crate::error::TrainError;

/// So many batches are ready and not asked for yet, at most. One more is being read, and one in use.
const READY: usize = 1;

/// How many batches there are at once where they are read ahead.
pub(crate) const AT_ONCE: usize = READY + 2;

/// Gives batches, one after the other.
pub(crate) struct Feed<'a, 'p> {
    from: From<'a, 'p>,
    /// How long whoever asked for a batch has waited for it.
    waited: Duration,
}

enum From<'a, 'p> {
    /// Gathered when it is asked for.
    Memory { pictures: &'a Pictures<'p>, rest: std::slice::Iter<'a, &'a [usize]>, batch: Batch },
    /// Read by a thread, which takes back what is spent.
    Thread { filled: Receiver<Result<Batch, TrainError>>, spent: Sender<Batch>, batch: Option<Batch> },
}

/// Does `work` with the batches of these numbers. The thread that reads ahead ends with it, and once `interrupted` is set.
pub(crate) fn feed<'a, 'p, R>(
    pictures: &'a Pictures<'p>,
    batches: &'a [&'a [usize]],
    interrupted: &AtomicBool,
    work: impl FnOnce(&mut Feed<'a, 'p>) -> R,
) -> R {
    if pictures.are_at_hand() {
        let from = From::Memory { pictures, rest: batches.iter(), batch: pictures.batch() };
        return work(&mut Feed { from, waited: Duration::ZERO });
    }
    thread::scope(|scope| {
        let (full, filled) = sync_channel(READY);
        let (spent, empty) = channel::<Batch>();
        scope.spawn(move || {
            for indices in batches {
                let mut batch = match empty.try_recv() {
                    Ok(batch) => batch,
                    Err(TryRecvError::Empty) => pictures.batch(),
                    Err(TryRecvError::Disconnected) => return,
                };
                let gathered = batch.gather(pictures, indices, interrupted).map(|()| batch);
                let is_last = gathered.is_err();
                if full.send(gathered).is_err() || is_last {
                    return;
                }
            }
        });
        work(&mut Feed { from: From::Thread { filled, spent, batch: None }, waited: Duration::ZERO })
    })
}

impl Feed<'_, '_> {
    /// The next batch; none behind the last.
    ///
    /// # Errors
    /// Samples that cannot be read; [`TrainError::Interrupted`].
    pub fn next(&mut self, interrupted: &AtomicBool) -> Result<Option<&Batch>, TrainError> {
        let asked = Instant::now();
        let batch = match &mut self.from {
            From::Memory { pictures, rest, batch } => match rest.next() {
                None => None,
                Some(indices) => {
                    batch.gather(pictures, indices, interrupted)?;
                    Some(&*batch)
                }
            },
            From::Thread { filled, spent, batch } => {
                if let Some(batch) = batch.take() {
                    // A thread that has read all takes none back.
                    let _ = spent.send(batch);
                }
                // It hangs up behind the last batch.
                *batch = filled.recv().ok().transpose()?;
                batch.as_ref()
            }
        };
        self.waited += asked.elapsed();
        Ok(batch)
    }

    /// How long whoever asked for batches has waited for them.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}
