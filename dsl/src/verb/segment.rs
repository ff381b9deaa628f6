//! `segment unet on scenes[4]`, `segment unet on "photo.jpg" size 480x640`

use super::behind::{NET, Samples};
use super::clause::{Path, SAMPLES_OR_FILES, SAVE, SIZE};
use super::declare::verb;
use crate::syntax::Name;

verb! {
    /// `segment NET on SAMPLES …`
    Segment: "segment", "segment unet on \"photo.jpg\"";
    behind {
        /// Which net.
        net: Name = NET,
    }
    needs {
        /// On which samples, or on which files.
        samples: Samples = SAMPLES_OR_FILES,
    }
    takes {
        size: [usize; 2] = SIZE,
        save: Path = SAVE,
    }
}
