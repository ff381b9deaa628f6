//! A window sliding over an image, of a filter or of a pooling: cell by cell where they are few, as pictures where they are many.

mod cells;
mod large;
mod planes;

use super::canvas::{Anchor, Canvas, Text};
use super::font::{self, Weight};
use super::palette::Theme;
use super::{Error, Picture, Result};
use crate::display::{Makes, SlidingWindow, number};

/// The image with the window at one position, the filter where there is one, and the result, channel by channel where a
/// filter sums over a few; where there are few positions, every step as well.
///
/// Fails with [`Error::Empty`] where image, filter or result has no numbers.
pub fn convolution(title: &str, slide: &SlidingWindow<'_>, theme: Theme) -> Result<Picture> {
    let parts = [Some(slide.image), slide.filter(), Some(slide.result)];
    if parts.into_iter().flatten().any(|part| part.is_empty()) {
        return Err(Error::Empty { what: "an image, a filter or a result without numbers" });
    }
    if cells::fit(slide) {
        cells::draw(title, slide, theme)
    } else if planes::fit(slide) {
        planes::draw(title, slide, theme)
    } else {
        large::draw(title, slide, theme)
    }
}

/// The picture in words.
fn alt(title: &str, slide: &SlidingWindow<'_>, position: [usize; 2], channel: usize) -> String {
    let [y, x] = position;
    let [rows, columns] = slide.extent();
    let head = match (title, slide.makes) {
        ("", Makes::Sum(_)) => "Convolution",
        ("", Makes::Max | Makes::Mean) => "Pooling",
        (title, _) => title,
    };
    let rows = number::of(rows, "row");
    format!(
        "{head}: {rows} of {columns}. At row {y}, column {x}: {}.",
        slide.step(position, channel, slide.most_terms())
    )
}

/// The sum at a position, with as many products as there is room for, behind `lead`.
fn sum_line(
    lead: &str,
    slide: &SlidingWindow<'_>,
    position: [usize; 2],
    channel: usize,
    room: f64,
    size: f64,
) -> String {
    let line = |most| minus(&format!("{lead}{}", slide.step(position, channel, most)));
    let fits = |line: &String| font::width(line, size, Weight::Regular) <= room;
    let line = (1..=slide.most_terms()).rev().map(line).find(fits).unwrap_or_else(|| line(1));
    font::elide(&line, room, size, Weight::Regular)
}

/// With the sign that is as wide as `+`.
fn minus(text: &str) -> String {
    text.replace('-', "−")
}

/// What stands before the result: `=` behind a filter, else what a pooling takes.
fn makes(slide: &SlidingWindow<'_>) -> &'static str {
    match slide.makes {
        Makes::Sum(_) => "=",
        Makes::Max => "max",
        Makes::Mean => "mean",
    }
}

/// `∗`, which the font lacks, `=` or a word, between two parts.
fn sign(canvas: &mut Canvas, (x, y): (f64, f64), sign: &str) {
    let (size, lower) = match sign {
        "*" => (30.0, 7.0),
        "=" => (20.0, 0.0),
        _ => (13.0, 0.0),
    };
    let color = canvas.palette.muted;
    let look = Text { size, weight: Weight::Regular, anchor: Anchor::Middle, color, turn: 0.0 };
    canvas.text(x, y + lower, sign, look);
}
