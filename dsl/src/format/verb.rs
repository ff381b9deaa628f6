//! A verb's statement in its canonical form, which its declaration gives.

use fovea_graph::Span;

use super::{INDENT, Page};
use crate::parse::lines::Chunk;
use crate::print::Row;
use crate::syntax::{Part, PartKind, Verb};
use crate::verb::{Joint, Piece, canonical};

impl Page<'_> {
    /// A verb's statement; one that is not right stays as it was written.
    pub(super) fn verb(&mut self, verb: &Verb, chunk: &Chunk) {
        let Some(form) = canonical(verb) else {
            let written = self.text.get(chunk.start..chunk.end).unwrap_or_default();
            self.write(&written.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
            let inside = self.comments.iter().take_while(|(place, _)| *place < chunk.end).count();
            self.comments.drain(..inside);
            return;
        };
        self.write(form.word);
        for piece in &form.pieces {
            self.verb_piece(piece);
        }
    }

    /// A clause or an item of a list: on this line, else on a new one, or a matrix a row a line.
    fn verb_piece(&mut self, piece: &Piece) {
        let Some((begin, end)) = piece.parts.first().zip(piece.parts.last()) else { return };
        let words: Vec<String> = piece.parts.iter().map(Part::to_string).collect();
        let words = words.join(" ");
        let is_whole = self.has_room(words.chars().count() + 2) && !self.has_comment(begin.span.to(end.span));
        let has_rows = piece.parts.iter().any(|part| matches!(part.kind, PartKind::Matrix(_)));
        self.write(if piece.joint == Joint::Comma { "," } else { "" });
        if has_rows && !is_whole {
            let is_new = self.comments_before(begin.span, INDENT);
            for (at, part) in piece.parts.iter().enumerate() {
                self.write(if at == 0 && is_new { "" } else { " " });
                self.part(part);
            }
            return;
        }
        match piece.joint {
            Joint::Glued => self.write(&words),
            Joint::Word if !self.comments_before(begin.span, INDENT) => self.write(&format!(" {words}")),
            Joint::Word => self.write(&words),
            Joint::Space | Joint::Comma => self.piece(begin.span, &words),
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
}
