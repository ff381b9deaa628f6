//! Pictures that units of a net want to see: of one where it began, where it ended and how the value rose; of several a sheet.

use super::backend::{Backend, units};
use super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::chart;
use super::curves::{Along, Panel, Series, SeriesKind, Unit};
use super::font::Weight;
use super::image::{Grey, Image};
use super::palette::Theme;
use super::sheet::{Sample, draw, draw_heading, inks, place};
use super::{Error, Picture, Result};
use crate::display::number;
use plotters::drawing::IntoDrawingArea;

/// A climb to what one unit wants to see.
#[derive(Clone, Debug)]
pub struct Climb {
    /// Where it began and where it ended, and what stands under each.
    pub pictures: [(Image, String); 2],
    /// What rose: `mean of the map`.
    pub what: String,
    /// Its course over the steps, from the start on.
    pub curve: Vec<f64>,
}

// Distances in pixels.

const EDGE: f64 = 20.0;
const TOP: f64 = 48.0;
/// The square that a picture stands in.
const SIDE: f64 = 168.0;
const GAP: f64 = 14.0;
const CAPTION: f64 = 11.5;
const CHART: (f64, f64) = (326.0, 234.0);

/// Start and end beside each other, and the curve.
///
/// Fails with [`Error::Empty`] where the curve has no point.
pub fn climb(title: &str, climb: &Climb, theme: Theme) -> Result<Picture> {
    let (Some(first), Some(last)) = (climb.curve.first(), climb.curve.last()) else {
        return Err(Error::Empty { what: "no steps" });
    };
    let pictures = 2.0 * (SIDE + GAP);
    let width = EDGE + pictures + CHART.0;
    let mut canvas = Canvas::new(width, TOP + CHART.1, theme);
    draw_heading(&mut canvas, title, EDGE, width - 2.0 * EDGE);
    let palette = canvas.palette;
    let ink = inks(climb.pictures.iter().map(|(image, _)| image), Grey::Light, palette);
    let look = Text { size: CAPTION, weight: Weight::Regular, anchor: Anchor::Middle, color: palette.ink, turn: 0.0 };
    for (at, (image, caption)) in climb.pictures.iter().enumerate() {
        let square = Rect { x: EDGE + at as f64 * (SIDE + GAP), y: TOP, width: SIDE, height: SIDE };
        let rect = place(&mut canvas, image, square, ink, caption)?;
        let outline = Rect { x: rect.x - 0.5, y: rect.y - 0.5, width: rect.width + 1.0, height: rect.height + 1.0 };
        canvas.frame(outline, 1.0, Stroke { color: palette.grid, width: 1.0 });
        canvas.text(square.x + SIDE / 2.0, square.bottom() + 14.0, caption, look);
    }
    let points = climb.curve.iter().enumerate().map(|(step, &value)| (step as f64, value)).collect();
    let panel = Panel {
        title: climb.what.clone(),
        x_label: "step".to_string(),
        unit: Unit::Even,
        along: Along::Evenly,
        series: vec![Series { label: String::new(), points, kind: SeriesKind::Train }],
    };
    let sheet = Backend::new(&mut canvas).into_drawing_area();
    let area = sheet.margin(units(TOP - 12.0), 0, units(EDGE + pictures - GAP), 0);
    let drawn = chart::draw(&area, &panel, palette).and_then(|()| sheet.present());
    drawn.map_err(|error| Error::Render(error.to_string()))?;
    drop((area, sheet));
    let course = format!("from {} to {}", number::figure(*first), number::figure(*last));
    canvas.finish("maximize", format!("{title}. {}: {course}.", climb.what))
}

/// What several units want to see, each with its caption.
///
/// Fails with [`Error::Empty`] where there is none.
pub fn wanted(title: &str, samples: &[Sample], theme: Theme) -> Result<Picture> {
    draw("maximize", title, samples, Grey::Light, theme)
}
