//! `test lenet on digits`

use super::behind::NET;
use super::clause::DATA;
use super::declare::verb;
use crate::syntax::Name;

verb! {
    /// `test NET on DATA`
    Test: "test", "test lenet on digits";
    behind {
        /// Which net.
        net: Name = NET,
    }
    needs {
        /// On which data.
        data: Name = DATA,
    }
}
