//! The gradients of pools, a part of the map at a time: windows come in the order of the map, and give its elements their share.
//!
//! Bytes: x and dy are read, dx is written; its lines are cleared when they are first reached, while they are in the first
//! cache. What the elements of a window get is worked out here for windows of any size, and in
//! [`pool_windows`](super::pool_windows) for the usual ones.

use std::ops::Range;

use fovea_graph::Shape;
use fovea_graph::op::{PoolGrad, PoolKind};
use pulp::{MemMask, Simd, WithSimd};

use super::pool::{Seen, each, maxima, windows};
use super::{Call, pool_windows};
use crate::geometry::{Geometry, Part};
use crate::simd::{load, store};

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
    let (g, kind) = (windows(&op.pool, map, pooled), op.pool.kind);
    let parts = g.parts(call.memory.output, 1);
    call.team.each(parts, &mut [], 0, |(part, dx), _| {
        call.team.vectors().dispatch(Gradient { g: &g, part, kind, before, x, dy, dx });
    });
}

/// One part's gradient; a vector may hold channels of the next position, which count for nothing.
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
        match self.g.window.iter().product() {
            4 => self.run::<S, 4>(simd),
            9 => self.run::<S, 9>(simd),
            _ => self.run::<S, 0>(simd),
        }
    }
}

impl Gradient<'_> {
    /// For windows of N elements, or of any number where N is 0.
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { g, part, kind, before, x, dy, dx } = self;
        let dy = &dy[part.rows.start * g.channels..];
        let offsets = pool_windows::offsets(g);
        let add = (0..3).any(|axis| g.stride[axis] < g.window[axis]);
        let last = MemMask::new(simd.mask_between_m32s(0, (g.channels % S::F32_LANES) as u32).mask());
        let mut to = Receiver { dx, offset: part.offset, channels: g.channels, last, add, cleared: 0 };
        each(
            g,
            part.rows.clone(),
            #[inline(always)]
            |mut at, mut seen, run| {
                to.reach(&seen);
                // Shares that do not add up must not come twice.
                let once = add || seen.count() == N;
                let mut taps = pool_windows::taps::<N>(&seen, g.window, &offsets, kind).filter(|_| once);
                for _ in 0..run {
                    let own = match &taps {
                        Some(taps) => to.own(taps),
                        None => 0..0,
                    };
                    for first in (0..g.channels).step_by(S::F32_LANES) {
                        let [mut dy] = load::<S, 1>(simd, &dy[at + first..]);
                        if first + S::F32_LANES > g.channels {
                            dy = simd.select_f32s(last.mask(), dy, simd.splat_f32s(0.0));
                        }
                        if let Some(taps) = &taps
                            && pool_windows::gradient(simd, (kind, before), (taps, &own, first), (x, dy), &mut to)
                        {
                            continue;
                        }
                        give(simd, (kind, before), (seen, &part), first, (x, dy), &mut to);
                    }
                    (at, taps) = (at + g.channels, seen.advance(g.stride[2], taps));
                }
            },
        );
        to.clear(usize::MAX);
    }
}

/// The gradient of any window's channels from `first` on, of which the part gets what is its own.
#[inline(always)]
fn give<S: Simd>(
    simd: S,
    (kind, before): (PoolKind, Before),
    (seen, part): (Seen, &Part),
    first: usize,
    (x, mut dy): (&[f32], S::f32s),
    to: &mut Receiver<'_, S>,
) {
    let (zero, (mine, mut number)) = (simd.splat_f32s(0.0), within(seen, part));
    match kind {
        PoolKind::Max => {
            let (largest, winner) = maxima(simd, seen, &x[first..]);
            if before == Before::Relu {
                dy = simd.select_f32s(simd.greater_than_f32s(largest, zero), dy, zero);
            }
            mine.for_each(
                #[inline(always)]
                |target| {
                    let wins = simd.equal_f32s(winner, simd.splat_f32s(number));
                    to.give(simd, target, first, simd.select_f32s(wins, dy, zero));
                    number += 1.0;
                },
            );
        }
        PoolKind::Avg => {
            let dy = simd.mul_f32s(dy, simd.splat_f32s(1.0 / seen.count().max(1) as f32));
            mine.for_each(
                #[inline(always)]
                |target| to.give(simd, target, first, dy),
            );
        }
    }
}

/// What of a window lies in a part, and how many of its positions come before.
fn within(mut seen: Seen, part: &Part) -> (Seen, f32) {
    let (axis, before) = (part.axis, seen.start[part.axis]);
    seen.start[axis] = before.max(part.lines.start);
    seen.end[axis] = seen.end[axis].min(part.lines.end);
    let line: usize = (axis + 1..3).map(|axis| seen.end[axis].saturating_sub(seen.start[axis])).product();
    (seen, ((seen.start[axis] - before) * line) as f32)
}

/// The gradient of one part as it comes together.
pub struct Receiver<'a, S: Simd> {
    dx: &'a mut [f32],
    /// Where in the batch it begins.
    offset: usize,
    channels: usize,
    /// The lanes that the last channels fill, where they fill no vector.
    last: MemMask<S::m32s>,
    /// Whether windows overlap, so that what an element gets adds up.
    add: bool,
    /// How much of it has been cleared.
    cleared: usize,
}

impl<S: Simd> Receiver<'_, S> {
    /// Clears what a window sees, and all before it. Windows come in the order of their lines; where maps have several planes
    /// they go back, to what is cleared already.
    #[inline(always)]
    fn reach(&mut self, seen: &Seen) {
        if seen.count() > 0 {
            self.clear(seen.end_of_lines().saturating_sub(self.offset));
        }
    }

    /// Clears all before an element.
    #[inline(always)]
    fn clear(&mut self, end: usize) {
        if self.cleared < end {
            let end = end.min(self.dx.len());
            self.dx[self.cleared..end].fill(0.0);
            self.cleared = end;
        }
    }

    /// Which of some positions, in their order, are its own.
    #[inline(always)]
    fn own(&self, positions: &[usize]) -> Range<usize> {
        let [mut start, mut end] = [0, positions.len()];
        while start < end && positions[start] < self.offset {
            start += 1;
        }
        while start < end && positions[end - 1] >= self.offset + self.dx.len() {
            end -= 1;
        }
        start..end
    }

    /// Gives the channels from `first` on of the position at `target` their share.
    #[inline(always)]
    pub fn give(&mut self, simd: S, target: usize, first: usize, share: S::f32s) {
        let (at, count) = (target - self.offset + first, self.channels - first);
        if count >= S::F32_LANES {
            let dx = &mut self.dx[at..at + S::F32_LANES];
            let [old] = load::<S, 1>(simd, dx);
            store::<S, 1>(dx, &[if self.add { simd.add_f32s(old, share) } else { share }]);
        } else {
            let dx = &mut self.dx[at..at + count];
            // SAFETY: as many lanes as there are elements: those are the last channels.
            unsafe {
                let sum = if self.add {
                    simd.add_f32s(simd.mask_load_ptr_f32s(self.last, dx.as_ptr()), share)
                } else {
                    share
                };
                simd.mask_store_ptr_f32s(self.last, dx.as_mut_ptr(), sum);
            }
        }
    }
}
