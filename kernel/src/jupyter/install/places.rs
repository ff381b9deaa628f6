//! Where Jupyter looks, by its own rules (`jupyter_core.paths`).

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

/// Where to install.
#[derive(Clone, Debug, Default, Args)]
#[group(multiple = false)]
pub struct Place {
    /// For this user, which is the default
    #[arg(long)]
    pub user: bool,
    /// Into the active Python environment (venv or conda)
    #[arg(long)]
    pub sys_prefix: bool,
    /// Into DIR/share/jupyter
    #[arg(long, value_name = "DIR")]
    pub prefix: Option<PathBuf>,
}

/// A place, found.
#[derive(Clone, Debug)]
pub struct Target {
    /// How it is called in a sentence: `for this user`.
    pub called: String,
    /// Jupyter's data folder there.
    pub data: PathBuf,
    /// The folders there in which Python finds modules.
    pub modules: Vec<PathBuf>,
}

impl Place {
    /// Whether one was chosen.
    pub fn is_chosen(&self) -> bool {
        self.user || self.sys_prefix || self.prefix.is_some()
    }

    /// The folders of this place.
    ///
    /// Fails where it is the active environment and none is, and where there is no home.
    pub fn target(&self) -> anyhow::Result<Target> {
        if self.sys_prefix {
            let environment = active().context(
                "no Python environment is active: neither VIRTUAL_ENV nor CONDA_PREFIX is set; activate one, or name \
                 its folder with `--prefix DIR`",
            )?;
            if !environment.is_dir() {
                bail!("the active Python environment, {}, is no folder", environment.display());
            }
            return Ok(Target { called: format!("in {}", environment.display()), ..under(&environment) });
        }
        match &self.prefix {
            Some(prefix) if prefix.as_os_str().is_empty() => bail!("--prefix: the folder has no name"),
            Some(prefix) => {
                let prefix = std::path::absolute(prefix)?;
                Ok(Target { called: format!("in {}", prefix.display()), ..under(&prefix) })
            }
            None => {
                let data = user_data()
                    .context("this user has no home folder: set JUPYTER_DATA_DIR, or give `--prefix DIR`")?;
                Ok(Target { called: "for this user".to_string(), data, modules: Vec::new() })
            }
        }
    }
}

/// The folders below a prefix.
fn under(prefix: &Path) -> Target {
    Target { called: String::new(), data: prefix.join("share/jupyter"), modules: modules(prefix) }
}

/// The Python environment that is active.
pub fn active() -> Option<PathBuf> {
    set("VIRTUAL_ENV").or_else(|| set("CONDA_PREFIX"))
}

/// Jupyter's data folder of this user.
pub fn user_data() -> Option<PathBuf> {
    let home = || env::home_dir().filter(|home| !home.as_os_str().is_empty());
    if let Some(folder) = set("JUPYTER_DATA_DIR") {
        return std::path::absolute(folder).ok();
    }
    if cfg!(target_os = "macos") {
        return Some(home()?.join("Library/Jupyter"));
    }
    if cfg!(windows) {
        let config = || set("JUPYTER_CONFIG_DIR").or_else(|| Some(home()?.join(".jupyter")));
        return set("APPDATA").map(|data| data.join("jupyter")).or_else(|| Some(config()?.join("data")));
    }
    let data = set("XDG_DATA_HOME").or_else(|| Some(home()?.join(".local/share")))?;
    std::path::absolute(data.join("jupyter")).ok()
}

/// The data folders that Jupyter searches beside the user's and the environment's, as far as they are known without it.
pub fn others() -> Vec<PathBuf> {
    let named = set("JUPYTER_PATH").map(|paths| env::split_paths(&paths).collect::<Vec<_>>()).unwrap_or_default();
    let system: &[&str] = if cfg!(windows) { &[] } else { &["/usr/local/share/jupyter", "/usr/share/jupyter"] };
    named.into_iter().chain(system.iter().map(PathBuf::from)).collect()
}

/// A program on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|path| path.is_file())
}

/// The folders below a prefix in which Python finds modules.
fn modules(prefix: &Path) -> Vec<PathBuf> {
    let pythons = std::fs::read_dir(prefix.join("lib")).into_iter().flatten().flatten();
    let pythons = pythons.filter(|entry| entry.file_name().to_string_lossy().starts_with("python"));
    let mut found: Vec<PathBuf> =
        pythons.map(|entry| entry.path().join("site-packages")).filter(|folder| folder.is_dir()).collect();
    if cfg!(windows) {
        found.extend(Some(prefix.join("Lib").join("site-packages")).filter(|folder| folder.is_dir()));
    }
    found.sort();
    found
}

/// An environment variable that is set and not empty.
fn set(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
