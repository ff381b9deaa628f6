//! Training and what stays of it on disk.
//!
//! The route of a run: `fovea_data` gives a data set; [`Trainee`] holds a net's parameters on a device;
//! [`fit`] trains it by a [`Recipe`], tells of it through [`Event`]s and writes a [`RunFolder`] as it goes;
//! [`resume`] goes on with a run that was broken off. No mathematics is done here: losses, gradients and updates are ops
//! of the graph.

mod aim;
mod ask;
mod batch;
mod checkpoint;
mod choose;
mod compile;
mod compiled;
mod epochs;
mod error;
mod feed;
pub mod figures;
mod file;
mod fingerprint;
mod fit;
mod forward;
mod infer;
mod layout;
mod lock;
mod needs;
mod place;
mod question;
mod recipe;
mod record;
mod resume;
mod runs;
mod schedule;
mod seal;
mod single;
mod size;
mod standardise;
mod store;
mod tally;
pub mod target;
mod trainee;
mod weights;
mod whole;

pub use aim::in_words;
pub use ask::{Answer, Task};
pub use checkpoint::Checkpoint;
pub use compiled::{Feeds, Numbers};
pub use error::TrainError;
pub use file::{FileError, read_file};
pub use fingerprint::Fingerprint;
pub use fit::fit;
pub use forward::{Forward, Mode, NetworkError};
pub use infer::{Evaluation, Prediction};
pub use layout::RunInfo;
pub use needs::Needs;
pub use place::Place;
pub use question::{Question, Route};
pub use recipe::{CheckpointEvery, Ending, EpochMetrics, Event, History, Recipe, StepMetrics};
pub use record::RunRecord;
pub use resume::resume;
pub use runs::{RunFolder, Runs};
pub use schedule::{Course, Schedule, WarmUp};
pub use single::SingleValue;
pub use size::batches;
pub use standardise::Standardisation;
pub use trainee::Trainee;
pub use weights::Weights;
pub use whole::{is_writable, write_all_whole, write_whole};
