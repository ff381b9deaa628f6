//! A marked text in a terminal: with colours, or with what is said of its words in a line below them.

use unicode_width::UnicodeWidthStr;

use super::{Block, Cell, Line, Look, Marked, Pieces, Row, Segment, Sign, Table, Tone};
use crate::display::wrap::WIDTH;

/// Whether a terminal has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Signs alone.
    Plain,
    /// Colours as ANSI has them, and signs.
    Colour,
}

/// The narrowest room for text.
const NARROW: usize = 20;

/// A piece of a line of text, its width in columns.
struct Written {
    text: String,
    width: usize,
}

impl Marked {
    /// The text in lines, without a newline at the end.
    pub fn text(&self, ink: Ink) -> String {
        let digits = self.blocks.iter().map(last_number).max().unwrap_or(0).to_string().len();
        let writer = Writer { ink, digits };
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Lines(lines) => lines.iter().flat_map(|line| writer.line(line)).collect::<Vec<_>>().join("\n"),
            Block::Table(table) => writer.table(table).join("\n"),
            Block::Gap(lines) => format!("   ⋯ {} left out", crate::display::number::of(*lines, "line")),
        });
        blocks.collect::<Vec<_>>().join("\n")
    }
}

fn last_number(block: &Block) -> usize {
    match block {
        Block::Lines(lines) => lines.last().map_or(0, |line| line.number),
        Block::Table(table) => table.rows.last().map_or(0, |row| row.number),
        Block::Gap(_) => 0,
    }
}

struct Writer {
    ink: Ink,
    /// How wide the numbers of lines are.
    digits: usize,
}

impl Writer {
    /// What stands before a line: its sign and its number, or nothing before one that goes on.
    fn margin(&self, first: Option<(Option<Sign>, usize)>) -> String {
        let digits = self.digits;
        let (sign, number) = match first {
            Some((sign, number)) => (sign, number.to_string()),
            None => (None, String::new()),
        };
        let sign = match (sign, self.ink) {
            (None, _) => " ".to_string(),
            (Some(sign), Ink::Plain) => sign.glyph().to_string(),
            (Some(sign), Ink::Colour) => format!("\x1b[{}m{}\x1b[0m", colour(sign.tone()), sign.glyph()),
        };
        match self.ink {
            Ink::Plain => format!("{sign} {number:>digits$} │ "),
            Ink::Colour => format!("{sign} \x1b[90m{number:>digits$} │\x1b[0m "),
        }
    }

    fn line(&self, line: &Line) -> Vec<String> {
        let written = wrapped(&line.pieces, self.room()).into_iter().flat_map(|pieces| self.pieces(&pieces));
        let margin = |at: usize| self.margin((at == 0).then_some((line.sign, line.number)));
        written.enumerate().map(|(at, written)| (margin(at) + &written.text).trim_end().to_string()).collect()
    }

    /// Pieces side by side; without colours, what is said of them in lines below.
    fn pieces(&self, pieces: &[Segment]) -> Vec<Written> {
        match self.ink {
            Ink::Colour => {
                let text = pieces.iter().map(coloured).collect();
                vec![Written { text, width: pieces.iter().map(width).sum() }]
            }
            Ink::Plain => {
                let own = pieces.iter().filter(|piece| !matches!(piece.look, Look::New | Look::Computed));
                let text: String = own.map(|piece| piece.text.as_str()).collect();
                let below = below(pieces);
                std::iter::once(text).chain(below).map(|text| Written { width: text.width(), text }).collect()
            }
        }
    }

    /// A table; one that is too wide in several parts, each with the first column.
    fn table(&self, table: &Table) -> Vec<String> {
        let cell = |cell: &Cell| -> Vec<Written> { cell.lines.iter().flat_map(|pieces| self.pieces(pieces)).collect() };
        let rows: Vec<Vec<Vec<Written>>> = table.rows.iter().map(|row| row.cells.iter().map(cell).collect()).collect();
        let widths = widths(table, &rows);
        let mut lines = Vec::new();
        for (index, part) in parts(&widths, self.room()).into_iter().enumerate() {
            if index > 0 {
                lines.push(self.margin(None).trim_end().to_string());
            }
            for (at, (row, cells)) in table.rows.iter().zip(&rows).enumerate() {
                if at > 0 && at == table.heads {
                    let rule: Vec<String> = part.iter().map(|&column| "─".repeat(widths[column])).collect();
                    lines.push(self.margin(None) + &rule.join("  "));
                }
                // What stands in the first column alone was seen in the first part.
                if index == 0 || row.cells.iter().any(|cell| cell.column > 0 && part.contains(&cell.column)) {
                    lines.extend(self.row(row, cells, &widths, &part));
                }
            }
        }
        lines
    }

    /// How wide a line may be.
    fn room(&self) -> usize {
        WIDTH.saturating_sub(self.digits + 5).max(NARROW)
    }

    /// The lines of a row, of these columns.
    fn row(&self, row: &Row, cells: &[Vec<Written>], widths: &[usize], part: &[usize]) -> Vec<String> {
        let shown = || row.cells.iter().zip(cells).filter(|(cell, _)| part.contains(&cell.column));
        let tallest = shown().map(|(_, lines)| lines.len()).max().unwrap_or(1);
        let start = |column: usize| -> usize {
            part.iter().take_while(|&&other| other != column).map(|&other| widths[other] + 2).sum()
        };
        let line = |at: usize| {
            let mut text = self.margin((at == 0).then_some((row.sign, row.number)));
            let mut column = 0;
            for (cell, lines) in shown() {
                let Some(written) = lines.get(at).filter(|written| written.width > 0) else { continue };
                let start = start(cell.column);
                text += &" ".repeat(start.saturating_sub(column));
                text += &written.text;
                column = start.max(column) + written.width;
            }
            text.trim_end().to_string()
        };
        (0..tallest).map(line).collect()
    }
}

