//! A text's words, numbers and signs, each with its place; whatever it says, right or wrong.

use std::ops::Range;

use crate::ends::with_line_feeds;
use crate::parse::lines;

/// What a piece of text is by its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Word,
    Number,
    Text,
    Comment,
    Sign,
}

/// The pieces of a text in order; space is left out. A word keeps its dots, and an arrow is one sign.
pub(super) fn tokens(text: &str) -> Vec<(Range<usize>, Look)> {
    let text = with_line_feeds(text);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let run = |keep: fn(char) -> bool| rest.find(|c| !keep(c)).unwrap_or(rest.len());
        let (length, look) = match c {
            _ if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '#' => (rest.find('\n').unwrap_or(rest.len()), Look::Comment),
            '"' => (string(rest), Look::Text),
            _ if c.is_ascii_digit() => (number(rest), Look::Number),
            _ if c.is_ascii_alphabetic() || c == '_' => {
                (run(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.'), Look::Word)
            }
            '%' => (lines::first_word(rest).len(), Look::Word),
            '-' if rest.starts_with("->") => (2, Look::Sign),
            _ => (c.len_utf8(), Look::Sign),
        };
        found.push((at..at + length, look));
        at += length;
    }
    found
}

/// How long a string is, with its quotes; one without a second quote ends with its line.
fn string(text: &str) -> usize {
    match text[1..].find(['"', '\n']) {
        Some(end) if text[1 + end..].starts_with('"') => end + 2,
        Some(end) => end + 1,
        None => text.len(),
    }
}

/// How long a number is: `0.1`, `1e-4`; of `28x28` the first, of `0..16` too.
fn number(text: &str) -> usize {
    let digits = |from: usize| from + text[from..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - from);
    let mut end = digits(0);
    if text[end..].starts_with('.') && digits(end + 1) > end + 1 {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = end + 1 + usize::from(text[end + 1..].starts_with(['+', '-']));
        end = if digits(sign) > sign { digits(sign) } else { end };
    }
    end
}
