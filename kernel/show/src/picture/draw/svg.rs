//! A diagram as a picture.

use super::super::canvas::{Canvas, Stroke, Text};
use super::super::palette::Theme;
use super::super::{Picture, Result};
use super::drawing::{Dash, Drawing, Outline, Pen, Point, Shape};

/// The lengths of a dash and of the gap behind it, in pixels.
const DASH: [f64; 2] = [5.0, 4.0];

impl Drawing {
    /// The diagram as SVG. Fails with [`super::super::Error::Size`] where it is too large.
    pub fn picture(&self, name: &str, theme: Theme) -> Result<Picture> {
        let mut canvas = Canvas::new(self.width, self.height, theme);
        self.shapes.iter().for_each(|shape| shape.draw(&mut canvas));
        canvas.finish(name, self.alt.clone())
    }
}

impl Shape {
    fn draw(&self, canvas: &mut Canvas) {
        match self {
            Shape::Rectangle { at, radius, fill, pen } => {
                if let Some(fill) = fill {
                    canvas.fill((*at).into(), *radius, *fill);
                }
                match pen {
                    Some(pen) if pen.dash == Dash::Dashed => {
                        line(canvas, &rounded(*at, *radius), *pen);
                    }
                    Some(pen) => canvas.frame((*at).into(), *radius, stroke(*pen)),
                    None => {}
                }
            }
            Shape::Polygon { points, fill, pen } => canvas.polygon(points, *fill, pen.map(stroke)),
            Shape::Line { points, pen } => line(canvas, points, *pen),
            Shape::Text { x, y, text, look } => {
                let (size, weight, anchor, color) = (look.size, look.weight, look.anchor, look.color);
                canvas.fitted_text(*x, *y, text, Text { size, weight, anchor, color, turn: 0.0 });
            }
        }
    }
}

fn stroke(pen: Pen) -> Stroke {
    Stroke { color: pen.color, width: pen.width }
}

fn line(canvas: &mut Canvas, points: &[Point], pen: Pen) {
    match pen.dash {
        Dash::Solid => canvas.lines(&[points], stroke(pen)),
        Dash::Dashed => canvas.lines(&dashes(points), stroke(pen)),
    }
}

/// A line in dashes.
fn dashes(points: &[Point]) -> Vec<Vec<Point>> {
    let mut dashes: Vec<Vec<Point>> = Vec::new();
    let (mut is_drawn, mut left) = (true, DASH[0]);
    let mut dash: Vec<Point> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length <= left {
                left -= length;
                if is_drawn {
                    dash.push(to);
                }
                break;
            }
            from = (from.0 + (to.0 - from.0) * left / length, from.1 + (to.1 - from.1) * left / length);
            if is_drawn {
                dash.push(from);
                dashes.push(std::mem::take(&mut dash));
            } else {
                dash = vec![from];
            }
            is_drawn = !is_drawn;
            left = DASH[usize::from(!is_drawn)];
        }
    }
    if is_drawn && dash.len() > 1 {
        dashes.push(dash);
    }
    dashes
}

/// A rectangle's outline, its corners rounded.
fn rounded(at: Outline, radius: f64) -> Vec<Point> {
    let (x, y, right, bottom) = (at.x + radius, at.y + radius, at.right() - radius, at.bottom() - radius);
    let corners = [(right, y, -90.0), (right, bottom, 0.0), (x, bottom, 90.0), (x, y, 180.0)];
    let arc = |(x, y, from): (f64, f64, f64)| {
        (0..=6).map(move |step| {
            let angle = (from + 15.0 * f64::from(step)).to_radians();
            (x + radius * angle.cos(), y + radius * angle.sin())
        })
    };
    let mut points: Vec<Point> = corners.into_iter().flat_map(arc).collect();
    points.extend(points.first().copied());
    points
}
