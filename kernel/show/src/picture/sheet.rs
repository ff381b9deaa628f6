//! A sheet of samples: pictures in rows, a caption under each.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text, WIDEST};
use super::font::{self, Weight};
use super::image::{Grey, Image};
use super::palette::{Color, Palette, Theme};
use super::{Error, Picture, Result};
use crate::display::number;

/// Samples beyond this are counted, not drawn.
const MOST: usize = 100;

/// A sample on a sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its pixels.
    pub image: Image,
    /// What stands under it.
    pub caption: String,
    /// Whether it is marked.
    pub mark: Mark,
}

/// A mark on a sample: a colour, and a sign for those who do not see the colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Unmarked.
    #[default]
    None,
    /// Right: a tick.
    Right,
    /// Wrong: a cross.
    Wrong,
}

/// An answer that was wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// The sample's pixels.
    pub image: Image,
    /// The true class's name.
    pub truth: String,
    /// The predicted class's name.
    pub predicted: String,
    /// The probability that the prediction was given, 0–1.
    pub probability: f64,
}

/// A sheet of samples, in rows; at most 100 are drawn, and the title says of how many.
///
/// Fails with [`Error::Empty`] where there is no sample.
pub fn sheet(title: &str, samples: &[Sample], grey: Grey, theme: Theme) -> Result<Picture> {
    draw("sheet", title, samples, grey, theme)
}

/// The worst mistakes, a caption `7 → 1 (98 %)` under each: truth, prediction, its probability.
///
/// Fails with [`Error::Empty`] where there is none.
pub fn mistakes(title: &str, mistakes: &[Mistake], grey: Grey, theme: Theme) -> Result<Picture> {
    let caption = |m: &Mistake| format!("{} → {} ({})", m.truth, m.predicted, number::whole_percent(m.probability));
    let samples: Vec<Sample> = mistakes
        .iter()
        .map(|mistake| Sample { image: mistake.image.clone(), caption: caption(mistake), mark: Mark::None })
        .collect();
    draw("mistakes", title, &samples, grey, theme)
}

/// The colours of a grey image's 0 and 1.
pub(super) fn inks<'a>(images: impl Iterator<Item = &'a Image>, grey: Grey, palette: &Palette) -> [Color; 2] {
    let light = [Color::hex(0x000000), Color::hex(0xffffff)];
    // Ink is dark on paper in both themes: handwriting on a dark page is shown as chalk.
    let ink = [palette.paper, palette.ink];
    match grey {
        Grey::Ink => ink,
        Grey::Light => light,
        Grey::Auto => {
            let (sum, count) = images
                .filter(|image| image.is_grey())
                .map(Image::dark_border)
                .fold((0.0, 0u32), |(sum, n), share| (sum + share, n + 1));
            if sum / f64::from(count.max(1)) > 0.5 { ink } else { light }
        }
    }
}

/// The size at which an image is shown in a square of `side` pixels: whole pixels a pixel where it is enlarged.
pub(super) fn shown_size(image: &Image, side: f64) -> (f64, f64) {
    let longest = image.height().max(image.width()) as f64;
    let scale = if longest <= side { (side / longest).floor() } else { side / longest };
    ((image.width() as f64 * scale).max(1.0), (image.height() as f64 * scale).max(1.0))
}

/// Draws an image in the middle of a square, framed.
pub(super) fn place(canvas: &mut Canvas, image: &Image, square: Rect, ink: [Color; 2], hint: &str) -> Result<Rect> {
    let (width, height) = shown_size(image, square.width);
    let rect = Rect {
        x: (square.x + (square.width - width) / 2.0).round(),
        y: (square.y + (square.height - height) / 2.0).round(),
        width,
        height,
    };
    // Twice the size on the page: what the PNG holds.
    canvas.image(rect, &image.at_most((square.width * 2.0) as usize), ink, hint)?;
    Ok(rect)
}

const CAPTION: f64 = 11.5;
/// From one line of a caption to the next.
pub(super) const LEADING: f64 = 14.0;
const GAP: f64 = 12.0;
const EDGE: f64 = 20.0;

/// How a sheet is laid out, in pixels.
struct Layout {
    columns: usize,
    rows: usize,
    /// The square an image stands in.
    side: f64,
    /// The cell it and its caption stand in.
    cell: (f64, f64),
    /// The captions, broken into lines.
    captions: Vec<Vec<String>>,
}

fn layout(samples: &[Sample]) -> Layout {
    let count = samples.len();
    let wanted = match count {
        0..=6 => 112.0,
        7..=24 => 84.0,
        _ => 70.0,
    };
    // Enlarged by whole numbers, the largest image decides how much of the square is used.
    let side = samples.iter().map(|s| shown_size(&s.image, wanted)).fold(0.0, |most, (w, h)| f64::max(most, w.max(h)));
    let widest = samples.iter().map(|s| font::width(&s.caption, CAPTION, Weight::Regular)).fold(0.0, f64::max);
    let across = side.max(widest.min(side * 1.35).min(150.0)).ceil();
    let wrapped = |sample: &Sample| font::wrap(&sample.caption, across + GAP - 4.0, CAPTION, Weight::Regular);
    let captions: Vec<Vec<String>> = samples.iter().map(wrapped).collect();
    let lines = captions.iter().map(Vec::len).max().unwrap_or(0);
    let below = if lines > 0 { 6.0 + lines as f64 * LEADING } else { 0.0 };
    let cell = (across, side + below);
    // Ten a row at most, and rows as even as they can be.
    let most = (((WIDEST - 2.0 * EDGE + GAP) / (cell.0 + GAP)) as usize).clamp(1, 10);
    let columns = count.div_ceil(count.div_ceil(most));
    Layout { columns, rows: count.div_ceil(columns), side, cell, captions }
}

