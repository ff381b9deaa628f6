//! `explain lenet`

use super::behind::NET;
use super::declare::verb;
use crate::syntax::Name;

verb! {
    /// `explain NET`
    Explain: "explain", "explain lenet";
    behind {
        /// Which net.
        net: Name = NET,
    }
}
