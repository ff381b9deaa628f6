//! A vector's values as bars, up from zero and down from it.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::font::{self, Weight};
use super::palette::Theme;
use super::sheet::{draw_heading, heading};
use super::{Error, Picture, Result, ticks};
use crate::display::number;

/// A vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// What stands before its bars: `digits[3]`.
    pub label: String,
    /// Its values; what is not finite has no bar.
    pub values: Vec<f64>,
}

/// Bars beyond this are counted, not drawn.
const MOST: usize = 240;
/// Vectors beyond this.
const MOST_VECTORS: usize = 8;

// Distances in pixels.

const EDGE: f64 = 20.0;
const TEXT: f64 = 11.0;
const TALL: f64 = 110.0;
const WIDE: f64 = 780.0;

/// Vectors one below the other, all to one scale; `names` are those of the values, where they have any. At most 240 values of 8
/// vectors are drawn, and the title says of how many.
///
/// Fails with [`Error::Empty`] where there is no value.
pub fn values(title: &str, vectors: &[Values], names: &[String], theme: Theme) -> Result<Picture> {
    let all = vectors.iter().map(|vector| vector.values.len()).max().unwrap_or(0);
    if all == 0 {
        return Err(Error::Empty { what: "no values" });
    }
    let count = all.min(MOST);
    let shown = &vectors[..vectors.len().min(MOST_VECTORS)];
    let finite = || shown.iter().flat_map(|v| v.values.iter().take(count).copied()).filter(|value| value.is_finite());
    let (low, high) = finite().fold((0.0, 0.0), |(low, high), v| (f64::min(low, v), f64::max(high, v)));
    let span = if high > low { high - low } else { 1.0 };

    let step = (WIDE / count as f64).clamp(3.0, 46.0);
    let is_named = step >= 18.0;
    let ends = [high, low].map(|end| ticks::minus(&number::short(end)));
    let left = ends.iter().map(|end| font::width(end, TEXT, Weight::Regular)).fold(24.0, f64::max) + 10.0;
    let heading = heading(title, count, all);
    let heading_room = font::width(&heading, 15.0, Weight::SemiBold).min(700.0);
    let inner = (left + step * count as f64).max(heading_room);
    let block = TALL + 34.0 + if is_named { 24.0 } else { 10.0 };
    let mut canvas = Canvas::new(inner + 2.0 * EDGE, 46.0 + block * shown.len() as f64 + EDGE - 8.0, theme);
    draw_heading(&mut canvas, &heading, EDGE, inner);
    let palette = canvas.palette;
    let muted = Text { size: TEXT, weight: Weight::Regular, anchor: Anchor::Start, color: palette.muted, turn: 0.0 };
    for (i, vector) in shown.iter().enumerate() {
        let top = 46.0 + block * i as f64;
        canvas.text(EDGE, top + 6.0, &font::elide(&vector.label, inner, TEXT, muted.weight), muted);
        let (top, x) = (top + 26.0, EDGE + left);
        let height = |value: f64| top + (high - value) / span * TALL;
        let end = Text { anchor: Anchor::End, ..muted };
        canvas.text(x - 8.0, height(high), &ends[0], end);
        if low < 0.0 {
            canvas.text(x - 8.0, height(low), &ends[1], end);
        }
        for (at, &value) in vector.values.iter().take(count).enumerate() {
            let (from, to) = (height(value.max(0.0)), height(value.min(0.0)));
            let thick = (step * 0.8).min(step - 1.0);
            let bar = Rect { x: x + at as f64 * step + (step - thick) / 2.0, y: from, width: thick, height: to - from };
            if value.is_finite() && value != 0.0 {
                let color = if value < 0.0 { palette.series[0] } else { palette.series[1] };
                canvas.fill(Rect { height: bar.height.max(1.0), ..bar }, 0.0, color);
            }
            if is_named {
                let own = at.to_string();
                let name = font::elide(names.get(at).unwrap_or(&own), step - 3.0, TEXT, muted.weight);
                canvas.text(bar.x + thick / 2.0, top + TALL + 12.0, &name, Text { anchor: Anchor::Middle, ..muted });
            }
        }
        let axis = Stroke { color: palette.axis, width: 1.0 };
        canvas.line((x, height(0.0)), (x + step * count as f64, height(0.0)), axis);
    }
    canvas.finish("values", alt(&heading, shown, names))
}

/// The picture in words: the largest value of each vector.
fn alt(heading: &str, vectors: &[Values], names: &[String]) -> String {
    let largest = |vector: &Values| {
        let finite = vector.values.iter().enumerate().filter(|(_, value)| value.is_finite());
        let (at, value) = finite.max_by(|a, b| a.1.total_cmp(b.1))?;
        let name = names.get(at).cloned().unwrap_or_else(|| format!("number {at}"));
        Some(format!("{}: the largest is {name}, {}", vector.label, number::short(*value)))
    };
    let said: Vec<String> = vectors.iter().filter_map(largest).collect();
    if said.is_empty() { format!("{heading}.") } else { format!("{heading}. {}.", said.join("; ")) }
}