/// A sheet of this name.
pub(super) fn draw(name: &str, title: &str, samples: &[Sample], grey: Grey, theme: Theme) -> Result<Picture> {
    if samples.is_empty() {
        return Err(Error::Empty { what: "no samples" });
    }
    let all = samples.len();
    let samples = &samples[..all.min(MOST)];
    let layout = layout(samples);
    let heading = heading(title, samples.len(), all);
    let top = if heading.is_empty() { EDGE } else { 48.0 };
    let row_gap = GAP + 2.0;
    let title_width = font::width(&heading, 15.0, Weight::SemiBold).min(700.0);
    let width = (layout.columns as f64 * (layout.cell.0 + GAP) - GAP).max(title_width) + 2.0 * EDGE;
    let height = top + layout.rows as f64 * (layout.cell.1 + row_gap) - row_gap + EDGE - 4.0;
    let mut canvas = Canvas::new(width, height, theme);
    draw_heading(&mut canvas, &heading, EDGE, width - 2.0 * EDGE);
    let ink = inks(samples.iter().map(|sample| &sample.image), grey, canvas.palette);
    for (i, sample) in samples.iter().enumerate() {
        let (row, column) = (i / layout.columns, i % layout.columns);
        let corner = (EDGE + column as f64 * (layout.cell.0 + GAP), top + row as f64 * (layout.cell.1 + row_gap));
        draw_sample(&mut canvas, sample, (corner, &layout.captions[i]), &layout, ink)?;
    }
    let captions = samples.iter().map(|sample| sample.caption.as_str());
    let alt = told(if heading.is_empty() { "Samples" } else { &heading }, captions, ", ");
    canvas.finish(name, alt)
}

/// `Heading: a, b.`, empty parts left out.
pub(super) fn told<'a>(heading: &str, parts: impl Iterator<Item = &'a str>, between: &str) -> String {
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { format!("{heading}.") } else { format!("{heading}: {}.", parts.join(between)) }
}

/// The title, and how many of how many are shown where some are not.
pub(super) fn heading(title: &str, shown: usize, all: usize) -> String {
    let note = format!("{} of {}", number::count(shown as u64), number::count(all as u64));
    match (title.is_empty(), shown == all) {
        (_, true) => title.to_string(),
        (true, false) => note,
        (false, false) => format!("{title} ({note})"),
    }
}

pub(super) fn draw_heading(canvas: &mut Canvas, heading: &str, x: f64, room: f64) {
    if !heading.is_empty() {
        let look =
            Text { size: 15.0, weight: Weight::SemiBold, anchor: Anchor::Start, color: canvas.palette.ink, turn: 0.0 };
        canvas.text(x, 25.0, &font::elide(heading, room.max(40.0), look.size, look.weight), look);
    }
}

fn draw_sample(
    canvas: &mut Canvas,
    sample: &Sample,
    (corner, caption): ((f64, f64), &[String]),
    layout: &Layout,
    ink: [Color; 2],
) -> Result<()> {
    let palette = canvas.palette;
    let middle = corner.0 + layout.cell.0 / 2.0;
    let square = Rect { x: middle - layout.side / 2.0, y: corner.1, width: layout.side, height: layout.side };
    let rect = place(canvas, &sample.image, square, ink, &sample.caption)?;
    let (color, width) = match sample.mark {
        Mark::None => (palette.grid, 1.0),
        Mark::Right => (palette.right, 1.5),
        Mark::Wrong => (palette.wrong, 2.0),
    };
    let around = width / 2.0 + 0.5;
    let outline = Rect {
        x: rect.x - around,
        y: rect.y - around,
        width: rect.width + 2.0 * around,
        height: rect.height + 2.0 * around,
    };
    canvas.frame(outline, 1.5, Stroke { color, width });
    let color = if sample.mark == Mark::Wrong { palette.text(palette.wrong) } else { palette.ink };
    let look = Text { size: CAPTION, weight: Weight::Regular, anchor: Anchor::Middle, color, turn: 0.0 };
    canvas.paragraph((middle, corner.1 + layout.side + 13.0), caption, LEADING, look);
    draw_mark(canvas, sample.mark, (outline.right() - 1.0, outline.y + 1.0));
    Ok(())
}

/// A tick or a cross on a small disc.
pub(super) fn draw_mark(canvas: &mut Canvas, mark: Mark, (x, y): (f64, f64)) {
    let palette = canvas.palette;
    let stroke = Stroke { color: palette.paper, width: 1.7 };
    match mark {
        Mark::None => {}
        Mark::Right => {
            canvas.dot((x, y), 6.5, Some(palette.right), Some(Stroke { color: palette.paper, width: 1.5 }));
            canvas.lines(&[[(x - 2.8, y + 0.2), (x - 0.8, y + 2.3), (x + 2.9, y - 2.0)]], stroke);
        }
        Mark::Wrong => {
            canvas.dot((x, y), 6.5, Some(palette.wrong), Some(Stroke { color: palette.paper, width: 1.5 }));
            canvas.line((x - 2.3, y - 2.3), (x + 2.3, y + 2.3), stroke);
            canvas.line((x - 2.3, y + 2.3), (x + 2.3, y - 2.3), stroke);
        }
    }
}
