//! Bringing pictures to another size: bilinear interpolation, averaging over a triangle where the picture shrinks. The
//! sides are brought to size one by one: proportions are not kept.

use std::ops::Range;

/// The largest height or width that pictures may be brought to.
pub(crate) const MAX_SIDE: usize = 256;

/// The way from one size to another.
#[derive(Debug)]
pub(crate) struct Resize {
    /// For each row of the result, the rows that it averages.
    rows: Vec<Window>,
    columns: Vec<Window>,
}

/// Pixels along a side: the first, and the weights of it and those that follow.
#[derive(Debug)]
struct Window {
    first: usize,
    weights: Vec<f32>,
}

impl Window {
    fn range(&self) -> Range<usize> {
        self.first..self.first + self.weights.len()
    }
}

impl Resize {
    /// From a height and width to others; all are at least 1.
    pub fn new(from: [usize; 2], to: [usize; 2]) -> Self {
        Self { rows: windows(from[0], to[0]), columns: windows(from[1], to[1]) }
    }

    /// Fills `sized`, `[H, W, channels]`, from a picture of which `row` writes a row, `[W, channels]`.
    pub fn picture(&self, channels: usize, mut row: impl FnMut(usize, &mut [f32]), sized: &mut [f32]) {
        let width = self.columns.last().map_or(0, |last| last.range().end);
        let (mut line, mut tall) = (vec![0.0; width * channels], vec![0.0; width * channels]);
        let lines = sized.chunks_exact_mut((self.columns.len() * channels).max(1));
        for (window, sized) in self.rows.iter().zip(lines) {
            tall.fill(0.0);
            for (y, weight) in window.range().zip(&window.weights) {
                row(y, &mut line);
                tall.iter_mut().zip(&line).for_each(|(sum, value)| *sum += value * weight);
            }
            for (window, pixel) in self.columns.iter().zip(sized.chunks_exact_mut(channels)) {
                for (channel, value) in pixel.iter_mut().enumerate() {
                    let values = window.range().map(|x| tall[x * channels + channel]);
                    let sum = values.zip(&window.weights).fold(0.0, |sum, (value, weight)| sum + value * weight);
                    *value = sum.clamp(0.0, 1.0);
                }
            }
        }
    }
}

/// For each of `to` pixels along a side, which of the `from` pixels it averages. A triangle about the pixel's middle, as
/// wide as two pixels of the coarser of both.
fn windows(from: usize, to: usize) -> Vec<Window> {
    let ratio = from as f32 / to as f32;
    let reach = ratio.max(1.0);
    let window = |at: usize| {
        let middle = (at as f32 + 0.5) * ratio;
        let first = ((middle - reach).floor().max(0.0) as usize).min(from - 1);
        let end = ((middle + reach).ceil() as usize).clamp(first + 1, from);
        let weight = |from: usize| (1.0 - ((from as f32 - (middle - 0.5)) / reach).abs()).max(0.0);
        let weights: Vec<f32> = (first..end).map(weight).collect();
        let sum: f32 = weights.iter().sum();
        Window { first, weights: weights.into_iter().map(|weight| weight / sum).collect() }
    };
    (0..to).map(window).collect()
}
