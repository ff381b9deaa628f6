//! `explain lenet`

use super::behind::NET;
use super::clause::DATA;
use super::declare::verb;
use crate::syntax::Name;

verb! {
    /// `explain NET`
    Explain: "explain", "explain lenet";
    behind {
        /// Which net.
        net: Name = NET,
    }
    takes {
        on: Name = DATA.clause,
    }
}
