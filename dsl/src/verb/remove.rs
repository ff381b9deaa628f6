//! `remove run 3`, `remove run 3, run 4`

use super::behind::{RUNS, RunRef};
use super::declare::verb;

verb! {
    /// `remove RUNS`
    Remove: "remove", "remove run 3";
    behind {
        /// Which runs, at least one.
        runs: Vec<RunRef> = RUNS,
    }
}
