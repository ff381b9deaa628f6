//! A photograph, a painting, what came of both, and how close it came, step by step.

use super::backend::{Backend, units};
use super::canvas::{Anchor, Canvas, Rect, Stroke, Text, WIDEST};
use super::chart;
use super::curves::{Along, Panel, Series, Unit};
use super::font::{self, Weight};
use super::image::{Grey, Image};
use super::palette::Theme;
use super::sheet::{draw_heading, heading, inks, place, shown_size};
use super::{Error, Picture, Result};
use plotters::drawing::IntoDrawingArea;

/// An image with what stands above it.
#[derive(Clone, Debug, PartialEq)]
pub struct Framed {
    /// What it is.
    pub caption: String,
    /// Its pixels.
    pub image: Image,
}

// Sizes in pixels.

const EDGE: f64 = 24.0;
/// The longest side of the photograph and of the painting, which stand below each other.
const SMALL: f64 = 216.0;
/// Between them and the result.
const GAP: f64 = 24.0;
/// The longest side of the result.
const LARGE: f64 = WIDEST - 2.0 * EDGE - SMALL - GAP;
/// What a title takes.
const TITLE: f64 = 46.0;
const TEXT: f64 = 12.0;
/// From one line of a caption to the next, and from the last to the image.
const LEADING: f64 = 15.0;
/// Between the painting and what stands above it.
const BELOW: f64 = 18.0;
/// The curves.
const CHART: f64 = 250.0;

/// The photograph and the painting below each other, the result large beside them, and below it the losses over the steps.
///
/// Fails with [`Error::Empty`] where there are no losses.
pub fn stylized(title: &str, given: &[Framed; 2], result: &Framed, losses: &[Series], theme: Theme) -> Result<Picture> {
    if losses.is_empty() {
        return Err(Error::Empty { what: "no losses" });
    }
    let [small, large] = [SMALL, LARGE];
    let [photo, painting] = given.each_ref().map(|given| Shown::new(given, small));
    let result = Shown::new(result, large);
    let height = (photo.height() + BELOW + painting.height()).max(result.height());
    let mut canvas = Canvas::new(WIDEST, TITLE + height + CHART + BELOW, theme);
    draw_heading(&mut canvas, &heading(title, 1, 1), EDGE, WIDEST - 2.0 * EDGE);
    photo.draw(&mut canvas, (EDGE, TITLE))?;
    painting.draw(&mut canvas, (EDGE, TITLE + photo.height() + BELOW))?;
    result.draw(&mut canvas, (EDGE + small + GAP, TITLE))?;
    let panel = Panel {
        title: "loss, each as much as it counts".to_string(),
        x_label: "step".to_string(),
        unit: Unit::Plain,
        along: Along::Evenly,
        series: losses.to_vec(),
    };
    let palette = canvas.palette;
    let sheet = Backend::new(&mut canvas).into_drawing_area();
    let area = sheet.margin(units(TITLE + height + BELOW), 0, 0, 0);
    let drawn = chart::draw(&area, &panel, palette).and_then(|()| sheet.present());
    drawn.map_err(|error| Error::Render(error.to_string()))?;
    let ends = losses.iter().filter_map(|series| {
        let (first, last) = (series.points.first()?, series.points.last()?);
        let [first, last] = [first, last].map(|point| crate::display::number::figure(point.1));
        Some(format!("{}: from {first} to {last}", series.label))
    });
    let ends: Vec<String> = ends.collect();
    canvas.finish("stylize", format!("{title}. Losses: {}.", ends.join("; ")))
}

/// An image at the size at which it is shown.
struct Shown<'a> {
    framed: &'a Framed,
    caption: Vec<String>,
    size: (f64, f64),
    side: f64,
}

impl<'a> Shown<'a> {
    fn new(framed: &'a Framed, side: f64) -> Self {
        let caption = font::wrap(&framed.caption, side, TEXT, Weight::Regular);
        Self { framed, caption, size: shown_size(&framed.image, side), side }
    }

    fn above(&self) -> f64 {
        LEADING * self.caption.len() as f64
    }

    fn height(&self) -> f64 {
        self.above() + self.size.1
    }

    fn draw(&self, canvas: &mut Canvas, (x, y): (f64, f64)) -> Result<()> {
        let color = canvas.palette.muted;
        let look = Text { size: TEXT, weight: Weight::Regular, anchor: Anchor::Start, color, turn: 0.0 };
        canvas.paragraph((x, y + 4.0), &self.caption, LEADING, look);
        let (width, height) = self.size;
        // Square, so that the image has its own form; what it leaves free is cut off again.
        let square = Rect {
            x: x - (self.side - width) / 2.0,
            y: y + self.above() - (self.side - height) / 2.0,
            width: self.side,
            height: self.side,
        };
        let ink = inks(std::iter::once(&self.framed.image), Grey::Light, canvas.palette);
        let rect = place(canvas, &self.framed.image, square, ink, &self.framed.caption)?;
        let stroke = Stroke { color: canvas.palette.grid, width: 1.0 };
        canvas.frame(
            Rect { x: rect.x - 1.0, y: rect.y - 1.0, width: rect.width + 2.0, height: rect.height + 2.0 },
            1.5,
            stroke,
        );
        Ok(())
    }
}
