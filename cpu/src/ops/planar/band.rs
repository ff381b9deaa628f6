//! A band of lines: vectors of positions by a block of channels, whose sums stay in registers over the whole window.

use pulp::{Simd, WithSimd};

use super::{Planes, WIDEST, vectors};
use crate::simd::{mul_add, store};

/// Some lines of an image's result.
pub(super) struct Band<'a> {
    pub(super) planes: &'a Planes,
    pub(super) copy: &'a [f32],
    pub(super) turned: &'a [f32],
    pub(super) y: &'a mut [f32],
}

impl WithSimd for Band<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.planes.block {
            1 => self.compute::<S, 1, { vectors(1) }>(simd),
            2 => self.compute::<S, 2, { vectors(2) }>(simd),
            3 => self.compute::<S, 3, { vectors(3) }>(simd),
            4 => self.compute::<S, 4, { vectors(4) }>(simd),
            5 => self.compute::<S, 5, { vectors(5) }>(simd),
            6 => self.compute::<S, 6, { vectors(6) }>(simd),
            7 => self.compute::<S, 7, { vectors(7) }>(simd),
            _ => self.compute::<S, 8, { vectors(8) }>(simd),
        }
    }
}

impl Band<'_> {
    /// All positions and channels of the result, F channels at V vectors of positions at a time.
    #[inline(always)]
    fn compute<S: Simd, const F: usize, const V: usize>(self, simd: S) {
        let (planes, lanes) = (self.planes, S::F32_LANES);
        let [_, down, across] = planes.axes;
        assert!(planes.block == F && planes.lanes == lanes, "blocks and vectors as they were cut");
        assert!(self.copy.len() >= planes.copy(), "a copy of all that a band sees");
        let per_line = across.out.div_ceil(lanes);
        let vectors = self.y.len() / (across.out * planes.outputs) * per_line;
        assert!(vectors <= planes.lines * per_line, "the lines of a band");
        for (number, turned) in self.turned.chunks_exact(planes.depth() * F).enumerate() {
            for first in (0..vectors).step_by(V) {
                // The last may come twice.
                let place =
                    |v: usize| ((first + v).min(vectors - 1) / per_line, (first + v).min(vectors - 1) % per_line);
                let begin = |v: usize| place(v).0 * down.stride * planes.line() + place(v).1 * lanes;
                let sums = self.sums::<S, F, V>(simd, turned, std::array::from_fn(begin));
                for v in 0..V {
                    let (line, x) = place(v);
                    let row = (line * across.out + x * lanes) * planes.outputs;
                    let count = lanes.min(across.out - x * lanes);
                    let sums = std::array::from_fn(|f| sums[f][v]);
                    let y = &mut self.y[row..row + count * planes.outputs];
                    if planes.outputs == 1 {
                        store::<S, 1>(y, &[sums[0]]);
                        continue;
                    }
                    scatter::<S, F>(sums, y.chunks_exact_mut(planes.outputs), number * F);
                }
            }
        }
    }

    /// The sums of vectors of positions whose windows begin at these places of the copy.
    #[inline(always)]
    fn sums<S: Simd, const F: usize, const V: usize>(
        &self,
        simd: S,
        turned: &[f32],
        begin: [usize; V],
    ) -> [[S::f32s; V]; F] {
        let (planes, [deep, down, across]) = (self.planes, self.planes.axes);
        let mut sums = [[simd.splat_f32s(0.0); V]; F];
        let mut filters = turned.chunks_exact(F);
        for line in 0..deep.taps * down.taps {
            for s in 0..across.taps {
                let offset = planes.offset([line / down.taps, line % down.taps, s]);
                let x = begin.map(|begin| &self.copy[begin + offset..]);
                let next = across.stride * planes.width();
                for (channel, w) in filters.by_ref().take(planes.channels).enumerate() {
                    // SAFETY: the copy has a vector there: its planes have as many numbers as vectors of positions and the
                    // window need, its lines are those that the band's last window sees.
                    let x = x.map(|x| unsafe { x.as_ptr().add(channel * next).cast::<S::f32s>().read_unaligned() });
                    for (sums, &w) in sums.iter_mut().zip(w) {
                        let w = simd.splat_f32s(w);
                        sums.iter_mut().zip(x).for_each(|(sum, x)| *sum = mul_add(simd, x, w, *sum));
                    }
                }
            }
        }
        sums
    }
}

/// Writes a vector of positions of F channels to as many rows, from channel `first` on.
#[inline(always)]
fn scatter<'y, S: Simd, const F: usize>(sums: [S::f32s; F], rows: impl Iterator<Item = &'y mut [f32]>, first: usize) {
    let mut planes = [[0.0f32; WIDEST]; F];
    for (plane, sum) in planes.iter_mut().zip(sums) {
        S::as_mut_simd_f32s(&mut plane[..S::F32_LANES]).0[0] = sum;
    }
    for (p, row) in rows.enumerate() {
        match row.get_mut(first..first + F) {
            Some(row) => (0..F).for_each(|f| row[f] = planes[f][p % WIDEST]),
            None => row[first..].iter_mut().zip(&planes).for_each(|(y, plane)| *y = plane[p]),
        }
    }
}
