//! Clauses, a file a kind: what stands behind the word, and how it is read. A verb lists those that it takes.

mod filter;
mod flag;
mod named;
mod number;
mod on;
mod optimizer;
mod period;
mod resume;
mod save;
mod schedule;
mod size;
mod skip;
mod source;
mod split;
mod steps;
mod subjects;
mod sweep;
mod watch;

pub use filter::Filter;
pub use optimizer::{Adam, Optimizer, Sgd};
pub use period::Period;
pub use save::Path;
pub use schedule::Schedule;
pub use split::Shares;
pub use subjects::Subject;
pub use sweep::Swept;

pub(crate) use named::Number;
pub(crate) use optimizer::OPTIMIZERS;
pub(crate) use schedule::SCHEDULES;
pub(crate) use split::in_percent;

pub(super) use filter::FILTER;
pub(super) use flag::{AVG, BEST, CEIL, FURTHER, INFER, MAX, SAME, TRAIN, VALID};
pub(super) use number::{BATCH, CLASS, KEEP, SEED, SEEDS};
pub(super) use on::{DATA, SAMPLES};
pub(super) use optimizer::OPTIMIZER;
pub(super) use period::{CHECKPOINT, FOR, WARMUP};
pub(super) use resume::RESUME;
pub(super) use save::SAVE;
pub(super) use schedule::SCHEDULE;
pub(super) use size::SIZE;
pub(super) use skip::SKIP;
pub(super) use source::{IMAGES, LABELS, NPY, SHAPE};
pub(super) use split::SPLIT;
pub(super) use steps::{DILATE, PAD, STRIDE, WINDOW};
pub(super) use subjects::SUBJECTS;
pub(super) use sweep::SWEEP;
pub(super) use watch::{KEEP_BEST, STOP};
