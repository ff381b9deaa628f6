//! `conv` of few channels: P positions of a line by one vector of filters, or two, whose sums stay in registers over the whole
//! window.
//!
//! An element of the window takes V loads of filters and P of the map, each for all lanes, for P·V multiply–adds: 8×2 on
//! AVX-512 10 loads for 16, 6×2 on AVX2 8 for 12, 10×1 11 for 10 (two loads and two multiply–adds a cycle). A line is cut as
//! evenly as can be, so that few positions are computed for nothing; the step from window to window is a constant where it is
//! a usual one, and so a part of the instructions. The last block of filters is one vector where that is enough. What is done
//! to the sums, and how they are stored, goes by known indices, or they would leave the registers. For 3×3 of 3 channels memory is
//! the limit where maps are not in a cache: 54 FLOPs a number that is written. 224² of 3 channels to 32 filters, 3×3 at stride 2:
//! 60 % of a core's 116 GFLOP/s on AVX-512, 56 % on AVX2.

use pulp::{Simd, WithSimd};

use super::Bands;
use crate::epilogue::{Epilogue, activate};
use crate::geometry::Geometry;
use crate::ops::Call;
use crate::ops::conv::Operands;
use crate::scratch::Scratch;
use crate::simd::{each, load, mul_add};

/// Scratch memory of [`forward`]: the turned filters, the bias, and a band's copy a thread.
pub fn forward_scratch(g: &Geometry, bands: &Bands) -> Scratch {
    Scratch { shared: (g.depth() + 1) * bands.filters, each: bands.copy() }
}

/// `conv`.
pub fn forward(g: &Geometry, bands: &Bands, operands: Operands<'_>, call: Call<'_>) {
    let (turned, copies) = call.memory.workspace.split_at_mut((g.depth() + 1) * bands.filters);
    let (bias, turned) = turned.split_at_mut(bands.filters);
    bias.fill(0.0);
    if let Some(given) = operands.epilogue.bias {
        bias[..g.filters].copy_from_slice(given);
    }
    let vectors = call.team.vectors().for_lanes(bands.block);
    turn_in(operands.filters, g, vectors.lanes(), turned);
    // The bias is where the sums begin.
    let (x, epilogue) = (operands.x, Epilogue { bias: None, ..operands.epilogue });
    let length = g.out[2] * g.filters;
    let planes = call.memory.output.chunks_mut((g.out[1] * length).max(1));
    let tasks = planes.flat_map(|plane| plane.chunks_mut(bands.lines * length)).enumerate();
    call.team.each(tasks, copies, bands.copy(), |(band, y), copy| {
        let (plane, lines) = bands.place(g, band);
        bands.fill(g, x, (plane, &lines), copy);
        for (number, y) in y.chunks_exact_mut(length).enumerate() {
            let line = Line {
                x: &copy[number * g.stride[1] * bands.width..],
                step: g.stride[2] * g.channels,
                offsets: &bands.offsets,
                turned,
                bias,
                filters: g.filters,
                epilogue,
                start: (plane * g.out[1] + lines.start + number) * length,
                y,
            };
            vectors.dispatch(line);
        }
        if let Some(statistics) = epilogue.statistics {
            // SAFETY: every band comes once.
            unsafe { statistics.part(call.team.vectors(), band, y) };
        }
    });
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
    epilogue: Epilogue<'a>,
    /// The element of the result at which the line begins.
    start: usize,
    y: &'a mut [f32],
}

impl WithSimd for Line<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // The usual steps as constants: neighbours' offsets become part of the instructions.
        match self.step {
            1 => self.compute::<S, 1>(simd),
            3 => self.compute::<S, 3>(simd),
            6 => self.compute::<S, 6>(simd),
            12 => self.compute::<S, 12>(simd),
            _ => self.compute::<S, 0>(simd),
        }
    }
}

