//! The line editor's helper: what Tab offers, what is coloured, when Enter runs what was typed.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use fovea::session::Known;
use fovea_dsl::editor::{self, Completeness, Token, is_complete};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::HistoryHinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Cmd, ConditionalEventHandler, Context, Event, EventContext, Helper, Hinter, RepeatCount};

/// What stands before the first line.
pub const PROMPT: &str = "fovea> ";

/// What is drawn over the indentation of the lines that go on, as wide as the prompt.
const CONTINUED: &str = "  ...  ";

/// The indentation of a line that goes on.
const INDENT: &str = "       ";

/// Asks the language and the session about what is typed.
#[derive(Helper, Hinter)]
pub struct Prompt {
    /// The session's names, as they were after the last statement.
    pub known: Known,
    #[rustyline(Hinter)]
    hinter: HistoryHinter,
}

impl Prompt {
    /// With the names of a session.
    pub fn new(known: Known) -> Self {
        Self { known, hinter: HistoryHinter::new() }
    }
}

/// Whether Enter goes on in the next line.
fn goes_on(text: &str) -> bool {
    !text.starts_with(['?', ';']) && is_complete(text) == Completeness::Incomplete
}

impl Validator for Prompt {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        // What is wrong is run all the same: the session says what is wrong with it.
        Ok(if goes_on(context.input()) { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

/// Enter at the end of an unfinished text: the next line stands below the first.
pub struct Continue;

impl ConditionalEventHandler for Continue {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let at_end = context.pos() == context.line().len();
        (at_end && goes_on(context.line())).then(new_line)
    }
}

/// A line that goes on, whatever stands before it: `where` behind a chain that could end.
pub fn new_line() -> Cmd {
    Cmd::Insert(1, format!("\n{INDENT}"))
}

impl Completer for Prompt {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        if let Some(start) = path_start(line, cursor) {
            return Ok((start, files(&line[start..cursor])));
        }
        if line.starts_with('?') && cursor > 0 {
            return Ok(self.help(&line[..cursor]));
        }
        let found = editor::complete(line, cursor, &self.known.context());
        let start = found.first().map_or(cursor, |completion| completion.start);
        let pair =
            |completion: editor::Completion| Pair { display: completion.text.clone(), replacement: completion.text };
        Ok((start, found.into_iter().map(pair).collect()))
    }
}

impl Prompt {
    /// What may stand behind a question mark.
    fn help(&self, line: &str) -> (usize, Vec<Pair>) {
        let typed = line[1..].trim_start();
        let constants = self.known.constants.iter().map(|(name, _)| name.as_str());
        let names = self.known.nets.iter().chain(&self.known.data).map(String::as_str).chain(constants);
        let mut words: Vec<&str> = names.collect();
        words.extend(editor::words().map(|word| -> &str { word }));
        words.retain(|word| word.starts_with(typed));
        words.sort_unstable();
        words.dedup();
        let pair = |word: &str| Pair { display: word.to_string(), replacement: word.to_string() };
        (line.len() - typed.len(), words.into_iter().map(pair).collect())
    }
}

/// Where the file name under the cursor begins: inside quotes, or a shell command's last word.
fn path_start(line: &str, cursor: usize) -> Option<usize> {
    let before = line.get(..cursor)?;
    if before.starts_with(';') {
        return before.rfind(' ').map(|at| at + 1);
    }
    let row = before.rfind('\n').map_or(0, |at| at + 1);
    let comment = editor::highlight(before)
        .last()
        .is_some_and(|(range, token)| *token == Token::Comment && range.end == before.len());
    let quotes = before[row..].matches('"').count();
    if comment || quotes % 2 == 0 { None } else { before.rfind('"').map(|at| at + 1) }
}

/// The files whose path begins so; a folder's ends in a slash.
fn files(typed: &str) -> Vec<Pair> {
    let (folder, name) =
        typed.rsplit_once('/').map_or(("", typed), |(folder, name)| (&typed[..folder.len() + 1], name));
    let Ok(entries) = std::fs::read_dir(if folder.is_empty() { Path::new(".") } else { Path::new(folder) }) else {
        return Vec::new();
    };
    let mut found: Vec<Pair> = entries
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
            Some(Pair { replacement: format!("{folder}{file}"), display: file })
        })
        .collect();
    found.sort_by(|a, b| a.display.cmp(&b.display));
    found
}

