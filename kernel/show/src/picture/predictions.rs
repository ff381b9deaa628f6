//! Predictions: each picture with its likeliest classes as bars.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text, WIDEST};
use super::font::{self, Weight};
use super::image::{Grey, Image};
use super::palette::{Color, Theme};
use super::sheet::{LEADING, Mark, draw_heading, draw_mark, heading, inks, place, shown_size, told};
use super::{Error, Picture, Result};
use crate::display::number;

/// Predictions beyond this are counted, not drawn.
const MOST: usize = 48;
/// So many classes are shown.
const CLASSES: usize = 5;

/// What a net makes of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The picture.
    pub image: Image,
    /// What stands over it: `digits[3]`.
    pub caption: String,
    /// Names of classes and their probabilities, the likeliest first; the first five are shown.
    pub classes: Vec<(String, f64)>,
    /// The true class's name, where it is known.
    pub truth: Option<String>,
}

impl Prediction {
    fn mark(&self) -> Mark {
        match (&self.truth, self.classes.first()) {
            (Some(truth), Some((name, _))) if truth == name => Mark::Right,
            (Some(_), Some(_)) => Mark::Wrong,
            _ => Mark::None,
        }
    }

    /// The caption, and what a picture is that was taken for something else.
    fn full_caption(&self) -> String {
        match (&self.truth, self.mark()) {
            (Some(truth), Mark::Wrong) => format!("{}, is {truth}", self.caption),
            _ => self.caption.clone(),
        }
    }
}

const EDGE: f64 = 20.0;
const GAP: (f64, f64) = (20.0, 22.0);
const SIDE: f64 = 96.0;
const LABEL: f64 = 12.0;
const CAPTION: f64 = 11.5;
const BAR: f64 = 60.0;
const PERCENT: f64 = 48.0;
/// The widest room for a class's name: about sixty letters.
const LONGEST_NAME: f64 = 400.0;

/// Pictures with their five likeliest classes; at most 48 are drawn, and the title says of how many.
///
/// Fails with [`Error::Empty`] where there is none.
pub fn predictions(title: &str, items: &[Prediction], grey: Grey, theme: Theme) -> Result<Picture> {
    if items.is_empty() {
        return Err(Error::Empty { what: "no predictions" });
    }
    let all = items.len();
    let items = &items[..all.min(MOST)];
    let names = items.iter().flat_map(|item| item.classes.iter().take(CLASSES));
    let name_room =
        names.map(|(name, _)| font::width(name, LABEL, Weight::SemiBold)).fold(12.0, f64::max).min(LONGEST_NAME);
    let side =
        items.iter().map(|item| shown_size(&item.image, SIDE)).fold(0.0, |most, (w, h)| f64::max(most, w.max(h)));
    let across = side + 12.0 + name_room + 8.0 + BAR + 6.0 + PERCENT;
    let captions: Vec<Vec<String>> =
        items.iter().map(|item| font::wrap(&item.full_caption(), across, CAPTION, Weight::Regular)).collect();
    let lines = captions.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let room = Room { side, name: name_room, above: 6.0 + lines as f64 * LEADING };
    let card = (across, room.above + SIDE);
    let columns = (((WIDEST - 2.0 * EDGE + GAP.0) / (card.0 + GAP.0)) as usize).clamp(1, items.len().min(3));
    let rows = items.len().div_ceil(columns);
    let heading = heading(title, items.len(), all);
    let top = if heading.is_empty() { EDGE - 6.0 } else { 46.0 };
    let width = 2.0 * EDGE + columns as f64 * (card.0 + GAP.0) - GAP.0;
    let height = top + rows as f64 * (card.1 + GAP.1) - GAP.1 + EDGE;
    let mut canvas = Canvas::new(width, height, theme);
    draw_heading(&mut canvas, &heading, EDGE, width - 2.0 * EDGE);
    let ink = inks(items.iter().map(|item| &item.image), grey, canvas.palette);
    for (i, item) in items.iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        let corner = (EDGE + column as f64 * (card.0 + GAP.0), top + row as f64 * (card.1 + GAP.1));
        draw(&mut canvas, item, (corner, &captions[i]), &room, ink)?;
    }
    canvas.finish("predictions", alt(&heading, items))
}

/// Sizes that all cards share, in pixels.
struct Room {
    /// The square an image stands in.
    side: f64,
    /// The classes' names.
    name: f64,
    /// The captions.
    above: f64,
}

fn draw(
    canvas: &mut Canvas,
    item: &Prediction,
    (corner, caption): ((f64, f64), &[String]),
    room: &Room,
    ink: [Color; 2],
) -> Result<()> {
    let palette = canvas.palette;
    let look = Text { size: CAPTION, weight: Weight::Regular, anchor: Anchor::Start, color: palette.muted, turn: 0.0 };
    canvas.paragraph((corner.0, corner.1 + 7.0), caption, LEADING, look);
    let square = Rect { x: corner.0, y: corner.1 + room.above, width: room.side, height: room.side };
    let rect = place(canvas, &item.image, square, ink, &item.caption)?;
    let outline = Rect { x: rect.x - 1.0, y: rect.y - 1.0, width: rect.width + 2.0, height: rect.height + 2.0 };
    canvas.frame(outline, 1.5, Stroke { color: palette.grid, width: 1.0 });
    draw_mark(canvas, item.mark(), (outline.right() - 1.0, outline.y + 1.0));
    for (row, (name, probability)) in item.classes.iter().take(CLASSES).enumerate() {
        let y = square.y + (row as f64 + 0.5) * SIDE / CLASSES as f64;
        draw_bar(canvas, item, (name, *probability, row), (square.right() + 12.0, y), room.name);
    }
    Ok(())
}

/// One class: name, bar, percentage. The true class is blue, a wrong first answer orange, all others grey.
fn draw_bar(
    canvas: &mut Canvas,
    item: &Prediction,
    (name, probability, row): (&str, f64, usize),
    (x, y): (f64, f64),
    name_room: f64,
) {
    let palette = canvas.palette;
    let is_truth = item.truth.as_deref() == Some(name);
    let color = match (is_truth, row, item.mark()) {
        (true, ..) | (false, 0, Mark::None) => palette.right,
        (false, 0, _) => palette.wrong,
        _ => palette.bar,
    };
    let weight = if row == 0 { Weight::SemiBold } else { Weight::Regular };
    let ink = if row == 0 || is_truth { palette.ink } else { palette.muted };
    let look = Text { size: LABEL, weight, anchor: Anchor::End, color: ink, turn: 0.0 };
    canvas.text(x + name_room, y, &font::elide(name, name_room, LABEL, weight), look);
    let start = x + name_room + 8.0;
    let track = Rect { x: start, y: y - 5.0, width: BAR, height: 10.0 };
    canvas.fill(track, 2.0, palette.grid.mix(palette.paper, 0.45));
    let share = if probability.is_finite() { probability.clamp(0.0, 1.0) } else { 0.0 };
    if share > 0.0 {
        canvas.fill(Rect { width: (BAR * share).max(1.0), ..track }, f64::min(2.0, BAR * share / 2.0), color);
    }
    canvas.text(start + BAR + 6.0, y, &number::percent(probability), Text { anchor: Anchor::Start, ..look });
}

fn alt(heading: &str, items: &[Prediction]) -> String {
    let lines: Vec<String> = items
        .iter()
        .filter_map(|item| {
            let (name, probability) = item.classes.first()?;
            Some(format!("{}: {name} ({})", item.caption, number::percent(*probability)))
        })
        .collect();
    told(if heading.is_empty() { "Predictions" } else { heading }, lines.iter().map(String::as_str), "; ")
}
