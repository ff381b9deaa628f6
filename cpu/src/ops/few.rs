//! 1×1 convolutions to few filters, and both gradients: each map is read or written once, as it lies.
//!
//! A product's vectors hold filters, or the terms of a sum, and would be all but empty. Here they hold channels: the forward
//! pass is dot products, four positions by two filters, each sum in a vector of its own that is added up at the end; the
//! gradient by the input a few filters times numbers of dy; that by the filters keeps up to eight vectors of channels by all
//! filters in registers. Memory is the limit: a number of the map takes 2 FLOPs a filter.

use std::fmt;

use pulp::{Simd, WithSimd};

use super::Call;
use super::channels::add_parts;
use super::conv::Operands;
use crate::epilogue::Epilogue;
use crate::geometry::Geometry;
use crate::scratch::Scratch;
use crate::simd::{each, load, mul_add, store, turn};
use crate::team::CHUNK;

/// The most filters that are few.
const FEW: usize = 4;
/// Positions of a tile of dot products.
const ACROSS: usize = 4;

/// How the work is cut, from the sizes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Few {
    /// Positions of a task.
    rows: usize,
    /// Tasks.
    pub parts: usize,
}

impl fmt::Display for Few {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} positions", self.rows)
    }
}

impl Few {
    /// The cut, where this is a good way.
    pub fn new(g: &Geometry) -> Option<Self> {
        const TASKS: usize = 32;
        let is_pointwise = g.window == [1; 3] && g.stride == [1; 3] && g.map == g.out && g.groups == 1;
        if !is_pointwise || !(1..=FEW).contains(&g.filters) {
            return None;
        }
        let rows = g.rows().div_ceil(TASKS).max(CHUNK / g.channels.max(1)).max(1);
        Some(Self { rows, parts: g.rows().div_ceil(rows) })
    }

    /// Scratch memory of [`wgrad`]: the sums of its parts, where there are several.
    pub fn sums(&self, g: &Geometry) -> Scratch {
        Scratch::shared(if self.parts > 1 { self.parts * g.filters * g.channels } else { 0 })
    }
}

/// `conv`, and what follows it.
pub fn forward(g: &Geometry, few: &Few, operands: Operands<'_>, call: Call<'_>) {
    let (Operands { x, filters: w, epilogue }, channels) = (operands, g.channels);
    let task = few.rows * g.filters;
    call.team.chunks(call.memory.output, task, |start, y| {
        let x = &x[start / g.filters * channels..];
        call.team.vectors().dispatch(Dots { x, w, channels, filters: g.filters, epilogue, start, y: &mut *y });
        if let Some(statistics) = epilogue.statistics {
            // SAFETY: every task comes once.
            unsafe { statistics.part(call.team.vectors(), start / task, y) };
        }
    });
}

/// `conv_dgrad`; inputs filter and dy.
pub fn dgrad(g: &Geometry, few: &Few, call: Call<'_>) {
    let ([w, dy], channels) = ([call.memory.inputs[0], call.memory.inputs[1]], g.channels);
    call.team.chunks(call.memory.output, few.rows * channels, |start, dx| {
        let dy = &dy[start / channels * g.filters..];
        call.team.vectors().dispatch(Spread { w, dy, channels, filters: g.filters, dx });
    });
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(g: &Geometry, few: &Few, call: Call<'_>) {
    let ([x, dy], channels, filters) = ([call.memory.inputs[0], call.memory.inputs[1]], g.channels, g.filters);
    let (sums, _) = call.memory.workspace.split_at_mut(few.sums(g).shared);
    let size = filters * channels;
    let each = if few.parts > 1 { &mut *sums } else { &mut *call.memory.output };
    call.team.chunks(each, size, |start, dw| {
        let rows = few.rows.min(g.rows() - start / size * few.rows);
        let first = start / size * few.rows;
        let (x, dy) = (&x[first * channels..], &dy[first * filters..][..rows * filters]);
        call.team.vectors().dispatch(Gather { x, dy, channels, filters, dw });
    });
    if few.parts > 1 {
        add_parts(call.team, sums, call.memory.output);
    }
}

/// Some positions of the result.
struct Dots<'a> {
    x: &'a [f32],
    w: &'a [f32],
    channels: usize,
    filters: usize,
    epilogue: Epilogue<'a>,
    /// The element of the result with which they begin.
    start: usize,
    y: &'a mut [f32],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let wide = ACROSS * self.filters;
        let (tiles, filters) = (self.y.len() / wide, self.filters);
        for tile in 0..tiles {
            self.tile::<S, ACROSS>(simd, tile * ACROSS);
        }
        for position in tiles * ACROSS..self.y.len() / filters {
            self.tile::<S, 1>(simd, position);
        }
        // The positions of a task lie in the first cache.
        self.epilogue.positions(self.start, filters, self.y);
    }
}

