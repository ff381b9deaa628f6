//! One system of axes on the sheet: plotters' chart in the house's style.

use super::backend::{Backend, ink, lettering, pen, pixels, units};
use super::curves::{Along, Panel, Series, SeriesKind, Unit};
use super::ends;
use super::font::{self, Weight};
use super::palette::{Color, Palette};
use super::ticks::{self, Axis, Labels};
use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::{CoordTranslate, Shift};
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, EmptyElement};
use plotters::series::{DashedLineSeries, LineSeries, PointSeries};
use plotters::style::text_anchor::HPos;
use plotters::style::{Color as _, TRANSPARENT};
use std::convert::Infallible;

/// A part of the sheet.
pub(super) type Area<'a> = DrawingArea<Backend<'a>, Shift>;
/// A system of axes on the sheet.
pub(super) type Chart<'a> = ChartContext<'a, Backend<'a>, Cartesian2d<Axis, Axis>>;
/// What drawing returns.
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<Infallible>>;

/// The size of the plot's small texts, in pixels.
pub(super) const LABEL: f64 = 12.0;

/// A point of a curve, in values.
type Point = (f64, f64);

/// A curve's colour and style.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub color: Color,
    kind: SeriesKind,
}

// Distances in pixels.

/// From the left side of the panel's part of the sheet to its title.
const LEFT: f64 = 24.0;
/// From the labels at the curves' ends to the right side.
const RIGHT: f64 = 20.0;
/// Between the plot and the labels beside it.
pub(super) const BESIDE: f64 = 8.0;
/// From the plot to the middle of the x axis's label.
const BELOW: f64 = 35.0;
/// From the plot to the lower side.
const BOTTOM: f64 = 54.0;
/// Between the plot's sides and the first and last points.
const INSET: f64 = 10.0;
/// As much wider than ours may letters be that stand for them where a page does not have our font.
const WIDER: f64 = 1.18;

/// The width of a part of the sheet, in pixels.
fn width<C: CoordTranslate>(area: &DrawingArea<Backend<'_>, C>) -> f64 {
    pixels(area.dim_in_pixel().0 as i32)
}

/// Draws a panel into its part of the sheet.
pub(super) fn draw(area: &Area<'_>, panel: &Panel, palette: &'static Palette) -> Drawn {
    let styles = styles(palette, panel);
    let width = width(area);
    let (x, y) = axes(panel, width);
    let widest = y.ticks.iter().map(|tick| font::width(&tick.label, LABEL, Weight::Regular)).fold(20.0, f64::max);
    let labels: Vec<_> = panel.series.iter().map(|series| ends::label(series, panel.unit, &y)).collect();
    let margin =
        labels.iter().flatten().map(|end| font::width(&end.text, LABEL, Weight::SemiBold)).fold(30.0, f64::max);
    let (left, right) = (widest + BESIDE, WIDER * margin + 12.0 + RIGHT);
    let plot = width - LEFT - left - right;
    let factors = (x.factor.clone(), y.factor.clone());
    let mut chart: Chart = ChartBuilder::on(area)
        .margin_top(units(36.0))
        .margin_bottom(units(BOTTOM - BELOW - LABEL / 2.0))
        .margin_left(units(LEFT))
        .margin_right(units(right))
        .x_label_area_size(units(BELOW + LABEL / 2.0))
        .y_label_area_size(units(left))
        .build_cartesian_2d(x.with_room(INSET / (plot - 2.0 * INSET)), y)?;
    draw_title(area, panel, &factors.1, palette)?;
    draw_axes(&mut chart, panel, &factors.0, palette)?;
    draw_gaps(area, panel, palette)?;
    for (series, style) in panel.series.iter().zip(&styles) {
        draw_series(&mut chart, series, *style, palette.paper)?;
    }
    ends::draw(area, &chart, &labels, &styles, palette)
}

