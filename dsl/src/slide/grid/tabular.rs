//! Tables of LaTeX: `tabular` and its like, or their rows alone.

use std::ops::Range;

use super::lines::Lines;
use super::{Cell, Found, Grid, GridRow, MOST_COLUMNS};

/// The environments that are tables; `tabular` begins the names of several.
const TABLES: [&str; 5] = ["tabular", "tabulary", "longtable", "tblr", "NiceTabular"];

/// Commands that draw, and how many arguments they have in braces.
const DRAWS: [(&str, usize); 20] = [
    ("hline", 0),
    ("toprule", 0),
    ("midrule", 0),
    ("bottomrule", 0),
    ("hhline", 1),
    ("cline", 1),
    ("cmidrule", 1),
    ("specialrule", 3),
    ("addlinespace", 0),
    ("endhead", 0),
    ("endfirsthead", 0),
    ("endfoot", 0),
    ("endlastfoot", 0),
    ("rowcolor", 1),
    ("cellcolor", 1),
    ("noalign", 1),
    ("vspace", 1),
    ("Xhline", 1),
    ("strut", 0),
    ("noindent", 0),
];

/// The most commands around a cell's text that are taken off.
const MOST_COMMANDS: usize = 32;

/// Reads the table that begins in line `at`.
pub fn read<'a>(lines: &Lines<'a>, at: usize) -> Found<'a> {
    let text = lines.text(at);
    if let Some(start) = table(text, r"\begin{") {
        let body = body(lines.plain, lines.place(at).start + start);
        let last = end(lines, at);
        let place = body.min(lines.span(at, last).end)..lines.span(at, last).end;
        return Some((grid(lines, at, last, place).into_iter().collect(), last + 1));
    }
    let is_row = text.contains('&') || text.trim_start().starts_with(r"\hline") || text.contains("rule ");
    if !is_row || !lines.ends_row(at) {
        return None;
    }
    let last = lines.block_end(at) - 1;
    let grid =
        grid(lines, at, last, lines.span(at, last)).filter(|grid| grid.rows.iter().any(|row| row.cells.len() > 1));
    Some((grid.into_iter().collect(), last + 1))
}

/// Where in a line a table's environment begins or ends: behind its name's brace.
fn table(line: &str, command: &str) -> Option<usize> {
    let names = line.match_indices(command).map(|(at, _)| at + command.len());
    let mut tables = names.filter(|&at| TABLES.iter().any(|name| line[at..].starts_with(name)));
    tables.next().map(|at| at + line[at..].find('}').map_or(0, |end| end + 1))
}

/// The line that ends the table: that of its `\end`, or the one before the next table, or before a blank line where
/// nothing ends it.
fn end(lines: &Lines<'_>, at: usize) -> usize {
    for line in at..lines.len() {
        let text = lines.text(line);
        if table(text, r"\end{").is_some() {
            return line;
        }
        if line > at && table(text, r"\begin{").is_some() {
            return line - 1;
        }
    }
    lines.block_end(at) - 1
}

/// Where the rows begin: behind the arguments in brackets and braces.
fn body(plain: &str, mut at: usize) -> usize {
    let bytes = plain.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b'[' | b'{') => match group(plain, at) {
                Some(end) => at = end,
                None => return at,
            },
            _ => return at,
        }
    }
}

/// The end of the group that begins at this bracket or brace.
fn group(plain: &str, at: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (index, byte) in plain.bytes().enumerate().skip(at).take(20_000) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(index + 1);
        }
    }
    None
}

fn grid<'a>(lines: &Lines<'a>, first: usize, last: usize, body: Range<usize>) -> Option<Grid<'a>> {
    let mut reader = Rows { plain: lines.plain, grid: Grid::default(), row: GridRow::default(), start: body.start };
    let bytes = lines.plain.as_bytes();
    let (mut at, mut depth) = (body.start, 0usize);
    while at < body.end {
        match bytes[at] {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'%' if begins_comment(bytes, at) => {
                let end = lines.plain[at..body.end].find('\n').map_or(body.end, |length| at + length);
                reader.comment(at, end);
                at = end;
                continue;
            }
            b'&' if depth == 0 => reader.cell(at, at + 1),
            b'\\' if lines.plain[at..].starts_with(r"\end{tab") || lines.plain[at..].starts_with(r"\end{long") => break,
            b'\\' if bytes.get(at + 1) == Some(&b'\\') => {
                if depth == 0 {
                    let behind = behind_row(lines.plain, at + 2);
                    reader.cell(at, behind);
                    reader.row();
                    at = behind;
                    continue;
                }
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    reader.cell(at.min(body.end), body.end);
    reader.row();
    let place = lines.span(first, last);
    (!reader.grid.rows.is_empty()).then_some(Grid { place, ..reader.grid })
}

/// Whether `%` is no per cent: no digit stands before it, or nothing behind it.
fn begins_comment(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| bytes[before]);
    !before.is_some_and(|before| before.is_ascii_digit()) || matches!(bytes.get(at + 1), None | Some(b'\n'))
}

/// Behind the star and the space that a row's end may name: `\\*[2pt]`.
fn behind_row(plain: &str, at: usize) -> usize {
    let at = at + usize::from(plain[at..].starts_with('*'));
    let is_space =
        plain[at..].starts_with('[') && plain[at + 1..].starts_with(|c: char| c.is_ascii_digit() || "-.".contains(c));
    if is_space { group(plain, at).unwrap_or(at) } else { at }
}

/// Rows that are being read.
struct Rows<'a> {
    plain: &'a str,
    grid: Grid<'a>,
    row: GridRow<'a>,
    /// Where the cell begins that is open.
    start: usize,
}

