//! What of a text is shown: its lines and tables, or of a long one what something is said of.

use std::ops::Range;

use fovea_dsl::slide::{self, TableCell, TableRow};

use super::marks::Marks;
use super::segments::lines;
use super::tidy::Tidy;
use super::{Block, Cell, Line, Row, Sign, Table};

/// A text of so many lines is shown whole.
const MOST_LINES: usize = 300;

/// A table of more columns or lines is shown as lines.
const MOST_COLUMNS: usize = 24;

/// How much of a text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it, unless it is long.
    Whole,
    /// The lines of which something is said.
    Said,
}

/// A marked text, or part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marked {
    pub blocks: Vec<Block>,
}

impl Marked {
    /// The part `part` of a text; `tables` are those of the whole text.
    pub fn new(text: &str, part: Range<usize>, extent: Extent, tables: &[slide::Table], marks: &Marks) -> Self {
        let mut maker =
            Maker { text, marks, number: 1 + text[..part.start].matches('\n').count(), marked: Self::default() };
        let is_long = text[part.clone()].matches('\n').count() >= MOST_LINES;
        let mut tables = tables.iter().filter(|table| !is_long && is_table(text, table)).peekable();
        let mut shown = 0;
        let mut at = part.start;
        while at < part.end {
            let end = text[at..part.end].find('\n').map_or(part.end, |end| at + end);
            while tables.next_if(|table| table.place.start < at).is_some() {}
            let is_said = |place: &Range<usize>| extent == Extent::Whole || marks.sign(place).is_some();
            let is_next = |table: &&slide::Table| table.place.start <= end && table.place.end <= part.end;
            if let Some(table) = tables.next_if(|table| is_next(table) && is_said(&table.place)) {
                maker.table(table);
                at = table.place.end;
                // What is behind it on its last line is the table's.
                at = text[at..part.end].find('\n').map_or(part.end, |end| at + end + 1);
            } else {
                let sign = marks.sign(&(at..end));
                let is_wanted = if is_long { sign > Some(Sign::Rounds) } else { is_said(&(at..end)) };
                let is_shown = is_wanted && shown < MOST_LINES;
                shown += usize::from(is_shown);
                if is_shown {
                    maker.line(at..end, sign)
                } else {
                    maker.leave_out(text[at..end].trim(), extent)
                }
                at = end + 1;
            }
        }
        maker.marked
    }
}

/// Whether a table reads better with its cells side by side: signs part its cells, not spaces, which set them apart already.
fn is_table(text: &str, table: &slide::Table) -> bool {
    let lines = text.get(table.place.clone()).unwrap_or_default();
    let parted = lines.contains(['|', '&', '\t', '<', '│', '┃']);
    parted && table.columns > 1 && table.columns <= MOST_COLUMNS && table.rows.len() <= MOST_LINES
}

struct Maker<'t> {
    text: &'t str,
    marks: &'t Marks,
    /// The number of the next line.
    number: usize,
    marked: Marked,
}

impl Maker<'_> {
    /// Adds a line that is not empty.
    fn line(&mut self, place: Range<usize>, sign: Option<Sign>) {
        let number = self.number;
        self.number += 1;
        if self.text[place.clone()].trim().is_empty() && sign.is_none() {
            return;
        }
        let tidy = Tidy::of_line(&self.text[place.clone()]);
        let pieces = lines(self.text, place.clone(), place.end, self.marks, tidy).into_iter().flatten().collect();
        let line = Line { number, sign, pieces };
        match self.marked.blocks.last_mut() {
            Some(Block::Lines(lines)) => lines.push(line),
            _ => self.marked.blocks.push(Block::Lines(vec![line])),
        }
    }

    fn leave_out(&mut self, line: &str, extent: Extent) {
        self.number += 1;
        let count = usize::from(!line.is_empty());
        if count == 0 || extent == Extent::Said {
            return;
        }
        match self.marked.blocks.last_mut() {
            Some(Block::Gap(lines)) => *lines += count,
            _ => self.marked.blocks.push(Block::Gap(count)),
        }
    }

    fn table(&mut self, table: &slide::Table) {
        let mut at = table.place.start;
        let (mut rows, mut heads) = (Vec::new(), table.heads);
        for (index, row) in table.rows.iter().enumerate() {
            self.number += self.text.get(at..row.place.start).map_or(0, |between| between.matches('\n').count());
            at = row.place.start.max(at);
            let row = self.row(row);
            // A row in which nothing stands is none to see.
            if row.cells.is_empty() {
                heads -= usize::from(index < table.heads);
            } else {
                rows.push(row);
            }
        }
        let rest = self.text.get(at..table.place.end).unwrap_or_default();
        self.number += rest.matches('\n').count() + 1;
        self.marked.blocks.push(Block::Table(Table { columns: table.columns, heads, rows }));
    }

    fn row(&self, row: &TableRow) -> Row {
        let ends = row.cells.iter().skip(1).map(|cell| cell.place.start).chain([row.place.end]);
        let cell = |(cell, end): (&TableCell, usize)| {
            let reach = end.max(cell.place.end + 1) - 1;
            let lines = lines(self.text, cell.place.clone(), reach, self.marks, Tidy::Yes);
            Cell { column: cell.column, columns: cell.columns, lines }
        };
        let mut cells: Vec<Cell> = row.cells.iter().zip(ends).map(cell).collect();
        flow(&mut cells);
        Row { number: self.number, sign: self.marks.sign(&row.place), cells }
    }
}

/// Lets the last cell in which something stands go on over the empty ones behind it; where there is none, no cell is left.
fn flow(cells: &mut Vec<Cell>) {
    let is_empty = |cell: &Cell| cell.lines.iter().flatten().all(|piece| piece.text.trim().is_empty());
    let Some(last) = cells.iter().rposition(|cell| !is_empty(cell)) else { return cells.clear() };
    let end = cells.last().map_or(0, |cell| cell.column + cell.columns);
    cells.truncate(last + 1);
    cells[last].columns = end.saturating_sub(cells[last].column).max(1);
}
