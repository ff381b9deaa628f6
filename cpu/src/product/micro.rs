//! The micro-kernel: a tile of the product held in registers, a rank-one update a step of the depth.
//!
//! Shapes: M rows × V vectors of columns; on AVX-512 14×2 (28 of 32 registers hold sums, 2 the right factor), on AVX2 6×2 (12
//! of 16). A step of the depth reads V vectors and M numbers and does M·V fused multiply-adds: 14×2 needs 16 loads for 28, so
//! the multipliers, two a cycle, are the limit, not the loads.
//!
//! Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.

use pulp::{Simd, WithSimd};

use crate::epilogue::Epilogue;
use crate::simd::{mul_add, prefetch, prefetch_ahead};

/// The vectors of a whole panel of columns.
pub const VECTORS: usize = 2;
/// The most rows that a tile has, whatever the processor.
pub const MOST_ROWS: usize = 14;
/// The longest piece of the depth that a tile of the left factor holds.
pub const LONGEST: usize = 512;
/// Elements from one row of a tile to the next where it lies row by row: not a multiple of 1024, so that its rows share no
/// set of the cache.
pub const ROW: usize = LONGEST + 16;
/// Elements from one step of the depth to the next where it lies column by column: a cache line.
pub const COLUMN: usize = 16;
/// Elements of a tile of the left factor, either way.
pub const TILE: usize = LONGEST * COLUMN;

/// How a tile of the left factor lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A row's elements together, [`ROW`] from row to row.
    Rows,
    /// The elements of one step of the depth together, [`COLUMN`] from step to step.
    Columns,
}

/// How many rows a tile has on this processor: as many as its registers hold.
pub fn tile_rows(lanes: usize) -> usize {
    match lanes {
        16 => MOST_ROWS,
        _ => 6,
    }
}

/// What becomes of a tile's sums.
#[derive(Clone, Copy)]
pub struct Finish<'a> {
    /// Added to what lies there, or put in its place.
    pub add: bool,
    /// What follows.
    pub epilogue: Epilogue<'a>,
    /// The tile's first column, as the epilogue counts them.
    pub column: usize,
    /// The element of the map that the offsets of the tile's rows count from.
    pub start: usize,
}

impl Finish<'_> {
    /// Nothing follows.
    pub fn sums(add: bool) -> Self {
        Self { add, epilogue: Epilogue::default(), column: 0, start: 0 }
    }
}

/// Where a tile's rows lie: each begins at `data` plus its offset; `columns` elements of it are written.
pub struct Target<'a> {
    /// The memory of the product.
    pub data: *mut f32,
    /// By row, up to [`MOST_ROWS`].
    pub offsets: &'a [usize],
    /// How many columns, at most those of a panel.
    pub columns: usize,
}

/// How the steps of the depth lie in a panel: in lines of equally distant steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// How many lines.
    pub lines: usize,
    /// Steps of a line.
    pub steps: usize,
    /// Elements from step to step.
    pub step: usize,
    /// Elements from the end of a line, a step behind its last, to the beginning of the next.
    pub jump: usize,
}

impl Walk {
    /// Steps of a packed panel: one behind another.
    pub fn straight(steps: usize, width: usize) -> Self {
        Self { lines: 1, steps, step: width, jump: 0 }
    }
}

/// A tile of the left factor times a panel of the right one.
pub struct Tile<'a> {
    lie: Lie,
    left: *const f32,
    right: *const f32,
    walk: Walk,
    target: Target<'a>,
    finish: Finish<'a>,
}

impl<'a> Tile<'a> {
    /// To be written to `target`.
    ///
    /// # Safety
    /// `left` must hold [`TILE`] elements, of which the target's rows and the walk's steps are set, `right` those steps, each
    /// of [`VECTORS`] vectors; the target's rows must be as long as its columns, and the caller's alone.
    pub unsafe fn new(
        (lie, left): (Lie, *const f32),
        right: *const f32,
        walk: Walk,
        target: Target<'a>,
        finish: Finish<'a>,
    ) -> Self {
        debug_assert!(walk.lines * walk.steps <= LONGEST && target.offsets.len() <= MOST_ROWS, "a tile");
        Self { lie, left, right, walk, target, finish }
    }

    /// Picks the fewest rows that are enough.
    ///
    /// # Safety
    /// As for [`Tile::new`].
    #[inline(always)]
    unsafe fn run<S: Simd, const V: usize, const R: usize, const C: usize>(&self, simd: S) {
        // SAFETY: as was promised; more rows than are set may be computed, but are not stored.
        unsafe {
            match self.target.offsets.len() {
                0 => {}
                1 => self.sums::<S, 1, V, R, C>(simd).store(simd, &self.target, self.finish),
                2 => self.sums::<S, 2, V, R, C>(simd).store(simd, &self.target, self.finish),
                3 | 4 => self.sums::<S, 4, V, R, C>(simd).store(simd, &self.target, self.finish),
                5 | 6 => self.sums::<S, 6, V, R, C>(simd).store(simd, &self.target, self.finish),
                7 | 8 => self.sums::<S, 8, V, R, C>(simd).store(simd, &self.target, self.finish),
                9..=11 => self.sums::<S, 11, V, R, C>(simd).store(simd, &self.target, self.finish),
                _ => self.sums::<S, MOST_ROWS, V, R, C>(simd).store(simd, &self.target, self.finish),
            }
        }
    }

