//! The one canonical form of a program: the tree as it prints, long chains on several lines, comments kept.

mod chain;
mod verb;

use std::collections::VecDeque;

use fovea_graph::{SourceId, Span};

use crate::diagnostic::{Diagnostic, Source};
use crate::editor::comments;
use crate::ends::with_line_feeds;
use crate::parse::lines::Chunk;
use crate::parse::{lines, parse};
use crate::syntax::*;
use chain::Start;

/// Where lines end that can be broken.
const WIDTH: usize = 100;

/// After so many passes every comment has found its place.
const MAX_PASSES: usize = 4;

/// How far continued lines stand in.
const INDENT: usize = 4;

/// The canonical form of a text: it means the same, has every comment, and is its own canonical form. Comments stay
/// behind what they stood behind; one blank line stays where there were any.
///
/// Errors: all that [`parse`] finds, with places in a source of the default number.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let mut form = pass(text)?;
    // A comment inside a layer moves behind it, and then the layer may fit where it did not.
    for _ in 0..MAX_PASSES {
        let next = pass(&form)?;
        if next == form {
            break;
        }
        form = next;
    }
    Ok(form)
}

/// A form that is canonical but for comments that had no place of their own.
fn pass(text: &str) -> Result<String, Vec<Diagnostic>> {
    let text = &with_line_feeds(text);
    let source = Source { id: SourceId::default(), name: String::new(), text: text.to_string() };
    let (program, mistakes) = parse(&source);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let plain = lines::plain(text);
    let chunks: Vec<Chunk> = lines::statements(&source, &plain).collect();
    let comments = comments(text).map(|range| (range.start, text[range].trim_end())).collect();
    let mut page = Page { text, done: 0, comments, out: String::new(), column: 0 };
    for (statement, chunk) in program.statements.iter().zip(&chunks) {
        page.own_lines(chunk.start);
        page.blank_line(chunk.start);
        page.statement(statement, chunk);
        page.end(chunk.end);
    }
    page.own_lines(text.len());
    Ok(page.out)
}

/// What has been written, and the comments to come.
struct Page<'a> {
    text: &'a str,
    /// The byte behind what has been written.
    done: usize,
    /// Each with its place.
    comments: VecDeque<(usize, &'a str)>,
    out: String,
    /// Characters on the last line.
    column: usize,
}

