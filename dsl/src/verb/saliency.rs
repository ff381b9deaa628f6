//! `saliency lenet on digits[3]`, `saliency lenet on digits[0..4] class 7`

use super::behind::{NET, Samples};
use super::clause::{CLASS, Path, SAMPLES, SAVE};
use super::declare::verb;
use crate::syntax::Name;

verb! {
    /// `saliency NET on SAMPLES …`
    Saliency: "saliency", "saliency lenet on digits[3]";
    behind {
        /// Which net.
        net: Name = NET,
    }
    needs {
        /// On which samples.
        samples: Samples = SAMPLES,
    }
    takes {
        class: usize = CLASS,
        save: Path = SAVE,
    }
}
