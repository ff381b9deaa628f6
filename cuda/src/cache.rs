//! Where what was made once is kept for the next start.

use std::env;
use std::path::PathBuf;

/// The folder `name` in `$FOVEA_CACHE`, else in `$XDG_CACHE_HOME/fovea`, else in `~/.cache/fovea`; `None` where none of
/// these is known.
pub fn cache_folder(name: &str) -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let fovea = set("FOVEA_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("fovea")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/fovea")))?;
    Some(fovea.join(name))
}
