//! Convolution where every filter sees one channel: loops over the window, vectors over the filters.
//!
//! Source: F. Chollet, "Xception: deep learning with depthwise separable convolutions", arXiv:1610.02357. The filters are
//! turned once, so that those of one window element lie together.

use std::fmt;
use std::ops::Range;

use fovea_graph::op::Activation;

mod few;
mod sized;
mod slide;
#[cfg(test)]
mod tests;

use pulp::{Simd, WithSimd};

use super::Call;
use super::channels::add_parts;
use super::conv::Phase;
use crate::geometry::{Geometry, Position};
use crate::ops::kernel::{Form, Kernel, Way};
use crate::scratch::Scratch;
use crate::team::CHUNK;
pub use slide::Slide;

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

/// Every element of the windows of `rows` that lies on the map: `visit(row, tap, source)`, where `row` counts from the
/// first of them and `source` is the place of the map's position.
#[inline(always)]
fn each_tap(g: &Geometry, rows: Range<usize>, mut visit: impl FnMut(usize, usize, usize)) {
    let mut position = Position::new(g, rows.start);
    for row in 0..rows.len() {
        let corner = position.corner(g);
        let mut tap = 0;
        for t in 0..g.window[0] {
            let z = corner[0].wrapping_add(t * g.dilate[0]);
            for r in 0..g.window[1] {
                let y = corner[1].wrapping_add(r * g.dilate[1]);
                for s in 0..g.window[2] {
                    let x = corner[2].wrapping_add(s * g.dilate[2]);
                    if z < g.map[0] && y < g.map[1] && x < g.map[2] {
                        visit(row, tap, ((position.image * g.map[0] + z) * g.map[1] + y) * g.map[2] + x);
                    }
                    tap += 1;
                }
            }
        }
        position.advance(g);
    }
}

/// Calls `f(k, c)`-wise products: filters `k·m … k·m+m` see channel k. `f` gets one element of each of the three, the
/// first two by filter, the last by channel.
#[inline(always)]
fn by_channel(g: &Geometry, a: &mut [f32], b: &[f32], c: &[f32]) {
    let many = g.group_filters();
    if many == 1 {
        a.iter_mut().zip(b).zip(c).for_each(|((a, b), c)| *a += b * c);
        return;
    }
    for ((a, b), &c) in a.chunks_exact_mut(many).zip(b.chunks_exact(many)).zip(c) {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b * c);
    }
}

/// Lines of `line` elements each that are worth handing over.
fn lines(line: usize) -> usize {
    (CHUNK / 2).div_ceil(line.max(1))
}

/// `conv`.
pub fn forward(g: &Geometry, activation: Option<Activation>, call: Call<'_>) {
    let (x, bias) = (call.memory.inputs[0], call.memory.inputs.get(2).copied());
    let slide = Slide::forward(g, x, call.memory.prepared[0], bias, activation);
    let line = g.out[2] * g.filters;
    call.team.chunks(call.memory.output, lines(line) * line, |start, y| {
        let rows = start / g.filters..(start + y.len()) / g.filters;
        call.team.vectors().dispatch(Rows { slide, rows, y });
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
    call.team.chunks(call.memory.output, lines(line) * line, |start, dx| {
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

/// How [`wgrad`] is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WgradCut {
    /// Into how many parts the positions are split.
    parts: usize,
    /// How many positions each has.
    share: usize,
}

impl WgradCut {
    /// Follows from the sizes alone.
    pub fn new(g: &Geometry) -> Self {
        let share = g.rows().div_ceil(16).max(256);
        Self { parts: g.rows().div_ceil(share).max(1), share }
    }

    /// Scratch memory: each part's sums, and one turned gradient.
    pub fn workspace(&self, g: &Geometry) -> usize {
        (self.parts + 1) * taps(g) * g.filters
    }
}

impl fmt::Display for WgradCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in {}", self.parts)
    }
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(g: &Geometry, cut: &WgradCut, call: Call<'_>) {
    let (x, dy) = (call.memory.inputs[0], call.memory.inputs[1]);
    let (k, c, size) = (g.filters, g.channels, taps(g) * g.filters);
    let WgradCut { parts, share } = *cut;
    let (sums, turned) = call.memory.workspace[..(parts + 1) * size].split_at_mut(parts * size);
    call.team.chunks(sums, size, |start, dw| {
        let first = start / size * share;
        dw.fill(0.0);
        call.team.vectors().run(
            #[inline(always)]
            || {
                each_tap(g, first..(first + share).min(g.rows()), |row, tap, source| {
                    let dw = &mut dw[tap * k..(tap + 1) * k];
                    let dy = &dy[(first + row) * k..(first + row + 1) * k];
                    by_channel(g, dw, dy, &x[source * c..(source + 1) * c]);
                });
            },
        );
    });
    add_parts(call.team, sums, turned);
    turn(turned, taps(g), call.memory.output);
}
