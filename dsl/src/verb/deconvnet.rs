//! `deconvnet lenet.conv2[5] on digits[3]`, `deconvnet lenet.conv2[5] on digits top 9`

use super::about::{Clause, Offer, clause};
use super::behind::{LAYER, LayerRef, Samples};
use super::clause::{Path, SAMPLES, SAVE};
use super::declare::verb;
use super::form;

verb! {
    /// `deconvnet MAP on SAMPLES …`
    Deconvnet: "deconvnet", "deconvnet lenet.conv2[5] on digits[3]";
    behind {
        /// Which map of which layer.
        layer: LayerRef = LAYER,
    }
    needs {
        /// On which samples.
        samples: Samples = SAMPLES,
    }
    takes {
        top: usize = TOP,
        save: Path = SAVE,
    }
}

/// Only so many samples, those that excite the map most.
const TOP: Clause<usize> = Clause {
    about: clause("top", "top 9", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        let count = parts.scope.count(&expr, 1, "the number of samples");
        parts.keep(count)
    },
    form: form::NUMBER,
};
