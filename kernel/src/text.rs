//! The text of a script, from a file, a pipe or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use fovea_dsl::ends::line_and_column;

use crate::interrupt;

/// The most that a script may be, in MB. What is larger is none, and a device may have no end.
const LIMIT_MB: u64 = 4;

/// The most that a file of slides may be, in MB.
const SLIDE_LIMIT_MB: u64 = 64;

/// The text of a script; `-` is standard input. Ctrl-C ends the program while it waits for one.
pub fn read(file: &Path) -> anyhow::Result<String> {
    read_at_most(file, LIMIT_MB, "script")
}

/// The text of slides, read as a script is.
pub fn read_slide(file: &Path) -> anyhow::Result<String> {
    read_at_most(file, SLIDE_LIMIT_MB, "slide")
}

fn read_at_most(file: &Path, limit_mb: u64, what: &str) -> anyhow::Result<String> {
    let standard = file == Path::new("-");
    let name = if standard { "standard input".to_string() } else { file.display().to_string() };
    if file.is_dir() {
        bail!("{name} is a folder, not a {what}");
    }
    let limit = limit_mb * 1_000_000;
    let bytes = interrupt::ends(|| {
        let mut bytes = Vec::new();
        let source: &mut dyn Read = if standard { &mut io::stdin() } else { &mut File::open(file)? };
        source.take(limit + 1).read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    });
    let bytes = bytes.with_context(|| format!("{name} cannot be read"))?;
    if bytes.len() as u64 > limit {
        bail!("{name} is larger than {limit_mb} MB, the most that a {what} may be");
    }
    text(&name, bytes)
}

/// As [`read`], of a file alone: a session does not wait for what comes out of a pipe.
pub fn read_file(file: &Path) -> anyhow::Result<String> {
    let name = file.display().to_string();
    if file.is_dir() {
        bail!("{name} is a folder, not a script");
    }
    if file.metadata().is_ok_and(|there| there.is_file() && there.len() > LIMIT_MB * 1_000_000) {
        bail!("{name} is larger than {LIMIT_MB} MB, the most that a script may be");
    }
    text(&name, fovea_train::read_file(file)?)
}

fn text(name: &str, bytes: Vec<u8>) -> anyhow::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let (line, _) = line_and_column(&String::from_utf8_lossy(valid), valid.len());
        anyhow::anyhow!("{name} is not UTF-8 text: line {line} has a byte that is none")
    })
}
