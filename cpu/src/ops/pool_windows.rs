//! Pooling of windows of 4 or 9 elements (2x2 and 3x3), which stay in registers: each element of a window is loaded once, for
//! the pool as for the gradient.
//!
//! Blocking: a window by one vector of channels, windows in the order of the map. A window over the edge of the map is one that
//! sees its last line or column several times: of equal elements the first wins, so the others get nothing.
//!
//! Bytes: the map is read and the pool written; the gradient reads map and dy and writes dx, whose lines are cleared when they
//! are first reached. Operations an element of a window: 2 for the pool, 6 more for the gradient. 3x3 at stride 1 over
//! 8x14x14x512 takes a thread with AVX-512 0.6 ms, and 1.9 ms backward (on a busy machine): 12 and 4 elements of windows a
//! nanosecond. Of few channels it is the scalar work for each window that counts.

use std::ops::Range;

use fovea_graph::op::PoolKind;
use pulp::Simd;

use super::pool::Seen;
use super::pool_gradient::{Before, Receiver};
use crate::geometry::Geometry;
use crate::simd::{load, mul_add};

/// How far behind the first element of a window on the map its others lie, in row-major order; 0s for N = 0.
pub fn offsets<const N: usize>(g: &Geometry) -> [usize; N] {
    let [_, height, width] = g.window;
    std::array::from_fn(|n| {
        let [z, y, x] = [n / width / height, n / width % height, n % width];
        ((z * g.map[1] + y) * g.map[2] + x) * g.channels
    })
}

/// Where the channels of a window's elements begin, in row-major order; none where it sees nothing, or is averaged and does not
/// lie on the map as a whole, or for N = 0.
#[inline(always)]
pub fn taps<const N: usize>(
    seen: &Seen,
    window: [usize; 3],
    offsets: &[usize; N],
    kind: PoolKind,
) -> Option<[usize; N]> {
    let (count, mut taps) = (seen.count(), [0; N]);
    if count == N && N > 0 {
        let first = seen.position(seen.start) * seen.channels;
        for (tap, offset) in taps.iter_mut().zip(offsets) {
            *tap = first + offset;
        }
        return Some(taps);
    }
    if N == 0 || count == 0 || kind == PoolKind::Avg {
        return None;
    }
    let at = |axis: usize, step: usize| (seen.start[axis] + step).min(seen.end[axis] - 1);
    let mut n = 0;
    for z in 0..window[0] {
        for y in 0..window[1] {
            for x in 0..window[2] {
                taps[n] = seen.position([at(0, z), at(1, y), at(2, x)]) * seen.channels;
                n += 1;
            }
        }
    }
    Some(taps)
}

/// The vector at `first` of each element of a window, as far as the map goes. Arrays are filled in a loop: their `map` is a call.
#[inline(always)]
fn elements<S: Simd, const N: usize>(simd: S, taps: &[usize; N], first: usize, x: &[f32]) -> [S::f32s; N] {
    let mut elements = [simd.splat_f32s(0.0); N];
    for (element, tap) in elements.iter_mut().zip(taps) {
        [*element] = load::<S, 1>(simd, &x[tap + first..]);
    }
    elements
}

/// The largest of N, and whether that can be trusted: where there is what is not a number, or is infinite, it cannot.
#[inline(always)]
fn largest<S: Simd, const N: usize>(simd: S, x: [S::f32s; N]) -> (S::f32s, bool) {
    let zero = simd.splat_f32s(0.0);
    let (mut best, mut trace) = (x[0], simd.mul_f32s(x[0], zero));
    for &x in &x[1..] {
        best = simd.max_f32s(best, x);
        trace = mul_add(simd, x, zero, trace);
    }
    let odd = simd.not_m32s(simd.equal_f32s(trace, zero));
    (best, simd.first_true_m32s(odd) == S::F32_LANES)
}

/// The pool of one window's channels from `first` on, or of what lies there; none where that is another's to compute.
#[inline(always)]
pub fn pool<S: Simd, const N: usize>(
    simd: S,
    kind: PoolKind,
    (taps, first): (&[usize; N], usize),
    x: &[f32],
) -> Option<S::f32s> {
    let x = elements(simd, taps, first, x);
    match kind {
        PoolKind::Max => {
            let (best, trusted) = largest(simd, x);
            trusted.then_some(best)
        }
        PoolKind::Avg => {
            let mut sum = simd.splat_f32s(0.0);
            for x in x {
                sum = simd.add_f32s(sum, x);
            }
            Some(simd.mul_f32s(sum, simd.splat_f32s(1.0 / N as f32)))
        }
    }
}

