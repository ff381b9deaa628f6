//! A pasted table as rows of cells, whatever wrote it: pipes, LaTeX, tabs, HTML, or columns that spaces set apart.

use std::ops::Range;

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid<'a> {
    /// Its rows; all have the same number of columns, some cells spanning several.
    pub rows: Vec<GridRow<'a>>,
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GridRow<'a> {
    /// Where it stands.
    pub place: Range<usize>,
    /// Its cells, from the left.
    pub cells: Vec<Cell<'a>>,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What stands in it, made plain, without space around it.
    pub text: &'a str,
    /// Where that stands.
    pub place: Range<usize>,
    /// How many columns it spans.
    pub columns: usize,
}
