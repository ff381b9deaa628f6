//! Max and average pooling. Channels lie innermost, so every inner loop runs over them and is one over vectors. Here are windows
//! of any size, and what those of the usual sizes leave over: see [`pool_windows`]. Their gradients are in
//! [`pool_gradient`](super::pool_gradient).

use std::ops::Range;

use fovea_graph::Shape;
use fovea_graph::op::{Pool, PoolKind, PoolPick};

use pulp::{Simd, WithSimd};

use super::Call;
use super::pool_windows::{self, Line};
use crate::geometry::{Geometry, Position, axes};
use crate::simd::{load, store};
use crate::team::CHUNK;

/// The part of one window that lies on the map.
#[derive(Clone, Copy)]
pub struct Seen {
    pub image: usize,
    pub start: [usize; 3],
    pub end: [usize; 3],
    pub map: [usize; 3],
    pub channels: usize,
}

impl Seen {
    /// Where in the batch the channels of each of its positions begin, in row-major order.
    #[inline(always)]
    pub fn for_each(self, mut visit: impl FnMut(usize)) {
        for z in self.start[0]..self.end[0] {
            for y in self.start[1]..self.end[1] {
                let line = self.position([z, y, 0]);
                for x in self.start[2]..self.end[2] {
                    visit((line + x) * self.channels);
                }
            }
        }
    }

    /// The number in the batch of a position of its map.
    #[inline(always)]
    pub fn position(&self, [z, y, x]: [usize; 3]) -> usize {
        ((self.image * self.map[0] + z) * self.map[1] + y) * self.map[2] + x
    }

    /// Where in the batch its last line ends, on the map; it must see something.
    #[inline(always)]
    pub fn end_of_lines(&self) -> usize {
        self.position([self.end[0] - 1, self.end[1] - 1, self.map[2]]) * self.channels
    }

    /// The next window of a run, and where its elements lie.
    #[inline(always)]
    pub fn advance<const N: usize>(&mut self, stride: usize, taps: Option<[usize; N]>) -> Option<[usize; N]> {
        self.start[2] += stride;
        self.end[2] += stride;
        let mut taps = taps?;
        for tap in &mut taps {
            *tap += stride * self.channels;
        }
        Some(taps)
    }

    /// How many positions.
    #[inline(always)]
    pub fn count(self) -> usize {
        (0..3).map(|axis| self.end[axis].saturating_sub(self.start[axis])).product()
    }
}

/// What output `at` of one axis sees of the map.
#[inline(always)]
fn span(g: &Geometry, axis: usize, at: usize) -> Range<usize> {
    let start = at * g.stride[axis];
    let end = (start + g.window[axis]).saturating_sub(g.pad[axis]).min(g.map[axis]);
    start.saturating_sub(g.pad[axis])..end
}

/// The windows of `pool` from `x` to `y`: those of a convolution in which every filter sees one channel.
pub fn windows(pool: &Pool, x: &Shape, y: &Shape) -> Geometry {
    Geometry {
        batch: x.batch(),
        channels: x.channels(),
        filters: y.channels(),
        groups: x.channels(),
        map: axes(x.spatial(), 1),
        out: axes(y.spatial(), 1),
        window: axes(&pool.size, 1),
        stride: axes(&pool.stride, 1),
        pad: axes(&pool.pad, [0; 2]).map(|pad| pad[0]),
        dilate: [1; 3],
    }
}

/// The outputs along the last axis whose windows lie on the map as a whole.
fn whole(g: &Geometry) -> Range<usize> {
    let [map, window, stride, pad] = [g.map[2], g.window[2], g.stride[2], g.pad[2]];
    pad.div_ceil(stride)..((map + pad + stride).saturating_sub(window) / stride).min(g.out[2])
}

/// Calls `visit` for runs of the output positions `rows`, counted through the batch, with the place of the first one's channels
/// (from those of the first of all on), what it sees, and how many of the run see as much, each a stride further.
#[inline(always)]
pub fn each(g: &Geometry, rows: Range<usize>, mut visit: impl FnMut(usize, Seen, usize)) {
    let (whole, mut row) = (whole(g), rows.start);
    while row < rows.end {
        let Position { image, at: [z, y, mut x] } = Position::new(g, row);
        let (z, y) = (span(g, 0, z), span(g, 1, y));
        let line_end = rows.end.min(row + g.out[2] - x);
        while row < line_end {
            let run = if whole.contains(&x) { (whole.end - x).min(line_end - row) } else { 1 };
            let along = span(g, 2, x);
            let (start, end) = ([z.start, y.start, along.start], [z.end, y.end, along.end]);
            visit((row - rows.start) * g.channels, Seen { image, start, end, map: g.map, channels: g.channels }, run);
            (x, row) = (x + run, row + run);
        }
    }
}

/// Elements of a task: as many windows as see so many elements as one of an elementwise op.
fn task(g: &Geometry) -> usize {
    let (seen, channels) = (g.window.iter().product::<usize>().max(1), g.channels.max(1));
    (CHUNK / seen / channels).max(1) * channels
}

/// `pool`.
pub fn pool(op: &Pool, call: Call<'_>) {
    let (g, x) = (windows(op, call.shapes[0], call.shape), call.memory.inputs[0]);
    call.team.chunks(call.memory.output, task(&g), |start, y| {
        let rows = start / g.channels..(start + y.len()) / g.channels;
        call.team.vectors().dispatch(Forward { g: &g, rows, kind: op.kind, x, y });
    });
}

