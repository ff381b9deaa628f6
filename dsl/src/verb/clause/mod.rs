//! Clauses, a file a kind: what stands behind the word, and how it is read. A verb lists those that it takes.

mod attack;
mod attribution;
mod augment;
mod classes;
mod clip;
mod descent;
mod filter;
mod flag;
mod labels;
mod layers;
mod layout;
pub(super) mod length;
mod named;
mod normalize;
mod number;
mod on;
mod optimizer;
mod part;
mod period;
mod read_as;
mod regulariser;
mod resume;
mod save;
mod schedule;
mod several;
mod shape;
mod size;
mod skip;
mod source;
mod split;
mod steps;
mod style_weights;
mod subjects;
mod sweep;
mod target;
mod watch;

pub use attack::Attack;
pub use attribution::{Attributed, Attribution};
pub use augment::Change;
pub use classes::Classes;
pub use descent::Descent;
pub use filter::Filter;
pub use labels::{Column, Labelled};
pub use layers::{LayerRate, Stretch};
pub use layout::{Layout, Neighbourly};
pub use optimizer::{Adam, Decayed, Momentum, Optimizer, RmsProp, Sgd};
pub use period::Period;
pub use read_as::{Publisher, ReadAs};
pub use regulariser::Regulariser;
pub use save::Path;
pub use schedule::Schedule;
pub use source::Array;
pub use split::Shares;
pub use style_weights::StyleWeights;
pub use subjects::Subject;
pub use sweep::Swept;
pub use target::Loss;

pub(crate) use attack::ATTACKS;
pub(crate) use attribution::{ATTRIBUTIONS, is_gradcam};
pub(crate) use descent::DESCENTS;
pub(crate) use layout::LAYOUTS;
pub(crate) use named::Number;
pub(crate) use optimizer::OPTIMIZERS;
pub(crate) use regulariser::REGULARISERS;
pub(crate) use schedule::SCHEDULES;
pub(crate) use split::in_percent;
pub(crate) use style_weights::COUNTS;

pub(super) use attack::{AGAINST, ATTACK, SHARE};
pub(super) use attribution::MAPS;
pub(super) use augment::AUGMENT;
pub(super) use classes::CLASSES;
pub(super) use clip::CLIP;
pub(super) use descent::DESCENT;
pub(super) use filter::{FILTER, MATRIX_FILTER};
pub(super) use flag::{ALL, AUGMENTED, AVG, BEST, CEIL, FURTHER, INFER, MAX, RAW, SAME, TRAIN, VALID, flag};
pub(super) use labels::LABELS;
pub(super) use layers::{FREEZE, LR};
pub(super) use layout::LAYOUT;
pub(super) use named::{Named, form as named_form};
pub(super) use normalize::NORMALIZE;
pub(super) use number::{BATCH, CLASS, KEEP, SEED, SEEDS};
pub(super) use on::{DATA, SAMPLES, SAMPLES_OR_FILES};
pub(super) use optimizer::OPTIMIZER;
pub(super) use part::PART;
pub(super) use period::{CHECKPOINT, FOR, WARMUP};
pub(super) use read_as::{AS, NAMED_AS};
pub(super) use regulariser::BOUNDS;
pub(super) use resume::RESUME;
pub(super) use save::{SAVE, SAVE_DRAWING};
pub(super) use schedule::SCHEDULE;
pub(super) use shape::SHAPE;
pub(super) use size::SIZE;
pub(super) use skip::SKIP;
pub(super) use source::{CSV, IMAGES, MASKS, NPY};
pub(super) use split::SPLIT;
pub(super) use steps::{DILATE, PAD, STRIDE, WINDOW};
pub(super) use style_weights::STYLE_WEIGHTS;
pub(super) use subjects::{NET_OF, SUBJECTS};
pub(super) use sweep::SWEEP;
pub(super) use target::{IGNORE, LOSS, NOISE, SMOOTH, TOWARD, WEIGHTS};
pub(super) use watch::{KEEP_BEST, STOP};

/// Every word with numbers of its own in parentheses, and those.
pub(crate) fn every_named() -> impl Iterator<Item = (&'static str, &'static [Number])> {
    let optimizers = OPTIMIZERS.iter().map(|named| (named.word, named.numbers));
    let schedules = SCHEDULES.iter().map(|named| (named.word, named.numbers));
    let layouts = LAYOUTS.iter().map(|named| (named.word, named.numbers));
    optimizers
        .chain(schedules)
        .chain(layouts)
        .chain(ATTACKS.iter().map(|named| (named.word, named.numbers)))
        .chain(ATTRIBUTIONS.iter().map(|named| (named.word, named.numbers)))
        .chain(REGULARISERS.iter().map(|named| (named.word, named.numbers)))
        .chain(DESCENTS.iter().map(|named| (named.word, named.numbers)))
        .chain([(COUNTS.word, COUNTS.numbers)])
}
