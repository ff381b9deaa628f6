//! Numbers as colours: zero is the paper, positive ones orange, negative ones blue, dark at the ends of the scale.
//!
//! Blue and orange are Okabe and Ito's, told apart in every common form of colour blindness; brightness falls from zero
//! to both ends, and the scale's bar says which end is which.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::font::{self, Weight};
use super::image::Image;
use super::palette::{Color, Palette};
use super::{Result, ticks};
use crate::display::number;

/// From the most negative number that has a colour of its own, or 0, to the largest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub low: f64,
    pub high: f64,
}

/// The length of a bar in pixels, and its thickness.
const BAR: f64 = 150.0;
const THICK: f64 = 9.0;
const LABEL: f64 = 11.0;

impl Scale {
    /// The scale of some numbers: from 0 where none is negative, else as far down as up, so that zero is the paper.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((0.0, 0.0), |(low, high), value| (f64::min(low, value), f64::max(high, value)));
        match f64::max(-low, high) {
            0.0 => Self { low: 0.0, high: 1.0 },
            most if low < 0.0 => Self { low: -most, high: most },
            most => Self { low: 0.0, high: most },
        }
    }

    /// The colour of a number; grey where it is none.
    pub(super) fn color(&self, value: f64, palette: &Palette) -> Color {
        if value.is_nan() {
            return palette.axis;
        }
        let share = (value / self.high).clamp(-1.0, 1.0);
        let hue = if share < 0.0 { palette.series[0] } else { palette.series[1] };
        // Two thirds of the way to the full colour, then on towards the ink.
        const FULL: f64 = 0.7;
        match share.abs() {
            size if size <= FULL => palette.paper.mix(hue, size / FULL),
            size => hue.mix(palette.ink, 0.55 * (size - FULL) / (1.0 - FULL)),
        }
    }

    /// Ink that can be read on the colour of a number.
    pub(super) fn ink(&self, value: f64, palette: &Palette) -> Color {
        self.color(value, palette).clearer(palette.ink, palette.paper)
    }

    /// Numbers in rows as an image in these colours.
    pub(super) fn image(&self, rows: usize, columns: usize, values: &[f32], palette: &Palette) -> Result<Image> {
        let unit = |byte: u8| f32::from(byte) / 255.0;
        let pixels = values.iter().flat_map(|&value| {
            let Color(r, g, b) = self.color(value.into(), palette);
            [unit(r), unit(g), unit(b)]
        });
        Image::new(rows, columns, 3, pixels.collect())
    }

    /// How wide the bar is with its labels.
    pub(super) fn width(&self) -> f64 {
        let [low, high] = self.labels();
        BAR + 12.0 + font::width(&low, LABEL, Weight::Regular) + font::width(&high, LABEL, Weight::Regular)
    }

    fn labels(&self) -> [String; 2] {
        [self.low, self.high].map(|end| ticks::minus(&number::short(end)))
    }

    /// The bar, its ends labelled, from `x` on in the height of `y`.
    pub(super) fn draw(&self, canvas: &mut Canvas, x: f64, y: f64) -> Result<()> {
        const STEPS: usize = 75;
        let palette = canvas.palette;
        let look =
            Text { size: LABEL, weight: Weight::Regular, anchor: Anchor::Start, color: palette.muted, turn: 0.0 };
        let [low, high] = self.labels();
        canvas.text(x, y, &low, look);
        let start = x + font::width(&low, LABEL, Weight::Regular) + 6.0;
        let step = |i: usize| self.low + (self.high - self.low) * i as f64 / (STEPS - 1) as f64;
        let colours: Vec<f32> = (0..STEPS).map(|i| step(i) as f32).collect();
        let bar = Rect { x: start, y: y - THICK / 2.0, width: BAR, height: THICK };
        canvas.image(bar, &self.image(1, STEPS, &colours, palette)?, [palette.paper, palette.ink], "scale")?;
        canvas.frame(bar, 0.0, Stroke { color: palette.axis, width: 0.8 });
        canvas.text(bar.right() + 6.0, y, &high, look);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::palette::Theme;
    use super::*;

    #[test]
    fn zero_is_the_paper_and_the_ends_are_told_apart_in_brightness() {
        for theme in [Theme::Light, Theme::Dark] {
            let palette = Palette::of(theme);
            let scale = Scale::of([-0.5, 2.0, f64::NAN, f64::INFINITY].into_iter());
            assert_eq!((scale.low, scale.high), (-2.0, 2.0));
            assert_eq!(scale.color(0.0, palette), palette.paper);
            let away = |value: f64| scale.color(value, palette).contrast(palette.paper);
            for sign in [-1.0, 1.0] {
                assert!(away(0.4 * sign) < away(1.2 * sign) && away(1.2 * sign) < away(2.0 * sign), "{theme:?}");
            }
        }
        assert_eq!(Scale::of([0.0, 3.0].into_iter()), Scale { low: 0.0, high: 3.0 });
        assert_eq!(Scale::of(std::iter::empty()), Scale { low: 0.0, high: 1.0 });
    }
}