/// `pool_pick`; inputs x and g.
pub fn pool_pick(op: &PoolPick, call: Call<'_>) {
    let (x, from) = (call.memory.inputs[0], call.memory.inputs[1]);
    let g = windows(&op.pool, call.shapes[0], call.shape);
    call.team.chunks(call.memory.output, task(&g), |start, y| {
        let rows = start / g.channels..(start + y.len()) / g.channels;
        call.team.vectors().dispatch(Pick { g: &g, rows, kind: op.pool.kind, x, from, y });
    });
}

/// Some positions' pool. A vector may hold channels of the next position; what is stored of them is written over when its
/// turn comes.
struct Forward<'a> {
    g: &'a Geometry,
    rows: Range<usize>,
    kind: PoolKind,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.g.window.iter().product() {
            4 => self.run::<S, 4>(simd),
            9 => self.run::<S, 9>(simd),
            _ => self.run::<S, 0>(simd),
        }
    }
}

impl Forward<'_> {
    /// For windows of N elements, or of any number where N is 0.
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { g, rows, kind, x, y } = self;
        let offsets = pool_windows::offsets(g);
        each(
            g,
            rows,
            #[inline(always)]
            |mut at, mut seen, run| {
                let mut taps = pool_windows::taps::<N>(&seen, g.window, &offsets, kind);
                let (step, channels) = (g.stride[2] * g.channels, g.channels);
                let done = match taps {
                    Some(taps) => Line { taps, count: run, step, channels }.pool(simd, kind, x, &mut y[at..]),
                    None => 0,
                };
                (at, taps) = (at + done * channels, seen.advance(done * g.stride[2], taps));
                for _ in done..run {
                    for first in (0..g.channels).step_by(S::F32_LANES) {
                        let lanes = match &taps {
                            Some(taps) => pool_windows::pool(simd, kind, (taps, first), x),
                            None => None,
                        };
                        let lanes = match lanes {
                            Some(lanes) => lanes,
                            None => pooled(simd, kind, seen, &x[first..]),
                        };
                        store::<S, 1>(&mut y[at + first..], &[lanes]);
                    }
                    (at, taps) = (at + g.channels, seen.advance(g.stride[2], taps));
                }
            },
        );
    }
}

/// The pool of any window, of a vector of channels.
#[inline(always)]
fn pooled<S: Simd>(simd: S, kind: PoolKind, seen: Seen, x: &[f32]) -> S::f32s {
    match kind {
        PoolKind::Max => maxima(simd, seen, x).0,
        PoolKind::Avg => simd.mul_f32s(sums(simd, seen, x), simd.splat_f32s(1.0 / seen.count().max(1) as f32)),
    }
}

/// What some positions' windows pick from another map; vectors as in [`Forward`].
struct Pick<'a> {
    g: &'a Geometry,
    rows: Range<usize>,
    kind: PoolKind,
    x: &'a [f32],
    from: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Pick<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { g, rows, kind, x, from, y } = self;
        each(
            g,
            rows,
            #[inline(always)]
            |mut at, mut seen, run| {
                let share = simd.splat_f32s(1.0 / seen.count().max(1) as f32);
                for _ in 0..run {
                    for first in (0..g.channels).step_by(S::F32_LANES) {
                        let lanes = match kind {
                            PoolKind::Max => picked(simd, seen, maxima(simd, seen, &x[first..]).1, &from[first..]),
                            PoolKind::Avg => simd.mul_f32s(sums(simd, seen, &from[first..]), share),
                        };
                        store::<S, 1>(&mut y[at + first..], &[lanes]);
                    }
                    at += g.channels;
                    seen.advance::<0>(g.stride[2], None);
                }
            },
        );
    }
}

/// The largest elements of a window, and the numbers of the first positions that have them. The first that is not a
/// number wins.
#[inline(always)]
pub fn maxima<S: Simd>(simd: S, seen: Seen, x: &[f32]) -> (S::f32s, S::f32s) {
    let (mut best, mut winner) = (simd.splat_f32s(f32::NEG_INFINITY), simd.splat_f32s(0.0));
    let mut number = 0.0;
    seen.for_each(
        #[inline(always)]
        |source| {
            let [x] = load::<S, 1>(simd, &x[source..]);
            let beaten = simd.not_m32s(simd.less_than_or_equal_f32s(x, best));
            let wins = simd.and_m32s(beaten, simd.equal_f32s(best, best));
            best = simd.select_f32s(wins, x, best);
            winner = simd.select_f32s(wins, simd.splat_f32s(number), winner);
            number += 1.0;
        },
    );
    (best, winner)
}

/// The elements of a window that have these numbers.
#[inline(always)]
fn picked<S: Simd>(simd: S, seen: Seen, numbers: S::f32s, from: &[f32]) -> S::f32s {
    let mut picked = simd.splat_f32s(0.0);
    let mut number = 0.0;
    seen.for_each(
        #[inline(always)]
        |source| {
            let [candidate] = load::<S, 1>(simd, &from[source..]);
            picked = simd.select_f32s(simd.equal_f32s(numbers, simd.splat_f32s(number)), candidate, picked);
            number += 1.0;
        },
    );
    picked
}

/// The sums over a window.
#[inline(always)]
fn sums<S: Simd>(simd: S, seen: Seen, x: &[f32]) -> S::f32s {
    let mut sum = simd.splat_f32s(0.0);
    seen.for_each(
        #[inline(always)]
        |source| {
            let [x] = load::<S, 1>(simd, &x[source..]);
            sum = simd.add_f32s(sum, x);
        },
    );
    sum
}