impl<'a> Rows<'a> {
    /// Leaves a comment out: at a cell's beginning the cell begins behind it, else it ends the cell's text.
    fn comment(&mut self, at: usize, end: usize) {
        if self.plain[self.start..at].trim().is_empty() {
            self.start = end;
        }
    }

    fn cell(&mut self, end: usize, next: usize) {
        let column = self.row.columns();
        let cell = cell(self.plain, self.start..end, column);
        if self.row.cells.is_empty() {
            self.row.place = cell.place.clone();
        }
        self.row.place.end = cell.place.end.max(self.row.place.end);
        self.row.cells.push(cell);
        self.start = next;
    }

    fn row(&mut self) {
        let row = std::mem::take(&mut self.row);
        // A line that is drawn, or the break behind the last row.
        if row.cells.len() > 1 || row.cells.iter().any(|cell| !cell.is_empty()) {
            self.grid.rows.push(row);
        }
    }
}

/// A cell, without the commands that draw, span or set its type.
fn cell<'a>(plain: &'a str, place: Range<usize>, column: usize) -> Cell<'a> {
    let (mut place, mut columns) = (super::trimmed(plain, place), 1);
    for _ in 0..MOST_COMMANDS {
        let text = &plain[place.clone()];
        let inner = match text.strip_prefix('\\') {
            Some(command) => {
                let letters = command.bytes().take_while(u8::is_ascii_alphabetic).count();
                match &command[..letters] {
                    "multicolumn" => {
                        let count = argument(plain, place.start + 1 + letters).map(|range| &plain[range]);
                        columns = count.and_then(|count| count.trim().parse().ok()).unwrap_or(1).clamp(1, MOST_COLUMNS);
                        last_argument(plain, &place, 1 + letters, 3)
                    }
                    "multirow" => last_argument(plain, &place, 1 + letters, 3),
                    "makecell" | "shortstack" | "thead" | "rotatebox" => last_argument(plain, &place, 1 + letters, 1),
                    name => DRAWS
                        .iter()
                        .find(|(known, _)| *known == name)
                        .map(|&(_, arguments)| behind(plain, place.start + 1 + letters, arguments)..place.end),
                }
            }
            None if text.starts_with('%') => {
                Some(text.find('\n').map_or(place.end, |end| place.start + end)..place.end)
            }
            None if text.starts_with('{') && group(plain, place.start) == Some(place.end) => {
                Some(place.start + 1..place.end - 1)
            }
            None => None,
        };
        match inner {
            Some(inner) if inner.start <= inner.end && inner != place => place = super::trimmed(plain, inner),
            _ => break,
        }
    }
    let comment = place.clone().find(|&at| plain.as_bytes()[at] == b'%' && begins_comment(plain.as_bytes(), at));
    let end = comment.unwrap_or(place.end);
    Cell::new(plain, place.start..end, column, columns)
}

/// What stands in the braces that begin at `at`, behind a group in brackets or parentheses that may come first.
fn argument(plain: &str, at: usize) -> Option<Range<usize>> {
    let mut at = at;
    if plain[at..].starts_with(['[', '(']) {
        at += plain[at..].bytes().take(200).position(|byte| byte == b']' || byte == b')')? + 1;
    }
    plain[at..].starts_with('{').then(|| group(plain, at)).flatten().map(|end| at + 1..end - 1)
}

/// Behind so many arguments.
fn behind(plain: &str, mut at: usize, arguments: usize) -> usize {
    for _ in 0..arguments {
        at = argument(plain, at).map_or(at, |inner| inner.end + 1);
    }
    at
}

/// What stands in the last of so many arguments.
fn last_argument(plain: &str, cell: &Range<usize>, name: usize, arguments: usize) -> Option<Range<usize>> {
    let inner = argument(plain, behind(plain, cell.start + name, arguments - 1))?;
    (inner.end < cell.end).then_some(inner)
}
