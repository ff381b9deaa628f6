//! Max and average pooling. Channels lie innermost, so every inner loop runs over them and is one over vectors.

use std::ops::Range;

use fovea_graph::Shape;
use fovea_graph::op::{Pool, PoolGrad, PoolKind, PoolPick};

use pulp::{Simd, WithSimd};

use super::Call;
use super::channels::chunk;
use super::pool_lines::{self, span};
use crate::geometry::{Geometry, Part, Position, axes};
use crate::simd::{load, store};

/// The part of one window that lies on the map.
#[derive(Clone, Copy)]
struct Seen {
    image: usize,
    start: [usize; 3],
    end: [usize; 3],
    map: [usize; 3],
    channels: usize,
}

impl Seen {
    /// Where in the batch the channels of each of its positions begin, in row-major order, and where its line ends.
    #[inline(always)]
    fn for_each(self, mut visit: impl FnMut(usize, usize)) {
        for z in self.start[0]..self.end[0] {
            for y in self.start[1]..self.end[1] {
                let line = ((self.image * self.map[0] + z) * self.map[1] + y) * self.map[2];
                for x in self.start[2]..self.end[2] {
                    visit((line + x) * self.channels, (line + self.map[2]) * self.channels);
                }
            }
        }
    }

    /// What of it lies in a part, and how many of its positions come before.
    fn within(mut self, part: &Part) -> (Self, f32) {
        let (axis, before) = (part.axis, self.start[part.axis]);
        self.start[axis] = before.max(part.lines.start);
        self.end[axis] = self.end[axis].min(part.lines.end);
        let line: usize = (axis + 1..3).map(|axis| self.end[axis].saturating_sub(self.start[axis])).product();
        (self, ((self.start[axis] - before) * line) as f32)
    }

    /// How many positions.
    fn count(self) -> usize {
        (0..3).map(|axis| self.end[axis].saturating_sub(self.start[axis])).product()
    }
}

/// The windows of `pool` from `x` to `y`: those of a convolution in which every filter sees one channel.
fn windows(pool: &Pool, x: &Shape, y: &Shape) -> Geometry {
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

/// Calls `visit` for each of the output positions `rows`, counted through the batch, with the place of its channels (from
/// the first of them on) and what it sees.
#[inline(always)]
fn each(g: &Geometry, rows: Range<usize>, mut visit: impl FnMut(usize, Seen)) {
    let mut row = rows.start;
    while row < rows.end {
        let Position { image, at: [z, y, x] } = Position::new(g, row);
        let (z, y) = (span(g, 0, z), span(g, 1, y));
        let line_end = rows.end.min(row + g.out[2] - x);
        for (x, row) in (x..).zip(row..line_end) {
            let x = span(g, 2, x);
            let (start, end) = ([z.start, y.start, x.start], [z.end, y.end, x.end]);
            visit((row - rows.start) * g.channels, Seen { image, start, end, map: g.map, channels: g.channels });
        }
        row = line_end;
    }
}

/// `pool`.
pub fn pool(op: &Pool, call: Call<'_>) {
    let (g, x, vectors) = (windows(op, call.shapes[0], call.shape), call.memory.inputs[0], call.team.vectors());
    if pool_lines::suits(&g) {
        let line = g.out[2] * g.channels;
        return call.team.chunks(call.memory.output, chunk(line), |start, y| {
            vectors.run(
                #[inline(always)]
                || pool_lines::forward(&g, op.kind, start / line, x, y),
            );
        });
    }
    call.team.chunks(call.memory.output, chunk(g.channels.max(1)), |start, y| {
        let rows = start / g.channels..(start + y.len()) / g.channels;
        call.team.vectors().dispatch(Forward { g: &g, rows, kind: op.kind, x, y });
    });
}

/// `pool_pick`; inputs x and g.
pub fn pool_pick(op: &PoolPick, call: Call<'_>) {
    let (x, from) = (call.memory.inputs[0], call.memory.inputs[1]);
    let g = windows(&op.pool, call.shapes[0], call.shape);
    call.team.chunks(call.memory.output, chunk(g.channels.max(1)), |start, y| {
        let rows = start / g.channels..(start + y.len()) / g.channels;
        call.team.vectors().dispatch(Pick { g: &g, rows, kind: op.pool.kind, x, from, y });
    });
}

/// Scratch memory of [`pool_grad`], a thread.
pub fn grad_workspace(op: &PoolGrad, x: &Shape, dy: &Shape) -> usize {
    let g = windows(&op.pool, x, dy);
    if pool_lines::suits(&g) { pool_lines::gradient_workspace(&g) } else { 0 }
}

/// What stands before a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Anything.
    Any,
    /// A ReLU, through which the gradient goes on: what is not above 0 gets none.
    Relu,
}

/// `pool_grad`; inputs x and dy.
pub fn pool_grad(op: &PoolGrad, call: Call<'_>) {
    let shapes = [call.shapes[0], call.shapes[1]];
    gradient(op, shapes, Before::Any, call);
}

