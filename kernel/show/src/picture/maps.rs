//! Pictures with a class at every position: the picture itself and maps of its classes, in colours with a legend.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text, WIDEST};
use super::font::{self, Weight};
use super::image::{Grey, Image};
use super::legend::{Legend, color};
use super::palette::{Color, Palette, Theme};
use super::sheet::{LEADING, draw_heading, heading, inks, place, shown_size, told};
use super::{Error, Picture, Result};

/// Pictures beyond this are counted, not drawn.
const MOST: usize = 24;

/// A picture and what its positions are, or are taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// What stands over it: `scenes[3]`.
    pub caption: String,
    /// The picture.
    pub image: Image,
    /// Maps of it, each with its heading; a class a pixel in rows from the top, one beyond the classes has no colour.
    pub maps: Vec<(String, Vec<u32>)>,
    /// One that is drawn over the picture once more, behind the others.
    pub over: Option<(String, Vec<u32>)>,
}

// Distances in pixels.

const EDGE: f64 = 20.0;
const SIDE: f64 = 112.0;
/// The same of a few, where 64 pixels are drawn twice as large.
const OF_FEW: f64 = 132.0;
const FEW: usize = 4;
/// The same of a picture that stands alone, and how wide it is drawn with its maps at most.
const ALONE: f64 = 224.0;
const ACROSS: f64 = 660.0;
/// How strong a map is over its picture.
const OVER: f64 = 0.55;
const GAP: f64 = 8.0;
const BETWEEN: f64 = 30.0;
const TEXT: f64 = 11.5;

/// Pictures beside maps of their classes, and a legend of the colours; at most 24 are drawn, and the title says of how
/// many.
///
/// Fails with [`Error::Empty`] where there is no picture, with [`Error::Pixels`] where a map is not of its size.
pub fn maps(title: &str, items: &[Mapped], classes: &[String], theme: Theme) -> Result<Picture> {
    if items.is_empty() {
        return Err(Error::Empty { what: "no pictures" });
    }
    let all = items.len();
    let items = &items[..all.min(MOST)];
    let palette = Palette::of(theme);
    let tiles = items.iter().map(Mapped::tiles).max().unwrap_or(1);
    let sizes = items.iter().map(|item| shown_size(&item.image, largest(all, tiles)));
    let (wide, tall) = sizes.fold((0.0, 0.0), |(wide, tall), (w, h)| (f64::max(wide, w), f64::max(tall, h)));
    let side = wide.max(tall);
    let captions = captions(items, wide);
    let lines = captions.iter().flatten().map(Vec::len).max().unwrap_or(0).max(1);
    let above = 4.0 + LEADING * lines as f64;
    let card = (tiles as f64 * (wide + GAP) - GAP, above + 2.0 + tall);
    let columns = (((WIDEST - 2.0 * EDGE + BETWEEN) / (card.0 + BETWEEN)) as usize).clamp(1, items.len());
    let rows = items.len().div_ceil(columns);
    let heading = heading(title, items.len(), all);
    let inner = columns as f64 * (card.0 + BETWEEN) - BETWEEN;
    let legend = Legend::of(classes, inner.max(300.0));
    let width = 2.0 * EDGE + inner.max(300.0);
    let top = if heading.is_empty() { EDGE - 6.0 } else { 44.0 };
    let below = top + legend.height() + 8.0;
    let height = below + rows as f64 * (card.1 + 16.0) + EDGE - 16.0;

    let mut canvas = Canvas::new(width, height, theme);
    draw_heading(&mut canvas, &heading, EDGE, width - 2.0 * EDGE);
    let look = Text { size: TEXT, weight: Weight::Regular, anchor: Anchor::Start, color: palette.ink, turn: 0.0 };
    legend.draw(&mut canvas, (EDGE, top));
    let ink = inks(items.iter().map(|item| &item.image), Grey::Light, palette);
    for (i, item) in items.iter().enumerate() {
        let x = EDGE + (i % columns) as f64 * (card.0 + BETWEEN);
        let y = below + (i / columns) as f64 * (card.1 + 16.0);
        // Square, so that each image has its own form; what they leave free lies over the next ones.
        let square = |tile: usize| Rect {
            x: x + tile as f64 * (wide + GAP) - (side - wide) / 2.0,
            y: y + above - (side - tall) / 2.0,
            width: side,
            height: side,
        };
        let muted = Text { color: palette.muted, ..look };
        for (tile, lines) in captions[i].iter().enumerate() {
            canvas.paragraph((x + tile as f64 * (wide + GAP), y + 6.0), lines, LEADING, muted);
        }
        framed(&mut canvas, &item.image, square(0), ink, &item.caption)?;
        for (tile, (name, map)) in item.maps.iter().enumerate() {
            framed(&mut canvas, &coloured(map, &item.image, palette)?, square(tile + 1), ink, name)?;
        }
        if let Some((name, map)) = &item.over {
            let over = item.image.tinted(&coloured(map, &item.image, palette)?, OVER, ink)?;
            framed(&mut canvas, &over, square(item.tiles() - 1), ink, name)?;
        }
    }
    let shown = told(&heading, items.iter().map(|item| item.caption.as_str()), ", ");
    let classes = told("Classes", classes.iter().map(String::as_str), ", ");
    canvas.finish("maps", format!("{shown} {classes}"))
}

/// The side that an image has at most, of so many pictures with so many images each.
fn largest(pictures: usize, tiles: usize) -> f64 {
    let beside = ACROSS / tiles as f64 - GAP;
    match pictures {
        1 => ALONE.min(beside),
        2..=FEW => OF_FEW.min(beside),
        _ => SIDE,
    }
}

impl Mapped {
    /// How many images stand side by side.
    fn tiles(&self) -> usize {
        1 + self.maps.len() + usize::from(self.over.is_some())
    }
}

/// What stands over each item's picture and maps, in lines of at most `side` pixels.
fn captions(items: &[Mapped], side: f64) -> Vec<Vec<Vec<String>>> {
    let wrapped = |text: &str| font::wrap(text, side, TEXT, Weight::Regular);
    let of = |item: &Mapped| {
        let over_maps = item.maps.iter().chain(&item.over).map(|(name, _)| wrapped(name));
        std::iter::once(wrapped(&item.caption)).chain(over_maps).collect()
    };
    items.iter().map(of).collect()
}

/// An image in a square, with a thin frame.
fn framed(canvas: &mut Canvas, image: &Image, square: Rect, ink: [Color; 2], hint: &str) -> Result<()> {
    // Twice the pixels that it is shown with, for dense screens.
    let rect = place(canvas, &image.at_most(2 * square.width.ceil() as usize), square, ink, hint)?;
    let outline = Rect { x: rect.x - 1.0, y: rect.y - 1.0, width: rect.width + 2.0, height: rect.height + 2.0 };
    canvas.frame(outline, 1.5, Stroke { color: canvas.palette.grid, width: 1.0 });
    Ok(())
}

/// A map's classes in their colours, of the size of `image`.
fn coloured(map: &[u32], image: &Image, palette: &Palette) -> Result<Image> {
    let unit = |byte: u8| f32::from(byte) / 255.0;
    let pixels = map.iter().flat_map(|&class| {
        let Color(r, g, b) = color(class as usize, palette);
        [unit(r), unit(g), unit(b)]
    });
    Image::new(image.height(), image.width(), 3, pixels.collect())
}
