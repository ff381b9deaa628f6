//! Grids of numbers: pipe tables, matrices in brackets, and rows of numbers.

use std::ops::Range;

use super::split::Line;

/// The most rows or columns of a grid that is read; what a slide shows has fewer.
const MOST: usize = 32;

/// A grid of numbers, some of them missing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    /// Where it begins.
    pub place: Range<usize>,
    /// Its lines, by their index on the slide.
    pub lines: Range<usize>,
    /// Its rows, all of one length.
    pub rows: Vec<Vec<Entry>>,
    /// Whether a row of empty cells stands over a table's rule: Markdown wants a heading there, or it is a row.
    pub has_empty_head: bool,
}

/// An entry of a grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    /// Where it stands.
    pub place: Range<usize>,
    /// Its number; `None` where the cell is empty.
    pub value: Option<Decimal>,
    /// The number of a filter that is laid over it: `1 x0`.
    pub mark: Option<f64>,
}

/// A number as it is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Decimal {
    pub value: f64,
    /// Digits behind the point.
    pub decimals: usize,
}

impl Decimal {
    /// How a number is written beside it.
    pub fn write(self, number: f64) -> String {
        if self.is_rounded(number) {
            format!("{number:.*}", self.decimals)
        } else {
            format!("{}", (number * 1e4).round() / 1e4)
        }
    }

    /// Whether it is this number.
    pub fn is(self, number: f64) -> bool {
        (self.value - number).abs() < 1e-9
    }

    /// Whether it is this number once that is rounded.
    pub fn is_rounded(self, number: f64) -> bool {
        (self.value - number).abs() <= 0.5 * 10f64.powi(-i32::try_from(self.decimals).unwrap_or(0)) + 1e-9
            && self.decimals > 0
    }
}

impl Matrix {
    /// How many rows and columns it has.
    pub fn size(&self) -> [usize; 2] {
        [self.rows.len(), self.rows.first().map_or(0, Vec::len)]
    }

    /// All its numbers; `None` where one is missing.
    pub fn values(&self) -> Option<Vec<Vec<f64>>> {
        self.rows.iter().map(|row| row.iter().map(|entry| entry.value.map(|number| number.value)).collect()).collect()
    }

    /// The rectangle that a filter is laid over: its first row and column, and the filter.
    pub fn overlay(&self) -> Option<([usize; 2], Vec<Vec<f64>>)> {
        let is_marked = |row: &Vec<Entry>| row.iter().any(|entry| entry.mark.is_some());
        let top = self.rows.iter().position(is_marked)?;
        let bottom = self.rows.iter().rposition(is_marked)?;
        let left = self.rows[top].iter().position(|entry| entry.mark.is_some())?;
        let right = self.rows[top].iter().rposition(|entry| entry.mark.is_some())?;
        let filter: Option<Vec<Vec<f64>>> = self.rows[top..=bottom]
            .iter()
            .map(|row| row[left..=right].iter().map(|entry| entry.mark).collect())
            .collect();
        let count = self.rows.iter().flatten().filter(|entry| entry.mark.is_some()).count();
        filter.filter(|_| count == (bottom + 1 - top) * (right + 1 - left)).map(|filter| ([top, left], filter))
    }
}

/// The grids of numbers on a slide, in order.
pub(super) fn matrices(lines: &[Line<'_>], is_free: impl Fn(usize) -> bool) -> Vec<Matrix> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < lines.len() {
        let (matrices, end) = if is_free(at) { beginning(lines, at) } else { (Vec::new(), at + 1) };
        found.extend(matrices.into_iter().filter(|matrix| matrix.lines.clone().all(&is_free)));
        at = end;
    }
    found
}

