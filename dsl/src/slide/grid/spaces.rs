//! Tables whose columns only spaces set apart: as a terminal prints them, or as text is copied out of a PDF.

use std::ops::Range;

use super::lines::Lines;
use super::{Cell, Doubt, Found, Grid, GridRow, MOST_COLUMNS, Unclear};

/// Some words of a line, and where they stand: in the text, and on the sheet, where a character has one column.
#[derive(Clone)]
struct Piece {
    place: Range<usize>,
    sheet: Range<usize>,
}

/// Reads the table whose block of lines begins at line `at`.
pub fn read<'a>(lines: &Lines<'a>, at: usize) -> Found<'a> {
    if lines.is_blank(at) {
        return None;
    }
    let begins_other = |line: usize| {
        let text = lines.text(line);
        super::pipes::begins(text) || text.contains(r"\begin{") || text.contains("<t") || text.contains("<T")
    };
    let end = (at + 1..lines.block_end(at)).find(|&line| begins_other(line)).unwrap_or_else(|| lines.block_end(at));
    let places = || (at..end).map(|line| lines.place(line));
    let wide: Vec<Vec<Piece>> = places().map(|place| pieces(lines.plain, place)).collect();
    let grid = if wide.iter().filter(|row| row.len() > 1).count() >= 2 {
        Some(aligned(lines.plain, &wide))
    } else {
        let narrow: Vec<Vec<Range<usize>>> = places().map(|place| words(lines.plain, place)).collect();
        is_table(lines.plain, &narrow).then(|| run_together(lines.plain, &narrow))
    };
    Some((grid.into_iter().map(|grid| Grid { place: lines.span(at, end - 1), ..grid }).collect(), end))
}

/// A line's pieces, which two spaces or more set apart.
fn pieces(plain: &str, line: Range<usize>) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let (mut column, mut gap) = (0, usize::MAX);
    let mut before = [' '; 2];
    for (at, c) in plain[line.clone()].char_indices() {
        let at = line.start + at;
        if c.is_whitespace() {
            // A sign of several bytes was made one that is followed by space, which is none on the sheet.
            let is_filler = before[1] == 'x' && (before[0].is_ascii_digit() || before[0] == ' ');
            column += usize::from(!is_filler);
            gap = gap.saturating_add(usize::from(!is_filler));
        } else {
            let is_dashed = before_gap(plain, at).is_some_and(|dash| dash == '-');
            match found.last_mut().filter(|_| gap < 2 || (is_dashed && gap < 4)) {
                Some(piece) => (piece.place.end, piece.sheet.end) = (at + c.len_utf8(), column + 1),
                None => found.push(Piece { place: at..at + c.len_utf8(), sheet: column..column + 1 }),
            }
            (column, gap) = (column + 1, 0);
        }
        before = [before[1], c];
    }
    found
}

/// The dash that stands before the space before `at`, where words stand before it in turn, one space away: `a -   b`,
/// once `a – b`.
fn before_gap(plain: &str, at: usize) -> Option<char> {
    let head = plain[..at].trim_end_matches(' ');
    let words = head.strip_suffix('-')?;
    (at - head.len() == 3 && words.ends_with(' ') && !words.ends_with("  ")).then_some('-')
}

/// A table whose cells stand below one another.
fn aligned<'a>(plain: &'a str, lines: &[Vec<Piece>]) -> Grid<'a> {
    let columns = columns(lines);
    let mut grid = Grid { is_aligned: true, ..Grid::default() };
    for pieces in lines {
        let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { continue };
        let mut row = GridRow { place: first.place.start..last.place.end, ..GridRow::default() };
        for piece in pieces {
            let covered = covered(&columns, &piece.sheet);
            if covered.start < row.columns() {
                let text = "words that stand in one column".to_string();
                grid.unclear.push(Unclear { place: piece.place.clone(), doubt: Doubt::RunTogether, text });
                row.doubt = Some(Doubt::RunTogether);
            }
            let first = covered.start.max(row.columns());
            row.cells.push(Cell::new(plain, piece.place.clone(), first, covered.end.saturating_sub(first).max(1)));
        }
        grid.rows.push(row);
    }
    grid
}

