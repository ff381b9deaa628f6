//! The gradient by the filters: `dw[r, s, c] = Σ dy[p, q, c] · x[p + r, q + s, c]`, vectors of channels.
//!
//! A part of the lines of dy has its own sums. One vector of channels after another goes along a line of dy, the sums of the
//! window's elements in registers: of 3×3 all 9 (with 4 elements of dy and one of the map 14 of AVX2's 16 registers), of wider
//! windows those of a line. Each element of dy and of the map's lines is loaded once: 22 loads for 36 multiply–adds at stride 1.
//! What channels lie between vectors comes from the second-level cache, which holds the lines that windows see. Maps are read
//! once, for 18 FLOPs an element of 3×3: memory is the limit where they are not in a cache. Vectors of channels are as in
//! `sized`: the last may overlap the one before, and has sums of its own. 8 maps of 28² and 256 channels: 16 % of a core's
//! 116 GFLOP/s on AVX-512, 15 % on AVX2; one of 56² and 128: 48 and 33 %.

use std::fmt;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::few::lanes_of;
use super::slide::Seen;
use super::taps;
use crate::geometry::Geometry;
use crate::ops::Call;
use crate::ops::channels::add_parts;
use crate::ops::conv::Windows;
use crate::simd::{each, load, mul_add, store};

/// How it is cut, from the sizes and the width of the vectors alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WgradCut {
    /// Into how many parts the lines are split.
    parts: usize,
    /// How many lines each has.
    lines: usize,
    /// Channels of a vector.
    lanes: usize,
}

impl WgradCut {
    /// Parts that are worth the sums that they have of their own; a power of two, for threads to have as many each.
    pub fn new(g: &Geometry, lanes: usize) -> Self {
        const PARTS: usize = 16;
        const POSITIONS: usize = 128;
        let all = g.batch * g.out[0] * g.out[1];
        let worth = (all * g.out[2] / POSITIONS).clamp(1, PARTS);
        let lines = all.div_ceil(1 << worth.ilog2()).max(1);
        Self { parts: all.div_ceil(lines), lines, lanes }
    }

    /// Scratch memory: each part's sums, and their sum.
    pub fn workspace(&self, g: &Geometry) -> usize {
        (self.parts + 1) * self.sums(g)
    }

    /// Numbers of an element of a filter: whole vectors.
    fn slots(&self, g: &Geometry) -> usize {
        g.channels.next_multiple_of(self.lanes)
    }

    /// Elements of a part's sums, `[filters of a channel, window…, slots]`.
    fn sums(&self, g: &Geometry) -> usize {
        taps(g) * g.group_filters() * self.slots(g)
    }

    /// Whether vectors have all of their lanes, and the last may overlap.
    fn overlaps(&self, g: &Geometry) -> bool {
        g.group_filters() == 1 && g.channels >= self.lanes
    }

    /// Where a channel's numbers lie among the slots.
    fn slot(&self, g: &Geometry, channel: usize) -> usize {
        let whole = g.channels / self.lanes * self.lanes;
        if channel < whole || !self.overlaps(g) { channel } else { whole + channel + self.lanes - g.channels }
    }
}

impl fmt::Display for WgradCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in {}", self.parts)
    }
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(g: &Geometry, cut: &WgradCut, call: Call<'_>) {
    let (size, all) = (cut.sums(g), g.batch * g.out[0] * g.out[1]);
    let (sums, total) = call.memory.workspace[..cut.workspace(g)].split_at_mut(cut.parts * size);
    let (windows, dy) = (Windows::forward(g, call.memory.inputs[0]), call.memory.inputs[1]);
    assert!(windows.map.len() == g.batch * g.image() && dy.len() == g.rows() * g.filters, "maps of these sizes");
    call.team.chunks(sums, size, |start, dw| {
        dw.fill(0.0);
        let first = start / size * cut.lines;
        let lines = first..(first + cut.lines).min(all);
        call.team.vectors().dispatch(Part { g, cut, windows, dy, lines, dw });
    });
    add_parts(call.team, sums, total);
    let (elements, slots) = (size / cut.slots(g), cut.slots(g));
    for (channel, filters) in call.memory.output.chunks_exact_mut(elements).enumerate() {
        let slot = cut.slot(g, channel);
        filters.iter_mut().zip(total[slot..].iter().step_by(slots)).for_each(|(w, sum)| *w = *sum);
    }
}

