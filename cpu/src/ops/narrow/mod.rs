//! Convolution of maps with few channels, such as images: no matrix is gathered, vectors run over the filters.
//!
//! A band of output lines works on a copy of the map's lines it sees, padded with zeros, so that every window lies inside.
//! There each window element is a fixed offset. A block of positions, or of window elements, with one or two vectors of
//! filters has its sums in registers. After E. Georganas et al., "Anatomy of high-performance deep learning
//! convolutions on SIMD architectures", arXiv:1808.05567.

use std::fmt;
use std::ops::Range;

use fovea_graph::op::Activation;
use pulp::{Simd, WithSimd};

use super::Call;
use super::channels::add_parts;
use super::elementwise::rectify;
use crate::geometry::Geometry;
use crate::scratch::Scratch;
use crate::simd::{Vectors, load, multiply_add, store};

/// The most channels of a map that counts as narrow.
const CHANNELS: usize = 8;

/// The most positions that have their sums in registers together; lines are padded to allow for it.
const ROWS: usize = 8;

/// The largest copy of a band, in elements: 4 MiB. Longer lines take another way.
const COPY: usize = 1 << 20;

/// Whether this module is the way to compute it: one or two axes, few channels, lines that are not too long.
pub fn is_narrow(g: &Geometry) -> bool {
    let plane = g.map[0] == 1 && g.window[0] == 1 && g.out[0] == 1;
    g.groups == 1 && g.channels <= CHANNELS && plane && Bands::new(g, 1).copy() <= COPY
}

/// How the work is cut, from the sizes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// Output lines of a band; a band lies in one image.
    lines: usize,
    /// Bands of an image.
    per_image: usize,
    /// Elements of one padded line of the map; the last positions' neighbours are there too.
    width: usize,
    /// Padded lines of the map that a band sees.
    height: usize,
    /// Filters of a block: one vector, or two where there are more.
    block: usize,
    /// Filters, rounded up to whole blocks.
    filters: usize,
}

impl Bands {
    /// Bands that keep a thread busy, for vectors of so many lanes.
    pub fn new(g: &Geometry, lanes: usize) -> Self {
        let block = if g.filters <= lanes { lanes } else { 2 * lanes };
        let lines = (2048 / g.out[2]).clamp(1, g.out[1]);
        let extent = |axis: usize, n: usize| (n - 1) * g.stride[axis] + (g.window[axis] - 1) * g.dilate[axis] + 1;
        Self {
            lines,
            per_image: g.out[1].div_ceil(lines),
            width: extent(2, g.out[2] + ROWS) * g.channels,
            height: extent(1, lines),
            block,
            filters: g.filters.next_multiple_of(block),
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

impl fmt::Display for Bands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines x {}", self.lines, self.block)
    }
}

/// Scratch memory of [`forward`]: the turned filters, the bias, and a band's copy a thread.
pub fn forward_scratch(g: &Geometry, bands: &Bands) -> Scratch {
    Scratch { shared: (g.depth() + 1) * bands.filters, each: bands.copy() }
}

/// `conv`.
pub fn forward(g: &Geometry, bands: &Bands, activation: Option<Activation>, call: Call<'_>) {
    let (turned, copies) = call.memory.workspace.split_at_mut((g.depth() + 1) * bands.filters);
    let (bias, turned) = turned.split_at_mut(bands.filters);
    bias.fill(0.0);
    if let Some(&given) = call.memory.inputs.get(2) {
        bias[..g.filters].copy_from_slice(given);
    }
    turn_in(call.memory.inputs[1], g, bands.block, turned);
    let (x, offsets) = (call.memory.inputs[0], bands.offsets(g));
    let line = g.out[2] * g.filters;
    let images = call.memory.output.chunks_mut((g.out[1] * line).max(1));
    let tasks = images.flat_map(|image| image.chunks_mut(bands.lines * line)).enumerate();
    call.team.each(tasks, copies, bands.copy(), |(band, y), copy| {
        let (image, lines) = bands.place(g, band);
        bands.fill(g, &x[image * g.image()..], &lines, copy);
        for (number, y) in y.chunks_exact_mut(line).enumerate() {
            let line = Line {
                x: &copy[number * g.stride[1] * bands.width..],
                step: g.stride[2] * g.channels,
                offsets: &offsets,
                turned,
                bias,
                filters: g.filters,
                y,
            };
            call.team.vectors().dispatch(line);
            finish_line(call.team.vectors(), y, activation);
        }
    });
}

/// The activation on a line that has just been computed.
fn finish_line(vectors: Vectors, y: &mut [f32], activation: Option<Activation>) {
    if let Some(Activation::Relu) = activation {
        vectors.run(
            #[inline(always)]
            || y.iter_mut().for_each(|y| *y = rectify(*y)),
        );
    }
}

/// One line of the output of the forward pass.
struct Line<'a> {
    /// The padded copy of the map, from the line's first window on.
    x: &'a [f32],
    /// From one window to the next.
    step: usize,
    offsets: &'a [usize],
    turned: &'a [f32],
    bias: &'a [f32],
    filters: usize,
    y: &'a mut [f32],
}

