//! `embed lenet.fc1 on digits`, `embed lenet on digits.train[0..500] with pca`

use super::behind::{LAYER_OR_NET, LayerRef, Samples};
use super::clause::{LAYOUT, Layout, Path, SAMPLES, SAVE, SEED};
use super::declare::verb;

verb! {
    /// `embed LAYER on SAMPLES …`
    Embed: "embed", "embed lenet.fc1 on digits";
    behind {
        /// Of which layer, and which channels; a net alone stands for what its classes are told by.
        layer: LayerRef = LAYER_OR_NET,
    }
    needs {
        /// On which samples.
        samples: Samples = SAMPLES,
    }
    takes {
        layout: Layout = LAYOUT,
        seed: u64 = SEED,
        save: Path = SAVE,
    }
}
