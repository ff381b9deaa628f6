//! Fovea in Jupyter as its front ends see it. Each test runs a Python file of `tests/jupyter` in a folder of its own,
//! into which Fovea is installed as a user installs it.

#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fovea_dsl::editor::{examples, highlight};
use fovea_graph::SourceId;
use support::Place;

#[test]
fn the_lab_extension_has_the_colours_of_the_terminal() {
    let Some(jupyter) = Jupyter::new() else { return };
    let library: Vec<_> = (0..).map_while(|at| fovea_dsl::library::source(SourceId(u32::MAX - at))).collect();
    let slide = r"$$[(\text{CONV-RELU})^N - \text{POOL}]^M, \text{SOFTMAX}$$";
    let own = [
        format!("# from a slide\nnet l = 28x28x1 - {slide} where N=2, M=2\n\n  train l on digits  # ×\n"),
        "let N = 3,\n    M = {1, 2.5e-3}\nNet a = 8x8x1 - conv {16,\nnet b} 5x5 /2 - RELU6 - conv3x3 - relu\nwhere k=1"
            .into(),
        "convolve [1 0;\n0 1] with [\n%who\n%RESET 5 %x\nlet a = 5".into(),
        "train a on digits,\nfor 3 epochs with SGD(lr 0.1)\nnote \"train # 5x5\nplot loss -\n  accuracy of a;".into(),
        "net a = 8x8x1 -\nconv 4 - (relu\n- bn eps 1) - conv 2\nconv 3\nplot loss of a".into(),
        "%%slide a  # so\n[8x8x1] CONV: 3\nnet q = 8x8x1 - fc 3\n\n%who \"x".into(),
        "seed 7\n%%Slide a\nnet q = conv 3\nslide b\nconv 3".into(),
        "predict a on digits,\nsave \"a.npy\"\nsave a \"a\"\nslide\nCONV 3 - RELU\n  \"x\" 5\nnet b = 8x8x1 - conv 4"
            .into(),
    ];
    let programs = examples()
        .map(|(example, _)| example.to_string())
        .chain(library.into_iter().map(|source| source.text))
        .chain(own);
    let cases: Vec<_> = programs
        .map(|program| {
            let kinds = kinds(&program);
            (program, kinds)
        })
        .collect();
    assert!(cases.len() > 60, "{}", cases.len());
    jupyter.place.write("cases.json", serde_json::to_string(&cases).unwrap());
    let extension = jupyter.prefix().join("share/jupyter/labextensions/fovea-lab/static/remoteEntry.js");
    jupyter.python("colours.py", &[extension.to_str().unwrap(), "cases.json"]);
}

#[test]
fn the_kernel_passes_jupyters_own_test() {
    let Some(jupyter) = Jupyter::new() else { return };
    let said = jupyter.python("kernel_test.py", &[]);
    let skipped: Vec<&str> = said.lines().filter(|line| line.contains("... skipped")).collect();
    let may = ["test_execute_stderr ", "test_pager ", "test_clear_output "];
    let other = skipped.iter().find(|line| !may.iter().any(|test| line.starts_with(test)));
    assert!(other.is_none() && said.contains("\nRan 12 tests"), "{other:?}\n{said}");
}

#[test]
fn nbclient_nbconvert_and_papermill_run_notebooks() {
    let Some(jupyter) = Jupyter::new() else { return };
    let said = jupyter.python("clients.py", &[]);
    assert!(said.ends_with("OK\n"), "{said}");
}

#[test]
fn a_person_works_in_jupyterlab() {
    let Some(jupyter) = Jupyter::new() else { return };
    jupyter.python("lab.py", &[]);
}

#[test]
fn the_notebooks_give_what_they_show() {
    let Some(jupyter) = Jupyter::new() else { return };
    let notebooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notebooks");
    jupyter.python("notebooks.py", &["check", notebooks.to_str().unwrap()]);
}

/// The kinds of a program's pieces, their places in UTF-16 units as a browser counts.
fn kinds(program: &str) -> Vec<(usize, usize, String)> {
    let place = |byte: usize| program[..byte].encode_utf16().count();
    let pieces = highlight(program).into_iter();
    pieces.map(|(at, kind)| (place(at.start), place(at.end), format!("{kind:?}").to_lowercase())).collect()
}

/// A folder into which Fovea is installed, and a Python that has JupyterLab.
struct Jupyter {
    place: Place,
    tools: PathBuf,
    /// One at a time: Jupyter's own test gives a message a tenth of a second.
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Jupyter {
    /// None where there is no such Python; then says so loudly, and fails where `CI` is set.
    fn new() -> Option<Self> {
        let Some(tools) = std::env::var_os("FOVEA_JUPYTER") else {
            let why = "FOVEA_JUPYTER is not set: FOVEA_JUPYTER=$(tests/jupyter/setup.sh) cargo test";
            assert!(std::env::var_os("CI").is_none(), "{why}");
            // Not eprintln!: the test harness would keep it to itself.
            let _ = writeln!(std::io::stderr(), "\n*** NOT TESTED: {why} ***\n");
            return None;
        };
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let jupyter = Self { place: Place::new(), tools: tools.into(), _alone };
        std::fs::create_dir_all(jupyter.modules()).unwrap();
        jupyter.place.run(&["jupyter", "install", "--prefix", "prefix"]).done();
        Some(jupyter)
    }

    fn prefix(&self) -> PathBuf {
        self.place.path().join("prefix")
    }

    /// Where the Python of the prefix would have its modules.
    fn modules(&self) -> PathBuf {
        self.prefix().join("lib/python3/site-packages")
    }

    /// Runs a file of `tests/jupyter`; gives what it printed.
    fn python(&self, file: &str, arguments: &[&str]) -> String {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/jupyter");
        let of = |name: &str| self.place.path().join(name);
        let path = std::env::join_paths(
            std::iter::once(self.tools.join("bin"))
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
        );
        let mut command = Command::new(self.tools.join("bin/python"));
        command.arg(tests.join(file)).args(arguments).current_dir(self.place.path());
        command.env("PATH", path.unwrap()).env("PYTHONPATH", self.modules()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("HOME", of("home")).env("JUPYTER_PATH", self.prefix().join("share/jupyter"));
        command.env("JUPYTER_DATA_DIR", of("data")).env("JUPYTER_RUNTIME_DIR", of("runtime"));
        command.env("JUPYTER_CONFIG_DIR", of("config")).env("IPYTHONDIR", of("ipython"));
        command.env("XDG_STATE_HOME", of("state"));
        let done = command.output().unwrap();
        let said = [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(done.status.success(), "{file}: {}\n{said}", done.status);
        said
    }
}
