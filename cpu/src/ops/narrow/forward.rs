//! `conv` of few channels: P positions of a line by one vector of filters, or two, whose sums stay in registers over the whole
//! window.
//!
//! An element of the window takes V loads of filters and P of the map, each for all lanes, for P·V multiply–adds: 8×2 on
//! AVX-512 10 loads for 16, 6×2 on AVX2 8 for 12, 10×1 11 for 10 (two loads and two multiply–adds a cycle). A line is cut as
//! evenly as can be, so that few positions are computed for nothing; the step from window to window is a constant where it is
//! a usual one, and so a part of the instructions. The last block of filters is one vector where that is enough. What is done
//! to the sums, and how they are stored, goes by known indices, or they would leave the registers. For 3×3 of 3 channels memory is
//! the limit where maps are not in a cache: 54 FLOPs a number that is written.

use pulp::{Simd, WithSimd};

use super::Bands;
use crate::epilogue::{Epilogue, activate, each};
use crate::geometry::Geometry;
use crate::ops::Call;
use crate::ops::conv::Operands;
use crate::scratch::Scratch;
use crate::simd::{load, multiply_add};

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
    turn_in(operands.filters, g, call.team.vectors().lanes(), turned);
    // The bias is where the sums begin.
    let (x, epilogue) = (operands.x, Epilogue { bias: None, ..operands.epilogue });
    let length = g.out[2] * g.filters;
    let images = call.memory.output.chunks_mut((g.out[1] * length).max(1));
    let tasks = images.flat_map(|image| image.chunks_mut(bands.lines * length)).enumerate();
    call.team.each(tasks, copies, bands.copy(), |(band, y), copy| {
        let (image, lines) = bands.place(g, band);
        bands.fill(g, &x[image * g.image()..], &lines, copy);
        for (number, y) in y.chunks_exact_mut(length).enumerate() {
            let line = Line {
                x: &copy[number * g.stride[1] * bands.width..],
                step: g.stride[2] * g.channels,
                offsets: &bands.offsets,
                turned,
                bias,
                filters: g.filters,
                epilogue,
                start: (image * g.out[1] + lines.start + number) * length,
                y,
            };
            call.team.vectors().dispatch(line);
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
        let step = if STEP > 0 { STEP } else { self.step };
        let (depth, lanes) = (self.offsets.len(), S::F32_LANES);
        let seen = self.offsets.last().map_or(0, |last| last + 1);
        let windows = &self.x[start * step..][..(P - 1) * step + seen];
        let w = &self.turned[first * depth..][..depth * V * lanes];
        let mut sums = [load::<S, V>(simd, &self.bias[first..]); P];
        for (&offset, w) in self.offsets.iter().zip(w.chunks_exact(V * lanes)) {
            let window = &windows[offset..][..(P - 1) * step + 1];
            multiply_add(
                simd,
                &mut sums,
                #[inline(always)]
                |p| window[p * step],
                load::<S, V>(simd, w),
            );
        }
        // The bias is in the sums. Indices that are known when it is compiled: else the sums would leave the registers.
        if self.epilogue.shortcut.is_some() {
            each(&mut sums, |p, v, sum| {
                let column = first + v * lanes;
                let lanes = self.filters.saturating_sub(column).min(lanes);
                let element = self.start + (start + p) * self.filters + column;
                if p < count && lanes > 0 { self.epilogue.vector(simd, element, column, lanes, sum) } else { sum }
            });
        } else if let Some(activation) = self.epilogue.activation {
            each(&mut sums, |_, _, sum| activate(simd, activation, sum));
        }
        // What a single block writes too far is written over by the next position.
        let is_single = self.filters <= V * lanes;
        each(&mut sums, |p, v, sum| {
            if p < count {
                let column = first + v * lanes;
                let y = &mut self.y[(start + p) * self.filters + column..];
                put(simd, y, (self.filters - column, is_single), sum);
            }
            sum
        });
    }
}

/// Stores the first `count` lanes of a vector, or all; what lies behind them stays, unless it may be written over.
#[inline(always)]
fn put<S: Simd>(simd: S, y: &mut [f32], (count, is_free): (usize, bool), sum: S::f32s) {
    match S::as_mut_simd_f32s(y).0 {
        [y, ..] if is_free || count >= S::F32_LANES => *y = sum,
        [y, ..] => *y = simd.select_f32s(simd.mask_between_m32s(0, count as u32).mask(), sum, *y),
        [] => put_some::<S>(y, count, sum),
    }
}

/// The same at the end of the line.
#[cold]
#[inline(never)]
fn put_some<S: Simd>(y: &mut [f32], count: usize, sum: S::f32s) {
    let lanes = pulp::bytemuck::cast_slice::<S::f32s, f32>(std::slice::from_ref(&sum));
    y[..count].copy_from_slice(&lanes[..count]);
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
