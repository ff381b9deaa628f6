//! The innermost loops: P positions of a line by V vectors of channels, whose sums stay in registers over the whole window.
//!
//! Of each line of a window the filters' vectors are loaded once for P positions and, where the window's width W and the
//! stride are known here, a vector of the map once for all that use it: (P − 1)·stride + 2·W loads for P·W multiply–adds.
//! With 7 positions of a 3×3 window at stride 1 these are 36 loads for 63: the multipliers are the limit where the map lies
//! in the second-level cache, memory where it does not, for 18 FLOPs stand against 8 bytes that are read and written. On a core
//! of 102 GFLOP/s with AVX2 (Zen 3) 14² of 512 channels reach 37 %, 56² of 128 47, 28² of 256 44; on one of 116 with AVX-512
//! (Zen 4) 56² of 128 reached 59 before that.
//!
//! Places of many channels, often a power of two, share few sets of the first-level cache: what a vector has loaded has left it
//! when the next vector asks for its neighbours. So two of AVX2's, which fill a line of the cache, go together, for 4 or 6
//! positions, and what the window sees of the next line of channels is fetched meanwhile.
//!
//! Up to 8 positions (8 sums, 3 filters and 3 elements are 14 of AVX2's 16 registers) go through all channels before the
//! next: maps are read in long runs. Elements beside the map are read as zeros, its lines beside the map left out. Channels
//! that end inside of a vector are met by one that overlaps the last.

use pulp::Simd;

use super::block::{ANY, BOTH, Block, FIRST, LAST, Taps, View};
use super::slide::{Line, Seen, Slide, Target};
use crate::simd::{Span, mul_add, prefetch};

