//! Tables of HTML: spans, nested tags, and cells and rows that nothing closes, as browsers accept them.

use std::ops::Range;

use super::lines::Lines;
use super::{Cell, Found, Grid, GridRow, MOST_COLUMNS};

/// The most rows that one cell spans.
const MOST_ROWS: usize = 1_000;

/// Reads the tables that begin in line `at`; without a `<table>` too, as a part of a page is pasted.
pub fn read<'a>(lines: &Lines<'a>, at: usize) -> Found<'a> {
    let mut first = first_tag(lines, at, lines.place(at).start)?;
    let mut grids = Vec::new();
    loop {
        let end = table(lines.plain, &first, &mut grids);
        let line = lines.line_of(end, at);
        match first_tag(lines, line, end) {
            Some(tag) => first = tag,
            None => return Some((grids, line + 1)),
        }
    }
}

/// The first tag behind byte `from` of a line that opens something.
fn first_tag<'a>(lines: &Lines<'a>, line: usize, from: usize) -> Option<Tag<'a>> {
    let end = lines.place(line).end;
    let opens = lines.plain.get(from..end)?.match_indices('<').find_map(|(at, _)| tag(lines.plain, from + at));
    opens.filter(|tag| !tag.closes)
}

/// Reads the table that a tag begins; returns where it ends.
fn table<'a>(plain: &'a str, first: &Tag<'a>, grids: &mut Vec<Grid<'a>>) -> usize {
    let mut table = Table::new(plain);
    let mut end = first.place.start;
    let mut rows_end = end;
    for tag in (Tags { plain, at: first.place.start }) {
        let is_other = tag.name == Name::Table && tag.place.start > first.place.start;
        if !is_other || tag.closes {
            (end, rows_end) = (tag.place.end, tag.place.start);
        }
        if is_other {
            table.close_cell(rows_end);
            break;
        }
        table.tag(&tag);
        // Where nothing closes a table, its last cell ends with its line.
        rows_end = plain[end..].find('\n').map_or(plain.len(), |length| end + length);
    }
    if table.open.is_some() {
        table.close_cell(rows_end);
        end = rows_end;
    }
    grids.extend(Some(table.ended(first.place.start..end)).filter(|grid| !grid.rows.is_empty()));
    end
}

/// A tag that makes a table.
struct Tag<'a> {
    name: Name,
    closes: bool,
    place: Range<usize>,
    text: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Table,
    Row,
    Cell,
    /// `thead`, `tbody`, `tfoot`, `caption`.
    Part,
}

/// The tags of a text that make tables, from a place on.
struct Tags<'a> {
    plain: &'a str,
    at: usize,
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let start = self.at + self.plain.get(self.at..)?.find('<')?;
            self.at = start + 1;
            if let Some(tag) = tag(self.plain, start) {
                self.at = tag.place.end;
                return Some(tag);
            }
        }
    }
}

/// The tag that begins at `start`, where one does that makes a table.
fn tag(plain: &str, start: usize) -> Option<Tag<'_>> {
    let rest = &plain[start + 1..];
    let word = rest.strip_prefix('/').unwrap_or(rest);
    let letters = word.bytes().take(8).take_while(u8::is_ascii_alphanumeric).count();
    let name = match word[..letters].to_ascii_lowercase().as_str() {
        "table" => Name::Table,
        "tr" => Name::Row,
        "td" | "th" => Name::Cell,
        "thead" | "tbody" | "tfoot" | "caption" => Name::Part,
        _ => return None,
    };
    let length = rest.bytes().take(2_000).position(|byte| byte == b'>' || byte == b'<')?;
    let place = start..start + length + 2;
    let is_closed = rest.as_bytes()[length] == b'>';
    is_closed.then(|| Tag { name, closes: rest.starts_with('/'), text: &plain[place.clone()], place })
}

/// A cell that spans rows: its columns, and the row behind the last that it covers.
struct Span {
    columns: Range<usize>,
    until: usize,
}

/// A table that is being read.
struct Table<'a> {
    plain: &'a str,
    grid: Grid<'a>,
    row: Option<GridRow<'a>>,
    /// The cell that is open: where its text begins, its columns and rows.
    open: Option<(usize, usize, usize)>,
    /// Cells of rows above that reach into this one, from the left; those to the left of the next cell are passed.
    spans: Vec<Span>,
    passed: usize,
    column: usize,
}

impl<'a> Table<'a> {
    fn new(plain: &'a str) -> Self {
        Self { plain, grid: Grid::default(), row: None, open: None, spans: Vec::new(), passed: 0, column: 0 }
    }

    fn tag(&mut self, tag: &Tag<'a>) {
        self.close_cell(tag.place.start);
        match (tag.name, tag.closes) {
            (Name::Cell, false) => {
                if self.row.is_none() {
                    self.open_row(tag.place.start);
                }
                let rows = attribute(tag.text, "rowspan").clamp(1, MOST_ROWS);
                self.open = Some((tag.place.end, attribute(tag.text, "colspan").clamp(1, MOST_COLUMNS), rows));
            }
            (Name::Cell, true) => {}
            (Name::Row, false) => {
                self.close_row(tag.place.start);
                self.open_row(tag.place.start);
            }
            (Name::Row | Name::Part | Name::Table, _) => self.close_row(tag.place.end),
        }
    }

    fn open_row(&mut self, start: usize) {
        let row = self.grid.rows.len();
        self.spans.retain(|span| span.until > row);
        (self.passed, self.column) = (0, 0);
        self.row = Some(GridRow { place: start..start, ..GridRow::default() });
    }

    fn close_row(&mut self, end: usize) {
        if let Some(mut row) = self.row.take() {
            row.place.end = end;
            row.place = super::trimmed(self.plain, row.place);
            self.grid.rows.push(row);
            self.spans.sort_by_key(|span| span.columns.start);
        }
    }

    fn close_cell(&mut self, end: usize) {
        let (Some((start, columns, rows)), Some(row)) = (self.open.take(), self.row.as_mut()) else { return };
        while let Some(span) = self.spans.get(self.passed).filter(|span| span.columns.start <= self.column) {
            self.column = self.column.max(span.columns.end);
            self.passed += 1;
        }
        let cell = Cell::new(self.plain, start..end, self.column, columns);
        self.column += columns;
        if rows > 1 && cell.column < MOST_COLUMNS {
            // It is sorted in once the row ends.
            let (columns, until) = (cell.column..self.column, self.grid.rows.len() + rows);
            self.spans.push(Span { columns, until });
        }
        row.cells.push(cell);
    }

    fn ended(mut self, place: Range<usize>) -> Grid<'a> {
        self.close_row(place.end);
        self.grid.rows.retain(|row| !row.cells.is_empty());
        Grid { place, ..self.grid }
    }
}

/// The number that an attribute of a tag has; 1 where it has none.
fn attribute(tag: &str, name: &str) -> usize {
    let value = || {
        let behind = &tag[tag.to_ascii_lowercase().find(name)? + name.len()..];
        let value = behind.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
        let digits = value.bytes().take_while(u8::is_ascii_digit).count();
        value[..digits].parse().ok()
    };
    value().unwrap_or(1)
}
