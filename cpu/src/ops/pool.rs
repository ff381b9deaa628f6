//! Max and average pooling. Channels lie innermost, so every inner loop runs over them and is one over vectors.

use std::ops::Range;

use fovea_graph::Shape;
use fovea_graph::op::{Pool, PoolGrad, PoolKind, PoolPick};

use pulp::{Arch, Simd, WithSimd};

use super::Call;
use crate::geometry::axes;
use crate::simd::{load, store};

/// The windows of a pool; fewer than three axes are led by axes of size 1.
struct Windows {
    map: [usize; 3],
    out: [usize; 3],
    size: [usize; 3],
    stride: [usize; 3],
    pad: [usize; 3],
    channels: usize,
}

/// The part of one window that lies on the map.
#[derive(Clone, Copy)]
struct Seen {
    start: [usize; 3],
    end: [usize; 3],
    map: [usize; 3],
    channels: usize,
}

impl Seen {
    /// Where on the image the channels of each of its positions begin, in row-major order, and where its line ends.
    #[inline(always)]
    fn for_each(self, mut visit: impl FnMut(usize, usize)) {
        for z in self.start[0]..self.end[0] {
            for y in self.start[1]..self.end[1] {
                let line = (z * self.map[1] + y) * self.map[2];
                for x in self.start[2]..self.end[2] {
                    visit((line + x) * self.channels, (line + self.map[2]) * self.channels);
                }
            }
        }
    }

    /// How many positions.
    fn count(self) -> usize {
        (0..3).map(|axis| self.end[axis].saturating_sub(self.start[axis])).product()
    }
}

impl Windows {
    /// The windows of `pool` from `x` to `y`.
    fn new(pool: &Pool, x: &Shape, y: &Shape) -> Self {
        let before: Vec<usize> = pool.pad.iter().map(|pad| pad[0]).collect();
        Self {
            map: axes(x.spatial(), 1),
            out: axes(y.spatial(), 1),
            size: axes(&pool.size, 1),
            stride: axes(&pool.stride, 1),
            pad: axes(&before, 0),
            channels: x.channels(),
        }
    }

    /// Whether an element may lie in two windows.
    fn overlap(&self) -> bool {
        (0..3).any(|axis| self.stride[axis] < self.size[axis])
    }

    /// Elements of one line of the output.
    fn line(&self) -> usize {
        self.out[2] * self.channels
    }

    /// Elements of one image of the input.
    fn image(&self) -> usize {
        self.map.iter().product::<usize>() * self.channels
    }

    /// What output `at` of one axis sees of the map.
    #[inline(always)]
    fn span(&self, axis: usize, at: usize) -> Range<usize> {
        let start = at * self.stride[axis];
        let end = (start + self.size[axis]).saturating_sub(self.pad[axis]).min(self.map[axis]);
        start.saturating_sub(self.pad[axis])..end
    }

    /// Calls `visit` for each position of one image's output, with its place there and what it sees.
    #[inline(always)]
    fn each(&self, mut visit: impl FnMut(usize, Seen)) {
        for line in 0..self.out[0] * self.out[1] {
            let (z, y) = (self.span(0, line / self.out[1]), self.span(1, line % self.out[1]));
            for at in 0..self.out[2] {
                let x = self.span(2, at);
                let (start, end) = ([z.start, y.start, x.start], [z.end, y.end, x.end]);
                let seen = Seen { start, end, map: self.map, channels: self.channels };
                visit(line * self.line() + at * self.channels, seen);
            }
        }
    }
}

/// `pool`.
pub fn pool(op: &Pool, call: Call<'_>) {
    let windows = Windows::new(op, call.shapes[0], call.shape);
    let (x, line) = (call.memory.inputs[0], windows.line().max(1));
    let lines = windows.out[0] * windows.out[1];
    call.team.chunks(call.memory.output, lines * line, |start, y| {
        let x = &x[start / (lines * line) * windows.image()..];
        Arch::new().dispatch(Forward { windows: &windows, kind: op.kind, x, y });
    });
}

