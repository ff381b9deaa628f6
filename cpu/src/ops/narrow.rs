//! Convolution of maps with few channels, such as images: no matrix is gathered, vectors run over the filters.
//!
//! A band of output lines works on a copy of the map's lines it sees, padded with zeros, so that every window lies inside.
//! There each window element is a fixed offset. A block of positions, or of window elements, has its sums in registers:
//! P rows of L filters, P·L/8 registers of AVX2. After E. Georganas et al., "Anatomy of high-performance deep learning
//! convolutions on SIMD architectures", arXiv:1808.05567.

use std::ops::Range;

use fovea_graph::op::Activation;

use super::Call;
use super::elementwise::rectify;
use super::im2col::add_parts;
use crate::geometry::Geometry;
use crate::simd::vectorised;

/// The most channels of a map that counts as narrow.
const CHANNELS: usize = 4;

/// Filters are handled in blocks of this many …
const BLOCK: usize = 16;

/// … or, where there are no more than this, in one of this many.
const HALF: usize = 8;

/// The most positions that have their sums in registers together; lines are padded to allow for it.
const ROWS: usize = 8;

/// Whether this module is the way to compute it: one or two axes, few channels.
pub fn is_narrow(g: &Geometry) -> bool {
    g.groups == 1 && g.channels <= CHANNELS && g.map[0] == 1 && g.window[0] == 1 && g.out[0] == 1
}

/// How the work is cut, from the sizes alone.
struct Bands {
    /// Output lines of a band; a band lies in one image.
    lines: usize,
    /// Bands of an image.
    per_image: usize,
    /// Elements of one padded line of the map; the last positions' neighbours are there too.
    width: usize,
    /// Padded lines of the map that a band sees.
    height: usize,
    /// Filters, rounded up to whole blocks.
    filters: usize,
}

impl Bands {
    fn new(g: &Geometry) -> Self {
        let lines = (2048 / g.out[2]).clamp(1, g.out[1]);
        let extent = |axis: usize, n: usize| (n - 1) * g.stride[axis] + (g.window[axis] - 1) * g.dilate[axis] + 1;
        Self {
            lines,
            per_image: g.out[1].div_ceil(lines),
            width: extent(2, g.out[2] + ROWS) * g.channels,
            height: extent(1, lines),
            filters: if g.filters <= HALF { HALF } else { g.filters.next_multiple_of(BLOCK) },
        }
    }

    /// Elements of a band's padded copy.
    fn copy(&self) -> usize {
        self.width * self.height
    }

    /// The image of a band, and which of its output lines.
    fn place(&self, g: &Geometry, band: usize) -> (usize, Range<usize>) {
        let first = band % self.per_image * self.lines;
        (band / self.per_image, first..(first + self.lines).min(g.out[1]))
    }

    /// Copies the lines of the map that the output lines `lines` of an image see.
    fn fill(&self, g: &Geometry, image: &[f32], lines: &Range<usize>, copy: &mut [f32]) {
        let line = g.map[2] * g.channels;
        let before = g.pad[2] * g.channels;
        let inside = line.min(self.width - before);
        for (number, to) in copy[..self.copy()].chunks_exact_mut(self.width).enumerate() {
            match (lines.start * g.stride[1] + number).checked_sub(g.pad[1]).filter(|&y| y < g.map[1]) {
                Some(y) => {
                    to[..before].fill(0.0);
                    to[before..before + inside].copy_from_slice(&image[y * line..y * line + inside]);
                    to[before + inside..].fill(0.0);
                }
                None => to.fill(0.0),
            }
        }
    }

    /// Where each element of a window lies, counted from its first.
    fn offsets(&self, g: &Geometry) -> Vec<usize> {
        let [_, height, width] = g.window;
        let line = |r: usize| r * g.dilate[1] * self.width;
        let at = |r: usize, s: usize| line(r) + s * g.dilate[2] * g.channels;
        (0..height).flat_map(|r| (0..width).flat_map(move |s| (0..g.channels).map(move |c| at(r, s) + c))).collect()
    }
}

/// Scratch memory of [`forward`]: the turned filters, the bias, and a band's copy a thread.
pub fn forward_workspace(g: &Geometry, threads: usize) -> usize {
    let bands = Bands::new(g);
    (g.depth() + 1) * bands.filters + threads * bands.copy()
}