impl Dots<'_> {
    /// P positions from one on.
    #[inline(always)]
    fn tile<S: Simd, const P: usize>(&mut self, simd: S, first: usize) {
        let (channels, filters) = (self.channels, self.filters);
        let x = &self.x[first * channels..][..P * channels];
        for filter in (0..filters).step_by(2) {
            let w = &self.w[filter * channels..];
            if filter + 1 < filters {
                let [sums, others] = dots::<S, P, 2>(simd, x, w, channels);
                self.put(first, filter, sums);
                self.put(first, filter + 1, others);
            } else {
                let [sums] = dots::<S, P, 1>(simd, x, w, channels);
                self.put(first, filter, sums);
            }
        }
    }

    /// Writes the sums of one filter.
    #[inline(always)]
    fn put<const P: usize>(&mut self, first: usize, filter: usize, sums: [f32; P]) {
        let filters = self.filters;
        let y = &mut self.y[first * filters + filter..][..(P - 1) * filters + 1];
        sums.into_iter().enumerate().for_each(|(p, sum)| y[p * filters] = sum);
    }
}

/// The products of P positions and F filters.
#[inline(always)]
fn dots<S: Simd, const P: usize, const F: usize>(simd: S, x: &[f32], w: &[f32], channels: usize) -> [[f32; P]; F] {
    assert!(P * channels <= x.len() && F * channels <= w.len(), "as many positions and filters");
    let whole = channels / S::F32_LANES * S::F32_LANES;
    let mut sums = [[simd.splat_f32s(0.0); P]; F];
    if whole < channels {
        let rest = |from: &[f32], row: usize| simd.partial_load_f32s(&from[row * channels..][whole..channels]);
        each!(sums, |f, p, _| simd.mul_f32s(rest(x, p), rest(w, f)));
    }
    for k in (0..whole).step_by(S::F32_LANES) {
        // SAFETY: a vector of a position or a filter, of which the assertion has seen that it is there.
        let load = |from: &[f32], row: usize| unsafe {
            from.as_ptr().add(row * channels + k).cast::<S::f32s>().read_unaligned()
        };
        each!(sums, |f, p, sum| mul_add(simd, load(x, p), load(w, f), sum));
    }
    let mut numbers = [[0.0; P]; F];
    for (numbers, sums) in numbers.iter_mut().zip(&sums) {
        add_up::<S, P>(simd, sums, numbers);
    }
    numbers
}

/// The sum of each vector's lanes: of four at a time by turning them.
#[inline(always)]
fn add_up<S: Simd, const P: usize>(simd: S, sums: &[S::f32s; P], numbers: &mut [f32; P]) {
    if P != ACROSS {
        numbers.iter_mut().zip(sums).for_each(|(number, &sum)| *number = simd.reduce_sum_f32s(sum));
        return;
    }
    let mut fours = [[0.0; ACROSS]; ACROSS];
    for (four, sum) in fours.iter_mut().zip(pulp::bytemuck::cast_slice::<S::f32s, f32>(sums).chunks_exact(S::F32_LANES))
    {
        for part in sum.as_chunks::<ACROSS>().0 {
            four.iter_mut().zip(part).for_each(|(four, part)| *four += part);
        }
    }
    let [a, b, c, d] = turn(fours.each_ref());
    numbers.iter_mut().enumerate().for_each(|(p, number)| *number = (a[p] + b[p]) + (c[p] + d[p]));
}

/// Some positions of the gradient by the input.
struct Spread<'a> {
    w: &'a [f32],
    dy: &'a [f32],
    channels: usize,
    filters: usize,
    dx: &'a mut [f32],
}

