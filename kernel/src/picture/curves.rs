//! Curves over epochs: loss, accuracy.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::ends;
use super::font::{self, Weight};
use super::palette::{Color, Theme};
use super::ticks::{self, Axis, Labels};
use super::{Error, Picture, Result};
use crate::display::number;

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
}

/// The unit of a panel's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Figures as they are.
    #[default]
    Plain,
    /// Shares of 1, shown in per cent.
    Percent,
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
    let panel = Panel { title: y_label.to_string(), x_label: x_label.to_string(), unit, series: series.to_vec() };
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
    let (width, height) = if columns == 1 { (640.0, 340.0) } else { (470.0, 310.0) };
    let top = if title.is_empty() { 8.0 } else { 46.0 };
    let rows = panels.len().div_ceil(columns);
    let mut canvas = Canvas::new(width * columns as f64, top + height * rows as f64, theme);
    if !title.is_empty() {
        let look =
            Text { size: 17.0, weight: Weight::SemiBold, anchor: Anchor::Start, color: canvas.palette.ink, turn: 0.0 };
        let room = width * columns as f64 - 48.0;
        canvas.text(24.0, 28.0, &font::elide(title, room, look.size, look.weight), look);
    }
    for (i, panel) in panels.iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        let room = Rect { x: width * column as f64, y: top + height * row as f64, width, height };
        draw(&mut canvas, panel, room);
    }
    canvas.finish(&name(panels), alt(title, panels))
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

/// A curve's colour and style.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub color: Color,
    kind: SeriesKind,
}

/// A panel's geometry: where values lie on the sheet.
pub(super) struct Frame {
    pub plot: Rect,
    x: Axis,
    y: Axis,
}

impl Frame {
    /// Room between the plot's sides and the first and last points, in pixels.
    const INSET: f64 = 10.0;

    fn at_x(&self, x: f64) -> f64 {
        self.plot.x + Self::INSET + self.x.share(x) * (self.plot.width - 2.0 * Self::INSET)
    }

    pub(super) fn at_y(&self, y: f64) -> f64 {
        self.plot.bottom() - self.y.share(y) * self.plot.height
    }
}

/// The size of the plot's small texts.
pub(super) const LABEL: f64 = 12.0;

/// Draws a panel into its share of the sheet.
fn draw(canvas: &mut Canvas, panel: &Panel, room: Rect) {
    let styles = styles(canvas, panel);
    let (x, y) = axes(panel, room.width);
    let widest = y.ticks.iter().map(|tick| font::width(&tick.label, LABEL, Weight::Regular)).fold(20.0, f64::max);
    let labels: Vec<_> = panel.series.iter().map(|series| ends::label(series, panel.unit, &y)).collect();
    let margin =
        labels.iter().flatten().map(|end| font::width(&end.text, LABEL, Weight::SemiBold)).fold(30.0, f64::max);
    let left = room.x + 24.0 + widest + 8.0;
    let plot = Rect {
        x: left,
        y: room.y + 36.0,
        width: (room.right() - 20.0 - margin - 12.0 - left).max(60.0),
        height: room.height - 36.0 - 54.0,
    };
    let frame = Frame { plot, x, y };
    draw_axes(canvas, panel, &frame, room);
    for (series, style) in panel.series.iter().zip(&styles) {
        draw_series(canvas, series, &frame, *style);
    }
    ends::draw(canvas, &labels, &frame, &styles);
}

/// Curves of a kind take the palette's colours in turn. One training and one test curve get the palette's first two; of several,
/// the first training and the first test curve share a colour, and so on.
fn styles(canvas: &Canvas, panel: &Panel) -> Vec<Style> {
    let count = |kind| panel.series.iter().filter(|series| series.kind == kind).count();
    let lone_pair = count(SeriesKind::Train) <= 1 && count(SeriesKind::Test) <= 1;
    let (mut train, mut test) = (0, usize::from(lone_pair));
    let colors = &canvas.palette.series;
    let next = |series: &Series| {
        let turn = match series.kind {
            SeriesKind::Train => &mut train,
            SeriesKind::Test => &mut test,
        };
        *turn += 1;
        Style { color: colors[(*turn - 1) % colors.len()], kind: series.kind }
    };
    panel.series.iter().map(next).collect()
}

/// Whether a point can be drawn.
pub(super) fn is_drawn(&(x, y): &(f64, f64)) -> bool {
    x.abs() <= ticks::LARGEST && y.abs() <= ticks::LARGEST
}

/// The axes that hold every curve.
fn axes(panel: &Panel, width: f64) -> (Axis, Axis) {
    let points = || panel.series.iter().flat_map(|series| &series.points);
    let drawn = || points().filter(|point| is_drawn(point));
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.fold(None, |range, value| match range {
            None => Some((value, value)),
            Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
        })
    };
    // The axis runs over every epoch there was, those without a finite value among them.
    let (low, high) =
        range(&mut points().map(|point| point.0).filter(|x| x.abs() <= ticks::LARGEST)).unwrap_or((0.0, 1.0));
    let whole =
        points().all(|point| !point.0.is_finite() || point.0.fract() == 0.0) && high.abs() < 1e15 && low.abs() < 1e15;
    let x = if whole {
        ticks::whole(low, high, (width / 48.0) as usize)
    } else {
        ticks::values(low, high, (width / 80.0) as usize, Labels::Plain)
    };
    let (low, high) = range(&mut drawn().map(|point| point.1)).unwrap_or((0.0, 1.0));
    let labels = match panel.unit {
        Unit::Plain => Labels::Plain,
        Unit::Percent => Labels::Percent,
    };
    (x, ticks::values(low, high, 5, labels))
}