/// `conv`.
pub fn forward(g: &Geometry, activation: Option<Activation>, call: Call<'_>) {
    let bands = Bands::new(g);
    let (turned, copies) = call.memory.workspace.split_at_mut((g.depth() + 1) * bands.filters);
    let (bias, turned) = turned.split_at_mut(bands.filters);
    bias.fill(0.0);
    if let Some(&given) = call.memory.inputs.get(2) {
        bias[..g.filters].copy_from_slice(given);
    }
    turn_in(call.memory.inputs[1], g, turned);
    let (x, offsets) = (call.memory.inputs[0], bands.offsets(g));
    let kernel = Forward { offsets: &offsets, turned, bias, activation, filters: g.filters };
    let line = g.out[2] * g.filters;
    let images = call.memory.output.chunks_mut((g.out[1] * line).max(1));
    let tasks = images.flat_map(|image| image.chunks_mut(bands.lines * line)).enumerate();
    call.team.each(tasks, copies, bands.copy(), |(band, y), copy| {
        let (image, lines) = bands.place(g, band);
        bands.fill(g, &x[image * g.image()..], &lines, copy);
        vectorised(
            #[inline(always)]
            || {
                for (number, y) in y.chunks_exact_mut(line).enumerate() {
                    let x = &copy[number * g.stride[1] * bands.width..];
                    // The usual steps as constants: the offsets of neighbours become part of the instructions.
                    match (g.stride[2] * g.channels, bands.filters) {
                        (1, HALF) => kernel.line::<8, HALF>(x, 1, y),
                        (3, BLOCK..) => kernel.line::<6, BLOCK>(x, 3, y),
                        (step, HALF) => kernel.line::<8, HALF>(x, step, y),
                        (step, _) => kernel.line::<6, BLOCK>(x, step, y),
                    }
                }
            },
        );
    });
}

/// What every line of the forward pass needs.
struct Forward<'a> {
    offsets: &'a [usize],
    turned: &'a [f32],
    bias: &'a [f32],
    activation: Option<Activation>,
    filters: usize,
}

impl Forward<'_> {
    /// One line of the output; `x` begins at its first window, and windows are `step` apart.
    #[inline(always)]
    fn line<const P: usize, const L: usize>(&self, x: &[f32], step: usize, y: &mut [f32]) {
        let seen = self.offsets.last().map_or(0, |last| last + 1);
        for (block, w) in self.turned.chunks_exact(self.offsets.len() * L).enumerate() {
            let first = block * L;
            let bias: [f32; L] = std::array::from_fn(|l| self.bias[first + l]);
            for start in (0..y.len() / self.filters).step_by(P) {
                let windows: [&[f32]; P] = std::array::from_fn(|p| &x[(start + p) * step..][..seen]);
                let mut sums = [bias; P];
                for (&offset, w) in self.offsets.iter().zip(w.chunks_exact(L)) {
                    for p in 0..P {
                        multiply_add(&mut sums[p], windows[p][offset], w);
                    }
                }
                for (sums, y) in sums.iter_mut().zip(y[start * self.filters..].chunks_exact_mut(self.filters)) {
                    match self.activation {
                        Some(Activation::Relu) => sums.iter_mut().for_each(|sum| *sum = rectify(*sum)),
                        None => {}
                    }
                    let y = &mut y[first..self.filters.min(first + L)];
                    y.copy_from_slice(&sums[..y.len()]);
                }
            }
        }
    }
}

/// `sums += x · w`.
#[inline(always)]
fn multiply_add<const L: usize>(sums: &mut [f32; L], x: f32, w: &[f32]) {
    for l in 0..L {
        sums[l] = x.mul_add(w[l], sums[l]);
    }
}

/// Filters `[filters, depth]` as blocks `[depth, L]` of L filters each; those beyond the last are zero.
fn turn_in(filters: &[f32], g: &Geometry, turned: &mut [f32]) {
    let (depth, wide) = (g.depth(), if g.filters <= HALF { HALF } else { BLOCK });
    for (at, to) in turned.iter_mut().enumerate() {
        let filter = at / (depth * wide) * wide + at % wide;
        *to = if filter < g.filters { filters[filter * depth + at / wide % depth] } else { 0.0 };
    }
}

