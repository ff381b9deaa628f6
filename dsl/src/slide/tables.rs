//! Where the tables of a text and their cells stand, for whoever shows it.

use std::ops::Range;

use super::grid::{Cell, Grid, GridRow, grids};
use super::plain::plain;

/// A table of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Where it stands: whole lines.
    pub place: Range<usize>,
    /// How many rows are its heading.
    pub heads: usize,
    /// How many columns it has.
    pub columns: usize,
    /// Its rows.
    pub rows: Vec<TableRow>,
}

/// A row of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// Where it stands.
    pub place: Range<usize>,
    /// Its cells, from the left; some columns may have none.
    pub cells: Vec<TableCell>,
}

/// A cell of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCell {
    /// What stands in it.
    pub place: Range<usize>,
    /// Its first column, from 0.
    pub column: usize,
    /// How many columns it spans.
    pub columns: usize,
}

/// Every table of a text, in order.
pub fn tables(text: &str) -> Vec<Table> {
    grids(&plain(text)).iter().map(table).collect()
}

fn table(grid: &Grid<'_>) -> Table {
    let rows = grid.rows.iter().map(row).collect();
    Table { place: grid.place.clone(), heads: grid.heads, columns: grid.columns, rows }
}

fn row(row: &GridRow<'_>) -> TableRow {
    let cell = |cell: &Cell<'_>| TableCell { place: cell.place.clone(), column: cell.column, columns: cell.columns };
    TableRow { place: row.place.clone(), cells: row.cells.iter().map(cell).collect() }
}
