//! Tables whose cells `|` parts: Markdown's, and those in boxes of `+---+` or `├───┤`.

use super::lines::Lines;
use super::{Found, Grid, GridRow};

/// Reads the table that begins at line `at`.
pub fn read<'a>(lines: &Lines<'a>, at: usize) -> Found<'a> {
    if !begins(lines.text(at)) {
        return None;
    }
    let end = end(lines, at);
    let rows: Vec<usize> = (at..end).filter(|&line| is_row(lines.text(line))).collect();
    let is_closed = |line: usize| lines.text(line).trim_start().starts_with('|');
    let is_table = rows.len() > 1 || rows.first().is_some_and(|&line| is_closed(line));
    if !is_table {
        return Some((Vec::new(), end));
    }
    Some((vec![table(lines, at, end)], end))
}

/// Whether a line may begin such a table.
pub fn begins(text: &str) -> bool {
    text.contains('|') || is_box(text)
}

/// The line behind the table: a blank line ends it, unless its rows go on below.
fn end(lines: &Lines<'_>, at: usize) -> usize {
    let is_rule = |line: usize| line < lines.len() && is_rule(lines.text(line));
    let is_row = |line: usize| line < lines.len() && is_row(lines.text(line));
    let not_blank = |line: usize| (line..lines.len()).find(|&line| !lines.is_blank(line)).unwrap_or(lines.len());
    let (mut end, mut rules) = (at, 0);
    loop {
        while is_row(end) || is_rule(end) {
            rules += usize::from(is_rule(end));
            end += 1;
        }
        let next = not_blank(end);
        // A row above a line of dashes begins a table of its own.
        let goes_on = if rules == 0 { is_rule(next) || is_row(next) } else { is_row(next) };
        if !goes_on || (is_row(next) && is_rule(not_blank(next + 1))) {
            return end;
        }
        end = next;
    }
}

fn table<'a>(lines: &Lines<'a>, at: usize, end: usize) -> Grid<'a> {
    let mut grid = Grid { place: lines.span(at, end - 1), ..Grid::default() };
    let (left, right) = outer(lines, at, end);
    let rules: Vec<usize> = (at..end).filter(|&line| is_rule(lines.text(line))).collect();
    // Lines of dashes between all rows: those that have none between are one row.
    let (first, last) = (rules.first().copied().unwrap_or(at), rules.last().copied().unwrap_or(at));
    let inner = rules.iter().filter(|&&line| (first + 1..last).contains(&line)).count();
    let mut was_rule = true;
    for line in at..end {
        let text = lines.text(line);
        if is_rule(text) {
            was_rule = true;
            if grid.heads == 0 {
                grid.heads = grid.rows.len();
            }
        } else if is_row(text) {
            let continues = inner > 1 && !was_rule;
            grid.rows.push(GridRow { continues, ..row(lines, line, left, right) });
            was_rule = false;
        }
    }
    grid
}

/// Whether a pipe stands at the left and at the right end of the rows.
fn outer(lines: &Lines<'_>, at: usize, end: usize) -> (Edge, Edge) {
    let known: Vec<&str> =
        (at..end).map(|line| lines.text(line).trim()).filter(|text| text.contains('|')).take(2).collect();
    let edge = |is_there: &dyn Fn(&&str) -> bool| if known.iter().all(is_there) { Edge::Closed } else { Edge::Open };
    (edge(&|text| text.starts_with('|')), edge(&|text| text.ends_with('|')))
}

/// An end of a table's rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// A pipe ends a row.
    Closed,
    /// A pipe that stands there has an empty cell behind it.
    Open,
}

fn row<'a>(lines: &Lines<'a>, line: usize, left: Edge, right: Edge) -> GridRow<'a> {
    let place = super::trimmed(lines.plain, lines.place(line));
    let text = &lines.plain[place.clone()];
    let mut start = place.start + usize::from(left == Edge::Closed && text.starts_with('|'));
    let end = place.end - usize::from(right == Edge::Closed && text.ends_with('|') && place.end > start);
    let mut row = GridRow { place, ..GridRow::default() };
    for cell in lines.plain[start..end].split('|') {
        row.push(lines.plain, start..start + cell.len(), 1);
        start += cell.len() + 1;
    }
    row
}

fn is_row(text: &str) -> bool {
    text.contains('|') && !is_rule(text)
}

/// Whether a line only draws: dashes, a box's lines. `| - | - |` is a row whose cells have a dash for nothing.
fn is_rule(text: &str) -> bool {
    let draws = |c: char| matches!(c, '-' | '=' | '\u{2500}'..='\u{257f}');
    let is_drawn = ["--", "==", ":-", "-:", "\u{2500}", "\u{2501}", "\u{2550}"].iter().any(|line| text.contains(line))
        || (text.contains('-') && !text.trim().contains(' '));
    is_drawn && text.chars().all(|c| draws(c) || matches!(c, ':' | '|' | '+' | ' ' | '\t' | '_'))
}

/// Whether a line draws the edge of a box, with its joints.
fn is_box(text: &str) -> bool {
    is_rule(text)
        && text
            .trim_start()
            .starts_with(|c: char| c == '+' || ('\u{2502}'..='\u{257f}').contains(&c) && c != '\u{2550}')
}