/// `pool_pick`; inputs x and g.
pub fn pool_pick(op: &PoolPick, call: Call<'_>) {
    let (x, g) = (call.memory.inputs[0], call.memory.inputs[1]);
    let windows = Windows::new(&op.pool, call.shapes[0], call.shape);
    let size = (windows.out[0] * windows.out[1] * windows.line()).max(1);
    call.team.chunks(call.memory.output, size, |start, y| {
        let image = start / size * windows.image();
        let (x, g) = (&x[image..], &g[image..]);
        Arch::new().dispatch(Pick { windows: &windows, kind: op.pool.kind, x, g, y });
    });
}

/// `pool_grad`; inputs x and dy. Windows may overlap, so an image is one task's.
pub fn pool_grad(op: &PoolGrad, call: Call<'_>) {
    let (x, dy) = (call.memory.inputs[0], call.memory.inputs[1]);
    let windows = Windows::new(&op.pool, call.shapes[0], call.shapes[1]);
    let (size, line) = (windows.image().max(1), windows.line().max(1));
    let lines = windows.out[0] * windows.out[1];
    call.team.chunks(call.memory.output, size, |start, dx| {
        let (x, dy) = (&x[start..], &dy[start / size * lines * line..]);
        Arch::new().dispatch(Gradient { windows: &windows, kind: op.pool.kind, x, dy, dx });
    });
}

/// One image's pool. Slices begin at the image and may go on behind it: a vector may hold channels of the next position,
/// and what is stored of them is written over when its turn comes.
struct Forward<'a> {
    windows: &'a Windows,
    kind: PoolKind,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { windows, kind, x, y } = self;
        windows.each(
            #[inline(always)]
            |at, seen| {
                let share = simd.splat_f32s(1.0 / seen.count().max(1) as f32);
                for first in (0..windows.channels).step_by(S::F32_LANES) {
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

/// What one image's windows pick from g; its slices are as in [`Forward`].
struct Pick<'a> {
    windows: &'a Windows,
    kind: PoolKind,
    x: &'a [f32],
    g: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Pick<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { windows, kind, x, g, y } = self;
        windows.each(
            #[inline(always)]
            |at, seen| {
                let share = simd.splat_f32s(1.0 / seen.count().max(1) as f32);
                for first in (0..windows.channels).step_by(S::F32_LANES) {
                    let lanes = match kind {
                        PoolKind::Max => picked(simd, seen, maxima(simd, seen, &x[first..]).1, &g[first..]),
                        PoolKind::Avg => simd.mul_f32s(sums(simd, seen, &g[first..]), share),
                    };
                    store::<S, 1>(&mut y[at + first..], &[lanes]);
                }
            },
        );
    }
}

/// One image's gradient; its slices are as in [`Forward`].
struct Gradient<'a> {
    windows: &'a Windows,
    kind: PoolKind,
    x: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl WithSimd for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { windows, kind, x, dy, dx } = self;
        let zero = simd.splat_f32s(0.0);
        let mut to = Receiver { dx, channels: windows.channels, add: windows.overlap() };
        to.dx.fill(0.0);
        windows.each(
            #[inline(always)]
            |at, seen| {
                let share = simd.splat_f32s(1.0 / seen.count().max(1) as f32);
                for first in (0..windows.channels).step_by(S::F32_LANES) {
                    let [mut dy] = load::<S, 1>(simd, &dy[at + first..]);
                    if first + S::F32_LANES > windows.channels {
                        let mine = simd.mask_between_m32s(0, (windows.channels - first) as u32).mask();
                        dy = simd.select_f32s(mine, dy, zero);
                    }
                    match kind {
                        PoolKind::Max => {
                            let winner = maxima(simd, seen, &x[first..]).1;
                            let mut number = 0.0;
                            seen.for_each(
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
                            seen.for_each(
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

/// The gradient of one image as it comes together.
struct Receiver<'a> {
    dx: &'a mut [f32],
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
        let beyond = !self.add && self.channels <= S::F32_LANES && target + S::F32_LANES <= line_end;
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

/// The elements of a window of g that have these numbers.
#[inline(always)]
fn picked<S: Simd>(simd: S, seen: Seen, numbers: S::f32s, g: &[f32]) -> S::f32s {
    let mut picked = simd.splat_f32s(0.0);
    let mut number = 0.0;
    seen.for_each(
        #[inline(always)]
        |source, _| {
            let [g] = load::<S, 1>(simd, &g[source..]);
            picked = simd.select_f32s(simd.equal_f32s(numbers, simd.splat_f32s(number)), g, picked);
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
