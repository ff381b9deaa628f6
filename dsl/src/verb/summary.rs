//! `summary lenet`, `summary vgg16 batch 32 train`, `summary resnet50 all`

use super::behind::NET;
use super::clause::{ALL, BATCH, DATA, TRAIN};
use super::declare::verb;
use crate::syntax::Name;

verb! {
    /// `summary NET …`
    Summary: "summary", "summary lenet";
    behind {
        /// Which net.
        net: Name = NET,
    }
    takes {
        on: Name = DATA.clause,
        batch: usize = BATCH,
        train: () = TRAIN,
        all: () = ALL,
    }
}
