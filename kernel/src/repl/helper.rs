//! The line editor's helper: what Tab offers, what is coloured, when Enter runs what was typed.

use std::borrow::Cow;
use std::ops::Range;

use fovea::session::Known;
use fovea_dsl::editor::{Completeness, Token, highlight, is_complete};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::HistoryHinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Cmd, ConditionalEventHandler, Context, Event, EventContext, Helper, Hinter, RepeatCount};

use crate::assist::{self, Offer};
use crate::magic::magic;

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
    !text.starts_with(['?', ';']) && magic(text).is_none() && is_complete(text) == Completeness::Incomplete
}

impl Validator for Prompt {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        // What is wrong is run all the same: the session says what is wrong with it.
        Ok(if goes_on(context.input()) { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

/// Enter in an unfinished text: what stands behind the cursor goes to a line of its own.
pub struct Continue;

impl ConditionalEventHandler for Continue {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        goes_on(context.line()).then(new_line)
    }
}

/// A line that goes on, whatever stands before it: `where` behind a chain that could end.
pub fn new_line() -> Cmd {
    Cmd::Insert(1, format!("\n{INDENT}"))
}

impl Completer for Prompt {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, offers) = assist::complete(line, cursor, &self.known);
        let pair =
            |offer: Offer| Pair { display: offer.shown.unwrap_or_else(|| offer.text.clone()), replacement: offer.text };
        Ok((start, offers.into_iter().map(pair).collect()))
    }
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
pub fn paint(line: &str, cursor: usize) -> String {
    let mut marks: Vec<(Range<usize>, &str, Cow<'_, str>)> = Vec::new();
    let tokens = highlight(line);
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
        let touches = |pair: &&[usize; 2]| pair.iter().any(|&at| at == cursor || cursor.checked_sub(1) == Some(at));
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
}
