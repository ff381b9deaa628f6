//! `fovea jupyter install`, `uninstall` and `status`: what is written where, and that nothing else is touched.

#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

mod support;

use std::process::Command;

use serde_json::Value;
use support::{Place, Ran};

/// The program in a folder that is its user's home, with nothing of this machine's Jupyter; `set` sets variables.
fn jupyter(place: &Place, arguments: &[&str], set: &[(&str, &str)]) -> Ran {
    let mut command = place.command(&[&["jupyter"], arguments].concat());
    for name in ["JUPYTER_DATA_DIR", "JUPYTER_PATH", "XDG_DATA_HOME", "VIRTUAL_ENV", "CONDA_PREFIX"] {
        command.env_remove(name);
    }
    command.env("HOME", place.path().join("home")).env("PATH", "").envs(set.iter().copied());
    command.output().unwrap().into()
}

fn read(place: &Place, file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(place.path().join(file)).unwrap()).unwrap()
}

const KERNEL: &str = "home/.local/share/jupyter/kernels/fovea";
const LAB: &str = "home/.local/share/jupyter/labextensions/fovea-lab";

#[test]
fn a_user_installs_looks_and_uninstalls() {
    let place = Place::new();
    let before = jupyter(&place, &["status"], &[]).done();
    assert!(before.out.contains("not installed") && before.out.contains("`jupyter` is not on PATH"), "{}", before.out);
    let done = jupyter(&place, &["install", "--format", "json"], &[]).done();
    let files: Vec<String> = ["kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"]
        .map(|name| format!("{KERNEL}/{name}"))
        .into_iter()
        .chain(["package.json", "static/remoteEntry.js"].map(|name| format!("{LAB}/{name}")))
        .collect();
    assert_eq!(place.files(), files);
    assert_eq!(done.json()[0]["files"].as_array().unwrap().len(), files.len());

    let kernel = read(&place, &format!("{KERNEL}/kernel.json"));
    let program = env!("CARGO_BIN_EXE_fovea");
    let argv = serde_json::json!([program, "jupyter", "kernel", "--connection-file", "{connection_file}"]);
    assert_eq!((&kernel["argv"], &kernel["interrupt_mode"]), (&argv, &"message".into()));
    assert_eq!((&kernel["display_name"], &kernel["language"]), (&"Fovea".into(), &"fovea".into()));
    for side in [32, 64] {
        let logo = image::open(place.path().join(format!("{KERNEL}/logo-{side}x{side}.png"))).unwrap().to_rgba8();
        assert_eq!((logo.dimensions(), logo.get_pixel(0, 0)[3]), ((side, side), 0));
        assert_eq!(logo.get_pixel(side / 2, side / 2).0, [0xf2, 0x8a, 0x3c, 0xff]);
    }
    assert_eq!(read(&place, &format!("{LAB}/package.json"))["version"], env!("CARGO_PKG_VERSION"));

    let elsewhere = jupyter(&place, &["status", "--prefix", "elsewhere"], &[]).done().out;
    assert!(elsewhere.contains("elsewhere") && elsewhere.contains("not installed"), "{elsewhere}");
    let refused = jupyter(&place, &["install", "--threads", "2"], &[]);
    assert_eq!(refused.status, Some(2), "{}", refused.err);
    let status = jupyter(&place, &["status", "--format", "json"], &[]).done().json().remove(0);
    assert_eq!(status["places"][0]["kernel"]["program"], program);
    assert_eq!(status["places"][0]["kernel"]["exists"], true);
    assert_eq!((&status["jupyter"], &status["used"]), (&Value::Null, &Value::Null));

    // An install over another, and one that names a program that is gone.
    place.write(&format!("{KERNEL}/kernel.json"), r#"{"argv": ["/gone/fovea"], "metadata": {"version": "0.0.1"}}"#);
    let gone = jupyter(&place, &["status"], &[]).done().out;
    assert!(gone.contains("0.0.1, but /gone/fovea is gone; `fovea jupyter install` mends it"), "{gone}");
    place.write(&format!("{KERNEL}/kernel.json"), "{");
    let broken = jupyter(&place, &["status"], &[]).done().out;
    assert!(broken.contains("broken: ") && broken.contains("kernel.json"), "{broken}");
    jupyter(&place, &["install", "--user"], &[]).done();
    assert_eq!(read(&place, &format!("{KERNEL}/kernel.json"))["argv"][0], program);

    place.write(&format!("{LAB}/mine.txt"), "mine");
    let removed = jupyter(&place, &["uninstall"], &[]).done().out;
    assert!(removed.contains("kernel.json") && removed.contains("fovea-lab stays"), "{removed}");
    assert_eq!(place.files(), [format!("{LAB}/mine.txt")]);
    assert!(!place.path().join(KERNEL).exists());
    let nothing = jupyter(&place, &["uninstall"], &[]).done().out;
    assert!(nothing.contains("nothing to remove"), "{nothing}");
}

#[test]
fn an_environment_has_papermills_module_too() {
    let place = Place::new();
    let modules = place.path().join("venv/lib/python3.12/site-packages");
    std::fs::create_dir_all(modules.join("__pycache__")).unwrap();
    let environment = place.path().join("venv").display().to_string();
    jupyter(&place, &["install", "--sys-prefix"], &[("VIRTUAL_ENV", &environment)]).done();
    assert!(place.path().join("venv/share/jupyter/kernels/fovea/kernel.json").is_file());
    let record = std::fs::read_to_string(modules.join("fovea_papermill-1.dist-info/RECORD")).unwrap();
    let recorded: Vec<&str> = record.lines().filter_map(|line| line.strip_suffix(",,")).collect();
    assert!(recorded.len() == 5 && recorded.iter().all(|file| modules.join(file).is_file()), "{record}");
    let status = jupyter(&place, &["status"], &[("CONDA_PREFIX", &environment)]).done().out;
    assert!(status.contains(&format!("in {environment} ")) && status.contains("runs "), "{status}");

    std::fs::write(modules.join("__pycache__/fovea_papermill.cpython-312.pyc"), "").unwrap();
    std::fs::write(modules.join("__pycache__/other.cpython-312.pyc"), "").unwrap();
    jupyter(&place, &["uninstall", "--prefix", "venv"], &[]).done();
    assert_eq!(place.files(), ["venv/lib/python3.12/site-packages/__pycache__/other.cpython-312.pyc"]);

    jupyter(&place, &["install", "--sys-prefix"], &[]).fails(&["no Python environment is active", "--prefix DIR"]);
    let gone = place.path().join("gone").display().to_string();
    jupyter(&place, &["install", "--sys-prefix"], &[("VIRTUAL_ENV", &gone)]).fails(&[&gone, "is no folder"]);
    let both = jupyter(&place, &["install", "--user", "--prefix", "venv"], &[]);
    assert_eq!(both.status, Some(2), "{}", both.err);
}

#[test]
fn jupyters_own_variables_say_where_the_user_has_it() {
    let place = Place::new();
    let of = |name: &str| place.path().join(name).display().to_string();
    jupyter(&place, &["install"], &[("XDG_DATA_HOME", &of("xdg"))]).done();
    assert!(place.path().join("xdg/jupyter/kernels/fovea/kernel.json").is_file());
    jupyter(&place, &["install"], &[("XDG_DATA_HOME", &of("never")), ("JUPYTER_DATA_DIR", &of("data"))]).done();
    assert!(place.path().join("data/kernels/fovea/kernel.json").is_file());
    assert!(!place.path().join("never").exists());
    jupyter(&place, &["install"], &[("JUPYTER_DATA_DIR", "")]).done();
    assert!(place.path().join(KERNEL).is_dir());
    // What JUPYTER_PATH names is listed where Fovea is in it.
    let path = std::env::join_paths([of("empty"), of("data")]).unwrap();
    let status = jupyter(&place, &["status"], &[("JUPYTER_PATH", path.to_str().unwrap())]).done().out;
    assert!(status.contains(&of("data")) && !status.contains(&of("empty")), "{status}");
}

#[test]
fn what_cannot_be_written_leaves_everything_as_it_was() {
    let place = Place::new();
    // A file stands where a folder would, before anything is written and after much is.
    place.write("file", "");
    jupyter(&place, &["install", "--prefix", "file"], &[]).fails(&["nothing is installed", "file"]);
    let kernel = place.path().join("prefix/share/jupyter/kernels/fovea/kernel.json");
    std::fs::create_dir_all(&kernel).unwrap();
    jupyter(&place, &["install", "--prefix", "prefix"], &[]).fails(&["kernel.json cannot be written"]);
    assert_eq!(place.files(), ["file"]);
    assert!(!place.path().join("prefix/share/jupyter/labextensions").exists());

    std::fs::remove_dir(&kernel).unwrap();
    jupyter(&place, &["install", "--prefix", "prefix"], &[]).done();
    let older = place.files();
    let logo = "prefix/share/jupyter/kernels/fovea/logo-svg.svg";
    place.write(logo, "an older logo");
    std::fs::remove_file(&kernel).unwrap();
    std::fs::create_dir(&kernel).unwrap();
    jupyter(&place, &["install", "--prefix", "prefix"], &[]).fails(&["nothing is installed"]);
    assert_eq!(std::fs::read_to_string(place.path().join(logo)).unwrap(), "an older logo");
    assert_eq!(place.files().len(), older.len() - 1);
    jupyter(&place, &["uninstall", "--prefix", "prefix"], &[]).fails(&["kernel.json cannot be removed"]);
}

#[test]
fn status_says_what_jupyter_itself_would_start() {
    let place = Place::new();
    let bin = place.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let stands_in = |text: &str| {
        std::fs::write(bin.join("jupyter"), format!("#!/bin/sh\n{text}\n")).unwrap();
        assert!(Command::new("chmod").arg("+x").arg(bin.join("jupyter")).status().unwrap().success());
    };
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let status = || jupyter(&place, &["status"], &[("PATH", &path)]).done().out;
    stands_in(r#"echo '{"kernelspecs": {"fovea": {"resource_dir": "/elsewhere/fovea"}}}'"#);
    assert!(status().contains("uses /elsewhere/fovea"), "{}", status());
    stands_in("echo '{\"kernelspecs\": {}}'");
    assert!(status().contains("finds no kernel `fovea`"), "{}", status());
    stands_in("echo no json >&2; exit 1");
    assert!(status().contains("does not list its kernels"), "{}", status());
}
