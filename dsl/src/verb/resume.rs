//! `resume run 3`, `resume run 3 for 20 epochs`

use super::behind::{RUN, RunRef};
use super::clause::{CHECKPOINT, FOR, Period};
use super::declare::verb;

verb! {
    /// `resume RUN`
    Resume: "resume", "resume run 3";
    behind {
        /// Which run.
        run: RunRef = RUN,
    }
    takes {
        length: Period = FOR,
    }
    apart {
        checkpoint: Period = CHECKPOINT,
    }
}