impl WithSimd for Line<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // The usual step as a constant: neighbours' offsets become part of the instructions.
        match (self.filters <= S::F32_LANES, self.step) {
            (true, 1) => self.compute::<S, 8, 1>(simd, 1),
            (true, step) => self.compute::<S, 8, 1>(simd, step),
            (false, 3) => self.compute::<S, 6, 2>(simd, 3),
            (false, step) => self.compute::<S, 6, 2>(simd, step),
        }
    }
}

impl Line<'_> {
    /// P positions with a block of V vectors of filters at a time.
    #[inline(always)]
    fn compute<S: Simd, const P: usize, const V: usize>(self, simd: S, step: usize) {
        let block = V * S::F32_LANES;
        let seen = self.offsets.last().map_or(0, |last| last + 1);
        let positions = self.y.len() / self.filters;
        for (number, w) in self.turned.chunks_exact(self.offsets.len() * block).enumerate() {
            let first = number * block;
            let bias = load::<S, V>(simd, &self.bias[first..]);
            // What a single block writes too far is written over by the next position.
            let whole = first + block <= self.filters || self.filters <= block;
            for start in (0..positions).step_by(P) {
                let windows = &self.x[start * step..][..(P - 1) * step + seen];
                let mut sums = [bias; P];
                for (&offset, w) in self.offsets.iter().zip(w.chunks_exact(block)) {
                    let window = &windows[offset..][..(P - 1) * step + 1];
                    multiply_add(
                        simd,
                        &mut sums,
                        #[inline(always)]
                        |p| window[p * step],
                        load::<S, V>(simd, w),
                    );
                }
                for (p, sums) in sums.iter().enumerate().take(positions - start) {
                    let at = (start + p) * self.filters + first;
                    let end = if whole { self.y.len() } else { at + self.filters - first };
                    store::<S, V>(&mut self.y[at..end], sums);
                }
            }
        }
    }
}

/// Filters `[filters, depth]` as blocks `[depth, block]`; those beyond the last are zero.
fn turn_in(filters: &[f32], g: &Geometry, block: usize, turned: &mut [f32]) {
    let depth = g.depth();
    for (at, to) in turned.iter_mut().enumerate() {
        let filter = at / (depth * block) * block + at % block;
        *to = if filter < g.filters { filters[filter * depth + at / block % depth] } else { 0.0 };
    }
}

/// The other way round.
fn turn_back(turned: &[f32], g: &Geometry, block: usize, filters: &mut [f32]) {
    let depth = g.depth();
    for (filter, to) in filters.chunks_exact_mut(depth).enumerate() {
        for (tap, to) in to.iter_mut().enumerate() {
            *to = turned[(filter / block * depth + tap) * block + filter % block];
        }
    }
}

/// How [`wgrad`] is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WgradCut {
    bands: Bands,
    /// Into how many parts the bands are split.
    parts: usize,
    /// How many bands each has.
    share: usize,
}

