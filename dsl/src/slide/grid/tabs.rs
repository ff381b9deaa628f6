//! Tables whose cells tabs part, as a spreadsheet and a browser copy them.

use super::lines::Lines;
use super::{Found, Grid, GridRow};

/// Reads the table whose block of lines begins at line `at`: a line without a tab is a cell that spans its row.
pub fn read<'a>(lines: &Lines<'a>, at: usize) -> Found<'a> {
    if lines.is_blank(at) {
        return None;
    }
    let end = lines.block_end(at);
    let parts = |text: &str| text.contains('\t');
    let with_tab = (at..end).filter(|&line| parts(lines.text(line))).count();
    // Tabs at the lines' beginnings alone indent them.
    if with_tab < 2 || !(at..end).any(|line| parts(lines.text(line).trim())) {
        return None;
    }
    let mut grid = Grid { place: lines.span(at, end - 1), ..Grid::default() };
    for line in at..end {
        let place = lines.place(line);
        let mut row = GridRow { place: super::trimmed(lines.plain, place.clone()), ..GridRow::default() };
        let mut start = place.start;
        for cell in lines.text(line).split('\t') {
            row.push(lines.plain, start..start + cell.len(), 1);
            start += cell.len() + 1;
        }
        grid.rows.push(row);
    }
    Some((vec![grid], end))
}
