//! The products: tiles times filters, as many of them at a time as registers hold sums.
//!
//! R rows × V vectors: 14×2 on AVX-512 (28 of 32 registers hold sums), 6×2 on AVX2 (12 of 16). A step of the depth reads V
//! vectors and R numbers and does R·V multiply-adds: the multipliers are the limit, not the loads. With all transforms counted
//! in the time, 2 maps of 56² by 256 filters of 256 channels keep them 65 % busy on one core, on AVX-512 and on AVX2.
//!
//! Why it is not the kernel of `product/micro.rs`: there rows of the left factor are gathered to a tile and sums end in the map.
//! Here the left factor lies in vectors of channels, as the transforms store it: to gather it would be one more pass over the
//! squares, which have 2.25 times the elements of the map at 4×4, four times at 2×2. Sums go to a scratch of one stride.

use pulp::Simd;

use crate::simd::{AHEAD, mul_add, prefetch_vectors};

/// The vectors of a panel of columns.
pub const VECTORS: usize = 2;

/// The rows of sums that registers hold beside a step's columns.
pub const fn rows(lanes: usize) -> usize {
    if lanes == 16 { 14 } else { 6 }
}

/// `sums[r] += row(r) · b` for a step of the depth.
///
/// # Safety
/// `b` must hold V vectors, and each row a number.
#[inline(always)]
unsafe fn step<S: Simd, const R: usize, const V: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; R],
    row: impl Fn(usize) -> *const f32,
    b: *const f32,
) {
    // SAFETY: as was promised.
    unsafe {
        let columns: [S::f32s; V] = std::array::from_fn(
            #[inline(always)]
            |v| b.add(v * S::F32_LANES).cast::<S::f32s>().read_unaligned(),
        );
        for (r, sums) in sums.iter_mut().enumerate() {
            let a = simd.splat_f32s(*row(r));
            for v in 0..V {
                sums[v] = mul_add(simd, a, columns[v], sums[v]);
            }
        }
    }
}

/// Puts sums where they belong, or adds them to what is there.
///
/// # Safety
/// `c` must hold V vectors at each of R multiples of `stride`.
#[inline(always)]
unsafe fn store<S: Simd, const R: usize, const V: usize>(
    simd: S,
    sums: [[S::f32s; V]; R],
    c: *mut f32,
    stride: usize,
    add: bool,
) {
    for (r, sums) in sums.into_iter().enumerate() {
        for (v, sum) in sums.into_iter().enumerate() {
            // SAFETY: as was promised.
            unsafe {
                let c = c.add(r * stride + v * S::F32_LANES).cast::<S::f32s>();
                c.write_unaligned(if add { simd.add_f32s(c.read_unaligned(), sum) } else { sum });
            }
        }
    }
}

/// A product `a · b`, to be put or added to `c`.
#[derive(Clone, Copy)]
pub struct Product {
    /// The left factor.
    pub a: *const f32,
    /// The right one: a panel of [`VECTORS`] vectors, step by step.
    pub b: *const f32,
    /// Steps of the depth.
    pub depth: usize,
    /// The sums.
    pub c: *mut f32,
    /// Elements from row to row of the sums.
    pub stride: usize,
    /// Whether they are added to what is there.
    pub add: bool,
}

impl Product {
    /// The first `tiles` rows and V vectors of columns, where the left factor lies in pieces of a vector's length of the depth,
    /// in each [`rows`] of them, one behind another.
    ///
    /// # Safety
    /// `a` must hold all rows of `depth` elements, rounded up to whole pieces, `b` a panel of each step of the depth, and `c` V
    /// vectors for each row, also for those behind the first `tiles`.
    #[inline(always)]
    pub unsafe fn of_tiles<S: Simd, const V: usize>(self, simd: S, tiles: usize) {
        // SAFETY: as was promised.
        unsafe {
            match (S::F32_LANES, tiles) {
                (16, 0..=4) => self.by_pieces::<S, 4, 14, V>(simd),
                (16, 5..=8) => self.by_pieces::<S, 8, 14, V>(simd),
                (16, 9..=11) => self.by_pieces::<S, 11, 14, V>(simd),
                (16, _) => self.by_pieces::<S, 14, 14, V>(simd),
                (_, 0..=2) => self.by_pieces::<S, 2, 6, V>(simd),
                (_, 3..=4) => self.by_pieces::<S, 4, 6, V>(simd),
                _ => self.by_pieces::<S, 6, 6, V>(simd),
            }
        }
    }

    /// R rows of those that lie there.
    ///
    /// # Safety
    /// As for [`Product::of_tiles`].
    #[inline(always)]
    unsafe fn by_pieces<S: Simd, const R: usize, const ROWS: usize, const V: usize>(self, simd: S) {
        let (mut a, mut b, mut left) = (self.a, self.b, self.depth);
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        while left > 0 {
            let piece = left.min(S::F32_LANES);
            for j in 0..piece {
                prefetch_vectors::<S, V>(b.wrapping_add(AHEAD));
                // SAFETY: a piece has ROWS rows of a vector's length, of which `piece` steps are there.
                unsafe {
                    step(
                        simd,
                        &mut sums,
                        #[inline(always)]
                        |r| a.add(r * S::F32_LANES + j),
                        b,
                    );
                }
                b = b.wrapping_add(VECTORS * S::F32_LANES);
            }
            a = a.wrapping_add(ROWS * S::F32_LANES);
            left -= piece;
        }
        // SAFETY: as was promised.
        unsafe { store(simd, sums, self.c, self.stride, self.add) };
    }

    /// R rows, where the left factor lies step by step, `step_a` elements from one to the next.
    ///
    /// # Safety
    /// `a` must hold R elements at each of `depth` steps, `b` a panel at each, and `c` V vectors for each of R rows.
    #[inline(always)]
    pub unsafe fn by_steps<S: Simd, const R: usize, const V: usize>(self, simd: S, step_a: usize) {
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for j in 0..self.depth {
            // SAFETY: `depth` steps are there.
            unsafe {
                let (a, b) = (self.a.add(j * step_a), self.b.add(j * VECTORS * S::F32_LANES));
                step(
                    simd,
                    &mut sums,
                    #[inline(always)]
                    |r| a.add(r),
                    b,
                );
            }
        }
        // SAFETY: as was promised.
        unsafe { store(simd, sums, self.c, self.stride, self.add) };
    }
}
