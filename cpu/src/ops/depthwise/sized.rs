//! The innermost loops: P positions of a line by one vector of channels, whose sums stay in registers over the whole window.
//!
//! Of each line of a window the filters' vectors are loaded once for P positions and, where the window's width W and the
//! stride are known here, a vector of the map once for all that use it: (P − 1)·stride + 2·W loads for P·W multiply–adds.
//! With 7 positions of a 3×3 window at stride 1 these are 36 loads for 63: the multipliers are the limit where the map lies
//! in the second-level cache, memory where it does not, for 18 FLOPs stand against 8 bytes that are read and written.
//!
//! Up to 8 positions (8 sums, 3 filters and 3 elements are 14 of AVX2's 16 registers) go through all channels before the
//! next: maps are read in long runs. Elements beside the map are read as zeros, its lines beside the map left out. Channels
//! that end inside of a vector are met by one that overlaps the last.

use pulp::Simd;

use super::slide::{Line, Seen, Slide, Target};
use crate::ops::conv::Windows;
use crate::simd::mul_add;

/// The most positions that have their sums in registers together.
pub(super) const MOST: usize = 8;

/// The most lanes of a vector.
const WIDEST: usize = 16;

/// What windows next to one another see of their lines of the map.
pub(super) struct View {
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
    pub(super) fn new(windows: &Windows<'_>, first: isize, places: usize) -> Self {
        let end = windows.axes[2].map.min((first + places as isize).max(0) as usize);
        let is_on = |i: &usize| ((first + *i as isize) as usize) < end;
        let on_map = (0..places.min(32)).filter(is_on).fold(0, |bits, i| bits | 1 << i);
        Self { map: windows.map.as_ptr(), channels: windows.channels, first, end, on_map }
    }

    /// Whether all of the places lie on the map.
    #[inline(always)]
    pub(super) fn is_whole(&self, places: usize) -> bool {
        self.on_map.count_ones() as usize == places
    }

    /// Where a vector of channels of the first window lies, in the line of these taps; it may lie beside the map.
    #[inline(always)]
    pub(super) fn window(&self, seen: &Seen, taps: [usize; 2], channel: usize) -> *const f32 {
        let place = (seen.line(taps) + self.first) * self.channels as isize;
        self.map.wrapping_offset(place).wrapping_add(channel)
    }

    /// The vector at a place, counted from that of the `window`; zeros beside the map. W says how wide the windows are, if
    /// they see 32 places at most.
    ///
    /// # Safety
    /// The line must lie on the map, the place, too, where all are known to (`WHOLE`), and the channels must fill a vector.
    #[inline(always)]
    pub(super) unsafe fn x<S: Simd, const W: usize, const WHOLE: bool>(&self, window: *const f32, i: usize) -> S::f32s {
        const ZEROS: &[f32; WIDEST] = &[0.0; WIDEST];
        let is_there = match W {
            0 => ((self.first + i as isize) as usize) < self.end,
            _ => WHOLE || self.on_map >> i & 1 == 1,
        };
        let x = if is_there { window.wrapping_add(i * self.channels) } else { ZEROS.as_ptr() };
        // SAFETY: as was promised, the map has a vector at each place that is on it; there are zeros for the widest.
        unsafe { x.cast::<S::f32s>().read_unaligned() }
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
        let (blocks, axis) = (line.columns.len().div_ceil(MOST), &self.windows.axes[2]);
        assert!(W == 0 || (axis.taps, axis.stride, axis.step) == (W, STEP, 1), "windows of the kind");
        let mut start = line.columns.start;
        for block in 0..blocks {
            // As equal as can be.
            let count = (line.columns.end - start).div_ceil(blocks - block);
            let places = (count - 1) * axis.stride + axis.taps.saturating_sub(1) * axis.step + 1;
            let out = &mut out[(start - line.columns.start) * stride..];
            for which in 0..self.written {
                let view = View::new(&self.windows, axis.place(start, 0), places);
                let is_whole = W > 0 && view.is_whole(places);
                let block = Block { line, seen, view, element: self.element(line, start), count, which };
                self.block::<S, W, STEP>(simd, &block, is_whole, Target { out: &mut *out, stride });
            }
            start += count;
        }
    }

