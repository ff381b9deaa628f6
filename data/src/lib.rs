//! Data: pictures and their labels, in a training and a test part. [`DataSpec`] is what a `data` statement asks for, its
//! shape, classes and counts known without reading its pixels; [`DataSpec::load`] gives the [`Dataset`].

mod arrays;
mod augment;
mod classic;
mod crew;
mod dataset;
mod description;
mod digest;
mod digits;
mod error;
mod found;
mod generate;
mod identify;
mod images;
mod labels;
mod measure;
mod natural;
mod normalize;
mod part;
mod resize;
mod room;
mod samples;
mod source;
mod spec;
mod split;
mod stamp;
mod store;
mod table;

pub use augment::{Augment, Augmentation, Subject, blend};
pub use classic::Fetched;
pub use dataset::{Counts, Dataset};
pub use digest::Digest;
pub use error::{Clause, DataError, Unfit};
pub use found::{ClassCounts, Found, Measured};
pub use generate::Dice;
pub use images::save_pictures;
pub use labels::{LabelKind, Labels};
pub use normalize::Normalize;
pub use room::{Kept, Room};
pub use samples::{Samples, Source};
pub use source::{
    ArrayFile, Arrays, Broken, Classic, ClassicSet, Column, DataSource, FileLabels, Home, Images, Labelled, Part,
    PictureLabels, ReadAs, Side, Split, Table, Which,
};
pub use spec::DataSpec;
