//! A pasted table as rows of cells, whatever wrote it: pipes, LaTeX, tabs, HTML, or columns that spaces set apart.
//!
//! Every reader passes over the text once, and a span is never written out as cells: time and memory grow with the
//! text.

mod html;
mod lines;
mod pipes;
mod spaces;
mod tabs;
mod tabular;

use std::ops::Range;

use lines::Lines;

/// The most columns of a table; what stands further to the right is not read.
const MOST_COLUMNS: usize = 20_000;

/// The most words of a cell that a heading takes.
const HEADING_WORDS: usize = 20;

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid<'a> {
    /// Where it stands: from the beginning of its first line to the end of its last.
    pub place: Range<usize>,
    /// Its rows. Cells that are missing at a row's end, or that a cell above spans, are left out: use [`GridRow::at`].
    pub rows: Vec<GridRow<'a>>,
    /// How many rows stand above its first line of dashes; 0 where it has none.
    pub heads: usize,
    /// How many columns it has.
    pub columns: usize,
    /// Its cells' columns are told by where they stand on the sheet, so that none is missing at a row's end.
    pub is_aligned: bool,
    /// What cannot be told apart in it.
    pub unclear: Vec<Unclear>,
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GridRow<'a> {
    /// Where it stands.
    pub place: Range<usize>,
    /// Its cells, from the left.
    pub cells: Vec<Cell<'a>>,
    /// Whether it goes on with the row above: in a table whose rows are parted by lines of dashes, no such line is
    /// between.
    pub continues: bool,
    /// Why its cells may stand in other columns than they do here.
    pub doubt: Option<Doubt>,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What stands in it, made plain, without space around it; line breaks in it stay.
    pub text: &'a str,
    /// Where that stands.
    pub place: Range<usize>,
    /// The first column that it stands in, from 0.
    pub column: usize,
    /// How many columns it spans.
    pub columns: usize,
}

/// Something about a table that cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclear {
    /// Where: a row, or words of it.
    pub place: Range<usize>,
    /// Its kind.
    pub doubt: Doubt,
    /// What there is, in words: `11 cells where the other rows have 12`.
    pub text: String,
}

/// Why something about a table cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A row has fewer cells than the others: those at its end are taken to be missing.
    Missing,
    /// Only spaces part the cells, and not enough of them: which column a word belongs to is a guess.
    RunTogether,
    /// There are more columns than are read.
    TooWide,
}

impl<'a> Grid<'a> {
    /// The words of its first `rows` rows, a text a column: a heading that takes several lines, as one.
    pub fn headings(&self, rows: usize) -> Vec<String> {
        let mut headings = vec![String::new(); self.columns];
        for cell in self.rows.iter().take(rows).flat_map(|row| &row.cells) {
            for heading in headings.iter_mut().skip(cell.column).take(cell.columns) {
                for word in cell.text.split_whitespace().take(HEADING_WORDS) {
                    if !heading.is_empty() {
                        heading.push(' ');
                    }
                    heading.push_str(word);
                }
            }
        }
        headings
    }
}

impl<'a> GridRow<'a> {
    /// The column behind its last cell.
    pub fn columns(&self) -> usize {
        self.cells.last().map_or(0, |cell| cell.column + cell.columns)
    }

    /// The cell that covers a column, whichever it begins in.
    pub fn at(&self, column: usize) -> Option<&Cell<'a>> {
        let behind = self.cells.partition_point(|cell| cell.column <= column);
        self.cells[..behind].last().filter(|cell| column < cell.column + cell.columns)
    }

    /// What stands in the cell that covers a column; empty where none does.
    pub fn text(&self, column: usize) -> &'a str {
        self.at(column).map_or("", |cell| cell.text)
    }

    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(Cell::is_empty)
    }

    /// Puts a cell behind the others, of what stands at `place` of the text.
    fn push(&mut self, plain: &'a str, place: Range<usize>, columns: usize) {
        let column = self.columns();
        self.cells.push(Cell::new(plain, place, column, columns));
    }
}

impl<'a> Cell<'a> {
    /// The cell of what stands at `place` of the text, space around it left out.
    fn new(plain: &'a str, place: Range<usize>, column: usize, columns: usize) -> Self {
        let place = trimmed(plain, place);
        Self { text: &plain[place.clone()], place, column, columns }
    }

    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Every table of a text that was made [plain](super::plain::plain), in order.
pub fn grids(plain: &str) -> Vec<Grid<'_>> {
    let lines = Lines::new(plain);
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (grids, next) = html::read(&lines, at)
            .or_else(|| tabular::read(&lines, at))
            .or_else(|| pipes::read(&lines, at))
            .or_else(|| tabs::read(&lines, at))
            .or_else(|| spaces::read(&lines, at))
            .unwrap_or((Vec::new(), at + 1));
        found.extend(grids.into_iter().map(finished));
        at = next.max(at + 1);
    }
    found
}

/// What a reader found at a line: tables, and the line behind what it read.
type Found<'a> = Option<(Vec<Grid<'a>>, usize)>;

/// Says of a table which rows lack cells, and cuts one that is too wide.
fn finished(mut grid: Grid<'_>) -> Grid<'_> {
    let usual = usual_width(&grid);
    for row in &mut grid.rows {
        let columns = row.columns();
        let (doubt, text) = if columns > MOST_COLUMNS {
            row.cells.retain(|cell| cell.column + cell.columns <= MOST_COLUMNS);
            (Doubt::TooWide, format!("{columns} columns, of which the first {MOST_COLUMNS} are read"))
        } else if (2..usual).contains(&columns) && !grid.is_aligned && !row.continues && row.doubt.is_none() {
            (Doubt::Missing, format!("{columns} cells where most rows have {usual}"))
        } else {
            continue;
        };
        row.doubt = Some(doubt);
        grid.unclear.push(Unclear { place: row.place.clone(), doubt, text });
    }
    grid.unclear.sort_by_key(|unclear| unclear.place.start);
    grid.columns = grid.rows.iter().map(GridRow::columns).max().unwrap_or(0);
    grid
}

/// The width that most rows of a table have, the larger of two that are as frequent.
fn usual_width(grid: &Grid<'_>) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    for row in grid.rows.iter().filter(|row| row.columns() > 1) {
        *counts.entry(row.columns()).or_insert(0usize) += 1;
    }
    counts.into_iter().max_by_key(|&(width, count)| (count, width)).map_or(0, |(width, _)| width)
}

/// `place` of a text without the space at its ends.
pub fn trimmed(plain: &str, place: Range<usize>) -> Range<usize> {
    let text = &plain[place.clone()];
    let start = place.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

#[cfg(test)]
mod tests;
