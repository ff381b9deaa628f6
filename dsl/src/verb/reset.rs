//! `%reset`: the session forgets its names.

use super::declare::verb;

verb! {
    /// `%reset`
    Reset: "%reset", "%reset";
}
