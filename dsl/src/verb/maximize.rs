//! `maximize lenet.conv2[5]`, `maximize lenet class 7 with fourier, jitter(pixels 2) for 200 steps`

use super::about::{Clause, Offer, clause};
use super::behind::{LAYER_OR_NET, LayerRef};
use super::clause::{BOUNDS, CLASSES, Classes, Path, Regulariser, SAVE, SEED, flag, length};
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
        steps: usize = STEPS,
        seed: u64 = SEED,
        save: Path = SAVE,
    }
}

/// Of a map its middle, in place of its mean.
const CENTRE: Clause<()> = flag("centre");

/// How many steps there are.
const STEPS: Clause<usize> = Clause {
    about: clause("for", "for 200 steps", &[Offer::Constants, Offer::Words(&["steps"])]),
    read: |parts, opened| parts.length_in(opened, "step", "the ascent"),
    form: |verb, parts| length::form("step", verb, parts),
};
