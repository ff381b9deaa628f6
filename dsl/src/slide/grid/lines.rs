//! A text's lines, and what each of them could be part of.

use std::ops::Range;

/// A text and its lines.
pub struct Lines<'a> {
    /// The whole text.
    pub plain: &'a str,
    places: Vec<Range<usize>>,
    /// Whether a row of LaTeX ends (`\\`) in this line or further down before the next blank one.
    ends_row: Vec<bool>,
    /// The line behind the block without blank lines that each line stands in.
    block_end: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn new(plain: &'a str) -> Self {
        let mut places = Vec::new();
        let mut start = 0;
        for line in plain.split_inclusive('\n') {
            places.push(start..start + line.trim_end_matches('\n').len());
            start += line.len();
        }
        let (mut ends_row, mut block_end) = (vec![false; places.len()], vec![0; places.len()]);
        for at in (0..places.len()).rev() {
            let line = &plain[places[at].clone()];
            block_end[at] = at + 1;
            if !is_blank(line) && at + 1 < places.len() {
                block_end[at] = if is_blank(&plain[places[at + 1].clone()]) { at + 1 } else { block_end[at + 1] };
            }
            ends_row[at] = line.contains(r"\\") || (block_end[at] > at + 1 && ends_row[at + 1]);
        }
        Self { plain, places, ends_row, block_end }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Where a line stands, its break left out.
    pub fn place(&self, line: usize) -> Range<usize> {
        self.places[line].clone()
    }

    /// A line without its break.
    pub fn text(&self, line: usize) -> &'a str {
        &self.plain[self.place(line)]
    }

    /// Whether nothing stands in a line; a line of tabs alone is a row of empty cells.
    pub fn is_blank(&self, line: usize) -> bool {
        is_blank(self.text(line))
    }

    /// The line behind the block without blank lines that this one stands in.
    pub fn block_end(&self, line: usize) -> usize {
        self.block_end[line]
    }

    /// Whether a row of LaTeX ends in this line's block, here or further down.
    pub fn ends_row(&self, line: usize) -> bool {
        self.ends_row[line]
    }

    /// The line that a byte of the text stands in, not before line `from`.
    pub fn line_of(&self, byte: usize, from: usize) -> usize {
        from + self.places[from..].partition_point(|place| place.end < byte)
    }

    /// From the beginning of one line to the end of another.
    pub fn span(&self, first: usize, last: usize) -> Range<usize> {
        self.places[first].start..self.places[last.max(first)].end
    }
}

fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte != b'\t' && byte.is_ascii_whitespace())
}
