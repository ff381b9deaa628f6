//! The one canonical form of a program: the tree as it prints, long chains on several lines, comments kept.

use std::collections::VecDeque;

use fovea_graph::{SourceId, Span};

use crate::diagnostic::{Diagnostic, Source};
use crate::editor::comments;
use crate::ends::with_line_feeds;
use crate::parse::lines::Chunk;
use crate::parse::{lines, parse};
use crate::print::{Row, repeated_text};
use crate::syntax::*;

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
        page.statement(statement);
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
            self.write(if is_first && self.column > indent { "  " } else { "" });
            self.write(comment);
            self.new_line(indent);
            is_first = false;
        }
        !is_first
    }

    fn has_comment(&self, span: Span) -> bool {
        self.comments.front().is_some_and(|(place, _)| *place < span.range().end)
    }

    fn statement(&mut self, statement: &Statement) {
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
            StatementKind::Verb(verb) => self.verb(verb),
        }
        self.write(if statement.silent { ";" } else { "" });
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

    /// A verb's statement, broken behind its commas only.
    fn verb(&mut self, verb: &Verb) {
        self.write(&verb.word.text);
        let pieces = verb.parts.split(|part| part.kind == PartKind::Comma);
        for (index, piece) in pieces.enumerate() {
            self.write(if index == 0 { "" } else { "," });
            let words: Vec<String> = piece.iter().map(Part::to_string).collect();
            let words = words.join(" ");
            let has_rows = || piece.iter().any(|part| matches!(part.kind, PartKind::Matrix(_)));
            match piece.first().zip(piece.last()) {
                Some((first, last))
                    if !has_rows()
                        || self.has_room(words.chars().count() + 2) && !self.has_comment(first.span.to(last.span)) =>
                {
                    self.piece(first.span, &words);
                }
                Some((first, _)) => {
                    let is_new = self.comments_before(first.span, INDENT);
                    for (at, part) in piece.iter().enumerate() {
                        self.write(if at == 0 && is_new { "" } else { " " });
                        self.part(part);
                    }
                }
                None => {}
            }
        }
    }

    /// A part of a statement that is too long for its line, or has comments: rows of a matrix stand each on its own.
    fn part(&mut self, part: &Part) {
        let words = part.to_string();
        let is_whole = self.has_room(words.chars().count() + 2) && !self.has_comment(part.span);
        match &part.kind {
            PartKind::Matrix(rows) if !is_whole => {
                self.write("[");
                for row in rows {
                    if !row.first().is_some_and(|first| self.comments_before(first.span, INDENT)) {
                        self.new_line(INDENT);
                    }
                    self.write(&Row(row).to_string());
                }
                let bracket = Span { start: part.span.end - 1, ..part.span };
                if !self.comments_before(bracket, 0) {
                    self.new_line(0);
                }
                self.write("]");
            }
            _ => self.write(&words),
        }
    }

    /// A chain whose continued lines stand in by `indent`.
    fn chain(&mut self, chain: &Chain, indent: usize, mut start: Start) {
        for item in &chain.items {
            self.item(item, indent, start);
            start = Start::Dash;
        }
        if let Some(head) = &chain.head {
            self.comments_before(head.span, indent);
            self.write(&format!(", {head}"));
        }
    }

    /// An item and what joins it to what is before it: on this line, else on a new one, else in its parts.
    fn item(&mut self, item: &Item, indent: usize, start: Start) {
        let words = item.to_string();
        let length = words.chars().count();
        let is_new = self.comments_before(item.span, indent);
        let is_whole = !self.has_comment(item.span);
        let has_parts = matches!(item.kind, ItemKind::Group(..) | ItemKind::Join(..) | ItemKind::Aux(..));
        if is_new {
            self.write(start.on_new_line());
        } else if start == Start::Nothing || (is_whole && self.has_room(start.on_this_line().len() + length)) {
            self.write(start.on_this_line());
        } else if has_parts && (!is_whole || indent + 2 + length > WIDTH) && start != Start::Dash {
            // What begins a statement or a branch opens where it stands.
            self.write(start.on_this_line());
        } else {
            self.new_line(indent);
            self.write(start.on_new_line());
        }
        if has_parts && !(is_whole && self.has_room(length)) { self.parts(item, indent) } else { self.write(&words) }
    }

    /// An item with branches or a chain inside, on several lines.
    fn parts(&mut self, item: &Item, indent: usize) {
        let inner = indent + INDENT;
        match &item.kind {
            ItemKind::Group(chain, times) => {
                self.write("(");
                self.chain(chain, inner, Start::Nothing);
                self.write(&format!("){}", repeated_text(times)));
            }
            ItemKind::Join(join, times) => {
                self.write(&format!("{}(", join.word));
                for (index, branch) in join.branches.iter().enumerate() {
                    if !self.comments_before(branch.span, inner) {
                        self.new_line(inner);
                    }
                    self.write(if index == 0 { "  " } else { "| " });
                    self.chain(branch, inner + INDENT, Start::Nothing);
                }
                self.write(&format!("){}", repeated_text(times)));
            }
            ItemKind::Aux(weight, chain) => {
                let weight = weight.as_ref().map(|weight| format!("{} ", crate::print::Atom(weight)));
                self.write(&format!("aux {}(", weight.unwrap_or_default()));
                self.chain(chain, inner, Start::Nothing);
                self.write(")");
            }
            kind => {
                let bare = Item { kind: kind.clone(), alias: None, span: item.span };
                self.write(&bare.to_string());
            }
        }
        if let Some(alias) = &item.alias {
            self.write(&format!(" as {alias}"));
        }
    }
}

/// What stands before an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// It is the first behind a bracket.
    Nothing,
    /// It is the first behind `=`.
    Space,
    /// It goes on.
    Dash,
}

impl Start {
    fn on_this_line(self) -> &'static str {
        match self {
            Start::Nothing => "",
            Start::Space => " ",
            Start::Dash => " - ",
        }
    }

    fn on_new_line(self) -> &'static str {
        match self {
            Start::Nothing | Start::Space => "",
            Start::Dash => "- ",
        }
    }
}

impl BlockDef {
    /// `basic(c, s=1)`
    pub(crate) fn heading(&self) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(Parameter::to_string).collect();
        format!("{}({})", self.name, parameters.join(", "))
    }
}
