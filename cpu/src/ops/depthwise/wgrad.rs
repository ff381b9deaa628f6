//! The gradient by the filters: `dw[r, s, c] = Σ dy[p, q, c] · x[p + r, q + s, c]`, vectors of channels.
//!
//! A part of the lines of dy has its own sums. 8 positions of a line go through all channels before the next; of a vector of
//! channels their dy stays in registers for the whole window, and so do a window's line of sums: (8 + 7·stride + 3·W) loads and
//! W stores for 8·W multiply–adds a line of the window, from the first two caches. Maps are read once, for 18 FLOPs an
//! element of 3×3: memory is the limit where they are not in a cache. Vectors of channels are as in `sized`: the last may
//! overlap the one before, and has sums of its own.

use std::fmt;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::few::lanes_of;
use super::sized::{ANY, BOTH, FIRST, LAST, MOST, View};
use super::slide::Seen;
use super::taps;
use crate::geometry::Geometry;
use crate::ops::Call;
use crate::ops::channels::add_parts;
use crate::ops::conv::Windows;
use crate::simd::{load, mul_add, store};

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
    /// Parts that are worth the sums that they have of their own.
    pub fn new(g: &Geometry, lanes: usize) -> Self {
        const PARTS: usize = 16;
        const POSITIONS: usize = 128;
        let all = g.batch * g.out[0] * g.out[1];
        let lines = all.div_ceil(PARTS).max(POSITIONS.div_ceil(g.out[2].max(1))).max(1);
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
                _ => self.sized::<S, 0, 0>(simd, &line),
            }
        }
    }
}

impl Part<'_> {
    /// A line whose windows are W wide, or of any width where that is 0, and lie STEP apart, or any number of places.
    #[inline(always)]
    fn sized<S: Simd, const W: usize, const STEP: usize>(&mut self, simd: S, line: &Line<'_>) {
        let (channels, axis) = (self.g.channels, self.windows.axes[2]);
        assert!(W == 0 || (axis.taps, axis.stride, axis.step) == (W, STEP, 1), "windows of the kind");
        assert!(channels >= S::F32_LANES && S::F32_LANES == self.cut.lanes, "channels fill a vector");
        let (width, mut start) = (line.dy.len() / channels, 0);
        let blocks = width.div_ceil(MOST);
        for block in 0..blocks {
            // As equal as can be.
            let count = (width - start).div_ceil(blocks - block);
            let dy = &line.dy[start * channels..][..count * channels];
            let places = (count - 1) * axis.stride + (axis.taps - 1) * axis.step + 1;
            let view = View::new(&self.windows, axis.place(start, 0), places);
            start += count;
            // SAFETY: the block has `count` positions of all channels, which fill a vector, and the windows are of the kind;
            // the sums are as the cut says.
            unsafe {
                match (count, view.missing(places)) {
                    (8, 0) if W > 0 => self.compute::<S, W, STEP, 8, 0>(simd, line.seen, &view, dy),
                    (8, FIRST) if W == 3 => self.compute::<S, W, STEP, 8, FIRST>(simd, line.seen, &view, dy),
                    (8, LAST) if W == 3 => self.compute::<S, W, STEP, 8, LAST>(simd, line.seen, &view, dy),
                    (7, 0) if W > 0 => self.compute::<S, W, STEP, 7, 0>(simd, line.seen, &view, dy),
                    (7, FIRST) if W == 3 => self.compute::<S, W, STEP, 7, FIRST>(simd, line.seen, &view, dy),
                    (7, LAST) if W == 3 => self.compute::<S, W, STEP, 7, LAST>(simd, line.seen, &view, dy),
                    (7, BOTH) if W == 3 => self.compute::<S, W, STEP, 7, BOTH>(simd, line.seen, &view, dy),
                    _ => self.compute::<S, W, STEP, MOST, ANY>(simd, line.seen, &view, dy),
                }
            }
        }
    }

    /// All channels of a block of positions, one vector after another.
    ///
    /// # Safety
    /// `dy` must be up to P positions, P where it is known what is `MISSING` of the places that their windows see; there must be a
    /// vector of channels, of as many lanes as the cut says, and windows of the width and the stride, if they have one.
    #[inline(always)]
    unsafe fn compute<S: Simd, const W: usize, const STEP: usize, const P: usize, const MISSING: usize>(
        &mut self,
        simd: S,
        seen: &Seen,
        view: &View,
        dy: &[f32],
    ) {
        let (channels, slots, axis) = (self.g.channels, self.cut.slots(self.g), self.windows.axes[2]);
        let count = dy.len() / channels;
        let (taps, stride) = if W > 0 { (W, STEP) } else { (axis.taps, axis.stride) };
        for slot in (0..channels).step_by(S::F32_LANES) {
            let channel = slot.min(channels - S::F32_LANES);
            let dy: [S::f32s; P] = std::array::from_fn(|p| match MISSING != ANY || p < count {
                // SAFETY: the position has a vector of channels from there on.
                true => unsafe { dy.as_ptr().add(p * channels + channel).cast::<S::f32s>().read_unaligned() },
                false => simd.splat_f32s(0.0),
            });
            for z in seen.taps[0].clone() {
                for y in seen.taps[1].clone() {
                    let element = (z * self.g.window[1] + y) * self.g.window[2];
                    let sums = self.dw[element * slots..][..taps * slots].as_mut_ptr().wrapping_add(slot);
                    // SAFETY: each of the taps has whole vectors of slots.
                    let at = |s: usize| unsafe { sums.add(s * slots).cast::<S::f32s>() };
                    let window = view.window(seen, [z, y], channel);
                    // SAFETY: the lines that are seen lie on the map, and so do all places of them but what is missing.
                    unsafe {
                        let last = ((P - 1) * STEP + W).wrapping_sub(1);
                        let x = |i: usize| view.x::<S, W, MISSING>(simd, window, i, last);
                        if W > 0 {
                            let mut sums: [S::f32s; W] = std::array::from_fn(|s| at(s).read_unaligned());
                            for (p, &dy) in dy.iter().enumerate() {
                                for (s, sum) in sums.iter_mut().enumerate() {
                                    *sum = mul_add(simd, x(p * stride + s), dy, *sum);
                                }
                            }
                            sums.into_iter().enumerate().for_each(|(s, sum)| at(s).write_unaligned(sum));
                        } else {
                            for s in 0..taps {
                                let mut sum = at(s).read_unaligned();
                                for (p, &dy) in dy.iter().enumerate() {
                                    sum = mul_add(simd, x(p * stride + s * axis.step), dy, sum);
                                }
                                at(s).write_unaligned(sum);
                            }
                        }
                    }
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
