//! `fovea jupyter install`, `uninstall` and `status`: what Jupyter needs to know of Fovea, put where it looks.

mod files;
mod icon;
mod places;
mod status;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use fovea::event::Output;
use fovea_train::write_all_whole;
use serde_json::json;

use files::Part;
pub use places::Place;
pub use status::status;

/// This program's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Installs the kernel, its icons and the lab extension; over an older install too.
///
/// Fails where a folder cannot be written; then nothing has changed.
pub fn install(place: &Place) -> anyhow::Result<Output> {
    let target = place.target()?;
    let program = program()?;
    let files: Vec<(PathBuf, Vec<u8>)> = files::all(&program)?.into_iter().flat_map(|file| file.at(&target)).collect();
    write_all_whole(&files).map_err(|error| {
        anyhow!("nothing is installed: {error}; `--sys-prefix` and `--prefix DIR` install elsewhere")
    })?;

    let mut lines = vec![format!("Fovea {VERSION} is installed {}:", target.called)];
    let parts = Part::ALL.map(|part| (part, part.folders(&target)));
    for (part, folders) in &parts {
        lines.extend(folders.iter().map(|folder| format!("  {:<14} {}", part.called(), folder.display())));
    }
    lines.push(format!("  {:<14} {}", "runs", program));
    let jupyter = places::on_path("jupyter");
    if jupyter.is_none() {
        lines.push("No `jupyter` is on PATH. JupyterLab is a Python package: `pip install jupyterlab`.".to_string());
    }
    let data = json!({
        "version": VERSION,
        "program": program,
        "folder": target.data,
        "files": files.iter().map(|(path, _)| path).collect::<Vec<_>>(),
        "jupyter": jupyter,
    });
    Ok(Output::new("jupyter install", lines.join("\n"), data))
}

/// Removes what [`install`] writes, and nothing else.
///
/// Fails where a file cannot be removed.
pub fn uninstall(place: &Place) -> anyhow::Result<Output> {
    let target = place.target()?;
    let mut removed = Vec::new();
    let mut left = Vec::new();
    for file in files::all("")? {
        for (path, _) in file.at(&target) {
            match std::fs::remove_file(&path) {
                Ok(()) => removed.push(path),
                Err(error) if is_missing(&error) => {}
                Err(error) => bail!("{} cannot be removed: {error}", path.display()),
            }
        }
    }
    for folder in Part::ALL.into_iter().flat_map(|part| part.own_folders(&target)) {
        match std::fs::remove_dir(&folder) {
            Err(_) if folder.is_dir() => left.push(folder),
            _ => {}
        }
    }
    let mut lines = match removed.len() {
        0 => vec![format!("Fovea is not installed {}: nothing to remove in {}", target.called, target.data.display())],
        _ => vec![format!("Fovea is no longer installed {}; removed:", target.called)],
    };
    lines.extend(removed.iter().map(|path| format!("  {}", path.display())));
    lines.extend(left.iter().map(|folder| format!("{} stays: there is more in it", folder.display())));
    for cache in target.modules.iter().flat_map(|folder| files::compiled(folder)) {
        std::fs::remove_file(&cache).with_context(|| format!("{} cannot be removed", cache.display()))?;
    }
    Ok(Output::new("jupyter uninstall", lines.join("\n"), json!({ "removed": removed, "left": left })))
}

/// Where this program lies, for Jupyter to start it.
fn program() -> anyhow::Result<String> {
    let path = std::env::current_exe().context("where this program lies cannot be found out")?;
    let text = path.to_str().with_context(|| format!("{} is not UTF-8, and Jupyter needs it so", path.display()))?;
    if !Path::new(text).is_file() {
        bail!("{text} is no file any more: install from the program that is to stay");
    }
    Ok(text.to_string())
}

/// Whether a file or the folder that it would lie in is not there.
fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