impl Line<'_> {
    /// All positions with all blocks of filters; windows lie STEP apart, or any distance where that is 0.
    #[inline(always)]
    fn compute<S: Simd, const STEP: usize>(mut self, simd: S) {
        let (mut first, lanes) = (0, S::F32_LANES);
        while first < self.filters {
            let vectors = if self.filters - first > lanes { 2 } else { 1 };
            if vectors == 2 {
                self.positions::<S, 2, STEP>(simd, first);
            } else {
                self.positions::<S, 1, STEP>(simd, first);
            }
            first += vectors * lanes;
        }
    }

    /// All positions with the block of V vectors of filters that begins with this one.
    #[inline(always)]
    fn positions<S: Simd, const V: usize, const STEP: usize>(&mut self, simd: S, first: usize) {
        // On AVX2 14 sums, a filter and an element of the map are all registers that there are, and some sums left them.
        let most = match (V, S::F32_LANES) {
            (1, 8) => 10,
            (1, _) => 14,
            (_, 16) => 8,
            _ => 6,
        };
        let positions = self.y.len() / self.filters;
        let (blocks, mut start) = (positions.div_ceil(most), 0);
        for left in (1..=blocks).rev() {
            // As equal as can be.
            let count = (positions - start).div_ceil(left);
            let at = [start, first, count];
            match count {
                11.. if V == 1 && S::F32_LANES != 8 => self.block::<S, 14, V, STEP>(simd, at),
                8.. if V == 1 => self.block::<S, 10, V, STEP>(simd, at),
                8.. if S::F32_LANES == 16 => self.block::<S, 8, V, STEP>(simd, at),
                7 if V == 1 || S::F32_LANES == 16 => self.block::<S, 7, V, STEP>(simd, at),
                6.. => self.block::<S, 6, V, STEP>(simd, at),
                5 => self.block::<S, 5, V, STEP>(simd, at),
                _ => self.block::<S, 4, V, STEP>(simd, at),
            }
            start += count;
        }
    }

    /// P positions from `start` on, of which `count` are wanted, with the block of filters that begins with `first`.
    #[inline(always)]
    fn block<S: Simd, const P: usize, const V: usize, const STEP: usize>(
        &mut self,
        simd: S,
        [start, first, count]: [usize; 3],
    ) {
        let mut sums = self.sums::<S, P, V, STEP>(simd, [start, first]);
        if let Some(shortcut) = self.epilogue.shortcut {
            sums = self.with_shortcut::<S, P, V>([start, first, count], shortcut, sums);
        }
        if let Some(activation) = self.epilogue.activation {
            each!(sums, |_, _, sum| activate(simd, activation, sum));
        }
        self.put(simd, [start, first, count], sums);
    }

    /// The sums of P positions from `start` on with the block of filters that begins with `first`, and the bias.
    #[inline(always)]
    fn sums<S: Simd, const P: usize, const V: usize, const STEP: usize>(
        &self,
        simd: S,
        [start, first]: [usize; 2],
    ) -> [[S::f32s; V]; P] {
        let step = if STEP > 0 { STEP } else { self.step };
        let (depth, lanes) = (self.offsets.len(), S::F32_LANES);
        let seen = self.offsets.last().map_or(0, |last| last + 1);
        let windows = self.x[start * step..][..(P - 1) * step + seen].as_ptr();
        let mut w = self.turned[first * depth..][..depth * V * lanes].as_ptr();
        let mut sums = [load::<S, V>(simd, &self.bias[first..]); P];
        for &offset in self.offsets {
            let window = windows.wrapping_add(offset);
            // SAFETY: offsets ascend, so the last window's last element is the furthest; there are as many vectors of filters.
            unsafe {
                let filters: [S::f32s; V] =
                    std::array::from_fn(|v| w.add(v * lanes).cast::<S::f32s>().read_unaligned());
                for (p, sums) in sums.iter_mut().enumerate() {
                    let x = simd.splat_f32s(*window.add(p * step));
                    for (sum, filter) in sums.iter_mut().zip(filters) {
                        *sum = mul_add(simd, x, filter, *sum);
                    }
                }
            }
            w = w.wrapping_add(V * lanes);
        }
        sums
    }

    /// The sums with the other map added. It is rare that few channels have one: not a part of the loop around it, so it is
    /// compiled for no vectors and works on their lanes.
    #[inline(never)]
    fn with_shortcut<S: Simd, const P: usize, const V: usize>(
        &self,
        [start, first, count]: [usize; 3],
        shortcut: &[f32],
        mut sums: [[S::f32s; V]; P],
    ) -> [[S::f32s; V]; P] {
        let positions = shortcut[self.start + start * self.filters..].chunks(self.filters);
        for (sums, position) in sums.iter_mut().zip(positions).take(count) {
            let lanes = pulp::bytemuck::cast_slice_mut::<S::f32s, f32>(sums);
            lanes.iter_mut().zip(&position[first..]).for_each(|(sum, added)| *sum += added);
        }
        sums
    }

    /// Stores the sums of `count` positions. What a block of all filters writes too far is written over by the next position.
    #[inline(always)]
    fn put<S: Simd, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        [start, first, count]: [usize; 3],
        mut sums: [[S::f32s; V]; P],
    ) {
        let (filters, lanes) = (self.filters, S::F32_LANES);
        let wanted = filters - first;
        // Positions whose vectors lie in the line as a whole.
        let inside = (self.y.len() - first).checked_sub(V * lanes).map_or(0, |room| room / filters + 1);
        let inside = inside.saturating_sub(start).min(count);
        let (y, is_free) = (self.y.as_mut_ptr().wrapping_add(start * filters + first), wanted == filters);
        each!(sums, |p, v, sum| {
            if p < inside {
                // SAFETY: this and the other vectors of the position lie in the line.
                unsafe {
                    let to = y.add(p * filters + v * lanes).cast::<S::f32s>();
                    if is_free || wanted >= V * lanes {
                        to.write_unaligned(sum);
                    } else {
                        let ours = simd.mask_between_m32s(0, wanted.saturating_sub(v * lanes).min(lanes) as u32);
                        to.write_unaligned(simd.select_f32s(ours.mask(), sum, to.read_unaligned()));
                    }
                }
            }
            sum
        });
        if inside < count {
            self.end::<S, P, V>([start, first, count], inside, sums);
        }
    }

    /// The same of the positions from number `next` on, at the end of the line.
    #[cold]
    #[inline(never)]
    fn end<S: Simd, const P: usize, const V: usize>(
        &mut self,
        [start, first, count]: [usize; 3],
        next: usize,
        sums: [[S::f32s; V]; P],
    ) {
        let lanes = pulp::bytemuck::cast_slice::<S::f32s, f32>(sums.as_flattened());
        let rows = lanes.chunks_exact(V * S::F32_LANES).enumerate();
        for (p, sums) in rows.take(count).skip(next) {
            let y = &mut self.y[(start + p) * self.filters..][..self.filters][first..];
            y.iter_mut().zip(sums).for_each(|(y, sum)| *y = *sum);
        }
    }
}

/// Filters `[filters, depth]` as blocks `[depth, block]`, of two vectors of so many lanes or, at the end, one; those beyond the
/// last are zero.
fn turn_in(filters: &[f32], g: &Geometry, lanes: usize, turned: &mut [f32]) {
    let depth = g.depth();
    let mut first = 0;
    while first < g.filters {
        let block = if g.filters - first > lanes { 2 * lanes } else { lanes };
        for (at, to) in turned[first * depth..][..block * depth].iter_mut().enumerate() {
            let filter = first + at % block;
            *to = if filter < g.filters { filters[filter * depth + at / block] } else { 0.0 };
        }
        first += block;
    }
}
