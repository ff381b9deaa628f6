//! `predict lenet on digits[0..16] save "logits.npy"`, `predict lenet on "photo.jpg"`

use super::behind::{NET, Samples};
use super::clause::{Path, SAMPLES_OR_FILES, SAVE};
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
        /// On which samples, or on which files.
        samples: Samples = SAMPLES_OR_FILES,
    }
    takes {
        save: Path = SAVE,
    }
}