/// Curves of a kind take the palette's colours in turn. One training and one test curve get the palette's first two; of several,
/// the first training and the first test curve share a colour, and so on.
fn styles(palette: &Palette, panel: &Panel) -> Vec<Style> {
    let count = |kind| panel.series.iter().filter(|series| series.kind == kind).count();
    let lone_pair = count(SeriesKind::Train) <= 1 && count(SeriesKind::Test) <= 1;
    let (mut train, mut test, mut dots) = (0, usize::from(lone_pair), 1);
    let colors = &palette.series;
    let next = |series: &Series| {
        let turn = match series.kind {
            SeriesKind::Train => &mut train,
            SeriesKind::Test => &mut test,
            SeriesKind::Dots => &mut dots,
        };
        let (color, round) = (colors[*turn % colors.len()], *turn / colors.len());
        *turn += 1;
        // More curves than colours: the same once more, lighter.
        Style { color: color.mix(palette.paper, 1.0 - 0.55f64.powi(round.min(3) as i32)), kind: series.kind }
    };
    panel.series.iter().map(next).collect()
}

/// Whether a point can be drawn.
pub(super) fn is_drawn(&(x, y): &Point) -> bool {
    x.abs() <= ticks::LARGEST && y.abs() <= ticks::LARGEST
}

/// The axes that hold every curve, for a panel of a width in pixels.
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
    let decades = if panel.along == Along::Decades { ticks::decades(low, high, (width / 80.0) as usize) } else { None };
    let x = if let Some(decades) = decades {
        decades
    } else if whole {
        // The labels at both sides of the plot take about so much; the longest of those below it is the last one.
        let room = width - 170.0;
        let longest = font::width(&format!("{high:.0}"), LABEL, Weight::Regular) + 14.0;
        ticks::whole(low, high, (room / longest.max(26.0)) as usize)
    } else {
        ticks::values(low, high, (width / 80.0) as usize, Labels::Plain)
    };
    let (low, high) = range(&mut drawn().map(|point| point.1)).unwrap_or((0.0, 1.0));
    let labels = match panel.unit {
        Unit::Plain | Unit::Even => Labels::Plain,
        Unit::Percent => Labels::Percent,
    };
    let spread = if panel.unit == Unit::Plain { ticks::decades(low, high, 6) } else { None };
    (x, spread.unwrap_or_else(|| ticks::values(low, high, 5, labels)))
}

/// The title above the plot, and the factor of the labels of the y axis.
fn draw_title(area: &Area<'_>, panel: &Panel, factor: &str, palette: &Palette) -> Drawn {
    const SIZE: f64 = 14.0;
    let beside = if factor.is_empty() { 0.0 } else { BESIDE + font::width(factor, LABEL, Weight::Regular) };
    let room = (width(area) - 2.0 * LEFT) / WIDER - beside;
    let shown = font::elide(&panel.title, room, SIZE, Weight::SemiBold);
    let title = lettering(SIZE, Weight::SemiBold, palette.ink, HPos::Left);
    let (left, middle) = (units(LEFT), units(14.0));
    area.draw_text(&shown, &title, (left, middle))?;
    let (length, _) = area.estimate_text_size(&shown, &title)?;
    let after = left + (WIDER * f64::from(length)) as i32 + units(BESIDE);
    area.draw_text(factor, &lettering(LABEL, Weight::Regular, palette.muted, HPos::Left), (after, middle))
}

/// Grid, axis, ticks and their labels.
fn draw_axes(chart: &mut Chart<'_>, panel: &Panel, factor: &str, palette: &Palette) -> Drawn {
    let label = lettering(LABEL, Weight::Regular, palette.muted, HPos::Center);
    // The values have grid lines and labels, but neither axis nor ticks; plotters has one style for both axes.
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .bold_line_style(pen(palette.grid, 1.0))
        .axis_style(TRANSPARENT)
        .label_style(label.clone())
        .set_tick_mark_size(LabelAreaPosition::Left, units(BESIDE / 2.0))
        .draw()?;
    let x_label = match factor {
        "" => panel.x_label.clone(),
        factor => format!("{} ({factor})", panel.x_label),
    };
    let room = width(chart.plotting_area());
    chart
        .configure_mesh()
        .disable_mesh()
        .disable_y_axis()
        .axis_style(pen(palette.axis, 1.2))
        .label_style(label)
        .x_desc(font::elide(&x_label, room, LABEL, Weight::Regular))
        .set_tick_mark_size(LabelAreaPosition::Bottom, units(4.5))
        .draw()
}

