//! `conv` of few channels: P positions of a line by one vector of filters, or two, whose sums stay in registers over the whole
//! window.
//!
//! An element of the window takes V loads of filters and P of the map, each for all lanes, for P·V multiply–adds: 7×2 on
//! AVX-512 9 loads for 14, 10×1 11 for 10 (two loads and two multiply–adds a cycle). A line is cut as evenly as can be, so
//! that few positions are computed for nothing; the step from window to window is a constant where it is a usual one, and so
//! a part of the instructions. 3×3 of 3 channels to 64 filters at 224²: 123 GFLOP/s a core of some 220 on AVX-512, 62 of 110
//! on AVX2 (a busy machine); there memory is the limit: 54 FLOPs a number that is written.

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
    turn_in(operands.filters, g, bands.block, turned);
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
        match (self.filters <= S::F32_LANES, self.step) {
            (true, 1) => self.compute::<S, 1, 1>(simd),
            (true, 6) => self.compute::<S, 1, 6>(simd),
            (true, _) => self.compute::<S, 1, 0>(simd),
            (false, 3) => self.compute::<S, 2, 3>(simd),
            (false, 6) => self.compute::<S, 2, 6>(simd),
            (false, 12) => self.compute::<S, 2, 12>(simd),
            (false, _) => self.compute::<S, 2, 0>(simd),
        }
    }
}

impl Line<'_> {
    /// All positions with all blocks of V vectors of filters; windows lie STEP apart, or any distance where that is 0.
    #[inline(always)]
    fn compute<S: Simd, const V: usize, const STEP: usize>(mut self, simd: S) {
        let block = V * S::F32_LANES;
        let most = match (V, S::F32_LANES) {
            (1, _) => 14,
            (_, 16) => 8,
            _ => 6,
        };
        let positions = self.y.len() / self.filters;
        let blocks = positions.div_ceil(most);
        for (number, w) in self.turned.chunks_exact(self.offsets.len() * block).enumerate() {
            let mut start = 0;
            for left in (1..=blocks).rev() {
                let count = (positions - start).div_ceil(left);
                let at = [start, number * block, count];
                match (V, count) {
                    (1, 11..) => self.block::<S, 14, V, STEP>(simd, w, at),
                    (1, 8..) => self.block::<S, 10, V, STEP>(simd, w, at),
                    (2, 8..) => self.block::<S, 8, V, STEP>(simd, w, at),
                    (2, 6) => self.block::<S, 6, V, STEP>(simd, w, at),
                    (_, 6..) => self.block::<S, 7, V, STEP>(simd, w, at),
                    (1, _) | (_, 5) => self.block::<S, 5, V, STEP>(simd, w, at),
                    _ => self.block::<S, 4, V, STEP>(simd, w, at),
                }
                start += count;
            }
        }
    }

    /// P positions from `start` on, of which `count` are wanted, with the block of filters that begins with `first`.
    #[inline(always)]
    fn block<S: Simd, const P: usize, const V: usize, const STEP: usize>(
        &mut self,
        simd: S,
        w: &[f32],
        [start, first, count]: [usize; 3],
    ) {
        let step = if STEP > 0 { STEP } else { self.step };
        let seen = self.offsets.last().map_or(0, |last| last + 1);
        let block = V * S::F32_LANES;
        let windows = &self.x[start * step..][..(P - 1) * step + seen];
        let mut sums = [load::<S, V>(simd, &self.bias[first..]); P];
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
        // The bias is in the sums. Indices that are known when it is compiled: else the sums would leave the registers.
        if self.epilogue.shortcut.is_some() {
            each(&mut sums, |p, v, sum| {
                let column = first + v * S::F32_LANES;
                let lanes = self.filters.saturating_sub(column).min(S::F32_LANES);
                let element = self.start + (start + p) * self.filters + column;
                if p < count && lanes > 0 { self.epilogue.vector(simd, element, column, lanes, sum) } else { sum }
            });
        } else if let Some(activation) = self.epilogue.activation {
            each(&mut sums, |_, _, sum| activate(simd, activation, sum));
        }
        // What a single block writes too far is written over by the next position.
        let whole = first + block <= self.filters || self.filters <= block;
        for (p, sums) in sums.into_iter().enumerate() {
            if p < count {
                let at = (start + p) * self.filters + first;
                let end = if whole { self.y.len() } else { at + self.filters - first };
                match self.y[at..end].get_mut(..block) {
                    Some(y) => S::as_mut_simd_f32s(y).0.iter_mut().zip(sums).for_each(|(y, sum)| *y = sum),
                    None => store_some::<S, V>(&mut self.y[at..end], sums),
                }
            }
        }
    }
}

/// Stores as many as there is room for.
#[inline(never)]
fn store_some<S: Simd, const V: usize>(y: &mut [f32], sums: [S::f32s; V]) {
    y.iter_mut().zip(pulp::bytemuck::cast_slice::<S::f32s, f32>(&sums)).for_each(|(y, sum)| *y = *sum);
}

/// Filters `[filters, depth]` as blocks `[depth, block]`; those beyond the last are zero.
fn turn_in(filters: &[f32], g: &Geometry, block: usize, turned: &mut [f32]) {
    let depth = g.depth();
    for (at, to) in turned.iter_mut().enumerate() {
        let filter = at / (depth * block) * block + at % block;
        *to = if filter < g.filters { filters[filter * depth + at / block % depth] } else { 0.0 };
    }
}
