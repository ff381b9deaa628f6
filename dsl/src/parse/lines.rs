//! Parts a text into statements: comments and LaTeX blanked, brackets matched, continued lines joined.
//!
//! Everything keeps its byte position. A statement ends with its line; an indented line, an open bracket or a line
//! that ends in `-`, `->`, `|`, `,` or `=` continues it, and a statement's word at a line's start ends all of that.

use std::borrow::Cow;

use fovea_graph::{SourceId, Span};

use super::dashes::ends_in_link;
use super::raw::{Behind, Raw};
use crate::diagnostic::{Diagnostic, Source, Stage};
use crate::ends::with_line_feeds;
use crate::latex;
use crate::verb::words as verbs;
pub(crate) use crate::verb::words::first_word;

/// How deep brackets may nest.
const MAX_NESTING: usize = 64;

/// How long a statement may be, in bytes.
const MAX_STATEMENT: usize = 1 << 18;

/// One statement's text.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Its bytes in the text, without space around it.
    pub start: usize,
    /// The byte after its last one.
    pub end: usize,
    /// It ended in `;`.
    pub silent: bool,
    /// Why it cannot be read at all, where that is so.
    pub error: Option<Diagnostic>,
    /// Something is missing at its end: more text could complete it.
    pub open: bool,
}

/// The statements of a source, one after the other; `plain` is its text made [`plain`].
pub(crate) fn statements<'a>(source: &'a Source, plain: &'a str) -> impl Iterator<Item = Chunk> + 'a {
    let indents = plain.split('\n').filter(|line| !line.trim().is_empty()).map(indent);
    let base = indents.min().unwrap_or(0);
    let original = with_line_feeds(&source.text);
    Splitter { source: source.id, text: plain, original, base, lines: plain.split('\n'), at: 0, current: None }
}

/// A text byte for byte as long as `text`, with what carries no meaning blanked: comments, LaTeX outside strings,
/// carriage returns, spaces that are not ASCII.
pub(crate) fn plain(text: &str) -> String {
    let text = with_line_feeds(text);
    let mut bytes = text.as_bytes().to_vec();
    let mut outside = vec![];
    let mut quote = None;
    let mut comment = false;
    for (at, c) in text.char_indices() {
        match c {
            '\n' => (comment, quote) = (false, None),
            _ if comment => bytes[at..at + c.len_utf8()].fill(b' '),
            '"' if quote.is_some() => outside.push(quote.take().unwrap_or(at)..at + 1),
            '"' => quote = Some(at),
            _ if quote.is_some() => {}
            '#' => {
                comment = true;
                bytes[at] = b' ';
            }
            c if c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}' || c == '\u{200e}' => {
                bytes[at..at + c.len_utf8()].fill(b' ');
            }
            _ => {}
        }
    }
    blank_latex(&mut bytes, &outside);
    // Whole characters were replaced by ASCII, and LaTeX's signs by whole characters.
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Blanks LaTeX outside the strings.
fn blank_latex(bytes: &mut [u8], strings: &[std::ops::Range<usize>]) {
    if !bytes.iter().any(|b| matches!(b, b'\\' | b'$')) {
        return;
    }
    let kept: Vec<Vec<u8>> = strings.iter().map(|range| bytes[range.clone()].to_vec()).collect();
    strings.iter().for_each(|range| bytes[range.clone()].fill(b' '));
    latex::blank(bytes);
    for (range, kept) in strings.iter().zip(kept) {
        bytes[range.clone()].copy_from_slice(&kept);
    }
}

/// Goes over the lines and gathers statements.
struct Splitter<'a> {
    source: SourceId,
    text: &'a str,
    /// The text as it was written: a slide's is raw.
    original: Cow<'a, str>,
    /// The indentation that every line has.
    base: usize,
    lines: std::str::Split<'a, char>,
    /// Where the next line begins.
    at: usize,
    current: Option<Gathering>,
}

/// The statement that is being gathered.
struct Gathering {
    start: usize,
    end: usize,
    /// Its open brackets and where they stand.
    open: Vec<(char, usize)>,
    error: Option<Diagnostic>,
    /// It is raw text, and how far.
    raw: Option<Raw>,
}

