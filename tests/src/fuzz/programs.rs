//! Programs of the repository, changed: parsed, checked, formatted, coloured, completed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea::failure::Failure;
use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_dsl::editor::{complete, examples, highlight, inspect_at, is_complete};
use fovea_dsl::format::format;
use fovea_dsl::{Diagnostic, Source, Style, render, to_json};
use fovea_graph::Backend;

use super::{Attack, Dice};

/// How often a program is changed at most.
const CHANGES: usize = 6;

/// How long a program is at most: longer ones only take longer.
const LONG: usize = 20_000;

/// The programs that there are, and what reads them.
pub struct Programs {
    corpus: Vec<String>,
    device: Arc<dyn Backend>,
    stop: Arc<AtomicBool>,
}

impl Programs {
    /// Every program of the repository, and every example of the reference.
    pub fn new(stop: Arc<AtomicBool>) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        for folder in ["notebooks", "dsl/library", "tests/suite"] {
            collect(&root.join(folder), &mut files);
        }
        files.sort();
        let mut corpus: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        corpus.extend(examples().map(|(example, _)| example.to_string()));
        let traps = std::fs::read_to_string(root.join("tests/traps/traps.txt")).unwrap();
        corpus.extend(traps.split("\n%%\n").filter_map(|trap| Some(trap.rsplit_once("\n=> ")?.0.to_string())));
        corpus.retain(|program| program.len() < LONG);
        Self { corpus, device: Arc::new(Cpu::new(Some(1)).unwrap()), stop }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "fov") {
            files.push(path);
        }
    }
}

impl Attack for Programs {
    fn draw(&mut self, dice: &mut Dice) -> Vec<u8> {
        let mut text = dice.one(&self.corpus).clone();
        for _ in 0..1 + dice.below(CHANGES) {
            let other = dice.one(&self.corpus);
            dice.change(&mut text, other);
            let end = (0..=LONG.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            text.truncate(end);
        }
        text.into_bytes()
    }

    fn attempt(&mut self, input: &[u8], dice: &mut Dice) -> Result<(), String> {
        let text = std::str::from_utf8(input).unwrap();
        let mut session = Session::new(Arc::clone(&self.device), "no runs".into(), Arc::clone(&self.stop));
        let accepted = match session.check("fuzz.fov", text) {
            Err(Failure::Mistakes(mistakes)) => told(&mistakes, session.sources())?,
            Err(Failure::Interrupted) => return Ok(()),
            Ok(_) => true,
        };
        formatted(text, accepted, || {
            let mut session = Session::new(Arc::clone(&self.device), "no runs".into(), Arc::clone(&self.stop));
            move |text| !matches!(session.check("fuzz.fov", text), Err(Failure::Mistakes(_)))
        })?;
        coloured(text)?;
        let context = session.known().context();
        is_complete(text);
        for _ in 0..3 {
            let cursor = dice.below(text.len() + 2);
            inspect_at(text, cursor);
            for completion in complete(text, cursor, &context) {
                if text.get(completion.start..cursor.min(text.len())).is_none() && text.is_char_boundary(cursor) {
                    return Err(format!("a completion at {cursor} replaces from {}", completion.start));
                }
            }
        }
        Ok(())
    }
}

/// Whether what is said of a program can be shown, and blames the program.
fn told(mistakes: &[Diagnostic], sources: &[Source]) -> Result<bool, String> {
    if mistakes.is_empty() {
        return Err("it is refused without a reason".to_string());
    }
    for style in [Style::Plain, Style::Coloured] {
        render(mistakes, sources, style);
    }
    for mistake in mistakes {
        to_json(mistake, sources);
        if mistake.message.starts_with(fovea::failure::BROKEN) {
            return Err(mistake.message.clone());
        }
    }
    Ok(false)
}

/// Whether the canonical form stays as it is, and is accepted where the program is.
fn formatted<Check: FnMut(&str) -> bool>(
    text: &str,
    accepted: bool,
    check: impl FnOnce() -> Check,
) -> Result<(), String> {
    let Ok(once) = format(text) else {
        return if accepted { Err("it is accepted and has no canonical form".to_string()) } else { Ok(()) };
    };
    match format(&once) {
        Ok(twice) if twice == once => {}
        Ok(twice) => return Err(format!("its canonical form changes again:\n{once:?}\n{twice:?}")),
        Err(_) => return Err(format!("its canonical form has none:\n{once:?}")),
    }
    if accepted && !check()(&once) {
        return Err(format!("its canonical form is refused:\n{once}"));
    }
    Ok(())
}

/// Whether the coloured pieces stand in the text, one behind the other.
fn coloured(text: &str) -> Result<(), String> {
    let mut end = 0;
    for (range, look) in highlight(text) {
        if range.start < end || text.get(range.clone()).is_none_or(str::is_empty) {
            return Err(format!("{look:?} at {range:?}, behind {end}, is no piece of the text"));
        }
        end = range.end;
    }
    Ok(())
}
