//! `fovea fmt`, `fovea library`, and what they leave on disk.

#![allow(clippy::unwrap_used)]

mod support;

use support::Place;

const LOOSE: &str = "net   n=8x8x1->conv 4->RELU , softmax 10 # a comment\n";

#[test]
fn a_script_is_brought_to_its_form_and_keeps_it() {
    let place = Place::new();
    place.write("loose.fov", LOOSE);
    let checked = place.run(&["fmt", "loose.fov", "--check"]).fails(&["canonical form", "fovea fmt loose.fov"]);
    assert_eq!(checked.out, "");
    assert_eq!(std::fs::read_to_string(place.path().join("loose.fov")).unwrap(), LOOSE);
    place.run(&["fmt", "loose.fov"]).done();
    let formatted = std::fs::read_to_string(place.path().join("loose.fov")).unwrap();
    assert_ne!(formatted, LOOSE);
    assert!(formatted.contains("# a comment"), "{formatted}");
    place.run(&["fmt", "loose.fov", "--check"]).done();
    place.run(&["check", "loose.fov"]).done();
}

#[test]
fn verbs_are_brought_to_their_form_and_wrong_ones_stay() {
    let place = Place::new();
    let loose = "TRAIN n ON digits, for 1 epoch with sgd( lr=.01 ),batch = 8 # quick\nTheme  drak\n";
    place.write("loose.fov", loose);
    place.run(&["fmt", "loose.fov", "--check"]).fails(&["canonical form"]);
    place.run(&["fmt", "loose.fov"]).done();
    let formatted = std::fs::read_to_string(place.path().join("loose.fov")).unwrap();
    assert_eq!(formatted, "train n on digits for 1 epochs with sgd(lr 0.01), batch 8  # quick\nTheme  drak\n");
    place.run(&["fmt", "loose.fov", "--check"]).done();
}

#[test]
fn a_script_with_a_mistake_stays_as_it_is() {
    let place = Place::new();
    place.write("wrong.fov", "net n = 8x8x1 - conv 4 relu\n");
    place.run(&["fmt", "wrong.fov"]).fails(&["wrong.fov", "relu"]);
    assert_eq!(std::fs::read_to_string(place.path().join("wrong.fov")).unwrap(), "net n = 8x8x1 - conv 4 relu\n");
}

/// A script that others work on stays theirs: its permissions, and the link by which it is reached.
#[cfg(unix)]
#[test]
fn a_script_behind_a_link_is_written_and_keeps_its_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = Place::new();
    let at = |name: &str| place.path().join(name);
    std::fs::create_dir(at("shared")).unwrap();
    place.write("shared/loose.fov", LOOSE);
    std::fs::set_permissions(at("shared/loose.fov"), PermissionsExt::from_mode(0o764)).unwrap();
    symlink("shared/loose.fov", at("link.fov")).unwrap();
    place.run(&["fmt", "link.fov"]).done();
    assert_eq!(std::fs::read_link(at("link.fov")).unwrap(), std::path::Path::new("shared/loose.fov"));
    assert_ne!(std::fs::read_to_string(at("shared/loose.fov")).unwrap(), LOOSE);
    assert_eq!(std::fs::metadata(at("shared/loose.fov")).unwrap().permissions().mode() & 0o777, 0o764);
    assert_eq!(place.files(), ["link.fov", "shared/loose.fov"]);
}

#[test]
fn the_library_is_listed_a_line_a_net() {
    let ran = Place::new().run(&["library"]).done();
    assert!(ran.out.lines().any(|line| line.starts_with("resnet50 ")), "{}", ran.out);
    let json = Place::new().run(&["library", "--format", "json"]).done().json();
    assert_eq!((json.len(), &json[0]["verb"]), (1, &"library".into()));
}
