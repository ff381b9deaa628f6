//! What is wrong with a file that had a good head.

use fovea_graph::Interrupted;

/// Why a file gives no picture.
pub(super) enum Fault {
    /// It is not as it was when the data were declared.
    Changed,
    Broken(String),
    /// Nobody wants it any more.
    Interrupted(Interrupted),
}

impl From<String> for Fault {
    fn from(why: String) -> Self {
        Fault::Broken(why)
    }
}

impl From<Interrupted> for Fault {
    fn from(interrupted: Interrupted) -> Self {
        Fault::Interrupted(interrupted)
    }
}