/// The other way round.
fn turn_back(turned: &[f32], g: &Geometry, filters: &mut [f32]) {
    let (depth, wide) = (g.depth(), if g.filters <= HALF { HALF } else { BLOCK });
    for (filter, to) in filters.chunks_exact_mut(depth).enumerate() {
        for (tap, to) in to.iter_mut().enumerate() {
            *to = turned[(filter / wide * depth + tap) * wide + filter % wide];
        }
    }
}

/// Into how many parts the bands are split for [`wgrad`], and how many each has.
fn parts(g: &Geometry, bands: &Bands) -> (usize, usize) {
    let all = g.batch * bands.per_image;
    let share = all.div_ceil(16);
    (all.div_ceil(share), share)
}

/// Scratch memory of [`wgrad`]: each part's sums, their sum, and a band's copy a thread.
pub fn wgrad_workspace(g: &Geometry, threads: usize) -> usize {
    let bands = Bands::new(g);
    (parts(g, &bands).0 + 1) * g.depth() * bands.filters + threads * bands.copy()
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(g: &Geometry, call: Call<'_>) {
    let bands = Bands::new(g);
    let ((parts, share), size) = (parts(g, &bands), g.depth() * bands.filters);
    let (sums, copies) = call.memory.workspace.split_at_mut((parts + 1) * size);
    let (total, sums) = sums.split_at_mut(size);
    let (x, dy, offsets) = (call.memory.inputs[0], call.memory.inputs[1], bands.offsets(g));
    call.team.each(sums.chunks_mut(size).enumerate(), copies, bands.copy(), |(part, dw), copy| {
        dw.fill(0.0);
        for band in part * share..((part + 1) * share).min(g.batch * bands.per_image) {
            let (image, lines) = bands.place(g, band);
            bands.fill(g, &x[image * g.image()..], &lines, copy);
            let lines = Lines {
                x: copy,
                dy: &dy[(image * g.out[1] + lines.start) * g.out[2] * g.filters..],
                count: lines.len(),
                width: bands.width * g.stride[1],
            };
            vectorised(
                #[inline(always)]
                || match (g.stride[2] * g.channels, bands.filters) {
                    (1, HALF) => lines.gradient::<7, HALF>(g, 1, &offsets, dw),
                    (step, HALF) => lines.gradient::<7, HALF>(g, step, &offsets, dw),
                    (step, _) => lines.gradient::<6, BLOCK>(g, step, &offsets, dw),
                },
            );
        }
    });
    add_parts(call.team, sums, total);
    turn_back(total, g, call.memory.output);
}

/// The lines of one band.
struct Lines<'a> {
    /// The padded copy of the map.
    x: &'a [f32],
    /// The output's gradient from the band's first line on.
    dy: &'a [f32],
    /// How many output lines.
    count: usize,
    /// From one output line's first window to the next one's.
    width: usize,
}

impl Lines<'_> {
    /// Adds the band's share of the turned gradient. T window elements at a time; the last ones may come twice.
    #[inline(always)]
    fn gradient<const T: usize, const L: usize>(&self, g: &Geometry, step: usize, offsets: &[usize], dw: &mut [f32]) {
        let seen = (g.out[2] - 1) * step + 1;
        for (block, dw) in dw.chunks_exact_mut(offsets.len() * L).enumerate() {
            for (taps, dw) in offsets.chunks(T).zip(dw.chunks_mut(T * L)) {
                let mut sums = [[0.0; L]; T];
                for line in 0..self.count {
                    let x: [&[f32]; T] =
                        std::array::from_fn(|t| &self.x[line * self.width + taps[t.min(taps.len() - 1)]..][..seen]);
                    let first = line * g.out[2] * g.filters + block * L;
                    for position in 0..g.out[2] {
                        let dy = lanes::<L>(self.dy, first + position * g.filters);
                        for t in 0..T {
                            multiply_add(&mut sums[t], x[t][position * step], &dy);
                        }
                    }
                }
                dw.iter_mut().zip(sums.as_flattened()).for_each(|(dw, sum)| *dw += sum);
            }
        }
    }
}

/// L elements from `at` on; zeros beyond the end.
#[inline(always)]
fn lanes<const L: usize>(x: &[f32], at: usize) -> [f32; L] {
    match x[at..].first_chunk() {
        Some(lanes) => *lanes,
        None => std::array::from_fn(|l| x.get(at + l).copied().unwrap_or(0.0)),
    }
}
