//! What is installed where.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fovea::event::Output;
use serde_json::{Value, json};

use super::files::Part;
use super::places::{self, Place, Target};
use super::{VERSION, program};

/// Says what is installed where, by which version, and whether Jupyter can start it; of the place that was chosen, else
/// of all that are known.
///
/// Fails where the place that was chosen cannot be found out.
pub fn status(place: &Place) -> anyhow::Result<Output> {
    let targets = if place.is_chosen() { vec![place.target()?] } else { known() };
    let places: Vec<Found> = targets.into_iter().map(look).collect();
    let jupyter = places::on_path("jupyter");
    let used = jupyter.as_deref().map(used);
    let program = program().ok();
    let mut lines = vec![match &program {
        Some(program) => format!("Fovea {VERSION}, {program}"),
        None => format!("Fovea {VERSION}"),
    }];
    lines.extend(places.iter().map(Found::line));
    lines.push(match (&jupyter, &used) {
        (Some(jupyter), Some(Ok(Some(used)))) => format!("{} uses {}", jupyter.display(), used.display()),
        (Some(jupyter), Some(Ok(None))) => {
            format!("{} finds no kernel `fovea`: `fovea jupyter install`", jupyter.display())
        }
        (Some(jupyter), Some(Err(reason))) => format!("{} does not list its kernels: {reason}", jupyter.display()),
        _ => "`jupyter` is not on PATH".to_string(),
    });
    let data = json!({
        "version": VERSION,
        "program": program,
        "places": places.iter().map(Found::data).collect::<Vec<_>>(),
        "jupyter": jupyter,
        "used": used.and_then(Result::ok).flatten(),
    });
    Ok(Output::new("jupyter status", lines.join("\n"), data))
}

/// The places that are known without Jupyter: the user's and the active environment's always, others where they exist.
fn known() -> Vec<Target> {
    let place = |called: &str, data: PathBuf| Target { called: called.to_string(), data, modules: Vec::new() };
    let user = places::user_data().map(|data| place("for this user", data));
    let environment =
        places::active().map(|folder| place(&format!("in {}", folder.display()), folder.join("share/jupyter")));
    let others = places::others().into_iter().map(|data| place("for all", data));
    let mut known: Vec<Target> = Vec::new();
    for target in user.into_iter().chain(environment).chain(others) {
        let always = known.len() < 2 && target.called != "for all";
        let is_new = known.iter().all(|other| other.data != target.data);
        if is_new && (always || target.data.join("kernels/fovea").is_dir()) {
            known.push(target);
        }
    }
    known
}

/// What is installed in a place.
struct Found {
    target: Target,
    /// The version of the kernel that is installed, and the program that it starts.
    kernel: Option<Result<(String, PathBuf), String>>,
    /// The version of the lab extension.
    extension: Option<String>,
}

fn look(target: Target) -> Found {
    let read = |part: Part, name: &str| -> Option<Result<Value, String>> {
        let path = part.folders(&target).first()?.join(name);
        match std::fs::read(&path) {
            Err(error) if super::is_missing(&error) => None,
            Err(error) => Some(Err(format!("{} cannot be read: {error}", path.display()))),
            Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))),
        }
    };
    let version = |value: &Value| value.as_str().unwrap_or("of unknown version").to_string();
    let kernel = read(Part::Kernel, "kernel.json").map(|read| {
        let kernel = read?;
        let program = kernel["argv"][0].as_str().ok_or("its kernel.json names no program")?;
        Ok((version(&kernel["metadata"]["version"]), PathBuf::from(program)))
    });
    let extension = read(Part::LabExtension, "package.json").and_then(Result::ok).map(|read| version(&read["version"]));
    Found { target, kernel, extension }
}

impl Found {
    fn line(&self) -> String {
        let said = match &self.kernel {
            None => "not installed".to_string(),
            Some(Err(reason)) => format!("broken: {reason}; `fovea jupyter install` mends it"),
            Some(Ok((version, program))) if !program.is_file() => {
                format!("{version}, but {} is gone; `fovea jupyter install` mends it", program.display())
            }
            Some(Ok((version, program))) => {
                let extension = match &self.extension {
                    None => ", without the lab extension".to_string(),
                    Some(other) if other != version => format!(", lab extension {other}"),
                    Some(_) => String::new(),
                };
                format!("{version}, runs {}{extension}", program.display())
            }
        };
        format!("{} ({}): {said}", self.target.called, self.target.data.display())
    }

    fn data(&self) -> Value {
        let kernel = match &self.kernel {
            None => Value::Null,
            Some(Err(reason)) => json!({ "error": reason }),
            Some(Ok((version, program))) => {
                json!({ "version": version, "program": program, "exists": program.is_file() })
            }
        };
        json!({ "place": self.target.called, "folder": self.target.data, "kernel": kernel, "labextension": self.extension })
    }
}

/// The folder of the kernel that Jupyter itself would start; or why it does not say.
fn used(jupyter: &Path) -> Result<Option<PathBuf>, String> {
    let mut command = Command::new(jupyter);
    command.args(["kernelspec", "list", "--json"]).stdin(Stdio::null());
    let answer = command.output().map_err(|error| error.to_string())?;
    if !answer.status.success() {
        return Err(String::from_utf8_lossy(&answer.stderr).trim().to_string());
    }
    let list: Value = serde_json::from_slice(&answer.stdout).map_err(|error| error.to_string())?;
    Ok(list["kernelspecs"]["fovea"]["resource_dir"].as_str().map(PathBuf::from))
}