impl WgradCut {
    /// Follows from the sizes alone.
    pub fn new(g: &Geometry, lanes: usize) -> Self {
        let bands = Bands::new(g, lanes);
        let all = g.batch * bands.per_image;
        let share = all.div_ceil(16);
        Self { bands, parts: all.div_ceil(share), share }
    }

    /// Each part's sums, their sum, and a band's copy a thread.
    pub fn scratch(&self, g: &Geometry) -> Scratch {
        let Self { bands, parts, .. } = self;
        Scratch { shared: (parts + 1) * g.depth() * bands.filters, each: bands.copy() }
    }
}

impl fmt::Display for WgradCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.bands, self.parts)
    }
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(g: &Geometry, cut: &WgradCut, call: Call<'_>) {
    let (WgradCut { bands, parts, share }, size) = (*cut, g.depth() * cut.bands.filters);
    let (sums, copies) = call.memory.workspace.split_at_mut((parts + 1) * size);
    let (total, sums) = sums.split_at_mut(size);
    let (x, dy, offsets) = (call.memory.inputs[0], call.memory.inputs[1], bands.offsets(g));
    call.team.each(sums.chunks_mut(size).enumerate(), copies, bands.copy(), |(part, dw), copy| {
        dw.fill(0.0);
        let mine = part * share..((part + 1) * share).min(g.batch * bands.per_image);
        for band in mine.take_while(|_| call.team.goes_on()) {
            let (image, lines) = bands.place(g, band);
            bands.fill(g, &x[image * g.image()..], &lines, copy);
            let lines = Lines {
                x: copy,
                dy: &dy[(image * g.out[1] + lines.start) * g.out[2] * g.filters..],
                count: lines.len(),
                width: bands.width * g.stride[1],
            };
            call.team.vectors().dispatch(Gradient { lines, g, offsets: &offsets, dw });
        }
    });
    add_parts(call.team, sums, total);
    turn_back(total, g, bands.block, call.memory.output);
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

/// What one band adds to the turned gradient.
struct Gradient<'a> {
    lines: Lines<'a>,
    g: &'a Geometry,
    offsets: &'a [usize],
    dw: &'a mut [f32],
}

impl WithSimd for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (self.g.filters <= S::F32_LANES, self.g.stride[2] * self.g.channels) {
            (true, 1) => self.compute::<S, 7, 1>(simd, 1),
            (true, step) => self.compute::<S, 7, 1>(simd, step),
            (false, step) => self.compute::<S, 5, 2>(simd, step),
        }
    }
}

impl Gradient<'_> {
    /// T window elements with a block of V vectors of filters at a time; of the last ones some may come twice.
    #[inline(always)]
    fn compute<S: Simd, const T: usize, const V: usize>(self, simd: S, step: usize) {
        let Self { lines, g, offsets, dw } = self;
        let block = V * S::F32_LANES;
        let seen = (g.out[2] - 1) * step + 1;
        for (number, dw) in dw.chunks_exact_mut(offsets.len() * block).enumerate() {
            for (taps, dw) in offsets.chunks(T).zip(dw.chunks_mut(T * block)) {
                let mut sums = [[simd.splat_f32s(0.0); V]; T];
                for line in 0..lines.count {
                    let tap = |t: usize| &lines.x[line * lines.width + taps[t.min(taps.len() - 1)]..][..seen];
                    let x: [&[f32]; T] = std::array::from_fn(tap);
                    let dy = &lines.dy[line * g.out[2] * g.filters + number * block..];
                    for position in 0..g.out[2] {
                        let dy = load::<S, V>(simd, &dy[position * g.filters..]);
                        multiply_add(
                            simd,
                            &mut sums,
                            #[inline(always)]
                            |t| x[t][position * step],
                            dy,
                        );
                    }
                }
                for (dw, sums) in dw.chunks_exact_mut(block).zip(&sums) {
                    let (dw, _) = S::as_mut_simd_f32s(dw);
                    dw.iter_mut().zip(sums).for_each(|(dw, &sum)| *dw = simd.add_f32s(*dw, sum));
                }
            }
        }
    }
}
