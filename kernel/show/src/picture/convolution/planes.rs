//! A few channels and few numbers in each: the window goes through all of them, a row a channel, and their sums add up.

use super::super::canvas::{Anchor, Canvas, Text};
use super::super::font::{self, Weight};
use super::super::palette::Theme;
use super::super::sheet::draw_heading;
use super::super::{Picture, Result};
use super::cells::{Look, are_few, caption, image, padded, result, weights};
use super::{alt, minus, sign, sum_line};
use crate::display::SlidingWindow;
use crate::display::number::short;

/// More channels do not fit a page.
const MOST_CHANNELS: usize = 4;

// Distances in pixels.

const EDGE: f64 = 24.0;
const TOP: f64 = 74.0;
const BETWEEN: f64 = 46.0;
/// Between the rows of two channels, with a caption.
const APART: f64 = 34.0;
/// The room of a channel's sum.
const SUM: f64 = 64.0;

/// Whether a filter sums over a few channels of few numbers.
pub(super) fn fit(slide: &SlidingWindow<'_>) -> bool {
    let channels = slide.image.shape()[2];
    let sums = slide.filter().is_some_and(|filter| filter.shape()[2] == channels);
    (2..=MOST_CHANNELS).contains(&channels) && sums && slide.result.shape()[2] == 1 && are_few(slide)
}

pub(super) fn draw(title: &str, slide: &SlidingWindow<'_>, theme: Theme) -> Result<Picture> {
    let Some(filter) = slide.filter() else { return super::large::draw(title, slide, theme) };
    let [height, width] = padded(slide).size();
    let channels = slide.image.shape()[2];
    let (size, [rows, columns]) = (filter.shape(), slide.extent());
    let side: f64 = if height.max(width) <= 7 { 34.0 } else { 28.0 };
    let across = |count: usize| count as f64 * side;
    let row = across((height as usize).max(size[0])) + APART;
    let at = [EDGE, EDGE + across(width as usize) + BETWEEN];
    let sums_at = at[1] + across(size[1]) + BETWEEN;
    let result_at = sums_at + SUM + BETWEEN;
    let inner = (result_at + across(columns) - EDGE).max(font::width(title, 15.0, Weight::SemiBold).min(700.0));
    let (position, channel) = slide.strongest();
    let tall = (row * channels as f64 - APART).max(across(rows));
    let mut canvas = Canvas::new(inner + 2.0 * EDGE, TOP + tall + 44.0, theme);
    draw_heading(&mut canvas, title, EDGE, inner);
    let look =
        Text { size: 14.0, weight: Weight::SemiBold, anchor: Anchor::Middle, color: canvas.palette.ink, turn: 0.0 };
    let middle = |channel: usize| TOP + channel as f64 * row + across(size[0].min(height as usize)) / 2.0;
    for channel in 0..channels {
        let y = TOP + channel as f64 * row;
        caption(&mut canvas, (at[0], y - 14.0), &format!("channel {channel} of the image"));
        image(&mut canvas, slide, (at[0], y), Look { side, factors: true, channel }, position);
        sign(&mut canvas, (at[1] - BETWEEN / 2.0, middle(channel)), "*");
        caption(&mut canvas, (at[1], y - 14.0), "of the filter");
        weights(&mut canvas, filter, (at[1], y), side, channel);
        sign(&mut canvas, (sums_at - BETWEEN / 2.0, middle(channel)), "=");
        let sum = minus(&short(slide.partial(position, channel)));
        canvas.text(sums_at + SUM / 2.0, middle(channel), &sum, look);
        if channel > 0 {
            canvas.text(sums_at + SUM / 2.0, middle(channel) - row / 2.0, "+", look);
        }
    }
    let y = TOP + (row * channels as f64 - APART - across(rows)).max(0.0) / 2.0;
    sign(&mut canvas, (result_at - BETWEEN / 2.0, y + across(rows) / 2.0), "=");
    caption(&mut canvas, (result_at, y - 14.0), &format!("result {rows}×{columns}"));
    result(&mut canvas, slide, (result_at, y), Look { side, factors: true, channel: 0 }, position, usize::MAX);
    let lead = format!("strongest at {}: ", slide.place(position, channel));
    let small = Text { size: 12.0, weight: Weight::Regular, anchor: Anchor::Start, ..look };
    canvas.text(EDGE, TOP + tall + 22.0, &sum_line(&lead, slide, position, channel, inner, small.size), small);
    canvas.finish("channels", alt(title, slide, position, channel))
}
