//! What the language and the session know about a text that is being typed: completions, words explained, colours.

use std::ops::Range;

use fovea::session::Known;
use fovea_dsl::editor::{Completeness, is_complete};
use fovea_dsl::vocabulary::{self, WordKind};

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// A statement's or clause's word.
    Statement,
    /// A layer's or an option's word.
    Layer,
    /// A number or a size.
    Number,
    /// A string.
    Text,
    /// A comment.
    Comment,
}

/// What may be written at a place of a text, and where the word begins that it replaces.
pub fn complete(text: &str, cursor: usize, known: &Known) -> (usize, Vec<String>) {
    let before = text.get(..cursor).unwrap_or(text);
    let start = before.rfind(|c: char| !is_word(c)).map_or(0, |at| at + last_len(before, at));
    let typed = before[start..].to_lowercase();
    let statement = &before[statement_start(&before[..start])..start];
    let mut words = candidates(statement, known);
    words.retain(|word| word.to_lowercase().starts_with(&typed));
    words.sort();
    words.dedup();
    (start, words)
}

/// How many bytes the character at `at` has.
fn last_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

/// Whether a character belongs to a word; names of nets may hold dots.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.')
}

/// Where the statement begins that goes on at the end of `text`.
fn statement_start(text: &str) -> usize {
    let starts = text.match_indices('\n').map(|(at, _)| at + 1).chain([0]);
    let begins = |&at: &usize| {
        let indented = text[at..].starts_with([' ', '\t']);
        at == 0 || !indented && is_complete(&text[..at]) != Completeness::Incomplete
    };
    starts.filter(begins).max().unwrap_or(0)
}

