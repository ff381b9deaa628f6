//! `save lenet "lenet.safetensors"`, `save shapes "shapes/"`

use super::behind::{FILE, NET_OR_DATA};
use super::clause::Path;
use super::declare::verb;
use crate::syntax::Name;

verb! {
    /// `save NET "FILE"`, `save DATA "FOLDER"`
    Save: "save", "save lenet \"lenet.safetensors\"";
    behind {
        /// Which net, or which data.
        net: Name = NET_OR_DATA,
        /// Where to.
        path: Path = FILE,
    }
}
