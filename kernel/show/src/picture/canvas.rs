//! The sheet of paper that every picture is drawn on: it writes SVG.

use super::font::{self, Weight};
use super::image::Image;
use super::palette::{Color, Palette, Theme};
use super::{Error, Picture};
use crate::display::clean;
use crate::markup::escape;
use std::fmt::Write as _;

/// Pictures are laid out to be no wider: what a notebook beside a side bar has room for, which does not scale them.
pub(super) const WIDEST: f64 = 810.0;
/// A side longer than this is refused, in pixels of the SVG.
const LONGEST_SIDE: f64 = 8000.0;

/// Where a text's position lies in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks. Sizes in pixels; the position is the text's middle in height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub size: f64,
    pub weight: Weight,
    pub anchor: Anchor,
    pub color: Color,
    /// Degrees, clockwise, about the position.
    pub turn: f64,
}

/// How a line looks. Sizes in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    pub color: Color,
    pub width: f64,
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub(super) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// A picture in the making.
pub(super) struct Canvas {
    width: f64,
    height: f64,
    pub palette: &'static Palette,
    body: String,
}

impl Canvas {
    /// An empty sheet, sizes in pixels (rounded up to whole ones).
    pub(super) fn new(width: f64, height: f64, theme: Theme) -> Self {
        Canvas { width: width.ceil(), height: height.ceil(), palette: Palette::of(theme), body: String::new() }
    }

    /// Width and height, in pixels.
    pub(super) fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    // Writing to a string cannot fail, so the results of `write!` are dropped throughout.

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.lines(&[&[from, to]], stroke);
    }

    /// Lines through points, as one element.
    pub(super) fn lines<L: AsRef<[(f64, f64)]>>(&mut self, lines: &[L], stroke: Stroke) {
        let mut d = String::new();
        for line in lines {
            for (i, &(x, y)) in line.as_ref().iter().enumerate() {
                let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, px(x), px(y));
            }
        }
        let _ = writeln!(
            self.body,
            r#"<path d="{d}" {} stroke-linejoin="round" stroke-linecap="round"/>"#,
            paint(None, Some(stroke))
        );
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), radius: f64, fill: Option<Color>, stroke: Option<Stroke>) {
        let _ = writeln!(
            self.body,
            r#"<circle cx="{}" cy="{}" r="{}" {}/>"#,
            px(x),
            px(y),
            px(radius),
            paint(fill, stroke)
        );
    }

    /// A filled rectangle with its corners rounded by `radius`.
    pub(super) fn fill(&mut self, rect: Rect, radius: f64, fill: Color) {
        let _ = writeln!(self.body, r#"<rect {} rx="{}" fill="{fill}"/>"#, extent(rect), px(radius));
    }

    /// A filled polygon, its corners in order.
    pub(super) fn polygon(&mut self, corners: &[(f64, f64)], fill: Color, stroke: Option<Stroke>) {
        let points: Vec<String> = corners.iter().map(|&(x, y)| format!("{},{}", px(x), px(y))).collect();
        let points = points.join(" ");
        let paint = paint(Some(fill), stroke);
        let _ = writeln!(self.body, r#"<polygon points="{points}" {paint} stroke-linejoin="round"/>"#);
    }

    /// Lines of text, the first at `y`, each `leading` below the one before it.
    pub(super) fn paragraph(&mut self, (x, y): (f64, f64), lines: &[String], leading: f64, look: Text) {
        for (i, line) in lines.iter().enumerate() {
            self.text(x, y + i as f64 * leading, line, look);
        }
    }

    /// The outline of a rectangle.
    pub(super) fn frame(&mut self, rect: Rect, radius: f64, stroke: Stroke) {
        let _ = writeln!(self.body, r#"<rect {} rx="{}" {}/>"#, extent(rect), px(radius), paint(None, Some(stroke)));
    }

    /// A text whose middle in height stands at `y`.
    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, look: Text) {
        self.lettering((x, y), text, look, "");
    }

    /// The same, as wide as with our font where a page does not have it: it stays in its box.
    pub(super) fn fitted_text(&mut self, x: f64, y: f64, text: &str, look: Text) {
        let width = px(font::width(text, look.size, look.weight));
        self.lettering((x, y), text, look, &format!(r#" textLength="{width}" lengthAdjust="spacingAndGlyphs""#));
    }

    fn lettering(&mut self, (x, y): (f64, f64), text: &str, look: Text, fit: &str) {
        let anchor = match look.anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let weight = if look.weight == Weight::SemiBold { r#" font-weight="600""# } else { "" };
        let turn = if look.turn == 0.0 {
            String::new()
        } else {
            format!(r#" transform="rotate({} {} {})""#, px(look.turn), px(x), px(y))
        };
        // Half of a capital's height below the middle: viewers disagree about `dominant-baseline`.
        let baseline = y + 0.36 * look.size;
        let _ = writeln!(
            self.body,
            r#"<text x="{}" y="{}" font-size="{}" fill="{}"{weight}{anchor}{turn}{fit}>{}</text>"#,
            px(x),
            px(baseline),
            px(look.size),
            look.color,
            escape(text)
        );
    }

    /// An image, its pixels crisp, with a text that a viewer shows when the pointer rests on it.
    pub(super) fn image(&mut self, rect: Rect, image: &Image, ink: [Color; 2], hint: &str) -> Result<(), Error> {
        let scale = (rect.width / image.width() as f64).floor().clamp(1.0, 64.0);
        let uri = image.data_uri(ink, scale as usize)?;
        let _ = writeln!(
            self.body,
            r#"<image {} preserveAspectRatio="none" style="image-rendering:pixelated" href="{uri}"><title>{}</title></image>"#,
            extent(rect),
            escape(hint)
        );
        Ok(())
    }

    /// The finished picture.
    pub(super) fn finish(self, name: &str, alt: String) -> Result<Picture, Error> {
        let size_error = Error::Size { width: self.width, height: self.height };
        let fits = |side: f64| (1.0..=LONGEST_SIDE).contains(&side);
        if !fits(self.width) || !fits(self.height) {
            return Err(size_error);
        }
        let (width, height) = (self.width as u32, self.height as u32);
        let alt = said(&alt);
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             style=\"max-width:100%;height:auto\" \
             role=\"img\" aria-label=\"{}\" font-family=\"{}\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n{}</svg>\n",
            escape(&alt),
            font::FAMILY,
            self.palette.paper,
            self.body
        );
        Ok(Picture { name: name.to_string(), svg, width, height, alt })
    }
}

/// An alternative text in one line: unseen characters and runs of spaces are single spaces.
fn said(alt: &str) -> String {
    clean(alt).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A coordinate to a hundredth of a pixel, in as few characters as it takes.
fn px(value: f64) -> String {
    let text = format!("{value:.2}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_string() } else { short.to_string() }
}

/// The attributes that say how a shape is filled and outlined.
fn paint(fill: Option<Color>, stroke: Option<Stroke>) -> String {
    let fill = fill.map_or_else(|| "none".to_string(), |color| color.to_string());
    match stroke {
        Some(stroke) => format!(r#"fill="{fill}" stroke="{}" stroke-width="{}""#, stroke.color, px(stroke.width)),
        None => format!(r#"fill="{fill}""#),
    }
}

fn extent(rect: Rect) -> String {
    format!(
        r#"x="{}" y="{}" width="{}" height="{}""#,
        px(rect.x),
        px(rect.y),
        px(rect.width.max(0.0)),
        px(rect.height.max(0.0))
    )
}
