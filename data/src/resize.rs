//! Bringing pictures to another size: bilinear interpolation, averaging over a triangle where the picture shrinks. The
//! sides are brought to size one by one: proportions are not kept.

use std::ops::Range;

use fovea_graph::{Interrupted, Stop};

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

    /// Fills `sized`, `[H, W, channels]`, with values in 0..1 from a picture of `levels`, `[H, W, channels]`, of which `white`
    /// is the highest. Asks `stop` once for each row of the result.
    ///
    /// # Errors
    /// `stop` ends it.
    ///
    /// # Panics
    /// Pictures have one channel, or three.
    pub fn picture<T: Copy + Into<f32>>(
        &self,
        channels: usize,
        levels: &[T],
        white: f32,
        sized: &mut [f32],
        stop: &dyn Stop,
    ) -> Result<(), Interrupted> {
        let width = self.columns.last().map_or(0, |last| last.range().end) * channels;
        let mut tall = vec![0.0; width];
        let lines = sized.chunks_exact_mut((self.columns.len() * channels).max(1));
        for line in stop.each(self.rows.iter().zip(lines)) {
            let (window, sized) = line?;
            tall.fill(0.0);
            for (y, &weight) in window.range().zip(&window.weights) {
                let row = &levels[y * width..][..width];
                tall.iter_mut().zip(row).for_each(|(sum, &level)| *sum += level.into() * weight);
            }
            match channels {
                1 => across::<1>(&self.columns, &tall, sized),
                3 => across::<3>(&self.columns, &tall, sized),
                other => unreachable!("pictures of {other} channels"),
            }
            sized.iter_mut().for_each(|value| *value = (*value / white).clamp(0.0, 1.0));
        }
        Ok(())
    }
}

/// Averages a row of pixels.
fn across<const CHANNELS: usize>(columns: &[Window], row: &[f32], sized: &mut [f32]) {
    let (pixels, sized) = (row.as_chunks::<CHANNELS>().0, sized.as_chunks_mut::<CHANNELS>().0);
    for (window, sized) in columns.iter().zip(sized) {
        let mut sums = [0.0; CHANNELS];
        for (pixel, weight) in pixels[window.range()].iter().zip(&window.weights) {
            sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value * weight);
        }
        *sized = sums;
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

#[cfg(test)]
mod tests {
    use super::*;
    use fovea_graph::stop;

    #[test]
    fn it_asks_once_a_row() {
        let (resize, levels) = (Resize::new([40, 30], [7, 5]), [9u8; 40 * 30 * 3]);
        let asked = stop::looks(|stop| resize.picture(3, &levels, 255.0, &mut [0.0; 7 * 5 * 3], stop));
        assert_eq!(asked, 7);
    }
}
