//! Convolution where every filter sees one channel: loops over the window, vectors over the channels.
//!
//! Whoever wants rows of the result elsewhere than in a map, such as a product that begins with them, asks a [`Slide`] for
//! [`Slide::rows`]: any rows, any channels, any distance from row to row.
//!
//! Source: F. Chollet, "Xception: deep learning with depthwise separable convolutions", arXiv:1610.02357. The filters are
//! turned once, so that those of one window element lie together.

mod block;
mod few;
mod sized;
mod slide;
#[cfg(test)]
mod tests;
mod wgrad;

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::Call;
use super::conv::{Operands, Phase};
use crate::geometry::Geometry;
use crate::ops::kernel::{Form, Kernel, Way};
use crate::scratch::Scratch;
use crate::team::CHUNK;
pub use slide::Slide;
pub use wgrad::{WgradCut, wgrad};

/// Elements of a window.
fn taps(g: &Geometry) -> usize {
    g.window.iter().product()
}

/// A kernel of [`forward`] or of [`dgrad`], which reads the turned filters that are made of its input number `filter`.
pub fn with_turned(way: Way, filter: usize, g: &Geometry) -> Kernel {
    Kernel::new(way, Scratch::default()).with_wanted(filter, Form::Turned { rows: g.channels }, taps(g) * g.filters)
}

/// The transpose of a matrix of so many rows: of filters `[channels, filters of a channel · taps]`, as they lie, the elements
/// that vectors of channels meet.
pub fn turn(from: &[f32], rows: usize, to: &mut [f32]) {
    for (row, from) in from.chunks_exact((from.len() / rows.max(1)).max(1)).enumerate() {
        for (column, &value) in from.iter().enumerate() {
            to[column * rows + row] = value;
        }
    }
}

/// Elements of a task, of lines of so many elements: as many as are worth handing over.
fn task(line: usize) -> usize {
    (CHUNK / 4).div_ceil(line.max(1)) * line
}

/// Tasks of [`forward`].
pub fn tasks(g: &Geometry) -> usize {
    (g.rows() * g.filters).div_ceil(task(g.out[2] * g.filters).max(1))
}

/// `conv`.
pub fn forward(g: &Geometry, operands: Operands<'_>, call: Call<'_>) {
    let slide = Slide::forward(g, operands.x, operands.filters, operands.epilogue);
    let task = task(g.out[2] * g.filters);
    call.team.chunks(call.memory.output, task, |start, y| {
        let rows = start / g.filters..(start + y.len()) / g.filters;
        call.team.vectors().dispatch(Rows { slide, rows, y: &mut *y });
        if let Some(statistics) = operands.epilogue.statistics {
            // SAFETY: every task comes once.
            unsafe { statistics.part(call.team.vectors(), start / task, y) };
        }
    });
}

/// Some rows of the result.
struct Rows<'a> {
    slide: Slide<'a>,
    rows: Range<usize>,
    y: &'a mut [f32],
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let stride = self.y.len() / self.rows.len();
        self.slide.rows(simd, self.rows, 0..self.slide.channels, self.y, stride);
    }
}

/// `conv_dgrad`; inputs filter and dy.
pub fn dgrad(g: &Geometry, call: Call<'_>) {
    let (dy, filters) = (call.memory.inputs[1], call.memory.prepared[0]);
    let line = g.map[2] * g.channels;
    call.team.chunks(call.memory.output, task(line), |start, dx| {
        call.team.vectors().dispatch(Lines { g, dy, filters, first: start / line, dx });
    });
}

/// Some lines of the gradient by the input, each of which has elements of several phases.
struct Lines<'a> {
    g: &'a Geometry,
    dy: &'a [f32],
    filters: &'a [f32],
    first: usize,
    dx: &'a mut [f32],
}

impl WithSimd for Lines<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { g, dy, filters, first, dx } = self;
        let ([_, height, width], [s0, s1, s2]) = (g.map, g.stride);
        for (line, dx) in dx.chunks_exact_mut(width * g.channels).enumerate() {
            let line = first + line;
            let [image, z, y] = [line / height / g.map[0], line / height % g.map[0], line % height];
            for x in 0..s2.min(width) {
                let slide = Slide::gradient(g, &Phase::new(g, [z % s0, y % s1, x]), dy, filters);
                slide.whole_line(simd, [image, z / s0, y / s1], &mut dx[x * g.channels..], s2 * g.channels);
            }
        }
    }
}
