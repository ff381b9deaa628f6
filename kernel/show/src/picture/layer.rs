//! What is inside a layer: weights or maps as tiles, in one scale of colours.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text, WIDEST};
use super::font::{self, Weight};
use super::image::{Grey, Image};
use super::palette::Theme;
use super::scale::Scale;
use super::sheet::{LEADING, draw_heading, inks, place, shown_size};
use super::{Error, Picture, Result};
use crate::display::number;

/// Numbers in rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub columns: usize,
    /// Row after row.
    pub values: Vec<f32>,
}

/// What a tile shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Face {
    /// Numbers, in the colours of the picture's one scale.
    Numbers(Plane),
    /// A picture in its own colours.
    Picture(Image),
}

/// A tile and what stands over it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// A few characters.
    pub caption: String,
    /// What it shows.
    pub face: Face,
    /// It has nothing to say: zero everywhere.
    pub is_silent: bool,
}

/// Tiles of one line, and what stands before them. A single line without a label is broken where it is too long.
#[derive(Clone, Debug, PartialEq)]
pub struct TileRow {
    /// `digits[3]`, or nothing.
    pub label: String,
    /// The tiles.
    pub tiles: Vec<Tile>,
}

// Distances in pixels.

const EDGE: f64 = 20.0;
const CAPTION: f64 = 11.0;
const GAP: f64 = 10.0;
/// The widest that the tiles may stand.
const ACROSS: f64 = WIDEST - 2.0 * EDGE;
/// The tallest, where tiles can be made smaller.
const TALLEST: f64 = 860.0;
/// No tile is made smaller than this for the sake of height.
const SMALLEST: f64 = 36.0;
/// Room for a caption of one line.
const ABOVE: f64 = 17.0;
const LARGEST_LABEL: f64 = 130.0;

/// More tiles of a row, and more rows, are never drawn: there is no need to give them.
pub const MOST_TILES: usize = 64;

/// Tiles in lines, the scale of their colours, and a note on what they show. `all` says how many rows and columns there are,
/// which may be more than are given. Tiles for which there is no room are left out, and the title says so.
///
/// Fails with [`Error::Empty`] where there is no tile.
pub fn layer(name: &str, title: &str, note: &str, rows: &[TileRow], all: [usize; 2], theme: Theme) -> Result<Picture> {
    let widest = rows.iter().map(|row| row.tiles.len()).max().unwrap_or(0);
    if widest == 0 {
        return Err(Error::Empty { what: "no weights and no maps" });
    }
    let scale = scale(rows);
    let layout = Layout::new(rows, widest);
    let heading = layout.heading(title, all, pictures(rows));
    let bar = scale.map_or(0.0, |scale| scale.width());
    let title_room = font::width(&heading, 15.0, Weight::SemiBold).min(700.0);
    let note_room = font::width(note, CAPTION, Weight::Regular);
    let inner = layout.width().max(title_room).max(note_room + 24.0 + bar).min(ACROSS);
    let beside = if bar > 0.0 { bar + 18.0 } else { 0.0 };
    let note = font::wrap(note, inner - beside, CAPTION, Weight::Regular);
    let top = TOP + note.len().saturating_sub(1) as f64 * LEADING;
    let mut canvas = Canvas::new(inner + 2.0 * EDGE, top + layout.height() + EDGE - 4.0, theme);
    draw_heading(&mut canvas, &heading, EDGE, inner);
    let palette = canvas.palette;
    let look = Text { size: CAPTION, weight: Weight::Regular, anchor: Anchor::Start, color: palette.muted, turn: 0.0 };
    if let Some(scale) = scale {
        scale.draw(&mut canvas, EDGE, 49.0)?;
    }
    canvas.paragraph((EDGE + beside, 49.0), &note, LEADING, look);
    layout.draw(&mut canvas, top, rows, scale.unwrap_or(Scale { low: 0.0, high: 1.0 }))?;
    canvas.finish(name, alt(&heading, rows))
}

/// Where the tiles begin.
const TOP: f64 = 66.0;

/// How many tiles of a row are pictures, where its others are numbers.
fn pictures(rows: &[TileRow]) -> usize {
    let of = |row: &TileRow| row.tiles.iter().filter(|tile| matches!(tile.face, Face::Picture(_))).count();
    let is_mixed = |row: &TileRow| of(row) < row.tiles.len();
    rows.iter().filter(|row| is_mixed(row)).map(of).max().unwrap_or(0)
}

