//! Files that statements name: regular ones only, behind links too.
#![cfg(all(unix, feature = "program"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::os::unix::fs::{FileTypeExt, symlink};

use support::Place;

const NET: &str = "net n = 8x8x1 - fc 10, softmax";

#[test]
fn nothing_but_a_file_is_written_or_loaded() {
    let place = Place::new();
    let pipe = place.pipe("pipe");
    symlink("/dev/null", place.path().join("device")).unwrap();
    symlink("pipe", place.path().join("link")).unwrap();
    for (name, kind) in [("pipe", "a pipe"), ("link", "a pipe"), ("device", "a device"), ("/dev/zero", "a device")] {
        let why = format!("{name} cannot be written: it is {kind}, and a file is needed");
        let read = format!("{name} cannot be read: it is {kind}, and a file is needed");
        let save = format!("save n \"{name}\"");
        place.run(&["-e", NET, "-e", &save]).fails(&[&why, "name another file", "-e:2:"]);
        let predict = format!("predict n on digits[0..2] save \"{name}\"");
        place.run(&["-e", NET, "-e", &predict]).fails(&[&why]);
        place.run(&["-e", NET, "-e", &format!("load n \"{name}\"")]).fails(&[&read]);
    }
    assert!(pipe.symlink_metadata().unwrap().file_type().is_fifo());
    assert!(place.path().join("device").is_symlink() && place.path().join("link").is_symlink());
    // Pictures: a folder that is none, and a picture's place that is taken.
    place
        .run(&["-e", "show digits", "--out", "pipe"])
        .fails(&["the picture sheet is not written: pipe cannot be made"]);
    std::fs::create_dir(place.path().join("out")).unwrap();
    place.pipe("out/01-show-sheet.svg");
    let taken = "out/01-show-sheet.svg cannot be written: it is a pipe, and a file is needed";
    place.run(&["-e", "show digits", "--out", "out"]).fails(&[taken]);
}

#[test]
fn what_a_link_leads_to_is_written() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("far")).unwrap();
    symlink("far/weights", place.path().join("link")).unwrap();
    place.run(&["-e", NET, "-e", "save n \"link\""]).done();
    place.run(&["-e", NET, "-e", "load n \"far/weights\""]).done();
    assert!(place.path().join("link").is_symlink());
}
