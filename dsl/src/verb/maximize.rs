//! `maximize lenet.conv2[5]`, `maximize lenet class 7 with fourier, jitter(pixels 2) for 200 steps`

use super::about::Clause;
use super::behind::{LAYER_OR_NET, LayerRef};
use super::clause::{BOUNDS, CLASSES, Classes, Path, ROUNDS, Regulariser, SAVE, SEED, flag};
use super::declare::verb;
use fovea_graph::Span;

verb! {
    /// `maximize UNITS …`
    Maximize: "maximize", "maximize lenet.conv2[5] for 200 steps";
    behind {
        /// Of which layer, and which of its maps or units; a net alone stands for its classes.
        layer: LayerRef = LAYER_OR_NET,
    }
    takes {
        class: Classes = CLASSES,
        centre: () = CENTRE,
        with: Vec<(Regulariser, Span)> = BOUNDS,
        steps: usize = ROUNDS,
        seed: u64 = SEED,
        save: Path = SAVE,
    }
}

/// Of a map its middle, in place of its mean.
const CENTRE: Clause<()> = flag("centre");
