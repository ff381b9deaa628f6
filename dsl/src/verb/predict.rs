//! `predict lenet on digits[0..16] save "logits.npy"`

use super::behind::{NET, Samples};
use super::clause::{Path, SAMPLES, SAVE};
use super::declare::verb;
use crate::syntax::Name;

verb! {
    /// `predict NET on SAMPLES …`
    Predict: "predict", "predict lenet on digits[0..16]";
    behind {
        /// Which net.
        net: Name = NET,
    }
    needs {
        /// On which samples.
        samples: Samples = SAMPLES,
    }
    takes {
        save: Path = SAVE,
    }
}