impl WithSimd for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.filters {
            1 => self.spread::<S, 1>(simd),
            2 => self.spread::<S, 2>(simd),
            3 => self.spread::<S, 3>(simd),
            _ => self.spread::<S, FEW>(simd),
        }
    }
}

impl Spread<'_> {
    /// The sums over F filters.
    #[inline(always)]
    fn spread<S: Simd, const F: usize>(self, simd: S) {
        let channels = self.channels;
        let whole = channels / S::F32_LANES;
        let w: [&[f32]; F] = std::array::from_fn(|f| &self.w[f * channels..][..channels]);
        let w = w.map(|w| S::as_simd_f32s(w));
        let vectors = w.map(|(w, _)| &w[..whole]);
        for (dx, dy) in self.dx.chunks_exact_mut(channels).zip(self.dy.chunks_exact(F)) {
            let (dx, rest) = S::as_mut_simd_f32s(dx);
            for (k, dx) in dx[..whole].iter_mut().enumerate() {
                let mut sum = simd.mul_f32s(vectors[0][k], simd.splat_f32s(dy[0]));
                for f in 1..F {
                    sum = mul_add(simd, vectors[f][k], simd.splat_f32s(dy[f]), sum);
                }
                *dx = sum;
            }
            for (k, dx) in rest.iter_mut().enumerate() {
                *dx = (0..F).map(|f| w[f].1[k] * dy[f]).sum();
            }
        }
    }
}

/// What some positions add to the gradient by the filters.
struct Gather<'a> {
    x: &'a [f32],
    dy: &'a [f32],
    channels: usize,
    filters: usize,
    dw: &'a mut [f32],
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.filters {
            1 => self.gather::<S, 1>(simd),
            2 => self.gather::<S, 2>(simd),
            3 => self.gather::<S, 3>(simd),
            _ => self.gather::<S, FEW>(simd),
        }
    }
}

impl Gather<'_> {
    /// The sums of F filters.
    #[inline(always)]
    fn gather<S: Simd, const F: usize>(mut self, simd: S) {
        let (mut first, lanes) = (0, S::F32_LANES);
        self.dw.fill(0.0);
        while first < self.channels {
            first += lanes
                * match (self.channels - first).div_ceil(lanes) {
                    1 => self.block::<S, F, 1>(simd, first),
                    2 => self.block::<S, F, 2>(simd, first),
                    // Of 16 registers four filters leave room for two.
                    _ if F > 2 && lanes < 16 => self.block::<S, F, 2>(simd, first),
                    // Of one filter four chains of sums would wait for each other.
                    5.. if F == 1 => self.block::<S, F, 8>(simd, first),
                    _ => self.block::<S, F, 4>(simd, first),
                };
        }
    }

    /// V vectors of channels from one on; says how many vectors.
    #[inline(always)]
    fn block<S: Simd, const F: usize, const V: usize>(&mut self, simd: S, first: usize) -> usize {
        /// Positions whose sums stay in registers: of more, small numbers would be lost in large ones.
        const STRETCH: usize = 512;
        let channels = self.channels;
        for (number, dy) in self.dy.chunks(STRETCH * F).enumerate() {
            let x = &self.x[number * STRETCH * channels + first..];
            let mut sums = [[simd.splat_f32s(0.0); V]; F];
            for (position, dy) in dy.chunks_exact(F).enumerate() {
                // Behind the channels the next position's are read, for lanes that are not wanted.
                let x = load::<S, V>(simd, &x[position * channels..]);
                for (sums, &dy) in sums.iter_mut().zip(dy) {
                    let dy = simd.splat_f32s(dy);
                    sums.iter_mut().zip(x).for_each(|(sum, x)| *sum = mul_add(simd, x, dy, *sum));
                }
            }
            for (dw, sums) in self.dw.chunks_exact_mut(channels).zip(&sums) {
                let dw = &mut dw[first..];
                let before = load::<S, V>(simd, dw);
                let sums = std::array::from_fn(|v| simd.add_f32s(before[v], sums[v]));
                store::<S, V>(dw, &sums);
            }
        }
        V
    }
}
