//! The innermost loops: P positions of a line by V vectors of channels, whose sums stay in registers over the whole window.
//!
//! Of each line of a window the filters' vectors are loaded once for P positions and, where the window's width W and the
//! stride are known here, a vector of the map once for all that use it: (P − 1)·stride + 2·W loads for P·W multiply–adds.
//! With 7 positions of a 3×3 window at stride 1 these are 36 loads for 63: the multipliers are the limit where the map lies
//! in the second-level cache, memory where it does not, for 18 FLOPs stand against 8 bytes that are read and written. 8 maps of
//! 28² and 256 channels: 35 % of a core's 116 GFLOP/s on AVX-512, 24 % on AVX2; one of 56² and 128: 59 and 26 %, before two of
//! AVX2's vectors went together.
//!
//! Places of many channels, often a power of two, share few sets of the first-level cache: what a vector has loaded has left it
//! when the next vector asks for its neighbours. So two of AVX2's, which fill a line of the cache, go together, for 4 positions.
//!
//! Up to 8 positions (8 sums, 3 filters and 3 elements are 14 of AVX2's 16 registers) go through all channels before the
//! next: maps are read in long runs. Elements beside the map are read as zeros, its lines beside the map left out. Channels
//! that end inside of a vector are met by one that overlaps the last.

use pulp::Simd;

use super::slide::{Line, Seen, Slide, Target};
use crate::ops::conv::Windows;
use crate::simd::{mul_add, prefetch};

/// The most positions that have their sums in registers together.
const MOST: usize = 8;
/// The same of two vectors.
const MOST_OF_TWO: usize = 4;

/// Which of the places that windows see lie beside the map: the first of them, the last, or whichever.
const FIRST: usize = 1;
const LAST: usize = 2;
const BOTH: usize = FIRST | LAST;
const ANY: usize = 4;

/// What windows next to one another see of their lines of the map.
struct View {
    map: *const f32,
    channels: usize,
    /// The place on the line at which the first window begins.
    first: isize,
    /// Behind the last place of the line that lies on the map and in a window.
    end: usize,
    /// Which of the first places lie on the map.
    on_map: u32,
}

impl View {
    /// The windows from the place `first` on, which see so many places.
    #[inline(always)]
    fn new(windows: &Windows<'_>, first: isize, places: usize) -> Self {
        let end = windows.axes[2].map.min((first + places as isize).max(0) as usize);
        let is_on = |i: &usize| ((first + *i as isize) as usize) < end;
        let on_map = (0..places.min(32)).filter(is_on).fold(0, |bits, i| bits | 1 << i);
        Self { map: windows.map.as_ptr(), channels: windows.channels, first, end, on_map }
    }

    /// Which of the places lie beside the map: none, [`FIRST`], [`LAST`], [`BOTH`] or [`ANY`].
    #[inline(always)]
    fn missing(&self, places: usize) -> usize {
        let last = 1u32.checked_shl(places as u32 - 1).unwrap_or(0);
        let all = last | last.wrapping_sub(1);
        match (all & !self.on_map, last) {
            (_, 0) => ANY,
            (0, _) => 0,
            (1, _) => FIRST,
            (gone, last) if gone == last => LAST,
            (gone, last) if gone == last | 1 => BOTH,
            _ => ANY,
        }
    }

    /// Where a vector of channels of the first window lies, in the line of these taps; it may lie beside the map.
    #[inline(always)]
    fn window(&self, seen: &Seen, taps: [usize; 2], channel: usize) -> *const f32 {
        let place = (seen.line(taps) + self.first) * self.channels as isize;
        self.map.wrapping_offset(place).wrapping_add(channel)
    }

    /// The vector at a place, counted from that of the `window`; zeros beside the map. W says how wide the windows are, if
    /// they see 32 places at most, `last` which place is the last.
    ///
    /// # Safety
    /// The line must lie on the map, the place, too, where it is not one of those that are `MISSING`, and the channels must fill
    /// a vector.
    #[inline(always)]
    unsafe fn x<S: Simd, const W: usize, const MISSING: usize>(
        &self,
        simd: S,
        window: *const f32,
        i: usize,
        last: usize,
    ) -> S::f32s {
        let is_there = match (W, MISSING) {
            (0, _) => ((self.first + i as isize) as usize) < self.end,
            (_, ANY) => self.on_map >> i & 1 == 1,
            _ => !(MISSING & FIRST != 0 && i == 0 || MISSING & LAST != 0 && i == last),
        };
        if !is_there {
            return simd.splat_f32s(0.0);
        }
        // SAFETY: as was promised, the map has a vector at each place that is on it.
        unsafe { window.wrapping_add(i * self.channels).cast::<S::f32s>().read_unaligned() }
    }
}

/// Some positions of a line.
struct Block<'l> {
    line: &'l Line,
    seen: &'l Seen,
    view: View,
    /// The element of the result at which the first position begins.
    element: usize,
    count: usize,
    /// Which of a channel's numbers in the result.
    which: usize,
}