    #[inline(always)]
    fn block<S: Simd, const W: usize, const STEP: usize>(
        &self,
        simd: S,
        block: &Block<'_>,
        is_whole: bool,
        to: Target<'_>,
    ) {
        let channels = &block.line.channels;
        let end = (block.count - 1) * to.stride + (channels.len() - 1) * self.written + block.which;
        assert!(end < to.out.len() && channels.end <= self.channels, "the block lies in the result");
        assert!(self.read() == 1 && channels.len() >= S::F32_LANES, "channels fill a vector");
        // SAFETY: block and channels are as `compute` wants them, by the assertions.
        unsafe {
            match (block.count, is_whole) {
                (8, true) => self.compute::<S, W, STEP, 8, true>(simd, block, to),
                (7, true) => self.compute::<S, W, STEP, 7, true>(simd, block, to),
                (7 | 8, false) => self.compute::<S, W, STEP, 8, false>(simd, block, to),
                (5 | 6, _) => self.compute::<S, W, STEP, 6, false>(simd, block, to),
                _ => self.compute::<S, W, STEP, 4, false>(simd, block, to),
            }
        }
    }

    /// All channels of a block, one vector after another.
    ///
    /// # Safety
    /// The block's numbers must lie in `to`; its channels must fill a vector and be those of the map, that of one number a
    /// channel; the lines that are seen must lie on it, and so must all places of them, if the block is `WHOLE`; windows
    /// must have the width and the stride, if there is one.
    #[inline(always)]
    unsafe fn compute<S: Simd, const W: usize, const STEP: usize, const P: usize, const WHOLE: bool>(
        &self,
        simd: S,
        block: &Block<'_>,
        to: Target<'_>,
    ) {
        let channels = block.line.channels.clone();
        let mut channel = channels.start;
        loop {
            // SAFETY: a vector of channels from here on is there.
            let sums = unsafe { self.sums::<S, W, STEP, P, WHOLE>(simd, block, channel) };
            let at = (channel - channels.start) * self.written + block.which;
            if self.written == 1 {
                for (p, sum) in sums.into_iter().enumerate().take(block.count) {
                    let element = block.element + p * self.channels + channel;
                    let sum = self.epilogue.vector(simd, element, channel, S::F32_LANES, sum);
                    // SAFETY: the row has a vector from there on.
                    unsafe { to.out.as_mut_ptr().add(p * to.stride + at).cast::<S::f32s>().write_unaligned(sum) };
                }
            } else {
                let lanes = pulp::bytemuck::cast_slice::<S::f32s, f32>(&sums).chunks_exact(S::F32_LANES);
                let number = channel * self.written + block.which;
                self.scatter(lanes.take(block.count), at, [block.element, number], to.stride, to.out);
            }
            if channel + S::F32_LANES == channels.end {
                break;
            }
            channel = (channel + S::F32_LANES).min(channels.end - S::F32_LANES);
        }
    }

    /// The sums of a vector of channels.
    ///
    /// # Safety
    /// As for `compute`; the vector must lie in the block's channels.
    #[inline(always)]
    unsafe fn sums<S: Simd, const W: usize, const STEP: usize, const P: usize, const WHOLE: bool>(
        &self,
        simd: S,
        block: &Block<'_>,
        channel: usize,
    ) -> [S::f32s; P] {
        let axis = &self.windows.axes[2];
        let (taps, stride) = if W > 0 { (W, STEP) } else { (axis.taps, axis.stride) };
        let next = self.steps[2] * self.channels as isize;
        let mut sums = [simd.splat_f32s(0.0); P];
        for z in block.seen.taps[0].clone() {
            for y in block.seen.taps[1].clone() {
                let window = block.view.window(block.seen, [z, y], channel);
                // SAFETY: the lines that are seen lie on the map, and so do all places of them if the block is whole.
                let x = |i: usize| unsafe { block.view.x::<S, W, WHOLE>(window, i) };
                let filter = self.filters.as_ptr().wrapping_add(self.filter(block.which, [z, y, 0]) + channel);
                // SAFETY: there is a vector of filters for each tap.
                let filter =
                    |s: usize| unsafe { filter.wrapping_offset(s as isize * next).cast::<S::f32s>().read_unaligned() };
                if W > 0 {
                    let filters: [S::f32s; W] = std::array::from_fn(filter);
                    for (p, sum) in sums.iter_mut().enumerate() {
                        for (s, &filter) in filters.iter().enumerate() {
                            *sum = mul_add(simd, x(p * stride + s), filter, *sum);
                        }
                    }
                } else {
                    for s in 0..taps {
                        let filter = filter(s);
                        for (p, sum) in sums.iter_mut().enumerate() {
                            *sum = mul_add(simd, x(p * stride + s * axis.step), filter, *sum);
                        }
                    }
                }
            }
        }
        sums
    }
}
