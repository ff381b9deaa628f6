//! A disk that is full: the file is named, nothing half-written stays, the exit status is 1.
#![cfg(all(unix, feature = "program"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::os::unix::process::CommandExt;

use support::{Place, Ran};

const PROGRAM: &str = "\
net wide = 8x8x1 - fc 512 - relu, softmax
train wide on digits for 2 epochs
";

/// Runs with files limited to `bytes`: a write beyond fails as on a full disk.
fn limited(place: &Place, arguments: &[&str], bytes: u64) -> Ran {
    let mut command = place.command(arguments);
    // SAFETY: only async-signal-safe calls between fork and exec.
    unsafe {
        command.pre_exec(move || {
            let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
            if libc::setrlimit(libc::RLIMIT_FSIZE, &limit) == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        });
    }
    command.output().unwrap().into()
}

#[test]
fn a_checkpoint_that_does_not_fit_is_named_and_leaves_no_half() {
    let place = Place::new();
    place.write("program.fov", PROGRAM);
    limited(&place, &["run", "program.fov"], 50_000).fails(&["runs/1/"]);
    let files = place.files();
    assert!(files.iter().any(|f| f == "runs/1/program.fov"), "{files:?}");
    assert!(!files.iter().any(|f| f.ends_with(".safetensors") || f.contains(".part")), "{files:?}");
    place.run(&["-e", "show run 1", "--format", "json"]).done();
}

/// Of several runs, those before the disk was full are whole.
#[test]
fn runs_before_the_one_that_does_not_fit_are_kept() {
    let place = Place::new();
    let program = "let N = 1\nnet wide = 8x8x1 - fc (8*N*N) - relu, softmax\n\
                   train wide on digits for 1 epochs sweep N {1, 2, 9}\n";
    place.write("program.fov", program);
    let ran = limited(&place, &["run", "program.fov"], 50_000);
    ran.fails(&["runs/3/", "runs done before it are kept: 1, 2"]);
    let listed = place.run(&["-e", "runs", "--format", "json"]).done();
    assert_eq!(listed.out.matches("\"state\":\"complete\"").count(), 2, "{}", listed.out);
    // A table of figures is whole or not there, too.
    limited(&place, &["-e", "export run 1 \"x.csv\""], 500).fails(&["x.csv"]);
    assert!(!place.files().iter().any(|file| file == "x.csv"), "{:?}", place.files());
}

#[test]
fn saved_weights_that_do_not_fit_leave_the_old_file() {
    let place = Place::new();
    place.write("w.safetensors", "the old file");
    let wide = "net wide = 8x8x1 - fc 512 - relu, softmax 10";
    limited(&place, &["-e", wide, "-e", "save wide \"w.safetensors\""], 50_000).fails(&["w.safetensors"]);
    assert_eq!(std::fs::read(place.path().join("w.safetensors")).unwrap(), b"the old file");
    assert_eq!(place.files(), ["w.safetensors"]);
}

#[test]
fn pictures_and_scores_are_whole_or_not_there() {
    let place = Place::new();
    limited(&place, &["-e", "show digits"], 4096).fails(&["is not written"]);
    let net = "net t = 8x8x1 - fc 10, softmax";
    let predict = "predict t on digits save \"scores.npy\"";
    limited(&place, &["-e", net, "-e", predict], 4096).fails(&["scores.npy"]);
    assert!(place.files().is_empty(), "{:?}", place.files());
}

#[test]
fn a_script_that_does_not_fit_in_its_new_form_stays_as_it_is() {
    let place = Place::new();
    let loose = "net   n=8x8x1->conv 4 , softmax 10\n".to_string() + &"# a comment\n".repeat(100);
    place.write("loose.fov", &loose);
    limited(&place, &["fmt", "loose.fov"], 1024).fails(&["loose.fov cannot be written"]);
    assert_eq!(std::fs::read_to_string(place.path().join("loose.fov")).unwrap(), loose);
    assert_eq!(place.files(), ["loose.fov"]);
}
