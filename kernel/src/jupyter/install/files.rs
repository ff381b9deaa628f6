//! The files of an install: each is made here, whole, from the program itself.

use std::path::{Path, PathBuf};

use super::icon::icon;
use anyhow::Context;
use fovea_dsl::editor::vocabulary;
use serde_json::json;

use super::VERSION;
use super::places::Target;

/// The logo; the PNGs are drawn from it.
const LOGO: &str = include_str!("../../../assets/jupyter/logo.svg");
/// The lab extension's program, but for the language's words.
const EXTENSION: &str = include_str!("../../../assets/jupyter/extension.js");
/// The Python module that tells papermill how Fovea writes parameters.
const PAPERMILL: &str = include_str!("../../../assets/jupyter/fovea_papermill.py");
/// What in [`EXTENSION`] stands for the language's words.
const WORDS: &str = "__WORDS__";
/// What in [`EXTENSION`] stands for the logo.
const ICON: &str = "__LOGO__";
/// The folder by which Python's tools know the module for papermill.
const DISTRIBUTION: &str = "fovea_papermill-1.dist-info";

/// What an install is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The kernel and its icons.
    Kernel,
    /// Colours and the file type in JupyterLab.
    LabExtension,
    /// Parameters from papermill; in Python environments alone.
    Papermill,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 3] = [Part::Kernel, Part::LabExtension, Part::Papermill];

    /// How it is called in a list.
    pub fn called(self) -> &'static str {
        match self {
            Part::Kernel => "kernel",
            Part::LabExtension => "lab extension",
            Part::Papermill => "for papermill",
        }
    }

    /// Where it lies.
    pub fn folders(self, target: &Target) -> Vec<PathBuf> {
        match self {
            Part::Kernel => vec![target.data.join("kernels/fovea")],
            Part::LabExtension => vec![target.data.join("labextensions/fovea-lab")],
            Part::Papermill => target.modules.clone(),
        }
    }

    /// The folders that are there for it alone, inner ones first.
    pub fn own_folders(self, target: &Target) -> Vec<PathBuf> {
        let folders = self.folders(target).into_iter();
        match self {
            Part::Kernel => folders.collect(),
            Part::LabExtension => folders.flat_map(|folder| [folder.join("static"), folder]).collect(),
            Part::Papermill => folders.map(|folder| folder.join(DISTRIBUTION)).collect(),
        }
    }
}

/// A file of an install.
pub struct File {
    part: Part,
    name: String,
    bytes: Vec<u8>,
}

impl File {
    /// The file's places and what is in it.
    pub fn at(self, target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
        self.part.folders(target).into_iter().map(|folder| (folder.join(&self.name), self.bytes.clone())).collect()
    }
}

/// Every file, for a program that lies at `program`; what makes Jupyter look at the others comes last.
pub fn all(program: &str) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    let mut add = |part, name: &str, bytes: Vec<u8>| files.push(File { part, name: name.to_string(), bytes });
    add(Part::Papermill, "fovea_papermill.py", PAPERMILL.into());
    for (name, text) in distribution() {
        add(Part::Papermill, &format!("{DISTRIBUTION}/{name}"), text.into());
    }
    add(Part::LabExtension, "static/remoteEntry.js", extension().into());
    add(Part::LabExtension, "package.json", pretty(&package())?);
    add(Part::Kernel, "logo-svg.svg", LOGO.into());
    for side in [32, 64] {
        add(Part::Kernel, &format!("logo-{side}x{side}.png"), icon(LOGO, side).context("the logo")?);
    }
    add(Part::Kernel, "kernel.json", pretty(&kernel(program))?);
    Ok(files)
}

/// What Jupyter reads to start the kernel.
fn kernel(program: &str) -> serde_json::Value {
    json!({
        "argv": [program, "jupyter", "kernel", "--connection-file", "{connection_file}"],
        "display_name": "Fovea",
        "language": "fovea",
        "interrupt_mode": "message",
        "metadata": { "version": VERSION },
    })
}

/// What JupyterLab reads to load the extension.
fn package() -> serde_json::Value {
    json!({
        "name": "fovea-lab",
        "version": VERSION,
        "description": "Fovea's colours and file type",
        "license": "MIT OR Apache-2.0",
        "jupyterlab": {
            "extension": true,
            "_build": { "load": "static/remoteEntry.js", "extension": "./extension" },
        },
    })
}

/// The lab extension's program.
fn extension() -> String {
    let words = vocabulary();
    let verbs: serde_json::Map<String, serde_json::Value> =
        words.verbs.into_iter().map(|(verb, clauses)| (verb.to_string(), clauses.into())).collect();
    let words = json!({
        "statements": words.statements,
        "definitions": words.definitions,
        "layers": words.layers,
        "links": words.links,
        "foreign": words.foreign,
        "options": words.options,
        "beforeMatrix": words.before_matrix,
        "chainClauses": words.chain_clauses,
        "verbs": verbs,
        "verbClauses": words.verb_clauses,
        "named": words.named,
        "continuing": words.continuing,
    });
    EXTENSION.replace(WORDS, &words.to_string()).replace(ICON, &serde_json::Value::from(LOGO).to_string())
}

/// The files by which Python's tools know the module for papermill.
fn distribution() -> [(&'static str, String); 4] {
    let name = |file| format!("{DISTRIBUTION}/{file},,\n");
    let record: String = ["METADATA", "INSTALLER", "entry_points.txt", "RECORD"].map(name).concat();
    [
        (
            "METADATA",
            "Metadata-Version: 2.1\nName: fovea-papermill\nVersion: 1\nSummary: Fovea's parameters in papermill\n"
                .into(),
        ),
        ("INSTALLER", "fovea\n".into()),
        ("entry_points.txt", "[papermill.engine]\nfovea = fovea_papermill:Engine\n".into()),
        ("RECORD", format!("fovea_papermill.py,,\n{record}")),
    ]
}

/// What Python has made of the module for papermill, in a folder of modules.
pub fn compiled(modules: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(modules.join("__pycache__")).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("fovea_papermill."));
    ours.map(|entry| entry.path()).collect()
}

fn pretty(value: &serde_json::Value) -> anyhow::Result<Vec<u8>> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?).into())
}