/// Grid, axis, tick labels, titles.
fn draw_axes(canvas: &mut Canvas, panel: &Panel, frame: &Frame, room: Rect) {
    let palette = canvas.palette;
    let label = Text { size: LABEL, weight: Weight::Regular, anchor: Anchor::Middle, color: palette.muted, turn: 0.0 };
    let plot = frame.plot;
    for tick in &frame.y.ticks {
        let y = frame.at_y(tick.at);
        canvas.line((plot.x, y), (plot.right(), y), Stroke::solid(palette.grid, 1.0));
        canvas.text(plot.x - 8.0, y, &tick.label, Text { anchor: Anchor::End, ..label });
    }
    canvas.line((plot.x, plot.bottom()), (plot.right(), plot.bottom()), Stroke::solid(palette.axis, 1.2));
    for tick in &frame.x.ticks {
        let x = frame.at_x(tick.at);
        canvas.line((x, plot.bottom()), (x, plot.bottom() + 4.0), Stroke::solid(palette.axis, 1.2));
        canvas.text(x, plot.bottom() + 15.0, &tick.label, label);
    }
    let title = Text { size: 14.0, weight: Weight::SemiBold, anchor: Anchor::Start, color: palette.ink, turn: 0.0 };
    let shown = font::elide(&panel.title, room.width - 48.0, title.size, title.weight);
    canvas.text(room.x + 24.0, room.y + 14.0, &shown, title);
    if !frame.y.factor.is_empty() {
        let x = room.x + 24.0 + font::width(&shown, title.size, title.weight) + 8.0;
        canvas.text(x, room.y + 14.0, &frame.y.factor, Text { anchor: Anchor::Start, ..label });
    }
    let x_label = match frame.x.factor.as_str() {
        "" => panel.x_label.clone(),
        factor => format!("{} ({factor})", panel.x_label),
    };
    canvas.text(
        plot.x + plot.width / 2.0,
        plot.bottom() + 35.0,
        &font::elide(&x_label, plot.width, LABEL, Weight::Regular),
        label,
    );
    let gaps = panel.series.iter().flat_map(|series| &series.points).any(|point| !is_drawn(point));
    if gaps {
        let text = if panel.series.iter().any(|series| series.points.iter().any(is_drawn)) {
            "gap: not finite"
        } else {
            "no value is finite"
        };
        canvas.text(room.right() - 20.0, plot.bottom() + 35.0, text, Text { size: 11.0, anchor: Anchor::End, ..label });
    }
}

/// The curve: a line through every run of finite points, dots where there is room for them.
fn draw_series(canvas: &mut Canvas, series: &Series, frame: &Frame, style: Style) {
    let paper = canvas.palette.paper;
    let (dash, fill) = match style.kind {
        SeriesKind::Train => ("", style.color),
        SeriesKind::Test => ("7 5", paper),
    };
    let spacing = frame.plot.width / series.points.len().max(1) as f64;
    let dot = |canvas: &mut Canvas, at| canvas.dot(at, 3.2, fill, Stroke::solid(style.color, 1.8));
    for run in series.points.split(|point| !is_drawn(point)).filter(|run| !run.is_empty()) {
        let places: Vec<(f64, f64)> = run.iter().map(|&(x, y)| (frame.at_x(x), frame.at_y(y))).collect();
        if places.len() > 1 {
            let width = if spacing < 0.25 { 1.2 } else { 2.2 };
            canvas.path(&thin(&places), Stroke { color: style.color, width, dash });
        }
        if spacing >= 16.0 || places.len() == 1 {
            for &place in &places {
                dot(canvas, place);
            }
        }
    }
}

/// The same line with at most four points a pixel of width: the first, lowest, highest and last there.
fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut thinned: Vec<(f64, f64)> = Vec::new();
    for column in points.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        if column.len() <= 4 {
            thinned.extend(column);
            continue;
        }
        let by_y = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let mut kept: Vec<(f64, f64)> =
            column.iter().min_by(by_y).into_iter().chain(column.iter().max_by(by_y)).copied().collect();
        kept.sort_by(|a, b| a.0.total_cmp(&b.0));
        thinned.push(column[0]);
        thinned.extend(kept);
        thinned.push(column[column.len() - 1]);
    }
    thinned
}

/// The picture in words.
fn alt(title: &str, panels: &[Panel]) -> String {
    let mut parts = Vec::new();
    for panel in panels {
        for series in &panel.series {
            let mut drawn = series.points.iter().filter(|point| is_drawn(point));
            let value = |y| match panel.unit {
                Unit::Plain => number::figure(y),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes() {
        let points: Vec<(f64, f64)> = (0..1000).map(|i| (f64::from(i) / 1000.0, f64::from(i % 97))).collect();
        let thinned = thin(&points);
        assert_eq!(thinned.len(), 4);
        assert!(thinned.iter().any(|p| p.1 == 0.0) && thinned.iter().any(|p| p.1 == 96.0));
    }
}
