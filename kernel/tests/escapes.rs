//! Text that is not ours on the terminal: nothing in it steers the cursor, changes colours or turns what follows.
#![cfg(all(unix, feature = "program"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use fovea_dsl::is_unseen;
use support::{Place, Ran};

/// Colours, a title, a cleared screen by one byte, a return to the line's beginning, a text that is turned.
const HOSTILE: &str = "a\u{1b}[31mb\u{1b}]0;c\u{7}d\u{9b}2Je\rf\u{202e}g\u{7f}";
const SHOWN: &str = r"a\u{1b}[31mb\u{1b}]0;c\u{7}d\u{9b}2Je\u{d}f\u{202e}g\u{7f}";

/// Nothing of what was written is unseen.
fn plain(ran: Ran) -> String {
    let text = ran.out + &ran.err;
    let unseen = text.chars().find(|&c| is_unseen(c) && c != '\n' && c != '\t');
    assert_eq!(unseen, None, "{text:?}");
    text
}

#[test]
fn notes_are_shown_and_steer_nothing() {
    let place = Place::new();
    // A lone CR is a line's end in a program.
    let (hostile, shown) = (HOSTILE.replace('\r', ""), SHOWN.replace(r"\u{d}", ""));
    let note = format!("note \"{hostile}\"");
    assert_eq!(plain(place.run(&["-e", &note]).done()), format!("{shown}\n"));
    let json = place.run(&["-e", &note, "--format", "json"]).done().json();
    assert_eq!(json[0]["text"], hostile);
}

#[test]
fn names_of_files_steer_nothing() {
    let place = Place::new();
    let script = format!("{HOSTILE}.fov");
    place.write(&script, "show digits[0..2]\nnet n = 8x8x1 - fc 10, softmax\n");
    let text = plain(place.run(&["run", &script]).done());
    assert!(text.contains(&format!("→ {SHOWN}.out/01-show-sheet.png")), "{text}");
    let text = plain(place.run(&["check", &script]).done());
    assert!(text.contains(&format!("{SHOWN}.fov: 2 statements")), "{text}");
    plain(place.run(&["fmt", "--check", &script]));

    let net = "net n = 8x8x1 - fc 10, softmax";
    let save = format!("save n \"{}.safetensors\"", HOSTILE.replace('\r', ""));
    let text = plain(place.run(&["-e", net, "-e", &save]).done());
    assert!(text.contains(r"→ a\u{1b}[31mb"), "{text}");
    plain(place.run(&["-e", "show digits[0..2]", "--out", HOSTILE]).done());
}

#[test]
fn mistakes_steer_nothing() {
    let place = Place::new();
    let script = format!("{HOSTILE}.fov");
    place.write(&script, format!("net n = 8x8x1 - {HOSTILE}\nload n \"{HOSTILE}\"\ntrain {HOSTILE} on digits\n"));
    let text = plain(place.run(&["check", &script]));
    assert!(text.contains(&format!("{SHOWN}.fov:1:")), "{text}");
    for arguments in [
        &["-e", &*format!("net n = {HOSTILE}")][..],
        &["-e", &format!("load n \"{HOSTILE}\"")],
        &["-e", &format!("data digits size {HOSTILE}")],
        &["-e", "note 1", "--set", &format!("{HOSTILE}=1")],
        &["run", &format!("{HOSTILE}.missing")],
        &["run", &format!("/{HOSTILE}")],
        &["bench", HOSTILE],
        &[HOSTILE],
        &["--device", HOSTILE],
        &["--theme", HOSTILE],
        &["jupyter", "install", "--prefix", &format!("/dev/null/{HOSTILE}")],
    ] {
        let ran = place.run(arguments);
        assert!(matches!(ran.status, Some(1 | 2)), "{arguments:?}");
        plain(ran);
    }
}

/// A name that is no text at all.
#[test]
fn names_that_are_no_text_are_shown() {
    let place = Place::new();
    let mut command = place.command(&["run"]);
    command.arg(OsStr::from_bytes(b"\xff\x1b[2J.fov"));
    plain(command.output().unwrap().into());
}

/// What is brought to its form for another program stays what it is.
#[test]
fn a_script_that_goes_to_a_pipe_stays_as_it_is() {
    let place = Place::new();
    let note = "note \"a\u{1b}[31mb\"\n";
    place.write("a.fov", note);
    let script = std::fs::File::open(place.path().join("a.fov")).unwrap();
    let ran = Ran::from(place.command(&["fmt", "-"]).stdin(script).output().unwrap());
    assert_eq!(ran.done().out, note);
}
