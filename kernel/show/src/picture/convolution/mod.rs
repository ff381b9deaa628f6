//! A filter sliding over an image: cell by cell where they are few, as pictures where they are many.

mod cells;
mod large;

use super::canvas::{Anchor, Canvas, Text};
use super::font::{self, Weight};
use super::palette::Theme;
use super::{Error, Picture, Result};
use crate::display::{Convolution, number};

/// The image with the filter's window at one position, the filter, and the result; where there are few positions, every step
/// as well.
///
/// Fails with [`Error::Empty`] where image, filter or result has no numbers.
pub fn convolution(title: &str, slide: &Convolution<'_>, theme: Theme) -> Result<Picture> {
    if [slide.image, slide.filter, slide.result].iter().any(|part| part.is_empty()) {
        return Err(Error::Empty { what: "an image, a filter or a result without numbers" });
    }
    if cells::fit(slide) { cells::draw(title, slide, theme) } else { large::draw(title, slide, theme) }
}

/// The picture in words.
fn alt(title: &str, slide: &Convolution<'_>, position: [usize; 2], channel: usize) -> String {
    let [y, x] = position;
    let [rows, columns] = slide.extent();
    let head = if title.is_empty() { "Convolution" } else { title };
    let rows = number::of(rows, "row");
    format!(
        "{head}: {rows} of {columns}. At row {y}, column {x}: {}.",
        slide.sum(position, channel, slide.most_products())
    )
}

/// The sum at a position, with as many products as there is room for, behind `lead`.
fn sum_line(lead: &str, slide: &Convolution<'_>, position: [usize; 2], channel: usize, room: f64, size: f64) -> String {
    let line = |most| minus(&format!("{lead}{}", slide.sum(position, channel, most)));
    let fits = |line: &String| font::width(line, size, Weight::Regular) <= room;
    let line = (1..=slide.most_products()).rev().map(line).find(fits).unwrap_or_else(|| line(1));
    font::elide(&line, room, size, Weight::Regular)
}

/// With the sign that is as wide as `+`.
fn minus(text: &str) -> String {
    text.replace('-', "−")
}

/// `∗`, which the font lacks, or `=`, between two parts.
fn sign(canvas: &mut Canvas, (x, y): (f64, f64), sign: &str) {
    let (size, lower) = if sign == "*" { (30.0, 7.0) } else { (20.0, 0.0) };
    let color = canvas.palette.muted;
    let look = Text { size, weight: Weight::Regular, anchor: Anchor::Middle, color, turn: 0.0 };
    canvas.text(x, y + lower, sign, look);
}
