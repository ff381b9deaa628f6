//! Tables for the terminal.

use std::fmt;

use crate::markup::is_unseen;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// On which side a column's cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    header: String,
    align: Align,
    limit: usize,
    overflow: Overflow,
}

/// What becomes of a cell that is wider than its column may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overflow {
    /// It is cut with `…`.
    Cut,
    /// It goes on in the lines below.
    Wrap,
}

impl Column {
    /// A column of words.
    pub fn left(header: &str) -> Self {
        Column { header: clean(header), align: Align::Left, limit: usize::MAX, overflow: Overflow::Cut }
    }

    /// A column of numbers.
    pub fn right(header: &str) -> Self {
        Column { align: Align::Right, ..Column::left(header) }
    }

    /// Cuts cells that take more than this many columns of the terminal with `…`.
    pub fn at_most(self, limit: usize) -> Self {
        Column { limit, ..self }
    }

    /// Lets cells that take more than this many columns of the terminal go on in the lines below, broken between words.
    pub fn wrapped_at(self, limit: usize) -> Self {
        Column { limit, overflow: Overflow::Wrap, ..self }
    }

    /// The lines of a cell.
    fn lines(&self, cell: &str) -> Vec<String> {
        match self.overflow {
            Overflow::Cut => vec![cut(&clean(cell), self.limit)],
            Overflow::Wrap => wrap(&clean(cell), self.limit),
        }
    }
}

/// A table: headers, rows, and thin rules where they are asked for. Displays as lines without a newline at the end, no line with spaces at its end.
///
/// ```
/// use fovea::display::{Column, Table};
/// let mut table = Table::new([Column::left("layer"), Column::right("parameters")]);
/// table.row(["conv1", "156"]);
/// table.rule();
/// table.row(["total", "61,706"]);
/// assert_eq!(table.to_string(), "\
/// layer  parameters
/// ─────  ──────────
/// conv1         156
/// ─────  ──────────
/// total      61,706");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    columns: Vec<Column>,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    Row(Vec<String>),
    Rule,
}

impl Table {
    /// A table with these columns and no rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Table { columns: columns.into_iter().collect(), lines: Vec::new() }
    }

    /// Adds a row. Cells beyond the columns are dropped, missing ones are empty; line breaks and other control characters in a cell become spaces.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let cells: Vec<Vec<String>> =
            cells.into_iter().zip(&self.columns).map(|(cell, column)| column.lines(cell.as_ref())).collect();
        let tallest = cells.iter().map(Vec::len).max().unwrap_or(1);
        for line in 0..tallest {
            let mut cells: Vec<String> =
                cells.iter().map(|lines| lines.get(line).cloned().unwrap_or_default()).collect();
            cells.resize(self.columns.len(), String::new());
            self.lines.push(Line::Row(cells));
        }
    }

    /// Adds a rule.
    pub fn rule(&mut self) {
        self.lines.push(Line::Rule);
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|column| column.header.width()).collect();
        for line in &self.lines {
            if let Line::Row(cells) = line {
                for (width, cell) in widths.iter_mut().zip(cells) {
                    *width = (*width).max(cell.width());
                }
            }
        }
        widths
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let rule: Vec<String> = widths.iter().map(|&width| "─".repeat(width)).collect();
        let headers: Vec<String> = self.columns.iter().map(|column| column.header.clone()).collect();
        let row = |cells: &[String]| {
            let cells = cells.iter().zip(&self.columns).zip(&widths);
            let line: Vec<String> = cells.map(|((cell, column), &width)| pad(cell, width, column.align)).collect();
            line.join("  ").trim_end().to_string()
        };
        write!(f, "{}\n{}", row(&headers), rule.join("  "))?;
        for line in &self.lines {
            match line {
                Line::Row(cells) => write!(f, "\n{}", row(cells))?,
                Line::Rule => write!(f, "\n{}", rule.join("  "))?,
            }
        }
        Ok(())
    }
}

/// A text filled with spaces up to a width, in columns of the terminal.
pub(super) fn pad(text: &str, width: usize, align: Align) -> String {
    let spaces = " ".repeat(width.saturating_sub(text.width()));
    match align {
        Align::Left => format!("{text}{spaces}"),
        Align::Right => format!("{spaces}{text}"),
    }
}

/// A text with spaces for the characters that could move the cursor, change the terminal's colours or turn the text.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect()
}

/// A text cut with `…` where it is wider than `limit`.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.width() <= limit {
        return text.to_string();
    }
    let mut used = 1;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= limit
        })
        .collect();
    format!("{kept}…")
}

/// A text in lines of at most `limit` columns, broken between words; a word that is wider still is cut.
fn wrap(text: &str, limit: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= limit => *line += &format!(" {word}"),
            _ => lines.push(cut(word, limit)),
        }
    }
    if lines.is_empty() { vec![String::new()] } else { lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_go_on_below() {
        let mut table = Table::new([Column::left("device"), Column::left("state").wrapped_at(12)]);
        table.row(["cuda", "there is no driver of unheard-of length"]);
        table.row(["cpu", "in use"]);
        assert_eq!(
            table.to_string(),
            "device  state\n──────  ───────────\ncuda    there is no\n        driver of\n        unheard-of\n        length\ncpu     in use"
        );
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let mut table = Table::new([Column::left("class"), Column::right("n")]);
        table.row(["猫", "1"]);
        table.row(["cat", "12"]);
        assert_eq!(table.to_string(), "class   n\n─────  ──\n猫      1\ncat    12");
    }

    #[test]
    fn rows_may_be_short_or_long_and_cells_hostile() {
        let mut table = Table::new([Column::left("a").at_most(4), Column::left("b")]);
        table.row(["only"]);
        table.row(["\u{1b}[31mred", "two\nlines", "three"]);
        assert_eq!(table.to_string(), "a     b\n────  ─────────\nonly\n [3…  two lines");
    }
}
