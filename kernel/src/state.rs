//! Files that outlive the program: the user's state folder.

use std::path::PathBuf;

/// A file in the user's state folder, which is made where it is missing.
pub fn file(name: &str) -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = state.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?.join("fovea");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join(name))
}