/// What may follow a statement's beginning.
fn candidates(statement: &str, known: &Known) -> Vec<String> {
    let words: Vec<String> =
        statement.split(|c: char| !is_word(c)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let Some(verb) = words.first() else {
        return of_kinds(&[WordKind::Statement]);
    };
    if verb == "net" || !vocabulary::all().any(|word| word.kind == WordKind::Statement && word.word == verb) {
        return chain(known);
    }
    let nets = known.nets.clone();
    let last = words.last().unwrap_or(verb).as_str();
    match (verb.as_str(), last) {
        ("let", _) => known.constants.iter().map(|(name, _)| name.clone()).collect(),
        ("show", "show") => with(known.data.clone(), &["run"]),
        ("plot", "of") => with(nets, &["run"]),
        ("device", "device") => with(Vec::new(), &["cpu", "cuda"]),
        ("data", "data") | (_, "on") => known.data.clone(),
        (_, "run") => with(known.last_run.map(|run| run.to_string()).into_iter().collect(), &["last"]),
        (_, "with") => with(Vec::new(), &["sgd"]),
        (_, "schedule") => with(Vec::new(), &["constant", "cosine"]),
        ("plot", _) if words.len() == 1 || statement.trim_end().ends_with(',') => {
            with(Vec::new(), &["loss", "accuracy"])
        }
        (_, last) if last == verb => nets,
        _ => vocabulary::clauses_of(verb).map(|clause| clause.word.to_string()).collect(),
    }
}

/// What may stand in a chain.
fn chain(known: &Known) -> Vec<String> {
    let mut words = of_kinds(&[WordKind::Layer, WordKind::Option]);
    words.extend(["input".to_string(), "where".to_string()]);
    words.extend(known.nets.iter().cloned());
    words.extend(known.constants.iter().map(|(name, _)| name.clone()));
    words
}

fn of_kinds(kinds: &[WordKind]) -> Vec<String> {
    vocabulary::all().filter(|word| kinds.contains(&word.kind)).map(|word| word.word.to_string()).collect()
}

fn with(mut names: Vec<String>, words: &[&str]) -> Vec<String> {
    names.extend(words.iter().map(|word| word.to_string()));
    names
}

/// What a word of the language says; none for words that are not its.
pub fn inspect(word: &str) -> Option<String> {
    let mut lines = Vec::new();
    for entry in vocabulary::all().filter(|entry| entry.word.eq_ignore_ascii_case(word)) {
        match entry.kind {
            WordKind::Statement => {
                lines.push(format!("{}: a statement\n  {}", entry.word, entry.example));
                let clauses: Vec<_> = vocabulary::clauses_of(entry.word).map(|clause| clause.example).collect();
                if !clauses.is_empty() {
                    lines.push(format!("Its clauses:\n  {}", clauses.join("\n  ")));
                }
            }
            WordKind::Clause => lines.push(format!("{}: a clause\n  {}", entry.word, entry.example)),
            WordKind::Layer => {
                let options = of_kinds(&[WordKind::Option]).join(", ");
                lines.push(format!("{}: a layer\n  {}\nOptions of layers: {options}", entry.word, entry.example));
            }
            WordKind::Option => lines.push(format!("{}: an option of layers", entry.word)),
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The tokens of a text that have a colour, in order.
pub fn highlight(text: &str) -> Vec<(Range<usize>, Token)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let while_is = |is: fn(char) -> bool| rest.find(|c: char| !is(c)).unwrap_or(rest.len());
        let (length, token) = match c {
            '#' => (rest.find('\n').unwrap_or(rest.len()), Some(Token::Comment)),
            '"' => (string(rest), Some(Token::Text)),
            '0'..='9' => (while_is(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '×' | '_')), Some(Token::Number)),
            c if c.is_alphabetic() || c == '_' => {
                let length = while_is(is_word);
                (length, word(&rest[..length]))
            }
            c => (c.len_utf8(), None),
        };
        tokens.extend(token.map(|token| (at..at + length, token)));
        at += length;
    }
    tokens
}

/// How long the string is that `text` begins with; one that is not closed ends with its line.
fn string(text: &str) -> usize {
    text[1..].find(['"', '\n']).map_or(text.len(), |end| 1 + end + usize::from(text[1 + end..].starts_with('"')))
}

/// What a word is; numbers may be glued to a layer's word.
fn word(word: &str) -> Option<Token> {
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, 'x' | '×'));
    let known = |word: &str| vocabulary::all().find(|entry| entry.word.eq_ignore_ascii_case(word));
    if matches!(word, "where" | "as" | "input") {
        return Some(Token::Statement);
    }
    let entry = known(word).or_else(|| known(stem).filter(|entry| entry.kind == WordKind::Layer))?;
    Some(match entry.kind {
        WordKind::Statement | WordKind::Clause => Token::Statement,
        WordKind::Layer | WordKind::Option => Token::Layer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        Known {
            nets: vec!["lenet".into(), "tiny".into()],
            data: vec!["digits".into()],
            constants: Vec::new(),
            last_run: Some(3),
        }
    }

    fn completed(text: &str) -> Vec<String> {
        complete(text, text.len(), &known()).1
    }

    #[test]
    fn each_place_has_its_words() {
        assert_eq!(completed("su"), ["summary"]);
        assert_eq!(completed("train le"), ["lenet"]);
        assert_eq!(completed("train lenet on "), ["digits"]);
        assert_eq!(completed("train lenet on digits sch"), ["schedule"]);
        assert_eq!(completed("show run "), ["3", "last"]);
        assert_eq!(completed("net a = 8x8x1 - drop"), ["dropout"]);
        assert_eq!(completed("net a = 8x8x1 -\n  dro"), ["dropout"]);
        assert_eq!(completed("net a = 8x8x1 - fc 10\nsumm"), ["summary"]);
        assert_eq!(complete("é – su", "é – su".len(), &known()).0, "é – ".len());
    }

    #[test]
    fn tokens_are_where_they_are() {
        let text = "net a = 8×8x1 - conv3x3 # \"no\"\nsave a \"b";
        let of = |token| -> Vec<&str> {
            highlight(text).into_iter().filter(|(_, t)| *t == token).map(|(range, _)| &text[range]).collect()
        };
        assert_eq!(of(Token::Statement), ["net", "save"]);
        assert_eq!(of(Token::Layer), ["conv3x3"]);
        assert_eq!(of(Token::Number), ["8×8x1"]);
        assert_eq!(of(Token::Comment), ["# \"no\""]);
        assert_eq!(of(Token::Text), ["\"b"]);
    }
}
