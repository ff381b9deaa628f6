//! Curves over epochs: loss, accuracy.

use super::backend::{Backend, units};
use super::canvas::{Anchor, Canvas, Text, WIDEST};
use super::chart::{self, Drawn, is_drawn};
use super::font::{self, Weight};
use super::palette::Theme;
use super::{Error, Picture, Result};
use crate::display::number;
use plotters::drawing::IntoDrawingArea;

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What stands at its end: `train`.
    pub label: String,
    /// Its points, x rising. What is not finite is a gap.
    pub points: Vec<(f64, f64)>,
    /// Which style it has.
    pub kind: SeriesKind,
}

/// What a curve was measured on; it decides the curve's style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesKind {
    /// The training part: a whole line, full dots.
    Train,
    /// The test part: a dashed line, hollow dots.
    Test,
    /// Points by themselves, in whatever order.
    Dots,
}

/// The unit of a panel's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Figures as they are.
    #[default]
    Plain,
    /// The same, equally far apart where they differ equally, however many decades they span.
    Even,
    /// Shares of 1, shown in per cent.
    Percent,
}

/// How what runs along a panel is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Along {
    /// Equal differences are equally far apart.
    #[default]
    Evenly,
    /// Equal ratios are, where the values span enough for it.
    Decades,
}

/// One system of axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What stands above it: `Loss`.
    pub title: String,
    /// What runs along it: `epoch`.
    pub x_label: String,
    /// The values' unit.
    pub unit: Unit,
    /// How what runs along it is spread.
    pub along: Along,
    /// The curves.
    pub series: Vec<Series>,
}

/// One plot: `y_label` stands above it, `x_label` runs along it.
///
/// Fails with [`Error::Empty`] where there is no series.
pub fn curves(
    title: &str,
    x_label: &str,
    y_label: &str,
    series: &[Series],
    unit: Unit,
    theme: Theme,
) -> Result<Picture> {
    let (y_label, x_label, along) = (y_label.to_string(), x_label.to_string(), Along::Evenly);
    let panel = Panel { title: y_label, x_label, unit, along, series: series.to_vec() };
    panels(title, &[panel], theme)
}

/// Several plots in one picture, two a row: `plot loss, accuracy of lenet`.
///
/// Fails with [`Error::Empty`] where there is no panel, or a panel without series.
pub fn panels(title: &str, panels: &[Panel], theme: Theme) -> Result<Picture> {
    if panels.is_empty() || panels.iter().any(|panel| panel.series.is_empty()) {
        return Err(Error::Empty { what: "no curves" });
    }
    let columns = panels.len().min(2);
    let (width, height) = if columns == 1 { (640.0, 340.0) } else { (WIDEST / 2.0, 300.0) };
    let top = if title.is_empty() { 8.0 } else { 46.0 };
    let rows = panels.len().div_ceil(columns);
    let mut canvas = Canvas::new(width * columns as f64, top + height * rows as f64, theme);
    if !title.is_empty() {
        let look =
            Text { size: 17.0, weight: Weight::SemiBold, anchor: Anchor::Start, color: canvas.palette.ink, turn: 0.0 };
        let room = width * columns as f64 - 48.0;
        canvas.text(24.0, 28.0, &font::elide(title, room, look.size, look.weight), look);
    }
    draw(&mut canvas, panels, (rows, columns), top).map_err(|error| Error::Render(error.to_string()))?;
    canvas.finish(&name(panels), alt(title, panels))
}

/// What a net gives for numbers, against what they are, with the line on which it would be right; at most
/// [`MOST_DOTS`] are drawn.
///
/// Fails with [`Error::Empty`] where there is no pair.
pub fn scatter(title: &str, [along, above]: [&str; 2], points: &[(f64, f64)], theme: Theme) -> Result<Picture> {
    let finite = || points.iter().filter(|point| is_drawn(point));
    let ends = finite().fold(None, |ends: Option<(f64, f64)>, &(x, y)| {
        let (low, high) = ends.unwrap_or((x, x));
        Some((low.min(x).min(y), high.max(x).max(y)))
    });
    let Some((low, high)) = ends else { return Err(Error::Empty { what: "no pairs of finite numbers" }) };
    let step = points.len().div_ceil(MOST_DOTS).max(1);
    let dots: Vec<(f64, f64)> = points.iter().step_by(step).copied().collect();
    let ideal = Series { label: "right".into(), points: vec![(low, low), (high, high)], kind: SeriesKind::Train };
    let dots = Series { label: String::new(), points: dots, kind: SeriesKind::Dots };
    let (x_label, unit) = (along.to_string(), Unit::Plain);
    let panel = Panel { title: above.to_string(), x_label, unit, along: Along::Evenly, series: vec![ideal, dots] };
    let drawn = panels(title, &[panel], theme)?;
    let alt = format!(
        "{title}. {} against {along}: {} points from {} to {}.",
        above,
        points.len(),
        number::figure(low),
        number::figure(high)
    );
    Ok(Picture { name: "scatter".into(), alt, ..drawn })
}

/// More dots than this cover each other.
const MOST_DOTS: usize = 2000;

/// Draws the panels in rows and columns, below the title.
fn draw(canvas: &mut Canvas, panels: &[Panel], rows_columns: (usize, usize), top: f64) -> Drawn {
    let palette = canvas.palette;
    let sheet = Backend::new(canvas).into_drawing_area();
    let areas = sheet.margin(units(top), 0, 0, 0).split_evenly(rows_columns);
    for (area, panel) in areas.iter().zip(panels) {
        chart::draw(area, panel, palette)?;
    }
    sheet.present()
}

/// `loss`, `loss-accuracy`.
fn name(panels: &[Panel]) -> String {
    let words = panels.iter().map(|panel| {
        panel
            .title
            .to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-")
    });
    let name = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    if name.is_empty() { "curves".to_string() } else { name.chars().take(60).collect() }
}

/// The picture in words.
fn alt(title: &str, panels: &[Panel]) -> String {
    let mut parts = Vec::new();
    for panel in panels {
        for series in &panel.series {
            let mut drawn = series.points.iter().filter(|point| is_drawn(point));
            let value = |y| match panel.unit {
                Unit::Plain | Unit::Even => number::figure(y),
                Unit::Percent => number::percent(y),
            };
            let course = match (drawn.next(), drawn.next_back()) {
                (Some(first), Some(last)) => format!("from {} to {}", value(first.1), value(last.1)),
                (Some(only), None) => value(only.1),
                _ => "no finite value".to_string(),
            };
            parts.push(format!("{}, {}: {course}", panel.title, series.label));
        }
    }
    let lead = if title.is_empty() { "Plot".to_string() } else { title.to_string() };
    format!("{lead}. {}.", parts.join("; "))
}
