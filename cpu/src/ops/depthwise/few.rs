//! The loops for channels that do not fill a vector, and for the gradient of channels with several filters: 4 positions of a
//! line by one vector of channels, tap by tap.

use std::ops::Range;

use pulp::Simd;

use super::slide::{Line, Seen, Slide, Target};
use crate::simd::{load, mul_add};

/// Positions that have their sums in registers together.
const POSITIONS: usize = 4;

impl Slide<'_> {
    /// A line of any windows.
    #[inline(always)]
    pub(super) fn few<S: Simd>(&self, simd: S, line: &Line, seen: &Seen, to: Target<'_>) {
        let channels = &line.channels;
        for start in line.columns.clone().step_by(POSITIONS) {
            let positions = start..(start + POSITIONS).min(line.columns.end);
            for channel in channels.clone().step_by(S::F32_LANES) {
                let vector = channel..(channel + S::F32_LANES).min(channels.end);
                for which in 0..self.written {
                    let sums = self.sums_of_few(simd, &positions, &vector, seen, which);
                    let first = (vector.start - channels.start) * self.written + which;
                    let lanes = pulp::bytemuck::cast_slice::<S::f32s, f32>(&sums).chunks_exact(S::F32_LANES);
                    let lanes = lanes.take(positions.len()).map(|lanes| &lanes[..vector.len()]);
                    let (out, number) =
                        (&mut to.out[(start - line.columns.start) * to.stride..], channel * self.written + which);
                    self.scatter(lanes, first, [self.element(line, start), number], to.stride, out);
                }
            }
        }
    }

    /// The sums of a vector of channels at some positions.
    #[inline(always)]
    fn sums_of_few<S: Simd>(
        &self,
        simd: S,
        positions: &Range<usize>,
        channels: &Range<usize>,
        seen: &Seen,
        which: usize,
    ) -> [S::f32s; POSITIONS] {
        let axis = &self.windows.axes[2];
        let mut sums = [simd.splat_f32s(0.0); POSITIONS];
        // Of a channel's filters all count in the gradient, one in `conv`.
        for filter in if self.read() > 1 { 0..self.read() } else { which..which + 1 } {
            for z in seen.taps[0].clone() {
                for y in seen.taps[1].clone() {
                    for x in 0..axis.taps {
                        let from = self.filter(filter, [z, y, x]);
                        let [w] = load::<S, 1>(simd, &self.filters[from + channels.start..from + channels.end]);
                        for (sum, position) in sums.iter_mut().zip(positions.clone()) {
                            let place = axis.place(position, x);
                            if (0..axis.map as isize).contains(&place) {
                                let place = (seen.line([z, y]) + place) as usize;
                                *sum = mul_add(simd, self.numbers::<S>(simd, place, channels, filter), w, *sum);
                            }
                        }
                    }
                }
            }
        }
        sums
    }

    /// The map's numbers at a place, of these channels' filters of this number where there are several.
    #[inline(always)]
    fn numbers<S: Simd>(&self, simd: S, place: usize, channels: &Range<usize>, filter: usize) -> S::f32s {
        let from = &self.windows.map[place * self.windows.channels..][..self.windows.channels];
        match self.read() {
            1 => load::<S, 1>(simd, &from[channels.clone()])[0],
            read => lanes_of::<S>(simd, &from[channels.start * read + filter..channels.end * read], read),
        }
    }

    /// Writes the sums of some channels, by position, as numbers `first` and every `written`-th behind it of each row; with
    /// what becomes of them, which goes by the `element` of the first position in the result and the `number` in it.
    pub(super) fn scatter<'s>(
        &self,
        sums: impl Iterator<Item = &'s [f32]>,
        first: usize,
        [element, number]: [usize; 2],
        stride: usize,
        out: &mut [f32],
    ) {
        for (position, sums) in sums.enumerate() {
            let element = element + position * self.channels * self.written;
            let row = out[position * stride + first..].iter_mut().step_by(self.written);
            for ((to, &sum), number) in row.zip(sums).zip((number..).step_by(self.written)) {
                *to = self.epilogue.number(element + number, number, sum);
            }
        }
    }
}

/// A vector of the first number and every `every`-th behind it, as far as they go; zeros beyond.
#[inline(always)]
pub(super) fn lanes_of<S: Simd>(simd: S, from: &[f32], every: usize) -> S::f32s {
    let mut vector = simd.splat_f32s(0.0);
    let lanes = pulp::bytemuck::cast_slice_mut::<S::f32s, f32>(std::slice::from_mut(&mut vector));
    lanes.iter_mut().zip(from.iter().step_by(every)).for_each(|(lane, x)| *lane = *x);
    vector
}