/// Says that there are gaps, where there are.
fn draw_gaps(area: &Area<'_>, panel: &Panel, palette: &Palette) -> Drawn {
    let mut points = panel.series.iter().flat_map(|series| &series.points);
    if points.clone().all(is_drawn) {
        return Ok(());
    }
    let text = if points.any(is_drawn) { "gap: not finite" } else { "no value is finite" };
    let (right, bottom) = area.dim_in_pixel();
    let corner = (right as i32 - units(RIGHT), bottom as i32 - units(BOTTOM - BELOW));
    area.draw_text(text, &lettering(11.0, Weight::Regular, palette.muted, HPos::Right), corner)
}

/// The curve: a line through every run of finite points, dots where there is room for them.
fn draw_series(chart: &mut Chart<'_>, series: &Series, style: Style, paper: Color) -> Drawn {
    if series.kind == SeriesKind::Dots {
        let dots = series.points.iter().copied().filter(is_drawn);
        let dot = ink(style.color).mix(0.55).filled();
        chart.draw_series(dots.map(|at| Circle::new(at, units(2.6), dot)))?;
        return Ok(());
    }
    let spacing = width(chart.plotting_area()) / series.points.len().max(1) as f64;
    let line = pen(style.color, if spacing < 0.25 { 1.2 } else { 2.2 });
    for run in series.points.split(|point| !is_drawn(point)).filter(|run| !run.is_empty()) {
        let points = thin(run, |point| pixels(chart.backend_coord(point).0).floor());
        let dotted = spacing >= 16.0 || run.len() == 1;
        match style.kind {
            SeriesKind::Train => {
                let radius = if dotted { units(4.1) } else { 0 };
                chart.draw_series(LineSeries::new(points, line.filled()).point_size(radius.unsigned_abs()))?;
            }
            SeriesKind::Test => {
                chart.draw_series(DashedLineSeries::new(points, units(7.0), units(5.0), line))?;
                let hollow = |at: Point, radius, ring| {
                    let hole = Circle::new((0, 0), radius, ink(paper).filled());
                    EmptyElement::at(at) + hole + Circle::new((0, 0), radius, ring)
                };
                let dots = if dotted { run } else { &[] };
                let ring = pen(style.color, 1.8);
                chart.draw_series(PointSeries::of_element(dots.iter().copied(), units(3.2), ring, &hollow))?;
            }
            SeriesKind::Dots => {}
        }
    }
    Ok(())
}

/// The same line with at most four points a column, which is a pixel wide: the first, lowest, highest and last there.
fn thin(points: &[Point], column: impl Fn(&Point) -> f64) -> Vec<Point> {
    let mut thinned: Vec<Point> = Vec::new();
    for column in points.chunk_by(|a, b| column(a) == column(b)) {
        if column.len() <= 4 {
            thinned.extend(column);
            continue;
        }
        let by_y = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
        let mut kept: Vec<Point> =
            column.iter().min_by(by_y).into_iter().chain(column.iter().max_by(by_y)).copied().collect();
        kept.sort_by(|a, b| a.0.total_cmp(&b.0));
        thinned.push(column[0]);
        thinned.extend(kept);
        thinned.push(column[column.len() - 1]);
    }
    thinned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes() {
        let points: Vec<Point> = (0..1000).map(|i| (f64::from(i) / 1000.0, f64::from(i % 97))).collect();
        let thinned = thin(&points, |point| point.0.floor());
        assert_eq!(thinned.len(), 4);
        assert!(thinned.iter().any(|p| p.1 == 0.0) && thinned.iter().any(|p| p.1 == 96.0));
    }
}
