//! Where a file is written: behind links, over files alone, with what the old file had.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use fovea_train::{Weights, is_writable, read_file, write_all_whole, write_whole};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn links_are_followed_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("far")).unwrap();
    fs::write(at("far/file"), "old").unwrap();
    symlink("far/file", at("link")).unwrap();
    symlink(at("link"), at("link to link")).unwrap();
    write_whole(&at("link to link"), b"new").unwrap();
    assert_eq!(fs::read(at("far/file")).unwrap(), b"new");
    assert!(at("link").is_symlink() && at("link to link").is_symlink());

    // A file that is yet to come.
    symlink("far/later", at("early")).unwrap();
    write_all_whole(&[(at("early"), b"later")]).unwrap();
    assert_eq!(fs::read(at("far/later")).unwrap(), b"later");
    assert!(at("early").is_symlink());

    symlink("round", at("round")).unwrap();
    let error = write_whole(&at("round"), b"x").unwrap_err().to_string();
    assert!(error.contains("round cannot be written: "), "{error}");
    assert!(at("round").is_symlink());
}

#[test]
fn what_the_old_file_had_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "old").unwrap();
    for bits in [0o600, 0o666, 0o750] {
        fs::set_permissions(&path, PermissionsExt::from_mode(bits)).unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(mode(&path), bits);
    }
    // Only who may give files away can see that the owner stays.
    if std::os::unix::fs::chown(&path, Some(12), Some(34)).is_ok() {
        write_whole(&path, b"newer").unwrap();
        let now = fs::metadata(&path).unwrap();
        assert_eq!((now.uid(), now.gid(), mode(&path)), (12, 34, 0o750));
    }
}

#[test]
fn nothing_but_a_file_is_replaced_or_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let _socket = UnixListener::bind(at("socket")).unwrap();
    symlink("/dev/null", at("device")).unwrap();
    symlink("pipe", at("link")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    let needed = "and a file is needed";
    for (name, kind) in [
        ("pipe", format!("it is a pipe, {needed}")),
        ("link", format!("it is a pipe, {needed}")),
        ("socket", format!("it is a socket, {needed}")),
        ("device", format!("it is a device, {needed}")),
        ("folder", "it is a folder".to_string()),
    ] {
        let before = fs::symlink_metadata(at(name)).unwrap().ino();
        let cannot = |verb: &str| format!("{} cannot be {verb}: {kind}", at(name).display());
        assert_eq!(write_whole(&at(name), b"x").unwrap_err().to_string(), cannot("written"));
        assert_eq!(write_all_whole(&[(at(name), b"x")]).unwrap_err().to_string(), cannot("written"));
        assert_eq!(is_writable(&at(name)).unwrap_err().to_string(), cannot("written"));
        assert_eq!(read_file(&at(name)).unwrap_err().to_string(), cannot("read"));
        assert_eq!(Weights::load(at(name)).unwrap_err().to_string(), cannot("read"));
        assert_eq!(fs::symlink_metadata(at(name)).unwrap().ino(), before);
    }
}
