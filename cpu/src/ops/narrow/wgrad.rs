//! The gradient by the filters of few channels: some elements of the window by one vector of filters, or two, whose sums stay
//! in registers for a whole band.
//!
//! Neighbours in a line of the window lie together on the map, too: R runs of T elements are R pointers, and all else is a
//! part of the instructions. A position takes V loads of dy and R·T of the map, each for all lanes, for R·T·V multiply–adds.
//! On one core of 116 GFLOP/s: 8 maps of 224² by 32 filters of 3×3 and 3 channels at stride 2 66 % of the peak on AVX-512, 49 % on
//! AVX2; 64 of 28² by 20 filters of 5×5 and one channel, which leave vectors of 16 and 8 lanes partly empty, 39 and 44 %.

use std::fmt;

use pulp::{Simd, WithSimd};

use super::Bands;
use crate::geometry::Geometry;
use crate::ops::Call;
use crate::ops::channels::add_parts;
use crate::scratch::Scratch;
use crate::simd::{load, mul_add};

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
#[derive(Clone, Debug, PartialEq, Eq)]
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
        // Registers for a run with two vectors are there with AVX-512.
        let bands = if lanes < 16 { Bands::with_block(g, lanes) } else { Bands::new(g, lanes) };
        let all = bands.count(g);
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
    let (&WgradCut { ref bands, parts, share }, size) = (cut, g.depth() * cut.bands.filters);
    let (sums, copies) = call.memory.workspace.split_at_mut((parts + 1) * size);
    let (total, sums) = sums.split_at_mut(size);
    let (x, dy) = (call.memory.inputs[0], call.memory.inputs[1]);
    call.team.each(sums.chunks_mut(size).enumerate(), copies, bands.copy(), |(part, dw), copy| {
        dw.fill(0.0);
        let mine = part * share..((part + 1) * share).min(bands.count(g));
        for band in mine.take_while(|_| call.team.goes_on()) {
            let (plane, lines) = bands.place(g, band);
            bands.fill(g, x, (plane, &lines), copy);
            let lines = Lines {
                x: copy,
                dy: &dy[(plane * g.out[1] + lines.start) * g.out[2] * g.filters..],
                count: lines.len(),
                width: bands.width * g.stride[1],
            };
            let vectors = call.team.vectors().for_lanes(bands.block);
            vectors.dispatch(Gradient { lines, g, offsets: &bands.offsets, block: bands.block, dw });
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
    /// Of the window's elements in a copy.
    offsets: &'a [usize],
    /// Filters of a block.
    block: usize,
    dw: &'a mut [f32],
}

impl WithSimd for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let is_line = self.g.dilate[2] == 1 || self.g.window[2] == 1;
        let run = self.g.channels * if is_line { self.g.window[2] } else { 1 };
        let longest = [11, 10, 9, 7, 5, 4, 3].into_iter().find(|&length| run.is_multiple_of(length));
        match (self.block > S::F32_LANES, longest) {
            (false, Some(11)) => self.compute::<S, 1, 11, 1>(simd),
            (false, Some(10)) => self.compute::<S, 1, 10, 1>(simd),
            (false, Some(9)) => self.compute::<S, 1, 9, 1>(simd),
            (false, Some(7)) => self.compute::<S, 1, 7, 1>(simd),
            (false, Some(5)) => self.compute::<S, 2, 5, 1>(simd),
            (false, Some(4)) => self.compute::<S, 2, 4, 1>(simd),
            (false, Some(3)) => self.compute::<S, 3, 3, 1>(simd),
            (false, _) => self.compute::<S, 7, 1, 1>(simd),
            (true, Some(11)) => self.compute::<S, 1, 11, 2>(simd),
            (true, Some(10)) => self.compute::<S, 1, 10, 2>(simd),
            (true, Some(9)) => self.compute::<S, 1, 9, 2>(simd),
            (true, Some(7)) => self.compute::<S, 1, 7, 2>(simd),
            (true, Some(5)) => self.compute::<S, 2, 5, 2>(simd),
            (true, Some(4)) => self.compute::<S, 2, 4, 2>(simd),
            (true, Some(3)) => self.compute::<S, 3, 3, 2>(simd),
            (true, _) => self.compute::<S, 5, 1, 2>(simd),
        }
    }
}

impl Gradient<'_> {
    /// R runs of T window elements with a block of V vectors of filters at a time; of the last runs some may come twice.
    #[inline(always)]
    fn compute<S: Simd, const R: usize, const T: usize, const V: usize>(self, simd: S) {
        let Self { lines, g, offsets, block, dw } = self;
        assert!(block == V * S::F32_LANES && offsets.chunks(T).all(|run| run.len() == T), "blocks and runs");
        let step = g.stride[2] * g.channels;
        let seen = (g.out[2] - 1) * step + T;
        for (number, dw) in dw.chunks_exact_mut(offsets.len() * block).enumerate() {
            for (runs, dw) in offsets.chunks(R * T).zip(dw.chunks_mut(R * T * block)) {
                let mut sums = [[[simd.splat_f32s(0.0); V]; T]; R];
                for line in 0..lines.count {
                    let run = |r: usize| runs[(r * T).min(runs.len() - T)];
                    let x = |r: usize| lines.x[line * lines.width + run(r)..][..seen].as_ptr();
                    let mut x: [*const f32; R] = std::array::from_fn(x);
                    let dy = &lines.dy[line * g.out[2] * g.filters + number * block..];
                    for position in 0..g.out[2] {
                        let dy = load::<S, V>(simd, &dy[position * g.filters..]);
                        for (x, sums) in x.iter_mut().zip(&mut sums) {
                            for (t, sums) in sums.iter_mut().enumerate() {
                                // SAFETY: from the last position's on there are T elements, too: `seen` ends with them.
                                let x = simd.splat_f32s(unsafe { *x.add(t) });
                                sums.iter_mut().zip(dy).for_each(|(sum, dy)| *sum = mul_add(simd, x, dy, *sum));
                            }
                            *x = x.wrapping_add(step);
                        }
                    }
                }
                for (dw, sums) in dw.chunks_exact_mut(block).zip(sums.as_flattened()) {
                    let (dw, _) = S::as_mut_simd_f32s(dw);
                    dw.iter_mut().zip(sums).for_each(|(dw, &sum)| *dw = simd.add_f32s(*dw, sum));
                }
            }
        }
    }
}
