//! A text with figures of it marked, each by what became of it, and with what would be right beside it.
//!
//! The text is what it was; only what a reader does not see in print, LaTeX in a table say, stands as it is printed.

mod html;
mod marks;
mod segments;
mod sheet;
#[cfg(test)]
mod tests;
mod text;
mod tidy;

use std::ops::Range;

pub(crate) use marks::{Marks, Tone};
pub(crate) use segments::{Look, Segment};
pub(crate) use sheet::{Extent, Marked};
pub(crate) use text::Ink;

/// Why a line is marked: the gravest of what is said of its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sign {
    /// All of it agrees.
    Agrees,
    /// It agrees, or rounds.
    Rounds,
    /// Something is remarkable, or was filled in.
    Remark,
    /// Something follows from an earlier line.
    Follows,
    /// Something is wrong.
    Wrong,
    /// Something could not be read.
    Unread,
}

impl Sign {
    /// The sign in the margin.
    pub fn glyph(self) -> char {
        match self {
            Sign::Agrees => '✓',
            Sign::Rounds => '≈',
            Sign::Remark => '!',
            Sign::Follows => '↳',
            Sign::Wrong => '✗',
            Sign::Unread => '?',
        }
    }

    /// What it means.
    pub fn word(self) -> &'static str {
        match self {
            Sign::Agrees => "agrees",
            Sign::Rounds => "rounds",
            Sign::Remark => "remarkable, or assumed",
            Sign::Follows => "follows from an earlier line",
            Sign::Wrong => "disagrees",
            Sign::Unread => "cannot be read",
        }
    }

    /// The colour that it has.
    pub fn tone(self) -> Tone {
        match self {
            Sign::Agrees | Sign::Rounds => Tone::Right,
            Sign::Remark | Sign::Follows => Tone::Unsure,
            Sign::Wrong | Sign::Unread => Tone::Wrong,
        }
    }
}

/// A line of the text, or of a cell: pieces side by side.
pub(crate) type Pieces = Vec<Segment>;

/// What of the text is shown, block after block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Lines as they stand.
    Lines(Vec<Line>),
    /// A table, its cells side by side.
    Table(Table),
    /// So many lines are left out: nothing is said of them, or of too many others.
    Gap(usize),
}

/// A line of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// What is said of it.
    pub sign: Option<Sign>,
    /// It.
    pub pieces: Pieces,
}

/// A table of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// How many columns it has.
    pub columns: usize,
    /// How many rows are its heading.
    pub heads: usize,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The line on which it begins.
    pub number: usize,
    /// What is said of it.
    pub sign: Option<Sign>,
    /// Its cells, from the left.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Its first column.
    pub column: usize,
    /// How many columns it spans.
    pub columns: usize,
    /// Its lines.
    pub lines: Vec<Pieces>,
}

/// Whether two stretches of a text have a byte in common, or one that is empty lies inside the other.
fn meets(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end || a.is_empty() && b.contains(&a.start) || a == b
}
