//! `filters lenet.conv1`, `filters lenet.conv1[5]`

use super::behind::{LAYER, LayerRef};
use super::declare::verb;

verb! {
    /// `filters LAYER`
    Filters: "filters", "filters lenet.conv1";
    behind {
        /// Of which layer, and which of them.
        layer: LayerRef = LAYER,
    }
}
