//! `export run 3 "x.csv"`

use super::behind::{RUN, RunRef, TABLE};
use super::clause::Path;
use super::declare::verb;

verb! {
    /// `export RUN "FILE"`
    Export: "export", "export run 3 \"run3.csv\"";
    behind {
        /// Which run.
        run: RunRef = RUN,
        /// Where its figures go.
        path: Path = TABLE,
    }
}
