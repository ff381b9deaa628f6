//! Codes in the plane: a point a sample in the colour of its class, pictures at some of them, rings around mistakes.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::font::{self, Weight};
use super::image::{Grey, Image};
use super::legend::{LINE, Legend, color};
use super::palette::{Color, Theme};
use super::sheet::{draw_heading, heading, inks, place, told};
use super::{Error, Picture, Result};

/// Points in the plane, and what is known of the samples that they stand for.
pub struct Embedding<'a> {
    /// A point a sample, finite.
    pub points: &'a [[f64; 2]],
    /// The class of each, where samples have one.
    pub labels: Option<&'a [u32]>,
    /// What the classes are called.
    pub classes: &'a [String],
    /// The samples that are ringed, and what is said of them.
    pub ringed: (&'a [usize], &'a str),
    /// The pictures of the samples, where they are such.
    pub image: Option<&'a dyn Fn(usize) -> Result<Image>>,
}

/// More points than these are counted, not drawn.
const MOST: usize = 5000;
/// So many pictures at most, and so many of ringed samples.
const PICTURES: usize = 44;
const RINGED: usize = 14;
/// With more classes than this their names stand in the legend alone.
const NAMED: usize = 24;

// Distances in pixels.

const EDGE: f64 = 20.0;
const PLOT: (f64, f64) = (680.0, 600.0);
/// Between the outermost points and the frame.
const INSET: f64 = 24.0;
/// The side of a picture, and from its middle to the next one's at least.
const SIDE: f64 = 28.0;
const APART: f64 = 46.0;
const NAME: f64 = 12.0;
const RING: f64 = 6.5;

/// The points, their classes by colour and by name; at most 5,000 are drawn, and the title says of how many.
///
/// Fails with [`Error::Empty`] where there is no point.
pub fn embedding(title: &str, what: &Embedding<'_>, theme: Theme) -> Result<Picture> {
    if what.points.is_empty() {
        return Err(Error::Empty { what: "no points" });
    }
    let step = what.points.len().div_ceil(MOST);
    let shown: Vec<usize> = (0..what.points.len()).step_by(step).collect();
    let heading = heading(title, shown.len(), what.points.len());
    let legend = Legend::of(if what.labels.is_some() { what.classes } else { &[] }, PLOT.0);
    let is_ringed = !what.ringed.0.is_empty();
    let top = if heading.is_empty() { EDGE - 6.0 } else { 44.0 };
    let rings = if is_ringed { LINE } else { 0.0 };
    let frame = Rect { x: EDGE, y: top + legend.height() + rings + 8.0, width: PLOT.0, height: PLOT.1 };
    let mut canvas = Canvas::new(PLOT.0 + 2.0 * EDGE, frame.bottom() + EDGE, theme);
    let palette = canvas.palette;
    draw_heading(&mut canvas, &heading, EDGE, PLOT.0);
    legend.draw(&mut canvas, (EDGE, top));
    if is_ringed {
        let y = top + legend.height() + LINE / 2.0;
        let look = Text { size: 11.5, weight: Weight::Regular, anchor: Anchor::Start, color: palette.ink, turn: 0.0 };
        canvas.dot((EDGE + RING, y), RING - 1.0, None, Some(ring(palette.ink)));
        canvas.text(EDGE + 2.0 * RING + 5.0, y, what.ringed.1, look);
    }
    canvas.frame(frame, 3.0, Stroke { color: palette.grid, width: 1.0 });
    let mut plane = Plane { places: places(what.points, frame), what, taken: Vec::new() };
    plane.draw_points(&mut canvas, &shown);
    let names = plane.names(&shown);
    plane.draw_pictures(&mut canvas, &shown, frame)?;
    names.iter().for_each(|name| name.draw(&mut canvas));
    let classes = told("Classes", legend_names(what), ", ");
    let rings = if is_ringed { format!(" {} {}.", what.ringed.0.len(), what.ringed.1) } else { String::new() };
    canvas.finish("embedding", format!("{heading}. {classes}{rings}"))
}

fn legend_names<'a>(what: &Embedding<'a>) -> impl Iterator<Item = &'a str> {
    what.labels.map_or(&[][..], |_| what.classes).iter().map(String::as_str)
}

fn ring(color: Color) -> Stroke {
    Stroke { color, width: 1.6 }
}

/// Where the points lie on the sheet: one scale for both axes, in the middle of the frame.
fn places(points: &[[f64; 2]], frame: Rect) -> Vec<(f64, f64)> {
    let end = |axis: usize, first: f64, take: fn(f64, f64) -> f64| points.iter().map(|p| p[axis]).fold(first, take);
    let low = [0, 1].map(|axis| end(axis, f64::INFINITY, f64::min));
    let high = [0, 1].map(|axis| end(axis, f64::NEG_INFINITY, f64::max));
    let room = [frame.width - 2.0 * INSET, frame.height - 2.0 * INSET];
    let scale = [0, 1].map(|axis| room[axis] / (high[axis] - low[axis]).max(1e-200));
    let scale = scale[0].min(scale[1]);
    let middle = [0, 1].map(|axis| f64::midpoint(low[axis], high[axis]));
    let centre = (frame.x + frame.width / 2.0, frame.y + frame.height / 2.0);
    // Up is up.
    points.iter().map(|p| (centre.0 + (p[0] - middle[0]) * scale, centre.1 - (p[1] - middle[1]) * scale)).collect()
}

