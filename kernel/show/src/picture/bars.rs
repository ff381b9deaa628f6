//! Nets side by side: for each measure a column of bars, a net a row.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::font::{self, Weight};
use super::palette::Theme;
use super::{Error, Picture, Result};

/// One measure of several things: a column of bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// What stands above it: `Parameters`.
    pub title: String,
    /// The values, a row each; what is negative or not finite has no bar.
    pub values: Vec<f64>,
    /// The values as they are written beside their bars.
    pub labels: Vec<String>,
}

/// So many rows are drawn.
const MOST: usize = 200;

// Distances in pixels.

const EDGE: f64 = 24.0;
const TITLE: f64 = 46.0;
const HEAD: f64 = 30.0;
const ROW: f64 = 30.0;
const BAR: f64 = 16.0;
const LONGEST_BAR: f64 = 200.0;
const GAP: f64 = 30.0;
const TEXT: f64 = 12.5;
const WIDEST_NAME: f64 = 180.0;

/// Bars from zero, each column to the scale of its own largest value.
///
/// Fails with [`Error::Empty`] where there is no name or no measure.
pub fn bars(title: &str, names: &[String], measures: &[Measure], theme: Theme) -> Result<Picture> {
    if names.is_empty() || measures.is_empty() {
        return Err(Error::Empty { what: "nothing to compare" });
    }
    let names = &names[..names.len().min(MOST)];
    let widest = |texts: &[String], weight| texts.iter().map(|t| font::width(t, TEXT, weight)).fold(0.0, f64::max);
    let name_room = widest(names, Weight::SemiBold).min(WIDEST_NAME) + 14.0;
    let rooms: Vec<f64> = measures.iter().map(|m| widest(&m.labels, Weight::Regular).min(WIDEST_NAME) + 8.0).collect();
    let columns: f64 = rooms.iter().map(|room| LONGEST_BAR + room).sum();
    let width = 2.0 * EDGE + name_room + columns + GAP * (measures.len() - 1) as f64;
    let top = if title.is_empty() { 12.0 } else { TITLE };
    let height = top + HEAD + ROW * names.len() as f64 + 14.0;

    let mut canvas = Canvas::new(width, height, theme);
    let palette = canvas.palette;
    let look = Text { size: 17.0, weight: Weight::SemiBold, anchor: Anchor::Start, color: palette.ink, turn: 0.0 };
    canvas.text(EDGE, 28.0, &font::elide(title, width - 2.0 * EDGE, look.size, look.weight), look);
    let name = Text { size: TEXT, anchor: Anchor::End, ..look };
    for (row, text) in names.iter().enumerate() {
        let shown = font::elide(text, name_room - 14.0, TEXT, Weight::SemiBold);
        canvas.text(EDGE + name_room - 14.0, middle(top, row), &shown, name);
    }
    let mut x = EDGE + name_room;
    for (measure, room) in measures.iter().zip(&rooms) {
        let color = palette.series[0];
        let head = Text { size: TEXT, weight: Weight::Regular, anchor: Anchor::Start, color: palette.muted, turn: 0.0 };
        let shown = font::elide(&measure.title, LONGEST_BAR + room, TEXT, head.weight);
        canvas.text(x, top + 12.0, &shown, head);
        let largest = measure.values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
        for row in 0..names.len() {
            let value = measure.values.get(row).copied().unwrap_or(f64::NAN);
            let share = if value.is_finite() && largest > 0.0 { (value / largest).max(0.0) } else { 0.0 };
            let y = middle(top, row);
            // A value that is there shows, however small it is beside the largest.
            let length = if share > 0.0 { (LONGEST_BAR * share).max(1.0) } else { 0.0 };
            let bar = Rect { x, y: y - BAR / 2.0, width: length, height: BAR };
            if length > 0.0 {
                canvas.fill(bar, f64::min(2.0, length / 2.0), color);
            }
            let label = measure.labels.get(row).map_or("", String::as_str);
            let shown = font::elide(label, room - 8.0, TEXT, Weight::Regular);
            canvas.text(bar.right() + 6.0, y, &shown, Text { color: palette.ink, ..head });
        }
        let axis = Stroke { color: palette.axis, width: 1.0 };
        canvas.line((x, top + HEAD - 4.0), (x, top + HEAD + ROW * names.len() as f64), axis);
        x += LONGEST_BAR + room + GAP;
    }
    canvas.finish("compare", alt(title, names, measures))
}

/// The middle of a row in height.
fn middle(top: f64, row: usize) -> f64 {
    top + HEAD + ROW * (row as f64 + 0.5)
}

/// The picture in words.
fn alt(title: &str, names: &[String], measures: &[Measure]) -> String {
    let figures = |row: usize| {
        let each = measures.iter().filter_map(|m| Some(format!("{} {}", m.title, m.labels.get(row)?)));
        each.collect::<Vec<_>>().join(", ")
    };
    let rows: Vec<String> = names.iter().enumerate().map(|(i, name)| format!("{name}: {}", figures(i))).collect();
    format!("{}. {}.", if title.is_empty() { "Bars" } else { title }, rows.join("; "))
}
