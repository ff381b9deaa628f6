//! A slide as it stands, its figures marked, and what would be right beside what is wrong.

use std::ops::Range;

use fovea_dsl::slide::{Audit, Figure, Verdict, tables};

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text, WIDEST};
use super::font::{self, Weight};
use super::palette::{Color, Theme};
use super::sheet::{draw_heading, told};
use super::{Error, Picture, Result};
use crate::display::Tally;
use crate::display::marked::{Block, Extent, Look, Marked, Marks, Pieces, Row, Segment, Sign, Table, Tone};
use crate::display::number::of;

/// So many lines are drawn.
const MOST_LINES: usize = 50;

/// How wide it may be where letters are as small as they may be.
const MOST_WIDE: f64 = 960.0 - 2.0 * EDGE;

/// The most findings that the alternative text tells.
const MOST_TOLD: usize = 12;

// Distances in pixels.

const EDGE: f64 = 20.0;
const TOP: f64 = 52.0;
/// The size of letters, where the widest line has room for it, and the least.
const SIZES: [f64; 2] = [13.0, 8.5];
/// From one line to the next, and between columns, as shares of the letters' size.
const LEADING: f64 = 1.6;
const GAP: f64 = 1.5;
/// What signs and numbers of lines take, as a share of it.
const MARGIN: f64 = 4.2;
/// Between a word and what would stand in its place, as a share of it.
const APART: f64 = 0.5;

/// What a sign of the legend takes, and what is free behind its word, as shares of it.
const SIGNED: f64 = 1.8;
const BETWEEN: f64 = 1.6;

/// The colours of marks: green, amber and red as tints of the paper, and red and green to write with.
struct Tints {
    right: Color,
    unsure: Color,
    wrong: Color,
    strike: Color,
}

const LIGHT: Tints = Tints {
    right: Color::hex(0xd3f0da),
    unsure: Color::hex(0xfbe6ad),
    wrong: Color::hex(0xfbcfca),
    strike: Color::hex(0xb3261a),
};

const DARK: Tints = Tints {
    right: Color::hex(0x174427),
    unsure: Color::hex(0x574207),
    wrong: Color::hex(0x66241d),
    strike: Color::hex(0xff9c8f),
};

impl Tints {
    fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }

    fn tone(&self, tone: Tone) -> Color {
        match tone {
            Tone::Right => self.right,
            Tone::Unsure => self.unsure,
            Tone::Wrong => self.wrong,
        }
    }
}

/// The audit of a slide that is the part `part` of a text.
///
/// Fails with [`Error::Empty`] where nothing stands in it.
pub fn audited(audit: &Audit, text: &str, part: Range<usize>, theme: Theme) -> Result<Picture> {
    let marks = Marks::new(&audit.figures, &audit.unread);
    let marked = Marked::new(text, part, Extent::Whole, &tables(text), &marks);
    let (lines, left_out) = laid_out(&marked);
    if lines.is_empty() {
        return Err(Error::Empty { what: "no text" });
    }
    let widest = |size: f64| lines.iter().map(|line| line.width(size)).fold(0.0, f64::max);
    let room = WIDEST - 2.0 * EDGE;
    let size = (SIZES[0] * room / (widest(SIZES[0]) + MARGIN * SIZES[0])).clamp(SIZES[1], SIZES[0]);
    let sum = Tally::of(&audit.figures).to_string();
    let heading = format!("{} – {sum}", audit.name);
    let width = (widest(size) + MARGIN * size).max(font::width(&heading, 15.0, Weight::SemiBold));
    let entries = entries(&lines, left_out);
    let width = width.max(legend_width(&entries) * size).clamp(300.0, MOST_WIDE);
    let height = TOP + (lines.len() as f64 + 2.2) * LEADING * size + EDGE;
    let canvas = Canvas::new(width + 2.0 * EDGE, height, theme);
    let mut page = Page { canvas, tints: Tints::of(theme), size, right: EDGE + width };
    draw_heading(&mut page.canvas, &heading, EDGE, width);
    let mut y = TOP + size / 2.0;
    for line in &lines {
        page.line(line, y);
        y += LEADING * size;
    }
    page.legend(&entries, y + 0.6 * LEADING * size);
    page.canvas.finish(&audit.name, alt(&heading, &audit.figures))
}

/// What the picture says: the sum, and what disagrees.
fn alt(heading: &str, figures: &[Figure]) -> String {
    let wrong = figures.iter().filter(|figure| figure.verdict == Verdict::Disagrees).take(MOST_TOLD);
    let said: Vec<String> =
        wrong.map(|figure| format!("line {}, {} is {}", figure.line, figure.printed, figure.computed)).collect();
    told(heading, said.iter().map(String::as_str), "; ")
}

/// A line of the picture: a line of the text, or one of a row of a table.
struct Drawn<'m> {
    /// What stands in the margin, before the first of a row.
    margin: Option<(Option<Sign>, usize)>,
    /// Pieces, and how far from the margin they begin, in columns of the table.
    cells: Vec<(usize, &'m Pieces)>,
    /// The columns' widths at a size of 1.
    columns: Vec<f64>,
    /// A rule stands above it.
    ruled: bool,
}

