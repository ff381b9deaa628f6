//! Tables, as lines of text and as HTML.

mod text;

use super::number::short;
use super::wrap::{Long, wrap};
use crate::markup::{escape, is_unseen};
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
    /// Whether its cells are paths, with dots.
    is_path: bool,
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
        Column { header: clean(header), align: Align::Left, limit: usize::MAX, overflow: Overflow::Cut, is_path: false }
    }

    /// A column of paths: where the table's lines would be too long, `block1.conv1` stands as `conv1` below `block1`.
    pub fn path(header: &str) -> Self {
        Column { is_path: true, ..Column::left(header) }
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
            Overflow::Cut => vec![cell.to_string()],
            Overflow::Wrap => wrap(cell, self.limit, Long::Cut),
        }
    }

    /// What of a cell is shown.
    fn shown(&self, cell: &str) -> String {
        match self.overflow {
            Overflow::Cut => cut(&clean(cell), self.limit),
            Overflow::Wrap => clean(cell),
        }
    }
}

/// A table: headers, rows, and thin rules where they are asked for. Displays as lines without a newline at the end, no
/// line with spaces at its end, and none of more than 80 columns of a terminal where its cells leave it that much room.
///
/// ```
/// # use fovea_show as fovea;
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
    /// Rows, a rule between each section and the next.
    sections: Vec<Vec<Vec<String>>>,
}

impl Table {
    /// A table with these columns and no rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Table { columns: columns.into_iter().collect(), sections: vec![Vec::new()] }
    }

    /// Adds a row. Cells beyond the columns are dropped, missing ones are empty; line breaks and other control characters in a cell become spaces.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let mut cells: Vec<String> =
            cells.into_iter().zip(&self.columns).map(|(cell, column)| column.shown(cell.as_ref())).collect();
        cells.resize(self.columns.len(), String::new());
        if let Some(section) = self.sections.last_mut() {
            section.push(cells);
        }
    }

    /// Adds a rule. What is below the last one are the sums of what is above.
    pub fn rule(&mut self) {
        self.sections.push(Vec::new());
    }

    /// The table as HTML that takes its colours from the page it stands in.
    pub fn html(&self) -> String {
        let row = |cells: &[String], tag: &str, edge: &str| {
            let cells = cells.iter().zip(&self.columns).map(|(cell, column)| column.html(cell, tag, edge));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        };
        let headers: Vec<String> = self.columns.iter().map(|column| column.header.clone()).collect();
        let head = format!("<thead>\n{}</thead>\n", row(&headers, "th", HEAD));
        let body = self.sections.iter().enumerate().map(|(i, rows)| {
            let (tag, edge) = if i > 0 && i + 1 == self.sections.len() { ("tfoot", FOOT) } else { ("tbody", "") };
            let rows = rows.iter().enumerate().map(|(at, cells)| row(cells, "td", if at == 0 { edge } else { "" }));
            format!("<{tag}>\n{}</{tag}>\n", rows.collect::<String>())
        });
        let table = format!("<table style=\"{TABLE}\">\n{head}{}</table>", body.collect::<String>());
        let rows: usize = self.sections.iter().map(Vec::len).sum();
        if rows <= LONG { table } else { format!("<div style=\"{SCROLLED}\">{table}</div>") }
    }
}

// Styles that notebooks keep even where they do not trust their author, and colours of the page around the table.

const TABLE: &str = "border-collapse: collapse; table-layout: auto; width: auto; margin: 0.5em 0";
const HEAD: &str = "border-bottom: 1px solid; font-weight: bold; ";
const FOOT: &str = "border-top: 1px solid; ";
/// A table of more rows than this is seen through a window.
const LONG: usize = 40;
const SCROLLED: &str = "max-height: 40em; overflow: auto";

impl Column {
    /// A cell as HTML.
    fn html(&self, cell: &str, tag: &str, edge: &str) -> String {
        let align = match self.align {
            Align::Left => "left",
            Align::Right => "right",
        };
        let wrap = if self.overflow == Overflow::Wrap { "normal" } else { "nowrap" };
        format!(
            "<{tag} style=\"{edge}text-align: {align}; vertical-align: top; white-space: {wrap}; padding: 0.2em 0.8em\">{}</{tag}>",
            escape(cell)
        )
    }
}

/// Numbers in rows, their columns one below the other, without a header.
pub fn matrix([rows, columns]: [usize; 2], value: impl Fn(usize, usize) -> f64) -> String {
    let cells: Vec<Vec<String>> =
        (0..rows).map(|row| (0..columns).map(|column| short(value(row, column))).collect()).collect();
    let width = cells.iter().flatten().map(|cell| cell.width()).max().unwrap_or(0);
    let line = |row: &Vec<String>| row.iter().map(|cell| pad(cell, width, Align::Right)).collect::<Vec<_>>().join(" ");
    cells.iter().map(line).collect::<Vec<_>>().join("\n")
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
pub fn clean(text: &str) -> String {
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
    fn html_has_head_body_and_foot_with_numbers_at_the_right() {
        let mut table = Table::new([Column::left("layer"), Column::right("<n>")]);
        table.row(["conv\u{202e}1", "1 & 2"]);
        table.rule();
        table.row(["total", "3"]);
        let plain: String = {
            let html = table.html();
            let styles = html.split(" style=\"").map(|part| part.split_once("\">").map_or(part, |(_, rest)| rest));
            styles.collect::<Vec<_>>().join(">")
        };
        assert_eq!(
            plain,
            "<table>\n<thead>\n<tr><th>layer</th><th>&lt;n&gt;</th></tr>\n</thead>\n\
             <tbody>\n<tr><td>conv 1</td><td>1 &amp; 2</td></tr>\n</tbody>\n\
             <tfoot>\n<tr><td>total</td><td>3</td></tr>\n</tfoot>\n</table>"
        );
        assert_eq!(table.html().matches("text-align: right").count(), 3);
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