/// What some lines add to the gradient.
struct Part<'a> {
    g: &'a Geometry,
    cut: &'a WgradCut,
    windows: Windows<'a>,
    dy: &'a [f32],
    lines: Range<usize>,
    dw: &'a mut [f32],
}

/// A line of dy.
struct Line<'l> {
    seen: &'l Seen,
    dy: &'l [f32],
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let [depth, height, width] = self.g.out;
        let (axis, size) = (self.windows.axes[2], width * self.g.filters);
        for line in self.lines.clone() {
            let seen = Seen::new(&self.windows.axes, [line / height / depth, line / height % depth, line % height]);
            let line = Line { seen: &seen, dy: &self.dy[line * size..][..size] };
            if !self.cut.overlaps(self.g) {
                self.few(simd, &line);
                continue;
            }
            match (axis.step == 1, axis.taps, axis.stride) {
                (true, 3, 1) => self.sized::<S, 3, 1>(simd, &line),
                (true, 3, 2) => self.sized::<S, 3, 2>(simd, &line),
                (true, 5, 1) => self.sized::<S, 5, 1>(simd, &line),
                (true, 5, 2) => self.sized::<S, 5, 2>(simd, &line),
                (true, 7, 1) => self.sized::<S, 7, 1>(simd, &line),
                _ => self.any(simd, &line),
            }
        }
    }
}

/// Positions whose elements of dy are in registers together.
const POSITIONS: usize = 4;