/// The pools of windows in a line.
pub struct Line<const N: usize> {
    /// Where the elements of the first window lie.
    pub taps: [usize; N],
    /// How many windows.
    pub count: usize,
    /// Elements of the map from one to the next.
    pub step: usize,
    /// Channels of the map.
    pub channels: usize,
}

impl<const N: usize> Line<N> {
    /// Of as many windows as whole vectors can be read and written for; none where one has to be looked at alone. Gives how
    /// many it did.
    #[inline(always)]
    pub fn pool<S: Simd>(&self, simd: S, kind: PoolKind, x: &[f32], y: &mut [f32]) -> usize {
        let width = self.channels.next_multiple_of(S::F32_LANES);
        let furthest = self.taps.iter().copied().max().unwrap_or(0);
        let fit = |elements: usize, step: usize| elements.checked_sub(width).map_or(0, |room| room / step + 1);
        let count = self.count.min(fit(x.len().saturating_sub(furthest), self.step)).min(fit(y.len(), self.channels));
        // SAFETY: the last window's elements and its pool lie in `x` and `y`, in whole vectors; what comes before, too.
        let is_done = unsafe {
            match kind {
                PoolKind::Max => self.run::<S, true>(simd, count, x.as_ptr(), y.as_mut_ptr()),
                PoolKind::Avg => self.run::<S, false>(simd, count, x.as_ptr(), y.as_mut_ptr()),
            }
        };
        if is_done { count } else { 0 }
    }

    /// So many windows; false where one holds what is no number, or infinite.
    ///
    /// # Safety
    /// Whole vectors of all channels must lie at the elements of these windows in `x`, and at their pools in `y`.
    #[inline(always)]
    unsafe fn run<S: Simd, const MAX: bool>(&self, simd: S, count: usize, x: *const f32, y: *mut f32) -> bool {
        let (zero, share) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0 / N as f32));
        let mut trace = zero;
        for window in 0..count {
            for first in (0..self.channels).step_by(S::F32_LANES) {
                let at = window * self.step + first;
                let mut found = zero;
                for (n, &tap) in self.taps.iter().enumerate() {
                    // SAFETY: as was promised.
                    let x = unsafe { x.add(tap + at).cast::<S::f32s>().read_unaligned() };
                    found = match MAX {
                        _ if n == 0 => x,
                        true => simd.max_f32s(found, x),
                        false => simd.add_f32s(found, x),
                    };
                    if MAX {
                        trace = mul_add(simd, x, zero, trace);
                    }
                }
                let found = if MAX { found } else { simd.mul_f32s(found, share) };
                // SAFETY: as was promised; what is written too far is written over with the next window.
                unsafe { y.add(window * self.channels + first).cast::<S::f32s>().write_unaligned(found) };
            }
        }
        simd.first_true_m32s(simd.not_m32s(simd.equal_f32s(trace, zero))) == S::F32_LANES
    }
}

/// The gradient of one window's channels from `first` on, of which some positions alone are the receiver's; false where that is
/// another's to compute.
#[inline(always)]
pub fn gradient<S: Simd, const N: usize>(
    simd: S,
    (kind, before): (PoolKind, Before),
    (taps, own, first): (&[usize; N], &Range<usize>, usize),
    (x, mut dy): (&[f32], S::f32s),
    to: &mut Receiver<'_, S>,
) -> bool {
    let zero = simd.splat_f32s(0.0);
    if kind == PoolKind::Avg {
        let dy = simd.mul_f32s(dy, simd.splat_f32s(1.0 / N as f32));
        for &tap in &taps[own.clone()] {
            to.give(simd, tap, first, dy);
        }
        return true;
    }
    let x = elements(simd, taps, first, x);
    let (best, trusted) = largest(simd, x);
    if !trusted {
        return false;
    }
    if before == Before::Relu {
        dy = simd.select_f32s(simd.greater_than_f32s(best, zero), dy, zero);
    }
    for n in 0..N {
        let wins = simd.equal_f32s(x[n], best);
        if own.contains(&n) {
            to.give(simd, taps[n], first, simd.select_f32s(wins, dy, zero));
        }
        dy = simd.select_f32s(wins, zero, dy);
    }
    true
}
