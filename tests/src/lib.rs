//! What the tests of several crates share: the op cases, the goldens, the comparer, and the checks of a backend.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

pub mod backend;
pub mod compare;
pub mod cuda;
pub mod fuzz;
pub mod goldens;
pub mod lenet;
pub mod nets;
pub mod op_cases;
pub mod overflow;
pub mod pipeline;
pub mod products;
pub mod steps;
pub mod sweep;
pub mod training_runs;
pub mod whole;

/// The folder of `goldens` and the other files that tests read: this crate's, or where they were carried to with the
/// built tests, which `FOVEA_TESTS_ROOT` tells.
pub fn root() -> PathBuf {
    std::env::var_os("FOVEA_TESTS_ROOT").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into()).into()
}
