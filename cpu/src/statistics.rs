//! Mean and variance of a map's channels, gathered by those who make the map while what they made lies in a cache.
//!
//! Each task sums a part of the rows; parts are added in their order, so that the sums are the same on any number of threads.
//! A block of up to [`BLOCK`] rows has the terms `d = x − m` and `d²` in f32, where m is the mean of the block before it: from them
//! follow `Σ x` and `Σ x²` in f64, where their difference costs nothing. How far a block's mean is from the one before is, taken
//! over all blocks, not more than four times the variance (`Σ n (m' − m)² ≤ 4 Σ (x − mean)²`), so the variance is as exact as with
//! its own mean subtracted, however far that lies from 0 (T. Chan, G. Golub and R. LeVeque, "Algorithms for computing the sample
//! variance", 1983, has the sums of blocks).

use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::simd::{Vectors, load, mul_add, store};

/// Channels that are summed at a time: their sums stay in the first cache.
pub const STRIP: usize = 512;

/// Rows whose terms are added in f32.
pub const BLOCK: usize = 64;

/// Rows whose mean the first block gets.
pub const FIRST: usize = 8;

/// The sums of each part of a map, `[parts, 2, 2, channels]`: of each sum the f32 nearest to it, and what it leaves.
#[derive(Clone, Copy, Debug)]
pub struct Statistics<'a> {
    memory: *mut f32,
    len: usize,
    channels: usize,
    borrowed: PhantomData<&'a mut [f32]>,
}

// SAFETY: the elements are f32, and whoever writes a part's has it to himself (`Gather::new`).
unsafe impl Send for Statistics<'_> {}
// SAFETY: as above.
unsafe impl Sync for Statistics<'_> {}

impl<'a> Statistics<'a> {
    /// Elements of memory for so many parts.
    pub fn workspace(parts: usize, channels: usize) -> usize {
        4 * parts * channels
    }

    /// In memory for whole parts.
    pub fn new(memory: &'a mut [f32], channels: usize) -> Self {
        Self { memory: memory.as_mut_ptr(), len: memory.len(), channels, borrowed: PhantomData }
    }

    /// Gathers a part that is these rows, all channels of each.
    ///
    /// # Safety
    /// As for [`Gather::new`].
    pub unsafe fn part(self, vectors: Vectors, part: usize, rows: &[f32]) {
        struct Part<'a> {
            statistics: Statistics<'a>,
            part: usize,
            rows: &'a [f32],
        }
        impl WithSimd for Part<'_> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                let Self { statistics, part, rows } = self;
                let channels = statistics.channels;
                for start in (0..channels).step_by(STRIP) {
                    // SAFETY: as was promised; rows are as long as there are channels.
                    unsafe {
                        let mut gather = Gather::new(statistics, part, start..(start + STRIP).min(channels));
                        for block in rows.chunks(BLOCK * channels) {
                            gather.add(simd, block.as_ptr().add(start), channels, block.len() / channels);
                        }
                        gather.finish();
                    }
                }
            }
        }
        vectors.dispatch(Part { statistics: self, part, rows });
    }
}

/// The variance of n numbers, from their sum and that of their squares; what is not a number stays so.
pub fn variance(n: f64, sum: f64, squares: f64) -> f64 {
    let variance = (squares - sum * (sum / n)) / n;
    if variance < 0.0 { 0.0 } else { variance }
}

/// Adds what a block of so many rows sums up to, `Σ d` and `Σ d²`, to its channels' sums; the next block has its mean as its
/// middle.
#[inline(always)]
pub fn add_block(block: [&[f32]; 2], count: usize, middle: &mut [f32], [sum, squares]: [&mut [f64]; 2]) {
    let (n, [first, second]) = (count as f64, block);
    let sums = sum.iter_mut().zip(squares).zip(middle);
    for ((first, second), ((sum, squares), middle)) in first.iter().zip(second).zip(sums) {
        let (m, d) = (f64::from(*middle), f64::from(*first));
        *sum += n * m + d;
        *squares += f64::from(*second) + m * (2.0 * d + n * m);
        *middle = (m + d / n) as f32;
    }
}

