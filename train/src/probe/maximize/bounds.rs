//! What keeps a picture from being noise that excites: neighbours that differ little, blurring.

use std::ops::Range;

/// Differences below this count as none: the root of total variation has no slope at 0.
const SMALL: f32 = 0.01;

/// The extent of a picture `[H, W, C]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl Size {
    /// From one row to the next.
    fn row(self) -> usize {
        self.width * self.channels
    }
}

/// Adds `weight` times the gradient of a picture's total variation (L. Rudin, S. Osher, E. Fatemi, 1992; A. Mahendran and
/// A. Vedaldi, arXiv:1412.0035): of each channel the sum of √(dx² + dy² + 0.01²), differences to the right and down, none
/// beyond the sides.
pub(super) fn add_variation(picture: &[f32], size: Size, weight: f32, slope: &mut [f32]) {
    let (row, channels) = (size.row(), size.channels);
    for at in 0..picture.len() {
        let right = (at % row + channels < row).then_some(at + channels);
        let below = (at + row < picture.len()).then_some(at + row);
        let difference = |other: Option<usize>| other.map_or(0.0, |other| picture[other] - picture[at]);
        let (across, down) = (difference(right), difference(below));
        let length = (across * across + down * down + SMALL * SMALL).sqrt();
        for (other, difference) in [(right, across), (below, down)] {
            if let Some(other) = other {
                slope[other] += weight * difference / length;
                slope[at] -= weight * difference / length;
            }
        }
    }
}

/// Blurs a picture by Gauss's bell of this deviation in pixels, cut off behind three deviations; beyond its sides it goes on
/// as there.
pub(super) fn blur(picture: &mut [f32], size: Size, sigma: f32) {
    let bell = bell(sigma, size.height.max(size.width));
    let (row, channels) = (size.row(), size.channels);
    for (first, end) in (1..=size.height).flat_map(|y| (0..channels).map(move |c| ((y - 1) * row + c, y * row))) {
        blur_lane(picture, first..end, channels, &bell);
    }
    for first in 0..row {
        blur_lane(picture, first..size.height * row, row, &bell);
    }
}

/// Half of the bell, from its middle on, of sum 1 as a whole.
fn bell(sigma: f32, most: usize) -> Vec<f64> {
    let reach = ((3.0 * f64::from(sigma)).ceil() as usize).clamp(1, most);
    let weight = |at: usize| (-0.5 * (at as f64 / f64::from(sigma)).powi(2)).exp();
    let sum = weight(0) + 2.0 * (1..=reach).map(weight).sum::<f64>();
    (0..=reach).map(|at| weight(at) / sum).collect()
}

/// Blurs the values that stand `step` apart.
fn blur_lane(picture: &mut [f32], range: Range<usize>, step: usize, bell: &[f64]) {
    let lane: Vec<f64> = picture[range.clone()].iter().step_by(step).map(|&value| value.into()).collect();
    let last = lane.len() - 1;
    for (at, slot) in picture[range].iter_mut().step_by(step).enumerate() {
        let side = |away: usize| lane[at.saturating_sub(away)] + lane[(at + away).min(last)];
        let sides: f64 = (1..bell.len()).map(|away| bell[away] * side(away)).sum();
        *slot = (bell[0] * lane[at] + sides) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { height: 4, width: 5, channels: 2 };

    fn picture() -> Vec<f32> {
        (0..40).map(|at| 0.5 + 0.4 * (at as f32 * 1.3).sin()).collect()
    }

    /// In f64, pixel by pixel.
    fn variation(picture: &[f64]) -> f64 {
        let value = |y: usize, x: usize, c: usize| picture[(y * SIZE.width + x) * SIZE.channels + c];
        let mut sum = 0.0;
        for c in 0..SIZE.channels {
            for y in 0..SIZE.height {
                for x in 0..SIZE.width {
                    let across = if x + 1 < SIZE.width { value(y, x + 1, c) - value(y, x, c) } else { 0.0 };
                    let down = if y + 1 < SIZE.height { value(y + 1, x, c) - value(y, x, c) } else { 0.0 };
                    sum += (across.powi(2) + down.powi(2) + 1e-4).sqrt();
                }
            }
        }
        sum
    }

    #[test]
    fn the_slope_of_total_variation_is_that_of_finite_differences() {
        let wide: Vec<f64> = picture().into_iter().map(f64::from).collect();
        let mut slope = vec![0.25; wide.len()];
        add_variation(&picture(), SIZE, 3.0, &mut slope);
        for (at, &found) in slope.iter().enumerate() {
            let moved = |by: f64| {
                let mut moved = wide.clone();
                moved[at] += by;
                variation(&moved)
            };
            let wanted = 0.25 + 3.0 * (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((f64::from(found) - wanted).abs() < 1e-4, "{at}: {found} {wanted}");
        }
    }

    #[test]
    fn blurring_keeps_what_is_even_and_spreads_a_point_by_its_deviation() {
        let mut even = vec![0.3; 40];
        blur(&mut even, SIZE, 0.8);
        assert!(even.iter().all(|value| (value - 0.3).abs() < 1e-6));
        let size = Size { height: 21, width: 21, channels: 1 };
        let mut point = vec![0.0; 441];
        point[10 * 21 + 10] = 1.0;
        blur(&mut point, size, 1.5);
        let total: f64 = point.iter().map(|&value| f64::from(value)).sum();
        let away = |at: usize| ((at / 21) as f64 - 10.0).powi(2);
        let variance: f64 = point.iter().enumerate().map(|(at, &value)| f64::from(value) * away(at)).sum();
        assert!((total - 1.0).abs() < 1e-5 && (variance - 2.25).abs() < 0.1, "{total} {variance}");
    }
}
