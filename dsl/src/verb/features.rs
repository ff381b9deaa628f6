//! `features lenet.conv1 on digits[3]`

use super::behind::{LAYER, LayerRef, Samples};
use super::clause::{Path, SAMPLES, SAVE};
use super::declare::verb;

verb! {
    /// `features LAYER on SAMPLES …`
    Features: "features", "features lenet.conv1 on digits[3]";
    behind {
        /// Of which layer, and which channels.
        layer: LayerRef = LAYER,
    }
    needs {
        /// On which samples.
        samples: Samples = SAMPLES,
    }
    takes {
        save: Path = SAVE,
    }
}
