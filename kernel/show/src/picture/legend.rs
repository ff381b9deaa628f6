//! The colours of classes, and what they are called.

use super::canvas::{Anchor, Canvas, Rect, Text};
use super::font::{self, Weight};
use super::palette::{CLASSES, Color, Palette};

/// The height of a line in pixels.
pub(super) const LINE: f64 = 20.0;

const TEXT: f64 = 11.5;
const SWATCH: f64 = 11.0;

/// The colour of a class; beyond the palette's the same lighter and lighter.
pub(super) fn color(class: usize, palette: &Palette) -> Color {
    let (base, turn) = (CLASSES[class % CLASSES.len()], class / CLASSES.len());
    base.mix(palette.paper, 1.0 - 0.62f64.powi(turn.min(6) as i32))
}

/// The classes in lines, each with its colour.
pub(super) struct Legend(Vec<Entry>);

/// A class's place in the legend.
struct Entry {
    name: String,
    x: f64,
    line: usize,
}

impl Legend {
    /// In lines of at most `room` pixels.
    pub(super) fn of(classes: &[String], room: f64) -> Self {
        let (mut x, mut line) = (0.0, 0);
        let mut entries = Vec::with_capacity(classes.len());
        for class in classes {
            let name = font::elide(class, room - SWATCH - 5.0, TEXT, Weight::Regular);
            let width = SWATCH + 5.0 + font::width(&name, TEXT, Weight::Regular) + 16.0;
            if x > 0.0 && x + width > room {
                (x, line) = (0.0, line + 1);
            }
            entries.push(Entry { name, x, line });
            x += width;
        }
        Self(entries)
    }

    /// How tall it is, in pixels.
    pub(super) fn height(&self) -> f64 {
        self.0.last().map_or(0.0, |entry| LINE * (entry.line + 1) as f64)
    }

    /// Draws it with its upper left corner at a place.
    pub(super) fn draw(&self, canvas: &mut Canvas, (left, top): (f64, f64)) {
        let palette = canvas.palette;
        let look = Text { size: TEXT, weight: Weight::Regular, anchor: Anchor::Start, color: palette.ink, turn: 0.0 };
        for (class, entry) in self.0.iter().enumerate() {
            let (x, y) = (left + entry.x, top + LINE * (entry.line as f64 + 0.5));
            let swatch = Rect { x, y: y - SWATCH / 2.0, width: SWATCH, height: SWATCH };
            canvas.fill(swatch, 2.0, color(class, palette));
            canvas.text(x + SWATCH + 5.0, y, &entry.name, look);
        }
    }
}