impl Highlighter for Prompt {
    fn highlight<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        if line.starts_with(';') {
            return Cow::Borrowed(line);
        }
        Cow::Owned(paint(line, cursor))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(format!("\x1b[1;34m{prompt}\x1b[0m"))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[90m{hint}\x1b[0m"))
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

/// The text with colours: as wide as it was, the indentation of continued lines shown as a prompt.
fn paint(line: &str, cursor: usize) -> String {
    let mut marks: Vec<(Range<usize>, &str, Cow<'_, str>)> = Vec::new();
    let tokens = editor::highlight(line);
    for (range, token) in &tokens {
        let colour = match token {
            Token::Statement | Token::Clause => "1;35",
            Token::Layer | Token::Option => "36",
            Token::Number => "33",
            Token::Text => "32",
            Token::Comment => "90",
            Token::Name | Token::Sign => continue,
        };
        marks.push((range.clone(), colour, Cow::Borrowed(&line[range.clone()])));
    }
    let brackets = Brackets::of(line, &tokens);
    let open = brackets.open.iter().map(|&at| (at, "1;31"));
    let pair = brackets.pair_at(cursor).into_iter().flatten().map(|at| (at, "1;4;34"));
    for (at, colour) in open.chain(pair) {
        marks.push((at..at + 1, colour, Cow::Borrowed(&line[at..at + 1])));
    }
    for (at, _) in line.match_indices(&format!("\n{INDENT}")) {
        marks.push((at + 1..at + 1 + INDENT.len(), "34", Cow::Borrowed(CONTINUED)));
    }
    marks.sort_by_key(|(range, ..)| range.start);
    let (mut painted, mut at) = (String::with_capacity(2 * line.len()), 0);
    for (range, colour, text) in marks {
        painted += &line[at..range.start];
        painted += &format!("\x1b[{colour}m{text}\x1b[0m");
        at = range.end;
    }
    painted + &line[at..]
}

/// The brackets of a text, outside strings and comments.
struct Brackets {
    /// Those without a partner.
    open: Vec<usize>,
    /// Those with one.
    pairs: Vec<[usize; 2]>,
}

impl Brackets {
    fn of(line: &str, tokens: &[(Range<usize>, Token)]) -> Self {
        let mut skipped = tokens.iter().filter(|(_, token)| matches!(token, Token::Text | Token::Comment)).peekable();
        let (mut waiting, mut open, mut pairs): (Vec<(usize, char)>, _, _) = (Vec::new(), Vec::new(), Vec::new());
        for (at, c) in line.char_indices() {
            while skipped.peek().is_some_and(|(range, _)| range.end <= at) {
                skipped.next();
            }
            if skipped.peek().is_some_and(|(range, _)| range.start <= at) {
                continue;
            }
            match c {
                '(' => waiting.push((at, ')')),
                '[' => waiting.push((at, ']')),
                '{' => waiting.push((at, '}')),
                ')' | ']' | '}' => match waiting.pop_if(|(_, wanted)| *wanted == c) {
                    Some((begin, _)) => pairs.push([begin, at]),
                    None => open.push(at),
                },
                _ => {}
            }
        }
        open.extend(waiting.into_iter().map(|(at, _)| at));
        open.sort_unstable();
        Self { open, pairs }
    }

    /// The pair of which one stands under the cursor or just before it.
    fn pair_at(&self, cursor: usize) -> Option<[usize; 2]> {
        let touches = |pair: &&[usize; 2]| pair.iter().any(|&at| at == cursor || at + 1 == cursor);
        self.pairs.iter().find(touches).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn painting_keeps_the_width() {
        let text = "net a = (conv 3 – [relu\n       \"(\" # )\n é";
        let plain = |painted: &str| -> String {
            let mut pieces = painted.split("\x1b[");
            let first = pieces.next().unwrap_or_default().to_string();
            pieces.fold(first, |text, piece| text + piece.split_once('m').map_or("", |(_, rest)| rest))
        };
        for cursor in 0..=text.len() {
            assert_eq!(plain(&paint(text, cursor)), text.replace(INDENT, CONTINUED));
        }
        assert!(paint("(a", 2).contains("\x1b[1;31m("), "the open bracket is shown");
        assert!(paint("(a)", 3).contains("\x1b[1;4;34m("), "the bracket's partner is shown");
    }

    #[test]
    fn file_names_stand_in_quotes() {
        assert_eq!(path_start("save a \"we", 10), Some(8));
        assert_eq!(path_start("save a \"we\" ", 12), None);
        assert_eq!(path_start("note # \"", 8), None);
        assert_eq!(path_start(";ls ru", 6), Some(4));
    }
}
