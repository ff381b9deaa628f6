//! `load lenet "lenet.safetensors"`

use super::behind::{FILE, NET};
use super::clause::Path;
use super::declare::verb;
use crate::syntax::Name;

verb! {
    /// `load NET "FILE"`
    Load: "load", "load lenet \"lenet.safetensors\"";
    behind {
        /// Which net.
        net: Name = NET,
        /// Where from.
        path: Path = FILE,
    }
}