impl Part<'_> {
    /// A line whose windows are W wide and lie STEP apart: of 3×3 all lines of the window together.
    #[inline(always)]
    fn sized<S: Simd, const W: usize, const STEP: usize>(&mut self, simd: S, line: &Line<'_>) {
        let axis = self.windows.axes[2];
        assert!((axis.taps, axis.stride, axis.step) == (W, STEP, 1), "windows of the kind");
        let [z, y] = line.seen.taps.clone();
        for z in z {
            match (W, y.len()) {
                (3, 3) => self.lines::<S, 3, W, STEP>(simd, line, [z, y.start]),
                (3, 2) => self.lines::<S, 2, W, STEP>(simd, line, [z, y.start]),
                _ => y.clone().for_each(|y| self.lines::<S, 1, W, STEP>(simd, line, [z, y])),
            }
        }
    }

    /// H lines of the window from this one on, one vector of channels after another.
    #[inline(always)]
    fn lines<S: Simd, const H: usize, const W: usize, const STEP: usize>(
        &mut self,
        simd: S,
        line: &Line<'_>,
        [z, y]: [usize; 2],
    ) {
        let (channels, slots, axis) = (self.g.channels, self.cut.slots(self.g), self.windows.axes[2]);
        assert!(channels >= S::F32_LANES && S::F32_LANES == self.cut.lanes, "channels fill a vector");
        assert!(line.dy.len() == axis.out * channels, "a line of dy");
        let inner = axis.whole();
        let element = |h: usize| ((z * self.g.window[1] + y + h) * self.g.window[2]) * slots;
        assert!(element(H - 1) + W * slots <= self.dw.len(), "sums for all of them");
        let sums = std::array::from_fn::<_, H, _>(|h| self.dw.as_mut_ptr().wrapping_add(element(h)));
        let windows = std::array::from_fn::<_, H, _>(|h| {
            let place = (line.seen.line([z, y + h]) + axis.first) * channels as isize;
            self.windows.map.as_ptr().wrapping_offset(place)
        });
        for slot in (0..channels).step_by(S::F32_LANES) {
            let channel = slot.min(channels - S::F32_LANES);
            // SAFETY: these lines of the window lie on the map; places on it, positions of dy and sums have a vector of channels
            // from there on.
            unsafe {
                let at = |h: usize, s: usize| sums[h].add(s * slots + slot).cast::<S::f32s>();
                let x = |h: usize, place: usize| {
                    windows[h].wrapping_add(place * channels + channel).cast::<S::f32s>().read_unaligned()
                };
                let dy = |p: usize| line.dy.as_ptr().add(p * channels + channel).cast::<S::f32s>().read_unaligned();
                let mut sums: [[S::f32s; W]; H] =
                    std::array::from_fn(|h| std::array::from_fn(|s| at(h, s).read_unaligned()));
                for p in (0..inner.start).chain(inner.end..axis.out) {
                    for s in axis.inside(p) {
                        // One number of W is known here, or the sums would not stay in registers.
                        each!(sums, |h, at, sum| if at == s {
                            mul_add(simd, x(h, p * STEP + s), dy(p), sum)
                        } else {
                            sum
                        });
                    }
                }
                let mut p = inner.start;
                while p + POSITIONS <= inner.end {
                    let dy: [S::f32s; POSITIONS] = std::array::from_fn(|i| dy(p + i));
                    for (i, dy) in dy.into_iter().enumerate() {
                        each!(sums, |h, s, sum| mul_add(simd, x(h, (p + i) * STEP + s), dy, sum));
                    }
                    p += POSITIONS;
                }
                for p in p..inner.end {
                    let dy = dy(p);
                    each!(sums, |h, s, sum| mul_add(simd, x(h, p * STEP + s), dy, sum));
                }
                each!(sums, |h, s, sum| {
                    at(h, s).write_unaligned(sum);
                    sum
                });
            }
        }
    }

    /// A line of any windows: tap by tap.
    #[inline(always)]
    fn any<S: Simd>(&mut self, simd: S, line: &Line<'_>) {
        let (channels, slots, axis) = (self.g.channels, self.cut.slots(self.g), self.windows.axes[2]);
        assert!(channels >= S::F32_LANES && S::F32_LANES == self.cut.lanes, "channels fill a vector");
        let (width, taps) = (line.dy.len() / channels, line.seen.taps.clone());
        for (z, y) in taps[0].clone().flat_map(|z| taps[1].clone().map(move |y| (z, y))) {
            for x in 0..axis.taps {
                let element = ((z * self.g.window[1] + y) * self.g.window[2] + x) * slots;
                let positions = (0..width).filter(|&p| axis.inside(p).contains(&x));
                for slot in (0..channels).step_by(S::F32_LANES) {
                    let channel = slot.min(channels - S::F32_LANES);
                    let dw = &mut self.dw[element + slot..][..S::F32_LANES];
                    let [mut sum] = load::<S, 1>(simd, dw);
                    for p in positions.clone() {
                        let place = (line.seen.line([z, y]) + axis.place(p, x)) as usize * channels + channel;
                        let [x] = load::<S, 1>(simd, &self.windows.map[place..][..S::F32_LANES]);
                        let [dy] = load::<S, 1>(simd, &line.dy[p * channels + channel..][..S::F32_LANES]);
                        sum = mul_add(simd, x, dy, sum);
                    }
                    store::<S, 1>(dw, &[sum]);
                }
            }
        }
    }

    /// A line of channels that do not fill a vector, or that have several filters.
    #[inline(always)]
    fn few<S: Simd>(&mut self, simd: S, line: &Line<'_>) {
        let (channels, filters, slots) = (self.g.channels, self.g.group_filters(), self.cut.slots(self.g));
        let (window, axis) = (self.g.window, self.windows.axes[2]);
        for (position, dy) in line.dy.chunks_exact(channels * filters).enumerate() {
            for first in (0..channels).step_by(S::F32_LANES) {
                let end = channels.min(first + S::F32_LANES);
                for filter in 0..filters {
                    let dy = lanes_of::<S>(simd, &dy[first * filters + filter..end * filters], filters);
                    let taps = line.seen.taps.clone();
                    for (z, y) in taps[0].clone().flat_map(|z| taps[1].clone().map(move |y| (z, y))) {
                        for x in axis.inside(position) {
                            let place = (line.seen.line([z, y]) + axis.place(position, x)) as usize * channels;
                            let element = ((filter * window[0] + z) * window[1] + y) * window[2] + x;
                            let dw = &mut self.dw[element * slots..][first..end];
                            let [x] = load::<S, 1>(simd, &self.windows.map[place + first..place + end]);
                            let [sum] = load::<S, 1>(simd, dw);
                            store::<S, 1>(dw, &[mul_add(simd, x, dy, sum)]);
                        }
                    }
                }
            }
        }
    }
}
