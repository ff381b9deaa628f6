//! What the README prints is so: its programs run, its commands too, and its mistake is told in these words.

#![allow(clippy::unwrap_used)]

mod support;

use support::{Place, own};

const README: &str = include_str!("../../README.md");

/// The contents of the README's fenced blocks, in order, each behind the word of its fence.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let pieces: Vec<&str> = README.split("```").collect();
    pieces.chunks(2).filter_map(|pair| pair.get(1)?.split_once('\n')).collect()
}

#[test]
fn its_programs_run_as_printed() {
    let programs: Vec<&str> = blocks().into_iter().filter(|(word, _)| *word == "fovea").map(|(_, text)| text).collect();
    assert_eq!(programs.len(), 8, "the pattern, six of the tour, one of runs");
    for program in programs {
        let place = Place::new();
        if program.contains("pets/") {
            own::examples(place.path());
        }
        place.write("readme.fov", program);
        let ran = place.run(&["run", "readme.fov"]);
        assert_eq!(ran.status, Some(0), "{program}\n{}", ran.err);
    }
}

#[test]
fn its_mistake_is_told_in_these_words() {
    let (_, shown) = blocks().into_iter().find(|(_, text)| text.starts_with("error: ")).unwrap();
    let line = shown.lines().find_map(|line| line.strip_prefix("1 │ ")).unwrap();
    let place = Place::new();
    place.write("lenet.fov", line);
    let ran = place.run(&["check", "lenet.fov"]);
    assert_eq!((ran.status, ran.err.trim_end()), (Some(1), shown.trim_end()));
}

#[test]
fn its_slide_is_audited_as_printed() {
    let (_, shown) = blocks().into_iter().find(|(_, text)| text.starts_with("$ fovea slide ")).unwrap();
    let (command, printed) = shown.split_once('\n').unwrap();
    let slide: Vec<&str> = printed.lines().filter_map(slide_line).collect();
    assert_eq!(slide.len(), 7, "{slide:?}");
    let file = command.rsplit(' ').next().unwrap();
    let place = Place::new();
    place.write(file, slide.join("\n"));
    let ran = place.run(&["slide", file]);
    assert!(ran.status == Some(0) && ran.out.starts_with(printed.trim_end()), "{}", ran.out);
}

/// A slide's own text on a line of its audit: what stands behind a line's number.
fn slide_line(line: &str) -> Option<&str> {
    let (number, text) = line.split_once(" │ ")?;
    number.ends_with(|c: char| c.is_ascii_digit()).then_some(text)
}

#[test]
fn its_commands_run() {
    let (_, tour) = blocks().into_iter().find(|(_, text)| text.contains("fovea check ")).unwrap();
    let place = Place::new();
    place.write("lenet.fov", "net lenet = 8x8x1 - fc 10, softmax\nsummary lenet\n");
    place.write("sweep.fov", "let N = 2\nnet q = 8x8x1 - (fc 10 - relu)^N, softmax 3\nsummary q\n");
    place.write("table.md", include_str!("../../tests/slides/googlenet.md"));
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_fovea")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut count = 0;
    for line in tour.lines().filter(|line| line.starts_with("fovea ") && !line.contains("--device cuda")) {
        let command = line.split(" # ").next().unwrap().trim();
        // The prompt needs a terminal.
        if command == "fovea" {
            continue;
        }
        let mut shell = std::process::Command::new("sh");
        let ran = shell.args(["-c", command]).env("PATH", &path).current_dir(place.path()).output().unwrap();
        assert!(ran.status.success(), "{command}\n{}", String::from_utf8_lossy(&ran.stderr));
        count += 1;
    }
    assert_eq!(count, 9, "{tour}");
}