/// Where the columns stand: below the row that has most pieces, wider where other rows need it, and new ones where
/// only they have any.
fn columns(lines: &[Vec<Piece>]) -> Vec<Range<usize>> {
    let fullest = lines.iter().max_by_key(|pieces| pieces.len());
    let mut columns: Vec<Range<usize>> = fullest.into_iter().flatten().map(|piece| piece.sheet.clone()).collect();
    for piece in lines.iter().flatten() {
        let first = columns.partition_point(|column| column.end <= piece.sheet.start);
        let behind = first + columns[first..].partition_point(|column| column.start < piece.sheet.end);
        match behind - first {
            0 if columns.len() < MOST_COLUMNS && is_apart(&columns, first, &piece.sheet) => {
                columns.insert(first, piece.sheet.clone());
            }
            1 => {
                let (left, right) = (first.checked_sub(1).map(|left| columns[left].end), columns.get(first + 1));
                let (left, right) = (left.unwrap_or(0), right.map_or(usize::MAX, |right| right.start));
                let column = &mut columns[first];
                column.start = column.start.min(piece.sheet.start.max(left));
                column.end = column.end.max(piece.sheet.end.min(right));
            }
            _ => {}
        }
    }
    columns
}

/// Whether words that stand below no column have one of their own: two spaces or more from the next on either side.
fn is_apart(columns: &[Range<usize>], at: usize, sheet: &Range<usize>) -> bool {
    let left = at.checked_sub(1).is_none_or(|left| sheet.start >= columns[left].end + 2);
    left && columns.get(at).is_none_or(|right| right.start >= sheet.end + 2)
}

/// The columns that words stand below, the nearest where there is none.
fn covered(columns: &[Range<usize>], sheet: &Range<usize>) -> Range<usize> {
    let first = columns.partition_point(|column| column.end <= sheet.start);
    let behind = first + columns[first..].partition_point(|column| column.start < sheet.end);
    if behind > first {
        return first..behind;
    }
    let left = first.checked_sub(1).map(|left| sheet.start - columns[left].end);
    let right = columns.get(first).map(|right| right.start - sheet.end);
    match (left, right) {
        (Some(left), Some(right)) if left <= right => first - 1..first,
        (Some(_), None) => first - 1..first,
        _ => first..first + 1,
    }
}

/// A line's cells where single spaces part them: every word with a digit is one, words without are one with those
/// beside them.
fn words(plain: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut is_open = false;
    for word in plain[line.clone()].split_whitespace() {
        let start = word.as_ptr() as usize - plain.as_ptr() as usize;
        let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
        // `3×3` became `3x 3`.
        let is_cut = |cell: &Range<usize>| {
            let head = plain[cell.clone()].strip_suffix('x');
            has_digit && start == cell.end + 1 && head.is_some_and(|head| head.ends_with(|c: char| c.is_ascii_digit()))
        };
        let joins = is_open && (!has_digit || word.starts_with('(')) || found.last().is_some_and(is_cut);
        match found.last_mut().filter(|_| joins) {
            Some(cell) => cell.end = start + word.len(),
            None => found.push(start..start + word.len()),
        }
        is_open = !has_digit;
    }
    found
}

/// Whether lines of words are the rows of a table rather than prose: three or more in which most words are figures.
fn is_table(plain: &str, lines: &[Vec<Range<usize>>]) -> bool {
    let is_figure = |cell: &&Range<usize>| {
        let text = &plain[(*cell).clone()];
        text.bytes().any(|byte| byte.is_ascii_digit()) && !text.contains(' ') && !text.ends_with([',', '.', ':', ';'])
    };
    let is_row =
        |cells: &&Vec<Range<usize>>| cells.len() > 1 && 2 * cells.iter().filter(is_figure).count() >= cells.len();
    let rows = lines.iter().filter(is_row).count();
    rows >= 3 && 2 * rows >= lines.len()
}

/// A table whose cells single spaces part: a row that has another number of them than most leaves open where they
/// belong.
fn run_together<'a>(plain: &'a str, lines: &[Vec<Range<usize>>]) -> Grid<'a> {
    let mut counts = std::collections::BTreeMap::new();
    for cells in lines.iter().filter(|cells| cells.len() > 1) {
        *counts.entry(cells.len()).or_insert(0usize) += 1;
    }
    let usual = counts.into_iter().max_by_key(|&(width, count)| (count, width)).map_or(0, |(width, _)| width);
    let mut grid = Grid::default();
    for cells in lines {
        let (Some(first), Some(last)) = (cells.first(), cells.last()) else { continue };
        let mut row = GridRow { place: first.start..last.end, ..GridRow::default() };
        for cell in cells {
            row.push(plain, cell.clone(), 1);
        }
        if cells.len() > 1 && cells.len() != usual {
            let text =
                format!("{} words where most rows have {usual}, and nothing that parts the columns", cells.len());
            grid.unclear.push(Unclear { place: row.place.clone(), doubt: Doubt::RunTogether, text });
            row.doubt = Some(Doubt::RunTogether);
        }
        grid.rows.push(row);
    }
    grid
}