impl Drawn<'_> {
    fn start(&self, column: usize, size: f64) -> f64 {
        self.columns.iter().take(column).map(|width| (width + GAP) * size).sum()
    }

    fn width(&self, size: f64) -> f64 {
        let ends = self.cells.iter().map(|(column, pieces)| self.start(*column, size) + wide(pieces) * size);
        ends.fold(0.0, f64::max)
    }
}

/// How wide pieces are at a size of 1.
fn wide(pieces: &Pieces) -> f64 {
    pieces.iter().map(|piece| apart(piece) + font::width(&shown(piece), 1.0, weight(piece))).sum()
}

/// What is left free before a piece, at a size of 1.
fn apart(piece: &Segment) -> f64 {
    if piece.look == Look::New { APART } else { 0.0 }
}

fn shown(piece: &Segment) -> String {
    match piece.look {
        Look::Computed => format!(" ≠ {}", piece.text),
        Look::Plain | Look::Marked(_) | Look::Old | Look::New => piece.text.clone(),
    }
}

fn weight(piece: &Segment) -> Weight {
    if piece.look == Look::New { Weight::SemiBold } else { Weight::Regular }
}

/// The lines to draw, and how many are left out.
fn laid_out(marked: &Marked) -> (Vec<Drawn<'_>>, usize) {
    let (mut lines, mut left_out) = (Vec::new(), 0);
    for block in &marked.blocks {
        match block {
            Block::Lines(all) => lines.extend(all.iter().map(|line| Drawn {
                margin: Some((line.sign, line.number)),
                cells: vec![(0, &line.pieces)],
                columns: Vec::new(),
                ruled: false,
            })),
            Block::Table(table) => {
                let columns = columns(table);
                for (at, row) in table.rows.iter().enumerate() {
                    lines.extend(self::row(row, &columns, at > 0 && at == table.heads));
                }
            }
            Block::Gap(lines) => left_out += lines,
        }
    }
    let all = lines.len();
    if all > MOST_LINES {
        lines = with_findings(lines);
    }
    lines.truncate(MOST_LINES);
    left_out += all - lines.len();
    (lines, left_out)
}

/// Of many lines, those of which something is to be said; all, where there is nothing to say.
fn with_findings(lines: Vec<Drawn<'_>>) -> Vec<Drawn<'_>> {
    let is_said = |line: &Drawn<'_>| line.margin.map(|(sign, _)| sign > Some(Sign::Rounds));
    if !lines.iter().any(|line| is_said(line) == Some(true)) {
        return lines;
    }
    // What goes on below its first line is told of there.
    let mut said = false;
    let is_shown = |line: &Drawn<'_>| {
        said = is_said(line).unwrap_or(said);
        said
    };
    lines.into_iter().filter(is_shown).collect()
}

fn row<'m>(row: &'m Row, columns: &[f64], ruled: bool) -> Vec<Drawn<'m>> {
    let tallest = row.cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(1).max(1);
    let line = |at: usize| Drawn {
        margin: (at == 0).then_some((row.sign, row.number)),
        cells: row.cells.iter().filter_map(|cell| Some((cell.column, cell.lines.get(at)?))).collect(),
        columns: columns.to_vec(),
        ruled: ruled && at == 0,
    };
    (0..tallest).map(line).collect()
}

/// The widths of a table's columns at a size of 1.
fn columns(table: &Table) -> Vec<f64> {
    let mut columns = vec![0.0; table.columns];
    let cells = || table.rows.iter().flat_map(|row| &row.cells);
    for cell in cells().filter(|cell| cell.columns == 1) {
        if let Some(column) = columns.get_mut(cell.column) {
            *column = cell.lines.iter().map(wide).fold(*column, f64::max);
        }
    }
    for cell in cells().filter(|cell| cell.columns > 1) {
        let last = (cell.column + cell.columns).min(table.columns);
        let Some(spanned) = columns.get_mut(cell.column..last) else { continue };
        let has = spanned.iter().sum::<f64>() + GAP * spanned.len().saturating_sub(1) as f64;
        let wants = cell.lines.iter().map(wide).fold(0.0, f64::max);
        spanned.iter_mut().next_back().into_iter().for_each(|last| *last += (wants - has).max(0.0));
    }
    columns
}

/// The sheet and how it is written on.
struct Page {
    canvas: Canvas,
    tints: &'static Tints,
    size: f64,
    /// Where lines end.
    right: f64,
}

impl Page {
    fn look(&self, color: Color) -> Text {
        Text { size: self.size, weight: Weight::Regular, anchor: Anchor::Start, color, turn: 0.0 }
    }

