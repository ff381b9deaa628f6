//! `%who`: the session's names.

use super::declare::verb;

verb! {
    /// `%who`
    Who: "%who", "%who";
}