/// The most positions that have their sums in registers together.
const MOST: usize = 8;
/// The same of two vectors, of 3×3 at stride 1: 12 sums, 3 filters and an element.
const MOST_OF_TWO: usize = 6;
/// Of two vectors of other windows.
const FEWER_OF_TWO: usize = 4;

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
        let most = match (self.is_paired::<S, W>(line), W, STEP) {
            (true, 3, 1) => MOST_OF_TWO,
            (true, ..) => FEWER_OF_TWO,
            _ => MOST,
        };
        let (axis, columns) = (&self.windows.axes[2], line.columns.clone());
        assert!(W == 0 || (axis.taps, axis.stride, axis.step) == (W, STEP, 1), "windows of the kind");
        let (mut start, mut element) = (columns.start, self.element(line, columns.start));
        // As equal as can be.
        let blocks = columns.len().div_ceil(most);
        let [few, more] = [columns.len() / blocks.max(1), columns.len() % blocks.max(1)];
        for block in 0..blocks {
            let count = few + usize::from(block < more);
            let places = (count - 1) * axis.stride + axis.taps.saturating_sub(1) * axis.step + 1;
            let out = &mut out[(start - columns.start) * stride..];
            for which in 0..self.written {
                let view = View::new(&self.windows, axis.place(start, 0), places);
                let block = Block { line, seen, view, element, count, which };
                self.block::<S, W, STEP>(simd, &block, block.view.missing(places), Target { out: &mut *out, stride });
            }
            (start, element) = (start + count, element + count * self.channels * self.written);
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
        let row = self.channels * self.written;
        let last = block.element + (block.count - 1) * row;
        let furthest = self.epilogue.furthest([0, 0], row);
        assert!(furthest.is_some_and(|furthest| last <= furthest), "what follows is there for all of it");
        // SAFETY: block and channels are as `compute` wants them, by the assertions, and fill two vectors where they are paired.
        unsafe {
            if self.is_paired::<S, W>(block.line) {
                return self.paired::<S, W, STEP>(simd, block, missing, to);
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

    /// Two vectors of channels after two others: as many positions as have their sums in registers, those inside of the map, at
    /// its beginning and at its end.
    ///
    /// # Safety
    /// As for `compute`, and the channels must fill two vectors.
    #[inline(always)]
    unsafe fn paired<S: Simd, const W: usize, const STEP: usize>(
        &self,
        simd: S,
        block: &Block<'_>,
        missing: usize,
        to: Target<'_>,
    ) {
        // SAFETY: as was promised.
        unsafe {
            if (W, STEP) == (3, 1) {
                match (block.count, missing) {
                    (6, 0) => return self.compute::<S, W, STEP, 6, 2, 0>(simd, block, to),
                    (6, FIRST) => return self.compute::<S, W, STEP, 6, 2, FIRST>(simd, block, to),
                    (6, LAST) => return self.compute::<S, W, STEP, 6, 2, LAST>(simd, block, to),
                    (5, 0) => return self.compute::<S, W, STEP, 5, 2, 0>(simd, block, to),
                    (5, FIRST) => return self.compute::<S, W, STEP, 5, 2, FIRST>(simd, block, to),
                    (5, LAST) => return self.compute::<S, W, STEP, 5, 2, LAST>(simd, block, to),
                    (5 | 6, _) => return self.compute::<S, W, STEP, 6, 2, ANY>(simd, block, to),
                    _ => {}
                }
            }
            match (block.count, missing) {
                (4, 0) => self.compute::<S, W, STEP, 4, 2, 0>(simd, block, to),
                (4, FIRST) if W == 3 => self.compute::<S, W, STEP, 4, 2, FIRST>(simd, block, to),
                (4, LAST) if W == 3 => self.compute::<S, W, STEP, 4, 2, LAST>(simd, block, to),
                (3, 0) => self.compute::<S, W, STEP, 3, 2, 0>(simd, block, to),
                (3, LAST) if W == 3 => self.compute::<S, W, STEP, 3, 2, LAST>(simd, block, to),
                _ => self.compute::<S, W, STEP, 4, 2, ANY>(simd, block, to),
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
        let (first, mut channel) = (self.taps(block), channels.start);
        loop {
            let taps = first.further(channel);
            if W > 0 {
                self.fetch::<W, STEP, P>(block, taps, together);
            }
            // SAFETY: V vectors of channels from here on are there.
            let sums = unsafe { self.sums::<S, W, STEP, P, V, MISSING>(simd, block, taps) };
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
        let mut rows = [0; P];
        for (p, row) in rows.iter_mut().enumerate().take(block.count) {
            *row = p * self.channels;
        }
        let span = Span::whole(simd);
        // SAFETY: as was promised.
        unsafe {
            self.epilogue.finish(simd, &mut sums, channel, (block.element + channel, &rows), span);
            for (p, sums) in sums.into_iter().enumerate() {
                if p < block.count {
                    for (v, sum) in sums.into_iter().enumerate() {
                        span.store(simd, to.wrapping_add(p * stride), v, sum);
                    }
                }
            }
        }
    }

    /// The first tap that a block sees, of channel 0; its window may begin beside the map.
    #[inline(always)]
    fn taps(&self, block: &Block<'_>) -> Taps {
        let (seen, channels) = (block.seen, self.windows.channels as isize);
        let first = [seen.taps[0].start, seen.taps[1].start];
        let window = (seen.line(first) + block.view.first) * channels;
        let apart = |axis: usize| [seen.next[axis] * channels, self.steps[axis] * self.channels as isize];
        Taps {
            window: self.windows.map.as_ptr().wrapping_offset(window),
            filters: self.filters.as_ptr().wrapping_add(self.filter(block.which, [first[0], first[1], 0])),
            planes: apart(0),
            lines: apart(1),
        }
    }

    /// Has fetched what the same positions see of the channels behind these `ahead` ones, on one plane: on each line of the
    /// window so many places, which are too many streams for the processor to foresee.
    #[inline(always)]
    fn fetch<const W: usize, const STEP: usize, const P: usize>(&self, block: &Block<'_>, taps: Taps, ahead: usize) {
        let mut line = taps.further(ahead);
        for _ in block.seen.taps[1].clone() {
            for place in 0..(P - 1) * STEP + W {
                prefetch(line.window.wrapping_add(place * self.windows.channels));
            }
            line = line.moved(line.lines);
        }
    }

    /// The sums of the V vectors of channels that these taps begin with.
    ///
    /// # Safety
    /// As for `compute`; the vectors must lie in the block's channels.
    #[inline(always)]
    unsafe fn sums<S: Simd, const W: usize, const STEP: usize, const P: usize, const V: usize, const MISSING: usize>(
        &self,
        simd: S,
        block: &Block<'_>,
        mut plane: Taps,
    ) -> [[S::f32s; V]; P] {
        let mut sums = [[simd.splat_f32s(0.0); V]; P];
        let [planes, lines] = [0, 1].map(|axis| block.seen.taps[axis].len());
        let line = |line: Taps, sums: &mut [[S::f32s; V]; P]| {
            // SAFETY: as was promised, for each of the lines that are seen.
            unsafe { self.line::<S, W, STEP, P, V, MISSING>(simd, block, line, sums) };
        };
        if (W, planes, lines) == (3, 1, 3) {
            // What most windows see, without loops.
            let next = plane.moved(plane.lines);
            [plane, next, next.moved(plane.lines)].into_iter().for_each(|at| line(at, &mut sums));
            return sums;
        }
        for _ in 0..planes {
            let mut at = plane;
            for _ in 0..lines {
                line(at, &mut sums);
                at = at.moved(at.lines);
            }
            plane = plane.moved(plane.planes);
        }
        sums
    }

    /// Adds what a line of the window gives.
    ///
    /// # Safety
    /// As for [`Self::sums`]; the line must be one of those that are seen.
    #[inline(always)]
    unsafe fn line<S: Simd, const W: usize, const STEP: usize, const P: usize, const V: usize, const MISSING: usize>(
        &self,
        simd: S,
        block: &Block<'_>,
        line: Taps,
        sums: &mut [[S::f32s; V]; P],
    ) {
        let axis = &self.windows.axes[2];
        let (taps, stride) = if W > 0 { (W, STEP) } else { (axis.taps, axis.stride) };
        let next = self.steps[2] * self.channels as isize;
        for v in 0..V {
            let Taps { window, filters, .. } = line.further(v * S::F32_LANES);
            // SAFETY: the line lies on the map, and so do all places of it but what is missing.
            let x = |i: usize| unsafe {
                block.view.x::<S, W, MISSING>(simd, window, i, ((P - 1) * STEP + W).wrapping_sub(1))
            };
            // SAFETY: there is a vector of filters for each tap.
            let filter =
                |s: usize| unsafe { filters.wrapping_offset(s as isize * next).cast::<S::f32s>().read_unaligned() };
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