/// The scale of all numbers; none where every tile is a picture.
fn scale(rows: &[TileRow]) -> Option<Scale> {
    let planes = || {
        rows.iter().flat_map(|row| &row.tiles).filter_map(|tile| match &tile.face {
            Face::Numbers(plane) => Some(plane),
            Face::Picture(_) => None,
        })
    };
    planes().next()?;
    Some(Scale::of(planes().flat_map(|plane| &plane.values).map(|&value| value.into())))
}

impl Face {
    fn size(&self) -> (usize, usize) {
        match self {
            Face::Numbers(plane) => (plane.rows, plane.columns),
            Face::Picture(image) => (image.height(), image.width()),
        }
    }
}

/// Where tiles stand.
struct Layout {
    /// Room for the lines' labels.
    label: f64,
    /// The square that a tile stands in.
    side: (f64, f64),
    /// From one tile to the next.
    step: (f64, f64),
    /// Tiles a line, and lines.
    columns: usize,
    lines: usize,
    /// The lines are one row's, broken; then every line has captions, otherwise only the first.
    is_broken: bool,
    /// Room for captions.
    above: f64,
}

impl Layout {
    fn new(rows: &[TileRow], widest: usize) -> Self {
        let labels = rows.iter().map(|row| font::width(&row.label, CAPTION, Weight::Regular)).fold(0.0, f64::max);
        let label = if labels > 0.0 { labels.min(LARGEST_LABEL) + 12.0 } else { 0.0 };
        let is_broken = rows.len() == 1 && label == 0.0;
        let tiles = || rows.iter().flat_map(|row| &row.tiles);
        let longest = tiles().map(|tile| tile.face.size()).map(|(h, w)| h.max(w)).max().unwrap_or(1) as f64;
        let count = if is_broken { widest } else { widest.max(rows.len()) };
        let wanted: f64 = match count {
            0..=1 => 300.0,
            2..=4 => 150.0,
            5..=12 => 112.0,
            13..=24 => 84.0,
            25..=40 => 66.0,
            _ => 50.0,
        };
        // Lines that stand for something are shown whole where they can be.
        let tallest = ((TALLEST - ABOVE) / rows.len() as f64 - GAP).max(SMALLEST);
        let broadest = ((ACROSS - label) / widest as f64 - GAP).max(SMALLEST);
        let wanted = if is_broken { wanted } else { wanted.min(tallest).min(broadest) };
        // Whole pixels a number, and never more than a small filter needs.
        let side = if longest <= wanted { (wanted / longest).floor().min(36.0) * longest } else { wanted };
        let tall = tiles().map(|tile| tile.face.size().0 as f64).fold(0.0, f64::max) / longest * side;
        let side = (side.max(1.0), tall.max(1.0).ceil());
        let captions = tiles().map(|tile| font::width(&tile.caption, CAPTION, Weight::Regular)).fold(0.0, f64::max);
        let across = side.0.max(captions.min(side.0 * 1.6).min(120.0)) + GAP;
        let wrapped = |tile: &Tile| font::wrap(&tile.caption, across - 4.0, CAPTION, Weight::Regular).len();
        let more = tiles().map(wrapped).max().unwrap_or(0).saturating_sub(1);
        let above = ABOVE + more as f64 * LEADING;
        let step = (across, side.1 + GAP + if is_broken { above - 2.0 } else { 0.0 });
        let fit = (((ACROSS - label) / step.0) as usize).max(1);
        let room = (((TALLEST - above) / step.1) as usize).max(1);
        let (columns, lines) = match is_broken {
            // Lines as even as they can be.
            true => {
                let lines = widest.div_ceil(fit);
                (widest.div_ceil(lines), lines.min(room))
            }
            false => (widest.min(fit), rows.len().min(room)),
        };
        Self { label, side, step, columns, lines, is_broken, above }
    }

    fn width(&self) -> f64 {
        self.label + self.columns as f64 * self.step.0 - GAP
    }

    fn height(&self) -> f64 {
        self.above + (self.lines - 1) as f64 * self.step.1 + self.side.1
    }

    /// The title, and how much of what is shown where not all is; of the tiles `pictures` are no maps.
    fn heading(&self, title: &str, [rows, columns]: [usize; 2], pictures: usize) -> String {
        let shown = if self.is_broken { columns.min(self.lines * self.columns) } else { self.columns };
        if self.is_broken && pictures == 0 {
            return super::sheet::heading(title, shown, columns);
        }
        let part = |shown: usize, all: usize, what: &str| {
            (shown < all).then(|| format!("{} of {} {what}", number::count(shown as u64), number::count(all as u64)))
        };
        let maps = |tiles: usize| tiles.saturating_sub(pictures);
        let tiles = match pictures {
            0 => part(shown, columns, "columns"),
            _ => part(maps(shown), maps(columns), "maps"),
        };
        let down = if self.is_broken { None } else { part(self.lines, rows, "rows") };
        let parts = [down, tiles];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { title.to_string() } else { format!("{title} ({})", parts.join(", ")) }
    }

