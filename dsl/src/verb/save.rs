//! `save lenet "lenet.safetensors"`

use super::behind::{FILE, NET};
use super::clause::Path;
use super::declare::verb;
use crate::syntax::Name;

verb! {
    /// `save NET "FILE"`
    Save: "save", "save lenet \"lenet.safetensors\"";
    behind {
        /// Which net.
        net: Name = NET,
        /// Where to.
        path: Path = FILE,
    }
}