/// Some channels of a part, block by block of its rows.
pub struct Gather<'a> {
    statistics: Statistics<'a>,
    part: usize,
    channels: Range<usize>,
    middle: [f32; STRIP],
    sums: [[f64; STRIP]; 2],
    has_middle: bool,
}

impl<'a> Gather<'a> {
    /// Up to [`STRIP`] channels of a part.
    ///
    /// # Safety
    /// While these of the part are gathered nobody else may gather them, and the memory may not be read.
    pub unsafe fn new(statistics: Statistics<'a>, part: usize, channels: Range<usize>) -> Self {
        assert!(channels.len() <= STRIP && channels.end <= statistics.channels, "channels of the map");
        assert!(Statistics::workspace(part + 1, statistics.channels) <= statistics.len, "a part that has a place");
        Self { statistics, part, channels, middle: [0.0; STRIP], sums: [[0.0; STRIP]; 2], has_middle: false }
    }

    /// Adds up to [`BLOCK`] rows, which lie `stride` elements apart.
    ///
    /// # Safety
    /// `first` must point to the first row's numbers of these channels, and all rows must be there.
    #[inline(always)]
    pub unsafe fn add<S: Simd>(&mut self, simd: S, first: *const f32, stride: usize, count: usize) {
        // SAFETY: as was promised.
        let row = |i: usize| unsafe { std::slice::from_raw_parts(first.add(i * stride), self.channels.len()) };
        if !self.has_middle {
            let known = count.min(FIRST);
            (0..known).for_each(|i| self.middle.iter_mut().zip(row(i)).for_each(|(m, x)| *m += x));
            self.middle.iter_mut().for_each(|m| *m /= known.max(1) as f32);
            self.has_middle = true;
        }
        let (mut at, mut block) = (0, [[0.0; STRIP]; 2]);
        while at < self.channels.len() {
            if self.channels.len() - at >= 4 * S::F32_LANES {
                terms::<S, 4>(simd, (0..count).map(|i| &row(i)[at..]), &self.middle[at..], &mut block, at);
                at += 4 * S::F32_LANES;
            } else {
                terms::<S, 1>(simd, (0..count).map(|i| &row(i)[at..]), &self.middle[at..], &mut block, at);
                at += S::F32_LANES;
            }
        }
        let len = self.channels.len();
        let [sum, squares] = &mut self.sums;
        add_block([&block[0][..len], &block[1][..len]], count, &mut self.middle, [sum, squares]);
    }

    /// Writes the sums.
    pub fn finish(self) {
        let Statistics { memory, channels, .. } = self.statistics;
        for (k, sums) in self.sums.iter().enumerate() {
            for (c, &sum) in self.channels.clone().zip(sums) {
                let high = sum as f32;
                let at = (self.part * 2 + k) * 2 * channels + c;
                // SAFETY: the part has a place, and the channels of it are this one's.
                unsafe {
                    memory.add(at).write(high);
                    memory.add(at + channels).write((sum - f64::from(high)) as f32);
                }
            }
        }
    }
}

/// The terms of V vectors of channels, which stay in registers for all rows.
#[inline(always)]
fn terms<'r, S: Simd, const V: usize>(
    simd: S,
    rows: impl Iterator<Item = &'r [f32]>,
    middle: &[f32],
    block: &mut [[f32; STRIP]; 2],
    at: usize,
) {
    let (middle, mut sums) = (load::<S, V>(simd, middle), [[simd.splat_f32s(0.0); V]; 2]);
    for row in rows {
        let x = load::<S, V>(simd, row);
        for v in 0..V {
            let d = simd.sub_f32s(x[v], middle[v]);
            sums[0][v] = simd.add_f32s(sums[0][v], d);
            sums[1][v] = mul_add(simd, d, d, sums[1][v]);
        }
    }
    (0..2).for_each(|k| store::<S, V>(&mut block[k][at..], &sums[k]));
}
