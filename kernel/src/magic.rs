//! What is said to the prompt or to a notebook, not in the language: a script that is run here, and the session's
//! statements as a script.

use std::path::Path;

use anyhow::bail;
use fovea::display::number;
use fovea::session::Session;
use fovea_dsl::{Source, parse, visible_line};
use fovea_graph::SourceId;
use fovea_train::write_whole;

use crate::text;

/// The words that the prompt completes.
pub const WORDS: [&str; 2] = ["%load", "%save"];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Magic<'t> {
    /// `%load "x.fov"`: to run a script as if it stood here.
    Load(&'t str),
    /// `%save "x.fov"`: to write the session's statements.
    Save(&'t str),
}

/// What a text asks for; none where it is the language's. The file's quotes may be missing.
pub fn magic(text: &str) -> Option<Magic<'_>> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    // `fovea run x.fov` is what a shell is told.
    let (word, rest) = if word == "fovea" { rest.trim().split_once(char::is_whitespace)? } else { (word, rest) };
    let file = file(rest.trim())?;
    match word {
        "%load" | "%run" | "run" => Some(Magic::Load(file)),
        "%save" => Some(Magic::Save(file)),
        _ => None,
    }
}

/// The name of a file, out of its quotes; a comment may stand behind it.
fn file(text: &str) -> Option<&str> {
    if text.contains('\n') {
        return None;
    }
    match text.strip_prefix('"') {
        None => Some(text.split('#').next().unwrap_or_default().trim()),
        Some(text) => {
            let (file, rest) = text.split_once('"')?;
            let rest = rest.trim();
            (rest.is_empty() || rest.starts_with('#')).then_some(file)
        }
    }
}

/// The text of a script to be run here.
pub fn load(file: &str) -> anyhow::Result<String> {
    if file.is_empty() {
        bail!("which script? `%load \"lenet.fov\"` runs one here");
    }
    text::read_file(Path::new(file))
}

/// Writes the statements that the session has completed; what is said of it.
pub fn save(session: &mut Session, file: &str) -> anyhow::Result<String> {
    if file.is_empty() {
        bail!("to which file? `%save \"mine.fov\"` writes this session's statements to it");
    }
    let program = session.program().to_string();
    let source = Source { id: SourceId::default(), name: String::new(), text: program.clone() };
    let statements = parse(&source).0.statements.len();
    if statements == 0 {
        bail!("there is no statement to save yet");
    }
    // What the language itself cannot bring to its form is kept as it was typed.
    let text = session.format("%save", &program).unwrap_or(program);
    write_whole(Path::new(file), text.as_bytes())?;
    Ok(format!("{} saved\n→ {}", number::of(statements, "statement"), visible_line(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_its_page() {
        for word in WORDS {
            let page = fovea_dsl::editor::inspect(word).unwrap_or_default();
            assert!(page.contains(&format!("\n{word} \"")), "{word} has no example: {page}");
        }
    }

    #[test]
    fn the_languages_own_statements_are_none() {
        for (text, asked) in [
            ("%load \"a b.fov\"", Some(Magic::Load("a b.fov"))),
            (" %load a.fov # mine", Some(Magic::Load("a.fov"))),
            ("run \"a.fov\" # mine", Some(Magic::Load("a.fov"))),
            ("fovea run a.fov", Some(Magic::Load("a.fov"))),
            ("%save", Some(Magic::Save(""))),
            ("%save \"a.fov\"", Some(Magic::Save("a.fov"))),
            ("%save \"a.fov", None),
            ("%save \"a.fov\" b", None),
            ("%load \"a\"\nnote \"b\"", None),
            ("load net \"a\"", None),
            ("%who", None),
            ("fovea", None),
        ] {
            assert_eq!(magic(text), asked, "{text}");
        }
    }
}