    fn draw(&self, canvas: &mut Canvas, top: f64, rows: &[TileRow], scale: Scale) -> Result<()> {
        let look = Text {
            size: CAPTION,
            weight: Weight::Regular,
            anchor: Anchor::Start,
            color: canvas.palette.muted,
            turn: 0.0,
        };
        for line in 0..self.lines {
            let y = top + line as f64 * self.step.1;
            let row = if self.is_broken { &rows[0] } else { &rows[line] };
            let skipped = if self.is_broken { line * self.columns } else { 0 };
            if !row.label.is_empty() {
                let label = font::elide(&row.label, self.label - 12.0, CAPTION, look.weight);
                canvas.text(EDGE, y + self.above + self.side.1 / 2.0, &label, look);
            }
            for (column, tile) in row.tiles.iter().skip(skipped).take(self.columns).enumerate() {
                let corner = (EDGE + self.label + column as f64 * self.step.0, y);
                // Of lines that belong together the first has the captions of all.
                if self.is_broken || line == 0 {
                    self.caption(canvas, tile, corner);
                }
                self.tile(canvas, tile, corner, scale)?;
            }
        }
        Ok(())
    }

    fn caption(&self, canvas: &mut Canvas, tile: &Tile, (x, y): (f64, f64)) {
        let palette = canvas.palette;
        let color = if tile.is_silent { palette.text(palette.wrong) } else { palette.muted };
        let look = Text { size: CAPTION, weight: Weight::Regular, anchor: Anchor::Start, color, turn: 0.0 };
        let lines = font::wrap(&tile.caption, self.step.0 - 4.0, CAPTION, look.weight);
        canvas.paragraph((x, y + 7.0), &lines, LEADING, look);
    }

    fn tile(&self, canvas: &mut Canvas, tile: &Tile, (x, y): (f64, f64), scale: Scale) -> Result<()> {
        let palette = canvas.palette;
        let drawn;
        let image = match &tile.face {
            Face::Picture(image) => image,
            Face::Numbers(plane) => {
                drawn = scale.image(plane.rows, plane.columns, &plane.values, palette)?;
                &drawn
            }
        };
        let ink = inks(std::iter::once(image), Grey::Auto, palette);
        let (width, _) = shown_size(image, self.side.0);
        let square =
            Rect { x: x - (self.side.0 - width) / 2.0, y: y + self.above, width: self.side.0, height: self.side.0 };
        let (_, height) = shown_size(image, self.side.0);
        let square = Rect { y: square.y - (self.side.0 - height) / 2.0, ..square };
        let rect = place(canvas, image, square, ink, &tile.caption)?;
        let outline = Rect { x: rect.x - 0.5, y: rect.y - 0.5, width: rect.width + 1.0, height: rect.height + 1.0 };
        canvas.frame(
            outline,
            1.0,
            Stroke { color: if tile.is_silent { palette.wrong } else { palette.axis }, width: 1.0 },
        );
        if tile.is_silent {
            // A stroke across, for those who do not see the colour.
            let stroke = Stroke { color: palette.wrong, width: 1.0 };
            canvas.line((rect.x, rect.bottom()), (rect.right(), rect.y), stroke);
        }
        Ok(())
    }
}

/// The heading, and from where to where the numbers go.
fn alt(heading: &str, rows: &[TileRow]) -> String {
    let numbers = rows.iter().flat_map(|row| &row.tiles).filter_map(|tile| match &tile.face {
        Face::Numbers(plane) => Some(&plane.values),
        Face::Picture(_) => None,
    });
    let ends = numbers.flatten().filter(|value| value.is_finite()).fold(None, |ends: Option<(f32, f32)>, &value| {
        let (low, high) = ends.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    });
    let range = ends
        .map(|(low, high)| format!("Numbers from {} to {}.", number::short(low.into()), number::short(high.into())));
    let heading = (!heading.is_empty()).then(|| format!("{heading}."));
    let parts: Vec<String> = [heading, range].into_iter().flatten().collect();
    if parts.is_empty() { "Pictures.".to_string() } else { parts.join(" ") }
}