    fn line(&mut self, line: &Drawn<'_>, y: f64) {
        let (size, palette) = (self.size, self.canvas.palette);
        let left = EDGE + MARGIN * size;
        if let Some((sign, number)) = line.margin {
            sign.into_iter().for_each(|sign| self.sign(sign, (EDGE, y)));
            let muted = Text { anchor: Anchor::End, size: 0.85 * size, ..self.look(palette.muted) };
            self.canvas.text(left - size, y, &number.to_string(), muted);
        }
        if line.ruled {
            let (end, y) =
                (left + line.columns.iter().map(|width| (width + GAP) * size).sum::<f64>(), y - LEADING / 2.0 * size);
            self.canvas.line(
                (left, y),
                ((end - GAP * size).min(self.right), y),
                Stroke { color: palette.axis, width: 1.0 },
            );
        }
        for (column, pieces) in &line.cells {
            let mut x = left + line.start(*column, size);
            for piece in pieces.iter() {
                // What goes on beyond the sheet is cut there.
                let room = self.right - x;
                if room < 2.0 * size {
                    break;
                }
                let text = font::elide(&piece.text, room, size, weight(piece));
                x = self.piece(&Segment { text, ..piece.clone() }, (x, y));
            }
        }
    }

    /// Draws a piece; where it ends.
    fn piece(&mut self, piece: &Segment, (x, y): (f64, f64)) -> f64 {
        let (size, palette) = (self.size, self.canvas.palette);
        let (text, weight) = (shown(piece), weight(piece));
        let width = font::width(&text, size, weight);
        let tint = match piece.look {
            Look::Plain | Look::Computed => None,
            Look::Marked(tone) => Some(self.tints.tone(tone)),
            Look::Old => Some(self.tints.wrong),
            Look::New => Some(self.tints.right),
        };
        let x = x + apart(piece) * size;
        if let Some(tint) = tint {
            let ground = Rect { x: x - 1.5, y: y - 0.68 * size, width: width + 3.0, height: 1.36 * size };
            self.canvas.fill(ground, 2.0, tint);
        }
        let color = if piece.look == Look::Computed { palette.muted } else { palette.ink };
        // Viewers make one of several spaces, and drop those at the ends.
        self.canvas.text(x, y, &text.replace(' ', "\u{a0}"), Text { weight, ..self.look(color) });
        if piece.look == Look::Old {
            self.canvas.line((x, y), (x + width, y), Stroke { color: self.tints.strike, width: 0.11 * size });
        }
        x + width
    }

    /// A sign on its ground.
    fn sign(&mut self, sign: Sign, (x, y): (f64, f64)) {
        let size = self.size;
        let ground = Rect { x, y: y - 0.68 * size, width: 1.36 * size, height: 1.36 * size };
        self.canvas.fill(ground, 2.0, self.tints.tone(sign.tone()));
        let (x, color) = (x + 0.68 * size, self.canvas.palette.ink);
        let at = |across: f64, down: f64| (x + across * size, y + down * size);
        let stroke = Stroke { color, width: 0.13 * size };
        match sign {
            Sign::Agrees => self.canvas.lines(&[[at(-0.32, 0.02), at(-0.1, 0.28), at(0.34, -0.26)]], stroke),
            Sign::Wrong => {
                self.canvas.line(at(-0.26, -0.26), at(0.26, 0.26), stroke);
                self.canvas.line(at(-0.26, 0.26), at(0.26, -0.26), stroke);
            }
            Sign::Follows => {
                self.canvas.lines(&[[at(-0.24, -0.34), at(-0.24, 0.14), at(0.3, 0.14)]], stroke);
                self.canvas.lines(&[[at(0.1, -0.08), at(0.32, 0.14), at(0.1, 0.36)]], stroke);
            }
            Sign::Rounds | Sign::Remark | Sign::Unread => {
                let look = Text { anchor: Anchor::Middle, ..self.look(color) };
                self.canvas.text(x, y, &sign.glyph().to_string(), look);
            }
        }
    }

    /// Says what the signs mean that stand above, and what is left out.
    fn legend(&mut self, entries: &[(Option<Sign>, String)], y: f64) {
        let muted = self.look(self.canvas.palette.muted);
        let mut x = EDGE;
        for (sign, word) in entries {
            if let Some(sign) = sign {
                self.sign(*sign, (x, y));
                x += SIGNED * self.size;
            }
            self.canvas.text(x, y, word, muted);
            x += (font::width(word, 1.0, Weight::Regular) + BETWEEN) * self.size;
        }
    }
}

/// What the signs of these lines mean, and what is left out.
fn entries(lines: &[Drawn<'_>], left_out: usize) -> Vec<(Option<Sign>, String)> {
    let mut signs: Vec<Sign> = lines.iter().filter_map(|line| line.margin.and_then(|(sign, _)| sign)).collect();
    signs.sort_unstable();
    signs.dedup();
    let rest = (left_out > 0).then(|| (None, format!("{} not shown", of(left_out, "more line"))));
    signs.into_iter().map(|sign| (Some(sign), sign.word().to_string())).chain(rest).collect()
}

/// How wide a legend is at a size of 1.
fn legend_width(entries: &[(Option<Sign>, String)]) -> f64 {
    let entry = |(sign, word): &(Option<Sign>, String)| {
        font::width(word, 1.0, Weight::Regular) + if sign.is_some() { SIGNED } else { 0.0 }
    };
    entries.iter().map(|one| entry(one) + BETWEEN).sum::<f64>() - BETWEEN
}