/// The grids that begin at a line, and where to go on.
fn beginning(lines: &[Line<'_>], at: usize) -> (Vec<Matrix>, usize) {
    let line = lines[at].plain.trim();
    if line.starts_with('|') {
        let length = lines[at..].iter().take_while(|line| line.plain.trim_start().starts_with('|')).count();
        return (pipes(lines, at..at + length).into_iter().collect(), at + length);
    }
    if line.contains('[') {
        let matrices = brackets(lines, at);
        let end = matrices.last().map_or(at + 1, |matrix| matrix.lines.end);
        return (matrices, end);
    }
    let columns = number_count(&lines[at]);
    if columns < 2 {
        return (Vec::new(), at + 1);
    }
    let length = lines[at..].iter().take_while(|line| number_count(line) == columns).count();
    let matrix = (length > 1).then(|| rows(lines, at..at + length)).flatten();
    (matrix.into_iter().collect(), at + length)
}

/// How many numbers a line has; 0 where something else stands on it.
fn number_count(line: &Line<'_>) -> usize {
    let mut words = line.plain.split_whitespace();
    if words.clone().all(|word| decimal(word).is_some()) { words.by_ref().count() } else { 0 }
}

/// A pipe table of numbers.
fn pipes(lines: &[Line<'_>], range: Range<usize>) -> Option<Matrix> {
    let is_rule = |line: &Line<'_>| line.plain.contains('-') && line.plain.chars().all(|c| "|-: \t".contains(c));
    let (mut rows, mut has_empty_head) = (Vec::new(), false);
    for (at, line) in lines[range.clone()].iter().enumerate() {
        if at == 1 && is_rule(line) {
            has_empty_head = rows.iter().flatten().all(|entry: &Entry| entry.value.is_none());
            if has_empty_head {
                rows.clear();
            }
            continue;
        }
        let body = line.plain.trim_end().strip_suffix('|').unwrap_or(line.plain.trim_end());
        let skip = body.find('|')? + 1;
        let mut start = line.place.start + skip;
        let mut row = Vec::new();
        for cell in body.get(skip..)?.split('|') {
            row.push(entry(cell, start)?);
            start += cell.len() + 1;
        }
        rows.push(row);
    }
    let first = &lines[range.start];
    let begin = first.place.start + first.plain.len() - first.plain.trim_start().len();
    finished(Matrix { place: begin..begin + 1, lines: range, rows, has_empty_head })
}

/// All that begin on a line: `[1 0; 0 1]`, on one line or several.
fn brackets(lines: &[Line<'_>], at: usize) -> Vec<Matrix> {
    let (mut found, mut cursor) = (Vec::new(), (at, 0));
    while let Some(open) = lines[cursor.0].plain.get(cursor.1..).and_then(|rest| rest.find('[')) {
        let begin = (cursor.0, cursor.1 + open);
        let Some((matrix, end)) = bracket(lines, begin) else { break };
        found.extend(matrix);
        cursor = end;
    }
    found
}

/// The matrix whose bracket opens at a line and a column, and where it ends; `None` where it does not end.
fn bracket(lines: &[Line<'_>], begin: (usize, usize)) -> Option<(Option<Matrix>, (usize, usize))> {
    let start = lines[begin.0].place.start + begin.1;
    let (mut rows, mut row, mut depth) = (Vec::new(), Vec::new(), 0usize);
    for (index, line) in lines.iter().enumerate().skip(begin.0).take(MOST + 2) {
        let mut skip = if index == begin.0 { begin.1 } else { 0 };
        while let Some(rest) = line.plain.get(skip..).filter(|rest| !rest.is_empty()) {
            let length = rest.find(|c: char| " \t,&;[]".contains(c)).unwrap_or(rest.len());
            if length > 0 {
                row.push(entry(&rest[..length], line.place.start + skip)?);
            }
            skip += length + 1;
            match rest.as_bytes().get(length) {
                Some(b'[') => depth += 1,
                Some(b']') => depth = depth.saturating_sub(1),
                Some(b';') | None => {}
                Some(_) => continue,
            }
            if !row.is_empty() {
                rows.push(std::mem::take(&mut row));
            }
            if depth == 0 {
                let matrix = Matrix { place: start..start + 1, lines: begin.0..index + 1, rows, has_empty_head: false };
                return Some((finished(matrix), (index, skip)));
            }
        }
        if !row.is_empty() {
            rows.push(std::mem::take(&mut row));
        }
    }
    None
}

/// Rows of numbers with space between them.
fn rows(lines: &[Line<'_>], range: Range<usize>) -> Option<Matrix> {
    let mut rows = Vec::new();
    for line in &lines[range.clone()] {
        let (mut row, mut at) = (Vec::new(), 0);
        for word in line.plain.split_whitespace() {
            let skip = at + line.plain.get(at..)?.find(word)?;
            row.push(entry(word, line.place.start + skip)?);
            at = skip + word.len();
        }
        rows.push(row);
    }
    let place = rows.first()?.first()?.place.clone();
    finished(Matrix { place, lines: range, rows, has_empty_head: false })
}

/// A grid, where it is one: rows of one length, a number in it, and not too large.
fn finished(matrix: Matrix) -> Option<Matrix> {
    let [height, width] = matrix.size();
    let is_even = matrix.rows.iter().all(|row| row.len() == width);
    let has_number = matrix.rows.iter().flatten().any(|entry| entry.value.is_some());
    (is_even && has_number && width * height > 1 && height <= MOST && width <= MOST).then_some(matrix)
}

/// A cell that stands at `start`: nothing, a number, or a number with a filter's over it.
fn entry(cell: &str, start: usize) -> Option<Entry> {
    let text = cell.trim();
    let begin = start + (cell.len() - cell.trim_start().len());
    let words = text.split(['x', '*']).map(str::trim).collect::<Vec<_>>();
    let (value, mark) = match words.as_slice() {
        [""] => (None, None),
        [value] => (Some(decimal(value)?), None),
        [value, mark] => (Some(decimal(value)?), Some(decimal(mark)?.value)),
        _ => return None,
    };
    let length = if mark.is_some() { words[0].len() } else { text.len() };
    Some(Entry { place: begin..begin + length, value, mark })
}

/// A number of at most nine digits.
fn decimal(word: &str) -> Option<Decimal> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let is_number = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') && (1..10).contains(&digits.len());
    let decimals = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
    let value = is_number.then(|| word.parse::<f64>().ok()).flatten()?;
    Some(Decimal { value, decimals })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slide::lecture::split::lines;

    type Rows = Vec<Vec<Option<f64>>>;

    fn read(text: &str) -> Vec<(Range<usize>, Rows)> {
        let plain = crate::slide::plain::plain(text);
        let values = |m: &Matrix| m.rows.iter().map(|r| r.iter().map(|e| e.value.map(|v| v.value)).collect()).collect();
        matrices(&lines(text, &plain), |_| true).into_iter().map(|m| (m.lines.clone(), values(&m))).collect()
    }

    #[test]
    fn grids_are_read_however_they_are_written() {
        let expected = vec![vec![Some(1.0), Some(-2.5)], vec![Some(0.0), Some(4.0)]];
        for text in [
            "|  |  |\n|--|--|\n| 1 | -2.5 |\n| 0 | 4 |\n",
            "| 1 | -2.5 |\n|---|---|\n| 0 | 4 |",
            "[1 -2.5; 0 4]",
            "[[1, -2.5],\n [0, 4]]",
            r"$\begin{bmatrix} 1 & -2.5 \\ 0 & 4 \end{bmatrix}$",
            "1 -2.5\n0 4\n",
        ] {
            let found = read(text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].1, expected, "{text}");
        }
        assert_eq!(read("| a | 1 |\n| 2 | 3 |"), []);
        assert_eq!(read("1 2\n3\n[55x55x96] CONV\n[1]["), []);
    }

    #[test]
    fn a_filter_over_an_image_is_found() {
        let text = "|   |   |   |\n|---|---|---|\n| 5 | 1 <sub>x1</sub> | 1 <sub>x0</sub> |\n\
            | 5 | 0 <sub>×-2</sub> | 7 x 3 |\n";
        let plain = crate::slide::plain::plain(text);
        let found = matrices(&lines(text, &plain), |_| true);
        assert_eq!(found[0].overlay(), Some(([0, 1], vec![vec![1.0, 0.0], vec![-2.0, 3.0]])));
        assert_eq!(&text[found[0].rows[1][2].place.clone()], "7");
    }
}
