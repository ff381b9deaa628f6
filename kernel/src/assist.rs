//! What the prompt and notebooks offer beside running: how a text goes on, what a word means.

use std::path::Path;

use fovea::session::Known;
use fovea_dsl::editor::{self, CompletionKind, Token};
use fovea_dsl::ends::is_line_end;

use crate::magic;

/// How to begin.
pub const HELP: &str = r#"A network and what is done with it, a statement a line:

  net lenet = 28x28x1 - conv 6 5x5 - relu - pool - conv 16 5x5 valid - relu - pool - (fc {120,84} - relu)^2, softmax 10
  data digits size 28x28
  train lenet on digits for 5 epochs
  test lenet on digits

`?conv` explains a word, `?lenet` a net; Tab completes; a `;` at the end of a statement keeps its result to itself.
A statement goes on in the next line where a bracket is open or its line ends in a dash or comma.
Interrupting training keeps the weights of its last step."#;

/// Something that fits at the cursor.
pub struct Offer {
    /// It replaces what stands from the start to the cursor.
    pub text: String,
    /// What is shown of it, where that is less.
    pub shown: Option<String>,
    /// What it is; none for a file and for what can be asked about.
    pub kind: Option<CompletionKind>,
    /// What it means, in a few words; may be empty.
    pub doc: String,
}

impl Offer {
    /// A word that stands for itself.
    fn of(word: &str) -> Self {
        Self { text: word.to_string(), shown: None, kind: None, doc: String::new() }
    }
}

impl From<editor::Completion> for Offer {
    fn from(found: editor::Completion) -> Self {
        Self { text: found.text, shown: None, kind: Some(found.kind), doc: found.doc }
    }
}

/// How a text can go on at a byte, and where the word begins that goes on there: words and names of the language, files
/// inside quotes, behind a question mark what can be asked about.
pub fn complete(text: &str, cursor: usize, known: &Known) -> (usize, Vec<Offer>) {
    if let Some(start) = path_start(text, cursor) {
        return (start, files(&text[start..cursor]));
    }
    if text.starts_with('?') && cursor > 0 {
        return questions(&text[..cursor], known);
    }
    let found = editor::complete(text, cursor, &known.context_behind(text.get(..cursor).unwrap_or_default()));
    if let Some(typed) = text.get(..cursor).filter(|typed| typed.starts_with('%')) {
        let words = magic::WORDS.iter().chain(&["%%slide"]).filter(|word| word.starts_with(typed));
        let own = words.map(|word| Offer::of(word)).chain(found.into_iter().map(Offer::from));
        return (0, own.collect());
    }
    let start = found.first().map_or(cursor, |completion| completion.start);
    (start, found.into_iter().map(Offer::from).collect())
}

/// What may stand behind a question mark.
fn questions(text: &str, known: &Known) -> (usize, Vec<Offer>) {
    let typed = text[1..].trim_start();
    let constants = known.constants.iter().map(|(name, _)| name.as_str());
    let names = known.nets.iter().chain(&known.data).map(String::as_str).chain(constants);
    let mut words: Vec<&str> = names.collect();
    words.extend(editor::words().map(|word| -> &str { word }));
    words.retain(|word| word.starts_with(typed));
    words.sort_unstable();
    words.dedup();
    (text.len() - typed.len(), words.into_iter().map(Offer::of).collect())
}

/// Where the file name under the cursor begins: inside quotes, or a shell command's last word.
fn path_start(text: &str, cursor: usize) -> Option<usize> {
    let before = text.get(..cursor)?;
    if before.starts_with(';') {
        return before.rfind(' ').map(|at| at + 1);
    }
    let row = before.rfind(is_line_end).map_or(0, |at| at + 1);
    let comment = editor::highlight(before)
        .last()
        .is_some_and(|(range, token)| *token == Token::Comment && range.end == before.len());
    let quotes = before[row..].matches('"').count();
    if comment || quotes % 2 == 0 { None } else { before.rfind('"').map(|at| at + 1) }
}