/// The columns of each part of a table of these widths, so that each has room; the first column stands in all of them.
fn parts(widths: &[usize], room: usize) -> Vec<Vec<usize>> {
    let first = widths.first().map_or(0, |width| width + 2);
    let mut parts: Vec<Vec<usize>> = vec![Vec::new()];
    let mut used = 0;
    for (column, width) in widths.iter().enumerate() {
        if used + width > room && parts.last().is_some_and(|part| part.len() > 1) {
            parts.push(vec![0]);
            used = first;
        }
        used += width + 2;
        parts.last_mut().into_iter().for_each(|part| part.push(column));
    }
    parts
}

/// The columns' widths: what one cell alone takes, then what cells that span several want besides.
fn widths(table: &Table, rows: &[Vec<Vec<Written>>]) -> Vec<usize> {
    let mut widths = vec![0; table.columns];
    let cells = || table.rows.iter().zip(rows).flat_map(|(row, cells)| row.cells.iter().zip(cells));
    let width = |lines: &Vec<Written>| lines.iter().map(|written| written.width).max().unwrap_or(0);
    for (cell, lines) in cells().filter(|(cell, _)| cell.columns == 1) {
        if let Some(column) = widths.get_mut(cell.column) {
            *column = (*column).max(width(lines));
        }
    }
    for (cell, lines) in cells().filter(|(cell, _)| cell.columns > 1) {
        let last = (cell.column + cell.columns).min(table.columns);
        let Some(spanned) = widths.get_mut(cell.column..last) else { continue };
        let has = spanned.iter().sum::<usize>() + 2 * spanned.len().saturating_sub(1);
        spanned.iter_mut().rev().take(1).for_each(|last| *last += width(lines).saturating_sub(has));
    }
    widths
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Right => "32",
        Tone::Unsure => "33",
        Tone::Wrong => "1;31",
    }
}

/// How a piece stands in a line.
fn shown(piece: &Segment) -> String {
    match piece.look {
        Look::New => format!(" {}", piece.text),
        Look::Computed => format!(" ≠ {}", piece.text),
        Look::Plain | Look::Marked(_) | Look::Old => piece.text.clone(),
    }
}

fn width(piece: &Segment) -> usize {
    shown(piece).width()
}

fn coloured(piece: &Segment) -> String {
    let (before, text) = match piece.look {
        Look::Plain => return piece.text.clone(),
        Look::New => (" ", piece.text.clone()),
        Look::Computed => ("", shown(piece)),
        Look::Marked(_) | Look::Old => ("", piece.text.clone()),
    };
    let code = match piece.look {
        Look::Marked(tone) => colour(tone),
        Look::Old => "9;31",
        Look::New => "1;32",
        Look::Plain | Look::Computed => "90",
    };
    format!("{before}\x1b[{code}m{text}\x1b[0m")
}

/// What is said of pieces, in lines below them: what is not right underlined, and behind it what would be, or what it is.
fn below(pieces: &[Segment]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut at = 0;
    let mut put = |at: usize, words: &str| {
        let fits = |line: &&mut String| line.width() < at || line.is_empty() && at == 0;
        match lines.iter_mut().find(fits) {
            Some(line) => *line += &format!("{}{words}", " ".repeat(at - line.width())),
            None => lines.push(format!("{}{words}", " ".repeat(at))),
        }
    };
    let mut pending: Option<(usize, String)> = None;
    for piece in pieces {
        let own = piece.text.width();
        match (piece.look, &mut pending) {
            (Look::New, Some((_, words))) => *words += &format!(" → {}", piece.text),
            (Look::New, None) => pending = Some((at, format!("→ {}", piece.text))),
            (Look::Computed, Some((_, words))) => *words += &format!(" {}", piece.text),
            (Look::Computed, None) => pending = Some((at, piece.text.clone())),
            (Look::Old | Look::Marked(Tone::Unsure | Tone::Wrong), open) => {
                match open {
                    // Two looks of one figure go on with each other.
                    Some((from, words)) if *from + words.width() == at => *words += &"━".repeat(own),
                    _ => {
                        pending.replace((at, "━".repeat(own))).into_iter().for_each(|(at, words)| put(at, &words));
                    }
                }
                at += own;
            }
            (Look::Plain | Look::Marked(Tone::Right), _) => {
                pending.take().into_iter().for_each(|(at, words)| put(at, &words));
                at += own;
            }
        }
    }
    pending.into_iter().for_each(|(at, words)| put(at, &words));
    lines
}

/// A line in lines of at most so many columns, broken behind what parts cells and words.
fn wrapped(pieces: &Pieces, room: usize) -> Vec<Pieces> {
    if pieces.iter().map(width).sum::<usize>() <= room {
        return vec![pieces.clone()];
    }
    let mut lines = vec![Pieces::new()];
    let mut used = 0;
    for piece in pieces {
        for word in piece.text.split_inclusive([' ', '|', '&']) {
            if used == 0 && lines.len() > 1 && word.trim().is_empty() {
                continue;
            }
            let part = Segment { text: word.to_string(), ..piece.clone() };
            let wide = if matches!(piece.look, Look::New | Look::Computed) { width(piece) } else { width(&part) };
            if used + wide > room && used > 0 {
                lines.push(Pieces::new());
                used = 0;
            }
            used += wide;
            let Some(line) = lines.last_mut() else { continue };
            match line.last_mut().filter(|last| last.look == piece.look && last.note == piece.note) {
                Some(last) => last.text += word,
                None => line.push(part),
            }
        }
    }
    lines
}
