//! Max and average pooling. Channels lie innermost, so every inner loop runs over them and is one over vectors.

use std::ops::Range;

use fovea_graph::Shape;
use fovea_graph::op::{Pool, PoolGrad, PoolKind};

use super::Call;
use crate::simd::vectorised;

/// Channels that the gradient of a max pool looks at together: their maxima stay in registers.
const BLOCK: usize = 32;

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
    /// Where on the image the channels of each of its positions begin, in row-major order.
    #[inline(always)]
    fn for_each(self, mut visit: impl FnMut(usize)) {
        for z in self.start[0]..self.end[0] {
            for y in self.start[1]..self.end[1] {
                let line = (z * self.map[1] + y) * self.map[2];
                for x in self.start[2]..self.end[2] {
                    visit((line + x) * self.channels);
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
        let axes = |given: &[usize], missing| {
            let mut all = [missing; 3];
            all[3 - given.len()..].copy_from_slice(given);
            all
        };
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

    /// Calls `visit` for each position of line number `line` of an image's output, with the position's place on that
    /// line and what it sees.
    #[inline(always)]
    fn along(&self, line: usize, mut visit: impl FnMut(usize, Seen)) {
        let (z, y) = (self.span(0, line / self.out[1]), self.span(1, line % self.out[1]));
        for at in 0..self.out[2] {
            let x = self.span(2, at);
            let (start, end) = ([z.start, y.start, x.start], [z.end, y.end, x.end]);
            visit(at * self.channels, Seen { start, end, map: self.map, channels: self.channels });
        }
    }
}

/// `pool`.
pub fn pool(op: &Pool, call: Call<'_>) {
    let windows = Windows::new(op, call.shapes[0], call.shape);
    let (x, line) = (call.memory.inputs[0], windows.line().max(1));
    let lines = windows.out[0] * windows.out[1];
    call.team.chunks(call.memory.output, lines * line, |start, out| {
        let image = &x[start / (lines * line) * windows.image()..][..windows.image()];
        vectorised(
            #[inline(always)]
            || {
                for (number, y) in out.chunks_exact_mut(line).enumerate() {
                    match op.kind {
                        PoolKind::Max => max_line(&windows, number, image, y),
                        PoolKind::Avg => avg_line(&windows, number, image, y),
                    }
                }
            },
        );
    });
}

/// One line of the output of a max pool. What is not a number wins.
#[inline(always)]
fn max_line(windows: &Windows, line: usize, image: &[f32], out: &mut [f32]) {
    let c = windows.channels;
    windows.along(line, |at, seen| {
        let y = &mut out[at..at + c];
        y.fill(f32::NEG_INFINITY);
        seen.for_each(|source| {
            for (y, &x) in y.iter_mut().zip(&image[source..source + c]) {
                *y = if x > *y || x.is_nan() { x } else { *y };
            }
        });
    });
}

/// One line of the output of an average pool.
#[inline(always)]
fn avg_line(windows: &Windows, line: usize, image: &[f32], out: &mut [f32]) {
    let c = windows.channels;
    windows.along(line, |at, seen| {
        let y = &mut out[at..at + c];
        y.fill(0.0);
        seen.for_each(|source| y.iter_mut().zip(&image[source..source + c]).for_each(|(y, x)| *y += x));
        let share = 1.0 / seen.count().max(1) as f32;
        y.iter_mut().for_each(|y| *y *= share);
    });
}

/// `pool_grad`; inputs x and dy. Windows overlap, so an image is one task's.
pub fn pool_grad(op: &PoolGrad, call: Call<'_>) {
    let (x, dy) = (call.memory.inputs[0], call.memory.inputs[1]);
    let windows = Windows::new(&op.pool, call.shapes[0], call.shapes[1]);
    let (size, line) = (windows.image().max(1), windows.line().max(1));
    let lines = windows.out[0] * windows.out[1];
    call.team.chunks(call.memory.output, size, |start, dx| {
        let image = &x[start..start + size];
        let dy = &dy[start / size * lines * line..][..lines * line];
        dx.fill(0.0);
        vectorised(
            #[inline(always)]
            || {
                for (number, dy) in dy.chunks_exact(line).enumerate() {
                    match op.pool.kind {
                        PoolKind::Max => max_line_grad(&windows, number, image, dy, dx),
                        PoolKind::Avg => avg_line_grad(&windows, number, dy, dx),
                    }
                }
            },
        );
    });
}

/// Adds one line of the output's gradient to the windows' first maxima.
#[inline(always)]
fn max_line_grad(windows: &Windows, line: usize, image: &[f32], dy: &[f32], dx: &mut [f32]) {
    let channels = windows.channels;
    windows.along(line, |at, seen| {
        for first in (0..channels).step_by(BLOCK) {
            let c = BLOCK.min(channels - first);
            let (mut best, mut winner) = ([f32::NEG_INFINITY; BLOCK], [u32::MAX; BLOCK]);
            let mut number = 0;
            seen.for_each(|source| {
                let x = &image[source + first..source + first + c];
                for ((best, winner), &x) in best.iter_mut().zip(&mut winner).zip(x) {
                    let wins = x > *best || x.is_nan() || *winner == u32::MAX;
                    *best = if wins { x } else { *best };
                    *winner = if wins { number } else { *winner };
                }
                number += 1;
            });
            let dy = &dy[at + first..at + first + c];
            number = 0;
            seen.for_each(|source| {
                let dx = &mut dx[source + first..source + first + c];
                for ((dx, &dy), &winner) in dx.iter_mut().zip(dy).zip(&winner) {
                    *dx += if winner == number { dy } else { 0.0 };
                }
                number += 1;
            });
        }
    });
}

/// Spreads one line of the output's gradient evenly over what each window sees.
#[inline(always)]
fn avg_line_grad(windows: &Windows, line: usize, dy: &[f32], dx: &mut [f32]) {
    let c = windows.channels;
    windows.along(line, |at, seen| {
        let share = 1.0 / seen.count().max(1) as f32;
        let dy = &dy[at..at + c];
        seen.for_each(|target| dx[target..target + c].iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy * share));
    });
}
