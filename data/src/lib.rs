//! Data: pictures and their labels, in a training and a test part. [`DataSpec`] is what a `data` statement asks for, its
//! shape, classes and counts known without reading it; [`DataSpec::load`] gives the [`Dataset`].

mod dataset;
mod digits;
mod generate;
mod labels;
mod spec;

pub use dataset::{Counts, DataError, Dataset};
pub use labels::Labels;
pub use spec::{DataSource, DataSpec};
