//! What the tests of several crates share: the op cases, the goldens, the comparer, and the checks of a backend.
#![allow(clippy::unwrap_used)]

pub mod backend;
pub mod compare;
pub mod goldens;
pub mod lenet;
pub mod op_cases;
pub mod pipeline;
pub mod steps;
pub mod sweep;
pub mod training_runs;
