//! Data: pictures and their labels, in a training and a test part. [`DataSpec`] is what a `data` statement asks for, its
//! shape, classes and counts known without reading its pixels; [`DataSpec::load`] gives the [`Dataset`].

mod arrays;
mod augment;
mod dataset;
mod description;
mod digits;
mod error;
mod generate;
mod images;
mod labels;
mod normalize;
mod resize;
mod room;
mod samples;
mod source;
mod spec;
mod split;
mod stamp;
mod store;

pub use augment::{Augment, Augmentation, Subject};
pub use dataset::{Counts, Dataset};
pub use error::{Clause, DataError, Unfit};
pub use labels::{LabelKind, Labels};
pub use normalize::Normalize;
pub use room::{Kept, Room};
pub use samples::{Samples, Source};
pub use source::{Arrays, Broken, DataSource, Images, ReadAs, Split};
pub use spec::DataSpec;