/// The points on the sheet, and what stands there already.
struct Plane<'a> {
    places: Vec<(f64, f64)>,
    what: &'a Embedding<'a>,
    taken: Vec<Rect>,
}

/// A class's name on the sheet.
struct Name {
    text: String,
    rect: Rect,
    class: usize,
}

impl Plane<'_> {
    fn draw_points(&self, canvas: &mut Canvas, shown: &[usize]) {
        let palette = canvas.palette;
        let radius = match shown.len() {
            0..=600 => 3.6,
            601..=2000 => 2.8,
            _ => 2.0,
        };
        let edge = Stroke { color: palette.paper.mix(palette.ink, 0.55), width: 0.6 };
        for &sample in shown {
            let fill = self.what.labels.map_or(palette.bar, |labels| color(labels[sample] as usize, palette));
            canvas.dot(self.places[sample], radius, Some(fill), Some(edge));
        }
        for &sample in self.what.ringed.0 {
            canvas.dot(self.places[sample], RING, None, Some(ring(palette.ink)));
        }
    }

    /// Each class's name in the middle of its points, where no other stands yet.
    fn names(&mut self, shown: &[usize]) -> Vec<Name> {
        let (Some(labels), 2..=NAMED) = (self.what.labels, self.what.classes.len()) else { return Vec::new() };
        let mut names = Vec::new();
        for (class, name) in self.what.classes.iter().enumerate() {
            let own = || shown.iter().filter(|&&sample| labels[sample] as usize == class);
            let middle = |of: fn(&(f64, f64)) -> f64| {
                let mut along: Vec<f64> = own().map(|&sample| of(&self.places[sample])).collect();
                along.sort_by(f64::total_cmp);
                along.get(along.len() / 2).copied()
            };
            let (Some(x), Some(y)) = (middle(|place| place.0), middle(|place| place.1)) else { continue };
            let text = font::elide(name, 90.0, NAME, Weight::SemiBold);
            let width = font::width(&text, NAME, Weight::SemiBold) + 10.0;
            let rect = Rect { x: x - width / 2.0, y: y - 9.0, width, height: 18.0 };
            if self.is_free(rect) {
                self.taken.push(rect);
                names.push(Name { text, rect, class });
            }
        }
        names
    }

    /// Pictures where they cover no other and no name: of ringed samples, then of others.
    fn draw_pictures(&mut self, canvas: &mut Canvas, shown: &[usize], frame: Rect) -> Result<()> {
        let Some(image) = self.what.image else { return Ok(()) };
        let ringed = self.what.ringed.0;
        let mut chosen: Vec<(usize, Rect)> = Vec::new();
        for (samples, most) in [(ringed, RINGED), (shown, PICTURES)] {
            for &sample in samples {
                let (x, y) = self.places[sample];
                let rect = Rect { x: x - SIDE / 2.0, y: y - SIDE / 2.0, width: SIDE, height: SIDE };
                let is_inside = rect.x > frame.x && rect.right() < frame.right() && rect.y > frame.y;
                let is_far = chosen.iter().all(|(_, other)| (other.x - rect.x).hypot(other.y - rect.y) >= APART);
                if chosen.len() < most && is_far && is_inside && rect.bottom() < frame.bottom() && self.is_free(rect) {
                    chosen.push((sample, rect));
                }
            }
        }
        let images: Vec<Image> = chosen
            .iter()
            .map(|&(sample, _)| Ok(image(sample)?.at_most(2 * SIDE as usize).into_owned()))
            .collect::<Result<_>>()?;
        let (palette, ink) = (canvas.palette, inks(images.iter(), Grey::Auto, canvas.palette));
        for ((sample, rect), image) in chosen.iter().zip(&images) {
            let rect = place(canvas, image, *rect, ink, &format!("sample {sample}"))?;
            let around = |by: f64| Rect {
                x: rect.x - by,
                y: rect.y - by,
                width: rect.width + 2.0 * by,
                height: rect.height + 2.0 * by,
            };
            let class = self.what.labels.map_or(palette.bar, |labels| color(labels[*sample] as usize, palette));
            canvas.frame(around(1.0), 1.5, Stroke { color: class, width: 2.0 });
            if ringed.contains(sample) {
                canvas.frame(around(3.4), 3.0, ring(palette.ink));
            }
            self.taken.push(rect);
        }
        Ok(())
    }

    fn is_free(&self, rect: Rect) -> bool {
        self.taken.iter().all(|other| {
            other.right() < rect.x || rect.right() < other.x || other.bottom() < rect.y || rect.bottom() < other.y
        })
    }
}

impl Name {
    fn draw(&self, canvas: &mut Canvas) {
        let palette = canvas.palette;
        canvas.fill(self.rect, 4.0, palette.paper);
        canvas.frame(self.rect, 4.0, Stroke { color: color(self.class, palette), width: 1.6 });
        let (x, y) = (self.rect.x + self.rect.width / 2.0, self.rect.y + self.rect.height / 2.0);
        let look = Text { size: NAME, weight: Weight::SemiBold, anchor: Anchor::Middle, color: palette.ink, turn: 0.0 };
        canvas.text(x, y, &self.text, look);
    }
}