impl Slide<'_> {
    /// A line whose windows are W wide, or of any width where that is 0, and lie STEP apart, or any number of places.
    #[inline(always)]
    pub(super) fn sized<S: Simd, const W: usize, const STEP: usize>(
        &self,
        simd: S,
        line: &Line,
        seen: &Seen,
        to: Target<'_>,
    ) {
        let Target { out, stride } = to;
        let most = if self.is_paired::<S, W>(line) { MOST_OF_TWO } else { MOST };
        let (blocks, axis) = (line.columns.len().div_ceil(most), &self.windows.axes[2]);
        assert!(W == 0 || (axis.taps, axis.stride, axis.step) == (W, STEP, 1), "windows of the kind");
        let mut start = line.columns.start;
        for block in 0..blocks {
            // As equal as can be.
            let count = (line.columns.end - start).div_ceil(blocks - block);
            let places = (count - 1) * axis.stride + axis.taps.saturating_sub(1) * axis.step + 1;
            let out = &mut out[(start - line.columns.start) * stride..];
            for which in 0..self.written {
                let view = View::new(&self.windows, axis.place(start, 0), places);
                let missing = view.missing(places);
                let block = Block { line, seen, view, element: self.element(line, start), count, which };
                self.block::<S, W, STEP>(simd, &block, missing, Target { out: &mut *out, stride });
            }
            start += count;
        }
    }

    /// Whether two vectors of channels go together.
    #[inline(always)]
    fn is_paired<S: Simd, const W: usize>(&self, line: &Line) -> bool {
        S::F32_LANES == 8 && (W == 3 || W == 5) && self.written == 1 && line.channels.len() >= 2 * S::F32_LANES
    }

    #[inline(always)]
    fn block<S: Simd, const W: usize, const STEP: usize>(
        &self,
        simd: S,
        block: &Block<'_>,
        missing: usize,
        to: Target<'_>,
    ) {
        let channels = &block.line.channels;
        let end = (block.count - 1) * to.stride + (channels.len() - 1) * self.written + block.which;
        assert!(end < to.out.len() && channels.end <= self.channels, "the block lies in the result");
        assert!(self.read() == 1 && channels.len() >= S::F32_LANES, "channels fill a vector");
        let covered = [block.element + block.count * self.channels * self.written, self.channels * self.written];
        assert!(self.epilogue.covers(covered), "what follows is there for all of it");
        // SAFETY: block and channels are as `compute` wants them, by the assertions, and fill two vectors where they are paired.
        unsafe {
            if self.is_paired::<S, W>(block.line) {
                return match (block.count, missing) {
                    (4, 0) => self.compute::<S, W, STEP, 4, 2, 0>(simd, block, to),
                    (4, FIRST) if W == 3 => self.compute::<S, W, STEP, 4, 2, FIRST>(simd, block, to),
                    (4, LAST) if W == 3 => self.compute::<S, W, STEP, 4, 2, LAST>(simd, block, to),
                    (3, 0) => self.compute::<S, W, STEP, 3, 2, 0>(simd, block, to),
                    (3, LAST) if W == 3 => self.compute::<S, W, STEP, 3, 2, LAST>(simd, block, to),
                    _ => self.compute::<S, W, STEP, 4, 2, ANY>(simd, block, to),
                };
            }
            // Lines of 7, 14, 28 … and of 8, 16, 32 … positions have such blocks, padded by one place or not at all.
            match (block.count, missing) {
                (8, 0) if W > 0 => self.compute::<S, W, STEP, 8, 1, 0>(simd, block, to),
                (8, FIRST) if W == 3 => self.compute::<S, W, STEP, 8, 1, FIRST>(simd, block, to),
                (8, LAST) if W == 3 => self.compute::<S, W, STEP, 8, 1, LAST>(simd, block, to),
                (7, 0) if W > 0 => self.compute::<S, W, STEP, 7, 1, 0>(simd, block, to),
                (7, FIRST) if W == 3 => self.compute::<S, W, STEP, 7, 1, FIRST>(simd, block, to),
                (7, LAST) if W == 3 => self.compute::<S, W, STEP, 7, 1, LAST>(simd, block, to),
                (7, BOTH) if W == 3 => self.compute::<S, W, STEP, 7, 1, BOTH>(simd, block, to),
                (7 | 8, _) => self.compute::<S, W, STEP, 8, 1, ANY>(simd, block, to),
                (5 | 6, _) => self.compute::<S, W, STEP, 6, 1, ANY>(simd, block, to),
                _ => self.compute::<S, W, STEP, 4, 1, ANY>(simd, block, to),
            }
        }
    }

    /// All channels of a block, V vectors after V others.
    ///
    /// # Safety
    /// The block's numbers must lie in `to`; its channels must fill V vectors and be those of the map, that of one number a
    /// channel; the lines that are seen must lie on it, and so must all places of them but what is `MISSING`; windows
    /// must have the width and the stride, if there is one.
    #[inline(always)]
    unsafe fn compute<
        S: Simd,
        const W: usize,
        const STEP: usize,
        const P: usize,
        const V: usize,
        const MISSING: usize,
    >(
        &self,
        simd: S,
        block: &Block<'_>,
        to: Target<'_>,
    ) {
        let (channels, together) = (block.line.channels.clone(), V * S::F32_LANES);
        let mut channel = channels.start;
        loop {
            if W > 0 {
                self.fetch::<W, STEP, P>(block, channel);
            }
            // SAFETY: V vectors of channels from here on are there.
            let sums = unsafe { self.sums::<S, W, STEP, P, V, MISSING>(simd, block, channel) };
            let at = (channel - channels.start) * self.written + block.which;
            if self.written == 1 {
                // SAFETY: as was promised, rows, bias and shortcut have V vectors from there on.
                unsafe { self.put(simd, block, channel, sums, to.out.as_mut_ptr().add(at), to.stride) };
            } else {
                let lanes = pulp::bytemuck::cast_slice::<S::f32s, f32>(sums.as_flattened()).chunks_exact(S::F32_LANES);
                let number = channel * self.written + block.which;
                self.scatter(lanes.take(block.count), at, [block.element, number], to.stride, to.out);
            }
            if channel + together == channels.end {
                break;
            }
            channel = (channel + together).min(channels.end - together);
        }
    }

    /// Does what follows to the sums of V vectors of channels, and writes them to rows that lie so far apart.
    ///
    /// # Safety
    /// The rows must have V vectors there; what follows must cover the block.
    #[inline(always)]
    unsafe fn put<S: Simd, const P: usize, const V: usize>(
        &self,
        simd: S,
        block: &Block<'_>,
        channel: usize,
        mut sums: [[S::f32s; V]; P],
        to: *mut f32,
        stride: usize,
    ) {
        // Of positions that are not there the first is read.
        let element = |p: usize| block.element + if p < block.count { p * self.channels } else { 0 } + channel;
        // SAFETY: as was promised.
        unsafe {
            let load = |from: *const f32, v: usize| from.cast::<S::f32s>().add(v).read_unaligned();
            self.epilogue.finish(simd, &mut sums, channel, element, load);
            for (p, sums) in sums.into_iter().enumerate() {
                if p < block.count {
                    let to = to.add(p * stride).cast::<S::f32s>();
                    sums.into_iter().enumerate().for_each(|(v, sum)| to.add(v).write_unaligned(sum));
                }
            }
        }
    }

    /// Has fetched what the next positions see of the map that none has seen before: places on the last lines of their windows.
    /// These are too many streams for the processor to foresee.
    #[inline(always)]
    fn fetch<const W: usize, const STEP: usize, const P: usize>(&self, block: &Block<'_>, channel: usize) {
        let [z, y] = [0, 1].map(|axis| block.seen.taps[axis].clone());
        let new = self.windows.axes[1].stride.min(y.len());
        for y in y.end - new..y.end {
            let window = block.view.window(block.seen, [z.end.saturating_sub(1), y], channel);
            for place in (P - 1) * STEP + W..(2 * P - 1) * STEP + W {
                prefetch(window.wrapping_add(place * self.channels));
            }
        }
    }

    /// The sums of V vectors of channels.
    ///
    /// # Safety
    /// As for `compute`; the vectors must lie in the block's channels.
    #[inline(always)]
    unsafe fn sums<S: Simd, const W: usize, const STEP: usize, const P: usize, const V: usize, const MISSING: usize>(
        &self,
        simd: S,
        block: &Block<'_>,
        channel: usize,
    ) -> [[S::f32s; V]; P] {
        let axis = &self.windows.axes[2];
        let (taps, stride) = if W > 0 { (W, STEP) } else { (axis.taps, axis.stride) };
        let next = self.steps[2] * self.channels as isize;
        let mut sums = [[simd.splat_f32s(0.0); V]; P];
        for z in block.seen.taps[0].clone() {
            for y in block.seen.taps[1].clone() {
                for v in 0..V {
                    let channel = channel + v * S::F32_LANES;
                    let window = block.view.window(block.seen, [z, y], channel);
                    // SAFETY: the lines that are seen lie on the map, and so do all places of them but what is missing.
                    let x = |i: usize| unsafe {
                        block.view.x::<S, W, MISSING>(simd, window, i, ((P - 1) * STEP + W).wrapping_sub(1))
                    };
                    let filter = self.filters.as_ptr().wrapping_add(self.filter(block.which, [z, y, 0]) + channel);
                    // SAFETY: there is a vector of filters for each tap.
                    let filter = |s: usize| unsafe {
                        filter.wrapping_offset(s as isize * next).cast::<S::f32s>().read_unaligned()
                    };
                    if W > 0 {
                        let filters: [S::f32s; W] = std::array::from_fn(filter);
                        for (p, sums) in sums.iter_mut().enumerate() {
                            for (s, &filter) in filters.iter().enumerate() {
                                sums[v] = mul_add(simd, x(p * stride + s), filter, sums[v]);
                            }
                        }
                    } else {
                        for s in 0..taps {
                            let filter = filter(s);
                            for (p, sums) in sums.iter_mut().enumerate() {
                                sums[v] = mul_add(simd, x(p * stride + s * axis.step), filter, sums[v]);
                            }
                        }
                    }
                }
            }
        }
        sums
    }
}