impl Page<'_> {
    fn write(&mut self, words: &str) {
        self.out.push_str(words);
        self.column = match words.rfind('\n') {
            Some(at) => words[at + 1..].chars().count(),
            None => self.column + words.chars().count(),
        };
    }

    fn new_line(&mut self, indent: usize) {
        self.write(&format!("\n{:indent$}", ""));
    }

    /// Whether nothing stands on this line yet.
    fn is_new_line(&self) -> bool {
        let line = self.out.rfind('\n').map_or(0, |end| end + 1);
        self.out[line..].trim().is_empty()
    }

    /// Whether so many characters fit on this line.
    fn has_room(&self, length: usize) -> bool {
        self.column + length <= WIDTH
    }

    /// A blank line, where the text has one before byte `at`.
    fn blank_line(&mut self, at: usize) {
        let between = self.text.get(self.done..at).unwrap_or_default();
        let is_blank = |line: &str| line.trim().is_empty();
        // The first and the last piece are the ends of lines that have something on them.
        let lines = between.split('\n').count();
        if !self.out.is_empty() && between.split('\n').skip(1).take(lines.saturating_sub(2)).any(is_blank) {
            self.write("\n");
        }
    }

    /// The comments between statements, before byte `at`, a line each.
    fn own_lines(&mut self, at: usize) {
        while let Some(&(place, comment)) = self.comments.front().filter(|(place, _)| *place < at) {
            self.comments.pop_front();
            self.blank_line(place);
            self.write(comment);
            self.write("\n");
            self.done = place + comment.len();
        }
    }

    /// The end of a statement: comments inside it that found no place, and the one behind it on its line.
    fn end(&mut self, end: usize) {
        self.done = end;
        let is_behind = |place: usize| place < end || !self.text[end..place].contains('\n');
        let count = self.comments.iter().take_while(|(place, _)| is_behind(*place)).count();
        for (index, (place, comment)) in self.comments.drain(..count).collect::<Vec<_>>().into_iter().enumerate() {
            self.write(if index == 0 { "  " } else { "\n" });
            self.write(comment);
            self.done = self.done.max(place + comment.len());
        }
        self.write("\n");
    }

    /// Comments before `span`, each at its line's end; whether there were any, so that a new line has begun.
    fn comments_before(&mut self, span: Span, indent: usize) -> bool {
        let mut is_first = true;
        while let Some(&(_, comment)) = self.comments.front().filter(|(place, _)| *place < span.range().start) {
            self.comments.pop_front();
            self.write(if is_first && !self.is_new_line() { "  " } else { "" });
            self.write(comment);
            self.new_line(indent);
            is_first = false;
        }
        !is_first
    }

    fn has_comment(&self, span: Span) -> bool {
        self.comments.front().is_some_and(|(place, _)| *place < span.range().end)
    }

    fn statement(&mut self, statement: &Statement, chunk: &Chunk) {
        match &statement.kind {
            StatementKind::Net(net) => {
                self.write(&format!("net {} =", net.name));
                self.chain(&net.chain, INDENT, Start::Space);
                if let Some(first) = net.bindings.first() {
                    self.bindings(&net.bindings, first);
                }
            }
            StatementKind::Block(block) => {
                self.write(&format!("block {} =", block.heading()));
                self.chain(&block.chain, INDENT, Start::Space);
            }
            StatementKind::Let(bindings) => {
                self.write("let");
                self.list(bindings.iter().map(|binding| (binding.name.span, binding.to_string())));
            }
            StatementKind::Slide(slide) => self.slide(slide, chunk),
            StatementKind::Verb(verb) => self.verb(verb, chunk),
        }
        self.write(if statement.silent { ";" } else { "" });
    }

    /// A slide's text stays as it is; what looks like comments in it is its own.
    fn slide(&mut self, slide: &SlideDef, chunk: &Chunk) {
        let word = if self.text[chunk.start..].starts_with('%') { "%%slide" } else { "slide" };
        self.write(&format!("{word} {}", slide.name));
        if let Some(&(_, comment)) = self.comments.front().filter(|(place, _)| *place < slide.span.range().start) {
            self.write(&format!("  {comment}"));
        }
        self.write(&format!("\n{}", slide.text));
        self.comments.retain(|(place, _)| *place >= chunk.end);
    }

    fn bindings(&mut self, bindings: &[Binding], first: &Binding) {
        let length = bindings.iter().map(|binding| binding.to_string().chars().count() + 2).sum::<usize>();
        if !self.comments_before(first.name.span, INDENT) {
            match self.has_room(" where".len() + length - 1) {
                true => self.write(" "),
                false => self.new_line(INDENT),
            }
        }
        self.write("where");
        self.list(bindings.iter().map(|binding| (binding.name.span, binding.to_string())));
    }

    /// Pieces with commas between them, each behind a space or on a new line.
    fn list(&mut self, pieces: impl Iterator<Item = (Span, String)>) {
        for (index, (span, words)) in pieces.enumerate() {
            self.write(if index == 0 { "" } else { "," });
            self.piece(span, &words);
        }
    }

    fn piece(&mut self, span: Span, words: &str) {
        if self.comments_before(span, INDENT) {
        } else if self.has_room(words.chars().count() + 2) {
            self.write(" ");
        } else {
            self.new_line(INDENT);
        }
        self.write(words);
    }
}

impl BlockDef {
    /// `basic(c, s=1)`
    pub(crate) fn heading(&self) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(Parameter::to_string).collect();
        format!("{}({})", self.name, parameters.join(", "))
    }
}