    /// Has fetched what the sums will go to while they are worked out: rows lie too far apart for the processor to foresee.
    #[inline(always)]
    fn fetch<S: Simd, const V: usize>(&self) {
        for &offset in self.target.offsets {
            for v in 0..V {
                let at = offset + v * S::F32_LANES;
                prefetch(self.target.data.wrapping_add(at));
                if let Some(shortcut) = self.finish.epilogue.shortcut {
                    prefetch(shortcut.as_ptr().wrapping_add(self.finish.start + at));
                }
            }
        }
    }

    /// The innermost loop of everything.
    ///
    /// # Safety
    /// As for [`Tile::new`], with room for M rows in the tile.
    #[inline(always)]
    unsafe fn sums<S: Simd, const M: usize, const V: usize, const R: usize, const C: usize>(
        &self,
        simd: S,
    ) -> Sums<S, M, V> {
        self.fetch::<S, V>();
        let mut sums = [[simd.splat_f32s(0.0); V]; M];
        let (mut left, mut right) = (self.left, self.right);
        let Walk { lines, steps, step, jump } = self.walk;
        for _ in 0..lines {
            for _ in 0..steps {
                prefetch_ahead::<S, V>(right);
                // SAFETY: there are as many steps of the panel and of M rows; pointers behind the last are not read.
                unsafe {
                    let panel: [S::f32s; V] =
                        std::array::from_fn(|v| right.add(v * S::F32_LANES).cast::<S::f32s>().read_unaligned());
                    for (m, sums) in sums.iter_mut().enumerate() {
                        let x = simd.splat_f32s(*left.add(m * R));
                        for (sum, panel) in sums.iter_mut().zip(panel) {
                            *sum = mul_add(simd, x, panel, *sum);
                        }
                    }
                }
                left = left.wrapping_add(C);
                right = right.wrapping_add(step);
            }
            right = right.wrapping_add(jump);
        }
        Sums(sums)
    }
}

impl WithSimd for Tile<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: as was promised to `new`.
        unsafe {
            match (self.lie, self.target.columns > S::F32_LANES) {
                (Lie::Rows, true) => self.run::<S, VECTORS, ROW, 1>(simd),
                (Lie::Rows, false) => self.run::<S, 1, ROW, 1>(simd),
                (Lie::Columns, true) => self.run::<S, VECTORS, 1, COLUMN>(simd),
                (Lie::Columns, false) => self.run::<S, 1, 1, COLUMN>(simd),
            }
        }
    }
}

/// The sums of a tile.
struct Sums<S: Simd, const M: usize, const V: usize>([[S::f32s; V]; M]);

impl<S: Simd, const M: usize, const V: usize> Sums<S, M, V> {
    /// # Safety
    /// The target's rows must be the caller's alone, and as long as its columns.
    #[inline(always)]
    unsafe fn store(self, simd: S, target: &Target<'_>, finish: Finish<'_>) {
        let whole = target.columns == V * S::F32_LANES;
        for (sums, &offset) in self.0.into_iter().zip(target.offsets) {
            // SAFETY: a row has `columns` elements from its offset on.
            unsafe {
                let row = target.data.add(offset);
                if whole {
                    store_whole(simd, row, sums, finish, offset);
                } else {
                    store_some(row, &sums, target.columns, finish, offset);
                }
            }
        }
    }
}

/// # Safety
/// `row` must have V vectors.
#[inline(always)]
unsafe fn store_whole<S: Simd, const V: usize>(
    simd: S,
    row: *mut f32,
    sums: [S::f32s; V],
    finish: Finish<'_>,
    offset: usize,
) {
    for (v, mut sum) in sums.into_iter().enumerate() {
        let first = v * S::F32_LANES;
        // SAFETY: the caller has V vectors there.
        unsafe {
            let at = row.add(first).cast::<S::f32s>();
            if finish.add {
                sum = simd.add_f32s(at.read_unaligned(), sum);
            }
            let (element, column) = (finish.start + offset + first, finish.column + first);
            at.write_unaligned(finish.epilogue.vector(simd, element, column, S::F32_LANES, sum));
        }
    }
}

/// A row that ends inside of a vector.
///
/// # Safety
/// `row` must have `columns` elements, and the vectors at least as many.
#[inline(always)]
unsafe fn store_some<V: Copy>(row: *mut f32, sums: &[V], columns: usize, finish: Finish<'_>, offset: usize) {
    debug_assert!(columns <= size_of_val(sums) / 4, "the vectors have as many elements");
    for c in 0..columns {
        // SAFETY: vectors are f32 in a row, of which there are `columns`; so are the row's elements.
        unsafe {
            let mut sum = *sums.as_ptr().cast::<f32>().add(c);
            let at = row.add(c);
            if finish.add {
                sum += *at;
            }
            *at = finish.epilogue.number(finish.start + offset + c, finish.column + c, sum);
        }
    }
}
