//! The PNG of a sheet. It is given each shape that goes into the SVG, and draws it as a viewer of the SVG would.

use super::canvas::{PNG_SCALE, Rect, Stroke};
use super::image::{Image, png};
use super::palette::Color;
use super::{Error, Result};
use tiny_skia::{
    FillRule, FilterQuality, LineCap, LineJoin, Paint, Path, PathBuilder, Pattern, Pixmap, PremultipliedColorU8,
    Shader, SpreadMode, Transform,
};

/// How far the handles of a quarter of a circle reach, as a share of its radius.
const QUARTER: f32 = 0.552_284_8;

/// The shapes so far, the lowest first.
#[derive(Default)]
pub(super) struct Drawing {
    shapes: Vec<Shape>,
}

enum Shape {
    Area { path: Path, fill: Color },
    Line { path: Path, stroke: Stroke, ends: Ends },
    Image { pixels: Pixmap, at: Rect },
}

/// The ends and corners of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Round,
    Square,
}

impl Drawing {
    /// What a path encloses. A path without a point is nothing.
    pub(super) fn area(&mut self, path: Option<Path>, fill: Color) {
        self.shapes.extend(path.map(|path| Shape::Area { path, fill }));
    }

    /// A line along a path.
    pub(super) fn line(&mut self, path: Option<Path>, stroke: Stroke, ends: Ends) {
        self.shapes.extend(path.map(|path| Shape::Line { path, stroke, ends }));
    }

    /// An image, its pixels crisp.
    pub(super) fn image(&mut self, at: Rect, image: &Image, ink: [Color; 2]) -> Result<()> {
        let too_large = || Error::Size { width: image.width() as f64, height: image.height() as f64 };
        let side = |n| u32::try_from(n).map_err(|_| too_large());
        let mut pixels = Pixmap::new(side(image.width())?, side(image.height())?).ok_or_else(too_large)?;
        for (pixel, rgb) in pixels.pixels_mut().iter_mut().zip(image.rgb(ink).chunks_exact(3)) {
            *pixel = tiny_skia::ColorU8::from_rgba(rgb[0], rgb[1], rgb[2], 255).premultiply();
        }
        self.shapes.push(Shape::Image { pixels, at });
        Ok(())
    }

    /// The PNG of a sheet of this size in pixels of the SVG, with [`PNG_SCALE`] times as many of its own.
    pub(super) fn finish(self, width: u32, height: u32, paper: Color) -> Result<Vec<u8>> {
        let (width, height) = (width * PNG_SCALE, height * PNG_SCALE);
        let mut sheet =
            Pixmap::new(width, height).ok_or(Error::Size { width: f64::from(width), height: f64::from(height) })?;
        sheet.fill(tiny_skia::Color::from_rgba8(paper.0, paper.1, paper.2, 255));
        for shape in &self.shapes {
            shape.draw(&mut sheet);
        }
        // The paper covers everything, so alpha is 1 throughout and can go.
        let rgb = |pixel: &PremultipliedColorU8| [pixel.red(), pixel.green(), pixel.blue()];
        png(width, height, &sheet.pixels().iter().flat_map(rgb).collect::<Vec<u8>>())
    }
}

impl Shape {
    fn draw(&self, sheet: &mut Pixmap) {
        let scale = Transform::from_scale(PNG_SCALE as f32, PNG_SCALE as f32);
        match self {
            Shape::Area { path, fill } => sheet.fill_path(path, &paint(*fill), FillRule::Winding, scale, None),
            Shape::Line { path, stroke, ends } => {
                let (line_cap, line_join) = match ends {
                    Ends::Round => (LineCap::Round, LineJoin::Round),
                    Ends::Square => (LineCap::Butt, LineJoin::Miter),
                };
                let look = tiny_skia::Stroke { width: stroke.width as f32, line_cap, line_join, ..Default::default() };
                sheet.stroke_path(path, &paint(stroke.color), &look, scale, None);
            }
            Shape::Image { pixels, at } => {
                let (across, down) = (at.width / f64::from(pixels.width()), at.height / f64::from(pixels.height()));
                let place = Transform::from_row(across as f32, 0.0, 0.0, down as f32, at.x as f32, at.y as f32);
                let shader = Pattern::new(pixels.as_ref(), SpreadMode::Pad, FilterQuality::Nearest, 1.0, place);
                if let Some(path) = rectangle(*at, 0.0) {
                    let paint = Paint { shader, ..Paint::default() };
                    sheet.fill_path(&path, &paint, FillRule::Winding, scale, None);
                }
            }
        }
    }
}

fn paint(color: Color) -> Paint<'static> {
    let color = tiny_skia::Color::from_rgba8(color.0, color.1, color.2, 255);
    Paint { shader: Shader::SolidColor(color), ..Paint::default() }
}

/// Lines through points.
pub(super) fn through<L: AsRef<[(f64, f64)]>>(lines: &[L]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for line in lines {
        for (i, &(x, y)) in line.as_ref().iter().enumerate() {
            match i {
                0 => path.move_to(x as f32, y as f32),
                _ => path.line_to(x as f32, y as f32),
            }
        }
    }
    path.finish()
}

pub(super) fn circle((x, y): (f64, f64), radius: f64) -> Option<Path> {
    PathBuilder::from_circle(x as f32, y as f32, radius as f32)
}

/// A rectangle, its corners rounded by `radius`, which is at most half of a side.
pub(super) fn rectangle(rect: Rect, radius: f64) -> Option<Path> {
    let [left, top, right, bottom] = [rect.x, rect.y, rect.right(), rect.bottom()].map(|side| side as f32);
    let whole = tiny_skia::Rect::from_ltrb(left, top, right, bottom)?;
    let r = (radius as f32).min(whole.width() / 2.0).min(whole.height() / 2.0);
    if r <= 0.0 {
        return Some(PathBuilder::from_rect(whole));
    }
    let handle = r * (1.0 - QUARTER);
    let mut path = PathBuilder::new();
    path.move_to(left + r, top);
    path.line_to(right - r, top);
    path.cubic_to(right - handle, top, right, top + handle, right, top + r);
    path.line_to(right, bottom - r);
    path.cubic_to(right, bottom - handle, right - handle, bottom, right - r, bottom);
    path.line_to(left + r, bottom);
    path.cubic_to(left + handle, bottom, left, bottom - handle, left, bottom - r);
    path.line_to(left, top + r);
    path.cubic_to(left, top + handle, left + handle, top, left + r, top);
    path.close();
    path.finish()
}
