//! The backend that plotters draws curves and axes on: it turns them into elements of the sheet, so that SVG and PNG stay one drawing.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::font::{self, Weight};
use super::palette::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use std::convert::Infallible;

/// plotters' coordinates are whole numbers: with so many of them a pixel, curves stay smooth.
const UNITS: f64 = 100.0;

/// A length in plotters' units.
pub(super) fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

/// A length in pixels.
pub(super) fn pixels(units: i32) -> f64 {
    f64::from(units) / UNITS
}

/// A colour as plotters has it.
pub(super) fn ink(Color(r, g, b): Color) -> RGBColor {
    RGBColor(r, g, b)
}

/// How a line of a width in pixels looks.
pub(super) fn pen(color: Color, width: f64) -> ShapeStyle {
    ShapeStyle::from(ink(color)).stroke_width(units(width).unsigned_abs())
}

/// How a text of a size in pixels looks; its position is its middle in height.
pub(super) fn lettering(size: f64, weight: Weight, color: Color, h_pos: HPos) -> TextStyle<'static> {
    let style = match weight {
        Weight::Regular => FontStyle::Normal,
        Weight::SemiBold => FontStyle::Bold,
    };
    FontDesc::new(FontFamily::Name("Inter"), size * UNITS, style).color(&ink(color)).pos(Pos::new(h_pos, VPos::Center))
}

type Drawn<T = ()> = Result<T, DrawingErrorKind<Infallible>>;

/// plotters' view of a canvas.
pub(super) struct Backend<'a> {
    canvas: &'a mut Canvas,
    /// Lines of one look that follow one another, such as the dashes of a curve: they become one element.
    lines: Vec<Vec<(f64, f64)>>,
    stroke: Option<Stroke>,
}

impl<'a> Backend<'a> {
    pub(super) fn new(canvas: &'a mut Canvas) -> Self {
        Backend { canvas, lines: Vec::new(), stroke: None }
    }

    /// Colours cover: a transparent one is mixed with the paper, one that cannot be seen is `None`.
    fn color(&self, BackendColor { alpha, rgb: (r, g, b) }: BackendColor) -> Option<Color> {
        (alpha > 0.0).then(|| self.canvas.palette.paper.mix(Color(r, g, b), alpha))
    }

    /// Writes the lines that are still open.
    fn close_lines(&mut self) {
        if let Some(stroke) = self.stroke.take() {
            self.canvas.lines(&std::mem::take(&mut self.lines), stroke);
        }
    }
}

fn at((x, y): BackendCoord) -> (f64, f64) {
    (pixels(x), pixels(y))
}

fn width(style: &impl BackendStyle) -> f64 {
    f64::from(style.stroke_width()) / UNITS
}

fn weight(style: FontStyle) -> Weight {
    match style {
        FontStyle::Bold => Weight::SemiBold,
        FontStyle::Normal | FontStyle::Oblique | FontStyle::Italic => Weight::Regular,
    }
}

impl DrawingBackend for Backend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let (width, height) = self.canvas.size();
        (units(width).unsigned_abs(), units(height).unsigned_abs())
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        self.close_lines();
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.close_lines();
        if let Some(color) = self.color(color) {
            let (x, y) = at(point);
            self.canvas.fill(Rect { x, y, width: 1.0 / UNITS, height: 1.0 / UNITS }, 0.0, color);
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let Some(color) = self.color(style.color()) else { return Ok(()) };
        let line: Vec<_> = path.into_iter().map(at).collect();
        if line.len() < 2 {
            return Ok(());
        }
        let stroke = Stroke { color, width: width(style) };
        if self.stroke != Some(stroke) {
            self.close_lines();
            self.stroke = Some(stroke);
        }
        self.lines.push(line);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        self.close_lines();
        if let Some(color) = self.color(style.color()) {
            let stroke = Stroke { color, width: width(style) };
            let (fill, stroke) = if fill { (Some(color), None) } else { (None, Some(stroke)) };
            self.canvas.dot(at(center), f64::from(radius) / UNITS, fill, stroke);
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, pos: BackendCoord) -> Drawn {
        self.close_lines();
        let Some(color) = self.color(style.color()).filter(|_| !text.is_empty()) else { return Ok(()) };
        let Pos { h_pos, v_pos } = style.anchor();
        let anchor = match h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        let half = (style.size() / 2.0).round() as i32;
        let down = match v_pos {
            VPos::Top => half,
            VPos::Center => 0,
            VPos::Bottom => -half,
        };
        let transform = style.transform();
        let (right, down) = transform.transform(0, down);
        let turn = match transform {
            FontTransform::None => 0.0,
            FontTransform::Rotate90 => 90.0,
            FontTransform::Rotate180 => 180.0,
            FontTransform::Rotate270 => 270.0,
        };
        let look = Text { size: style.size() / UNITS, weight: weight(style.style()), anchor, color, turn };
        let (x, y) = at((pos.0 + right, pos.1 + down));
        self.canvas.text(x, y, text, look);
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Drawn<(u32, u32)> {
        let width = font::width(text, style.size(), weight(style.style()));
        Ok((width.ceil() as u32, style.size().ceil() as u32))
    }
}