impl Iterator for Splitter<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        while let Some(line) = self.lines.next() {
            let at = self.at;
            self.at += line.len() + 1;
            if line.trim().is_empty() {
                let written = written(&self.original, at, line);
                self.current.iter_mut().for_each(|current| current.blank(at, written));
            } else if let Some(done) = self.line(at, line) {
                return Some(done);
            }
        }
        self.finish(true)
    }
}

impl Splitter<'_> {
    /// Adds a line to the statement it belongs to; returns the one before, where it begins another.
    fn line(&mut self, at: usize, line: &str) -> Option<Chunk> {
        let indented = indent(line) > self.base;
        let start = at + indent(line);
        let done = match &self.current {
            Some(current) if !self.continues(current, line, indented) => self.finish(false),
            _ => None,
        };
        let word = first_word(line.trim_start());
        let current = self.current.get_or_insert_with(|| Gathering {
            start,
            end: start,
            open: Vec::new(),
            error: None,
            raw: Raw::of(word),
        });
        match &mut current.raw {
            None => {
                current.end = at + line.trim_end().len();
                current.brackets(self.source, start, line.trim());
            }
            Some(raw) => {
                current.end = at + written(&self.original, at, line).trim_end().len();
                raw.behind = Behind::Nothing;
            }
        }
        done
    }

    /// Whether `line` goes on with the statement `current`.
    fn continues(&self, current: &Gathering, line: &str, indented: bool) -> bool {
        let word = first_word(line.trim_start());
        if let Some(raw) = &current.raw {
            return raw.is_cell || indented || !super::is_whole_statement(line);
        }
        if indented || word.eq_ignore_ascii_case("where") {
            return true;
        }
        let so_far = &self.text[current.start..current.end];
        if so_far.ends_with(',') && verbs::is_clause_word(word) {
            return true;
        }
        (!current.open.is_empty() || is_unfinished(so_far)) && !verbs::begins_statement(line.trim_start())
    }

    fn finish(&mut self, at_end: bool) -> Option<Chunk> {
        let mut current = self.current.take()?;
        if let Some(raw) = current.raw {
            return Some(raw.chunk(current.start, current.end, &self.original, at_end));
        }
        let mut text = &self.text[current.start..current.end];
        // In an open bracket it ends a matrix's row.
        let silent = text.ends_with(';') && current.open.is_empty();
        if silent {
            text = text.trim_end_matches([';', ' ', '\t', '\n']);
        }
        let end = current.start + text.len();
        let unclosed = current.open.last().copied();
        let mendable = current.error.is_none();
        if let Some((bracket, at)) = unclosed {
            current.error.get_or_insert_with(|| never_closed(self.source, bracket, at));
        }
        if text.len() > MAX_STATEMENT {
            current.error = Some(too_long(self.source, text, current.start, end));
        }
        if current.error.is_none() {
            current.error = unclosed_quote(self.source, text, current.start);
        }
        let open = at_end && !silent && mendable && (unclosed.is_some() || is_unfinished(text));
        Some(Chunk { start: current.start, end, silent, error: current.error, open })
    }
}

/// The line at byte `at` as it was written; `line` is it made [`plain`].
fn written<'t>(original: &'t str, at: usize, line: &str) -> &'t str {
    original.get(at..at + line.len()).unwrap_or_default()
}

impl Gathering {
    /// Goes over a line of comments, or of nothing.
    fn blank(&mut self, at: usize, written: &str) {
        let Some(raw) = &mut self.raw else { return };
        let end = at + written.trim_end().len();
        raw.behind = match (written.trim(), raw.behind) {
            ("", Behind::Nothing) => Behind::Gap,
            ("", behind) => behind,
            (_, Behind::Nothing) => {
                self.end = end;
                Behind::Nothing
            }
            (_, Behind::Gap | Behind::Comments(_)) => Behind::Comments(end),
        };
    }