/// The gradient by x, or by what ReLU makes x of; inputs x and dy, of these shapes.
pub fn gradient(op: &PoolGrad, [map, pooled]: [&Shape; 2], before: Before, call: Call<'_>) {
    let (x, dy) = (call.memory.inputs[0], call.memory.inputs[1]);
    let (g, kind, vectors) = (windows(&op.pool, map, pooled), op.pool.kind, call.team.vectors());
    let parts = g.parts(call.memory.output, 1);
    if pool_lines::suits(&g) {
        let slot = pool_lines::gradient_workspace(&g);
        return call.team.each(parts, call.memory.workspace, slot, |(part, dx), scratch| {
            vectors.run(
                #[inline(always)]
                || pool_lines::gradient(&g, (kind, before), &part, (x, dy), dx, scratch),
            );
        });
    }
    call.team.each(parts, &mut [], 0, |(part, dx), _| {
        vectors.dispatch(Gradient { g: &g, part, kind, before, x, dy, dx });
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
        let Self { g, rows, kind, x, y } = self;
        each(
            g,
            rows,
            #[inline(always)]
            |at, seen| {
                let share = simd.splat_f32s(1.0 / seen.count().max(1) as f32);
                for first in (0..g.channels).step_by(S::F32_LANES) {
                    let lanes = match kind {
                        PoolKind::Max => maxima(simd, seen, &x[first..]).0,
                        PoolKind::Avg => simd.mul_f32s(sums(simd, seen, &x[first..]), share),
                    };
                    store::<S, 1>(&mut y[at + first..], &[lanes]);
                }
            },
        );
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
            |at, seen| {
                let share = simd.splat_f32s(1.0 / seen.count().max(1) as f32);
                for first in (0..g.channels).step_by(S::F32_LANES) {
                    let lanes = match kind {
                        PoolKind::Max => picked(simd, seen, maxima(simd, seen, &x[first..]).1, &from[first..]),
                        PoolKind::Avg => simd.mul_f32s(sums(simd, seen, &from[first..]), share),
                    };
                    store::<S, 1>(&mut y[at + first..], &[lanes]);
                }
            },
        );
    }
}

/// One part's gradient; vectors as in [`Forward`].
struct Gradient<'a> {
    g: &'a Geometry,
    part: Part,
    kind: PoolKind,
    before: Before,
    x: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl WithSimd for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { g, part, kind, before, x, dy, dx } = self;
        let dy = &dy[part.rows.start * g.channels..];
        let zero = simd.splat_f32s(0.0);
        let add = (0..3).any(|axis| g.stride[axis] < g.window[axis]);
        let mut to = Receiver { dx, offset: part.offset, channels: g.channels, add };
        to.dx.fill(0.0);
        each(
            g,
            part.rows.clone(),
            #[inline(always)]
            |at, seen| {
                let (mine, earlier) = seen.within(&part);
                let share = simd.splat_f32s(1.0 / seen.count().max(1) as f32);
                for first in (0..g.channels).step_by(S::F32_LANES) {
                    let [mut dy] = load::<S, 1>(simd, &dy[at + first..]);
                    if first + S::F32_LANES > g.channels {
                        let there = simd.mask_between_m32s(0, (g.channels - first) as u32).mask();
                        dy = simd.select_f32s(there, dy, zero);
                    }
                    match kind {
                        PoolKind::Max => {
                            let (largest, winner) = maxima(simd, seen, &x[first..]);
                            if before == Before::Relu {
                                dy = simd.select_f32s(simd.greater_than_f32s(largest, zero), dy, zero);
                            }
                            let mut number = earlier;
                            mine.for_each(
                                #[inline(always)]
                                |target, line_end| {
                                    let wins = simd.equal_f32s(winner, simd.splat_f32s(number));
                                    to.give(simd, target, first, line_end, simd.select_f32s(wins, dy, zero));
                                    number += 1.0;
                                },
                            );
                        }
                        PoolKind::Avg => {
                            let dy = simd.mul_f32s(dy, share);
                            mine.for_each(
                                #[inline(always)]
                                |target, line_end| to.give(simd, target, first, line_end, dy),
                            );
                        }
                    }
                }
            },
        );
    }
}

/// The gradient of one part as it comes together.
struct Receiver<'a> {
    dx: &'a mut [f32],
    /// Where in the batch it begins.
    offset: usize,
    channels: usize,
    /// Whether windows overlap, so that what an element gets adds up.
    add: bool,
}

impl Receiver<'_> {
    /// Gives the channels from `first` on of the position at `target` their share; what is beyond the last must be zero.
    ///
    /// Where windows do not overlap the share is stored, and zeros may go over the next positions of the line, whose turn
    /// is yet to come.
    #[inline(always)]
    fn give<S: Simd>(&mut self, simd: S, target: usize, first: usize, line_end: usize, share: S::f32s) {
        let target = target - self.offset;
        let beyond = !self.add && self.channels <= S::F32_LANES && {
            let line_end = (line_end - self.offset).min(self.dx.len());
            target + S::F32_LANES <= line_end
        };
        let count = if beyond { S::F32_LANES } else { S::F32_LANES.min(self.channels - first) };
        let dx = &mut self.dx[target + first..target + first + count];
        if self.add {
            let [old] = load::<S, 1>(simd, dx);
            store::<S, 1>(dx, &[simd.add_f32s(old, share)]);
        } else {
            store::<S, 1>(dx, &[share]);
        }
    }
}

/// The largest elements of a window, and the numbers of the first positions that have them. The first that is not a
/// number wins.
#[inline(always)]
fn maxima<S: Simd>(simd: S, seen: Seen, x: &[f32]) -> (S::f32s, S::f32s) {
    let (mut best, mut winner) = (simd.splat_f32s(f32::NEG_INFINITY), simd.splat_f32s(0.0));
    let mut number = 0.0;
    seen.for_each(
        #[inline(always)]
        |source, _| {
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
        |source, _| {
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
        |source, _| {
            let [x] = load::<S, 1>(simd, &x[source..]);
            sum = simd.add_f32s(sum, x);
        },
    );
    sum
}
