//! `runs`

use super::declare::verb;

verb! {
    /// `runs`: what has been trained.
    RunList: "runs", "runs";
}