    /// Follows the brackets of a line that begins at byte `at`.
    fn brackets(&mut self, source: SourceId, at: usize, line: &str) {
        let mut quoted = false;
        for (offset, c) in line.char_indices() {
            let here = at + offset;
            match c {
                '"' => quoted = !quoted,
                _ if quoted => {}
                '(' | '[' | '{' => {
                    self.open.push((c, here));
                    if self.open.len() > MAX_NESTING {
                        self.error.get_or_insert_with(|| too_deep(source, here));
                    }
                }
                ')' | ']' | '}' => match self.open.pop() {
                    Some((opener, _)) if closer(opener) == c => {}
                    Some((opener, from)) => {
                        self.error.get_or_insert_with(|| mismatched(source, (opener, from), (c, here)));
                    }
                    None => {
                        self.error.get_or_insert_with(|| never_opened(source, c, here));
                    }
                },
                _ => {}
            }
        }
    }
}

/// Whether a statement's text ends in something that must be followed.
fn is_unfinished(text: &str) -> bool {
    let text = text.trim_end();
    text.ends_with(['|', ',', '=']) || ends_in_link(text)
}

/// How many bytes of space a line begins with.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn closer(opener: char) -> char {
    match opener {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

fn bracket(source: SourceId, c: char, at: usize, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Stage::Parse, Span::new(source, at, at + 1), message).found(format!("`{c}`"))
}

fn never_closed(source: SourceId, c: char, at: usize) -> Diagnostic {
    let closer = closer(c);
    bracket(source, c, at, format!("`{c}` is never closed"))
        .here(format!("no `{closer}` belongs to it"))
        .expected(format!("`{closer}`"))
        .help(format!("put `{closer}` where the group ends"))
}

fn never_opened(source: SourceId, c: char, at: usize) -> Diagnostic {
    bracket(source, c, at, format!("`{c}` closes nothing"))
        .here("no bracket is open here")
        .mend(Span::new(source, at, at + 1), "")
        .help(format!("remove `{c}`"))
}

fn mismatched(source: SourceId, (opener, from): (char, usize), (c, at): (char, usize)) -> Diagnostic {
    let right = closer(opener);
    bracket(source, c, at, format!("`{opener}` is closed by `{c}`"))
        .here(format!("expected `{right}`"))
        .also(Span::new(source, from, from + 1), "opened here")
        .expected(format!("`{right}`"))
        .mend(Span::new(source, at, at + 1), right)
        .help(format!("write `{right}` here"))
}

fn too_deep(source: SourceId, at: usize) -> Diagnostic {
    let message = format!("brackets are nested more than {MAX_NESTING} deep");
    Diagnostic::new(Stage::Parse, Span::new(source, at, at + 1), message)
        .here("this one is too deep")
        .help("nest repetitions, or give the inner part a net of its own")
}

fn too_long(source: SourceId, text: &str, start: usize, end: usize) -> Diagnostic {
    let message = format!("a statement of {} bytes; the longest may have {MAX_STATEMENT}", end - start);
    let word = text.trim_start().split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let help = match word.eq_ignore_ascii_case("convolve") {
        true => "a matrix is written out in its statement: take a smaller one, or a sample such as `digits[3]`",
        false => "write what repeats as a group: `(conv 64 - relu)^16`",
    };
    Diagnostic::new(Stage::Parse, Span::new(source, start, start), message).here("it begins here").help(help)
}

/// An error where a string lacks its second quote; `text`, made [`plain`], begins at byte `start`.
fn unclosed_quote(source: SourceId, text: &str, start: usize) -> Option<Diagnostic> {
    let mut at = start;
    for line in text.split('\n') {
        let mut quotes = line.match_indices('"').map(|(offset, _)| at + offset);
        let opening = std::iter::from_fn(|| Some((quotes.next()?, quotes.next())));
        if let Some((from, _)) = opening.last().filter(|(_, second)| second.is_none()) {
            let span = Span::new(source, from, at + line.trim_end().len());
            let error = Diagnostic::new(Stage::Parse, span, "a string without its closing quote");
            let error = error.put_behind(span, "\"");
            return Some(
                error.here("no second `\"` before the line's end").expected("`\"`").help("put `\"` where it ends"),
            );
        }
        at += line.len() + 1;
    }
    None
}