/// The files whose path begins so; a folder's ends in a slash.
fn files(typed: &str) -> Vec<Offer> {
    let (folder, name) =
        typed.rsplit_once('/').map_or(("", typed), |(folder, name)| (&typed[..folder.len() + 1], name));
    let Ok(entries) = std::fs::read_dir(if folder.is_empty() { Path::new(".") } else { Path::new(folder) }) else {
        return Vec::new();
    };
    let mut found: Vec<Offer> = entries
        .flatten()
        .filter_map(|entry| {
            let mut file = entry.file_name().into_string().ok()?;
            let hidden = file.starts_with('.') && !name.starts_with('.');
            if hidden || !file.starts_with(name) {
                return None;
            }
            if entry.path().is_dir() {
                file.push('/');
            }
            Some(Offer { text: format!("{folder}{file}"), shown: Some(file), kind: None, doc: String::new() })
        })
        .collect();
    found.sort_by(|a, b| a.shown.cmp(&b.shown));
    found
}

/// What explains a word.
pub enum Explained {
    /// This page, as Markdown.
    Page(String),
    /// It is a net: `summary` says what it is.
    Net(String),
}

/// The word that a question is about, `?conv` or `conv?`; empty where `?` stands alone. None where the text is no
/// question.
pub fn question(text: &str) -> Option<&str> {
    let text = text.trim();
    let word = text.strip_prefix('?').or_else(|| text.strip_suffix('?'))?.trim_matches('?').trim();
    // A question mark at the end of something longer is a mistake in it.
    (text.starts_with('?') || !word.contains(char::is_whitespace)).then_some(word)
}

/// What a word of the language or a name of the session is.
pub fn explain(word: &str, known: &Known) -> Option<Explained> {
    if known.nets.iter().any(|net| net == word) {
        return Some(Explained::Net(word.to_string()));
    }
    if let Some((name, value)) = known.constants.iter().find(|(name, _)| name == word) {
        return Some(Explained::Page(format!("{name} = {value}")));
    }
    if let Some(page) = editor::inspect(word) {
        return Some(Explained::Page(page.to_string()));
    }
    let data = known.data.iter().find(|data| *data == word)?;
    Some(Explained::Page(format!("{data}: data; `show {data}` shows some of it")))
}

/// What the word is that stands at a byte of a text, or ends there.
pub fn explain_at(text: &str, at: usize, known: &Known) -> Option<Explained> {
    let (before, word) = word_at(text, at)?;
    explain(editor::topic(before, word), known)
}

/// What is said of a word that nothing explains.
pub fn unexplained(word: &str) -> String {
    format!("`{word}` is neither a word of the language nor a name here; `?` alone says how to begin")
}

/// The word that stands at a byte of a text, or ends there, and what stands before it.
fn word_at(text: &str, at: usize) -> Option<(&str, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let (before, behind) = text.split_at_checked(at)?;
    let start = before.len() - before.chars().rev().take_while(|&c| is_part(c)).map(char::len_utf8).sum::<usize>();
    let end = at + behind.chars().take_while(|&c| is_part(c)).map(char::len_utf8).sum::<usize>();
    (start < end).then(|| (&text[..start], &text[start..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_stand_in_quotes() {
        assert_eq!(path_start("save a \"we", 10), Some(8));
        assert_eq!(path_start("save a \"we\" ", 12), None);
        assert_eq!(path_start("note # \"", 8), None);
        assert_eq!(path_start(";ls ru", 6), Some(4));
    }

    #[test]
    fn a_question_is_a_mark_before_or_behind_one_word() {
        assert_eq!(question(" ?conv "), Some("conv"));
        assert_eq!(question("conv?"), Some("conv"));
        assert_eq!(question("conv??"), Some("conv"));
        assert_eq!(question("?"), Some(""));
        assert_eq!(question("train lenet on digits?"), None);
        assert_eq!(question("conv"), None);
    }

    #[test]
    fn the_word_at_the_cursor_may_end_there() {
        assert_eq!(word_at("ä conv_2 x", 3), Some(("ä ", "conv_2")));
        assert_eq!(word_at("ä conv_2 x", 9), Some(("ä ", "conv_2")));
        assert_eq!(word_at("a  b", 2), None);
        assert_eq!(word_at("ä", 1), None, "no character begins here");
    }
}
