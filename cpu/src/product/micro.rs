//! The micro-kernel: a tile of the product held in registers, a rank-one update a step of the depth.
//!
//! Shapes: M rows × V vectors of columns; on AVX-512 14×2 (28 of 32 registers hold sums, 2 the right factor), on AVX2 6×2 (12
//! of 16). A step of the depth reads V vectors and M numbers and does M·V fused multiply-adds: 14×2 needs 16 loads for 28, so
//! the multipliers, two a cycle, are the limit, not the loads. On a core of 116 GFLOP/s with either set (Zen 4) 1568×512 sums over
//! 512 take 92 % of the peak on AVX-512 and 88 % on AVX2, with everything around them.
//!
//! Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.

use pulp::{MemMask, Simd, WithSimd};

use crate::epilogue::{Epilogue, each};
use crate::simd::{AHEAD, mul_add, prefetch, prefetch_ahead};

/// The vectors of a whole panel of columns.
pub const VECTORS: usize = 2;
/// The most rows that a tile has, whatever the processor.
pub const MOST_ROWS: usize = 14;
/// Steps of the depth between two looks at their number: narrow vectors leave little to do in one.
const TOGETHER: usize = 4;
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

impl Lie {
    /// How many tiles of so many rows are gathered together: a line of the cache holds several where tiles are low.
    pub fn tiles(self, rows: usize) -> usize {
        match self {
            Self::Rows => 1,
            Self::Columns => COLUMN / rows,
        }
    }
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
    /// How many columns, of as many panels as they need.
    pub columns: usize,
}

/// The panels that a tile meets.
#[derive(Clone, Copy)]
pub struct Panels {
    /// The first.
    pub first: *const f32,
    /// Elements from one to the next.
    pub next: usize,
    /// How each is walked through.
    pub walk: Walk,
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

    /// How many elements ahead of a step the panel is fetched: so many lie behind one another or, where more lies between the
    /// lines than in them, the same step of the next line.
    #[inline(always)]
    fn ahead(&self) -> usize {
        let line = self.steps * self.step;
        if self.jump > line { line.wrapping_add(self.jump) } else { AHEAD }
    }
}

/// A tile of the left factor times panels of the right one.
pub struct Tile<'a> {
    lie: Lie,
    left: *const f32,
    panels: Panels,
    target: Target<'a>,
    finish: Finish<'a>,
}

impl<'a> Tile<'a> {
    /// To be written to `target`.
    ///
    /// # Safety
    /// `left` must point to the first of the target's rows in [`TILE`] elements, of which these rows and the walk's steps are
    /// set, with room for as many rows as a tile has; each of the panels that the target's columns need must hold those steps,
    /// each of [`VECTORS`] vectors; the target's rows must be as long as its columns, and the caller's alone.
    pub unsafe fn new((lie, left): (Lie, *const f32), panels: Panels, target: Target<'a>, finish: Finish<'a>) -> Self {
        let walk = panels.walk;
        debug_assert!(walk.lines * walk.steps <= LONGEST && target.offsets.len() <= MOST_ROWS, "a tile");
        Self { lie, left, panels, target, finish }
    }

    /// Picks the fewest rows that are enough.
    ///
    /// # Safety
    /// As for [`Tile::new`].
    #[inline(always)]
    unsafe fn run<S: Simd, const R: usize, const C: usize>(&self, simd: S) {
        // SAFETY: as was promised; more rows than are set may be computed, but are not stored.
        unsafe {
            match self.target.offsets.len() {
                0 => {}
                1 => self.strip::<S, 1, R, C>(simd),
                2 => self.strip::<S, 2, R, C>(simd),
                3 | 4 => self.strip::<S, 4, R, C>(simd),
                5 | 6 => self.strip::<S, 6, R, C>(simd),
                _ if S::F32_LANES < 16 => unreachable!("tiles of narrow vectors have 6 rows at most"),
                7 | 8 => self.strip::<S, 8, R, C>(simd),
                9..=11 => self.strip::<S, 11, R, C>(simd),
                _ => self.strip::<S, MOST_ROWS, R, C>(simd),
            }
        }
    }

    /// Panel by panel: what is decided for one holds for all.
    ///
    /// # Safety
    /// As for [`Tile::new`], with room for M rows in the tile.
    #[inline(always)]
    unsafe fn strip<S: Simd, const M: usize, const R: usize, const C: usize>(&self, simd: S) {
        let (columns, width, finish) = (self.target.columns, VECTORS * S::F32_LANES, &self.finish);
        let (mut column, mut right) = (0, self.panels.first);
        let furthest = self.target.offsets.iter().copied().max().unwrap_or(0);
        let covered = [finish.start + furthest + columns, finish.column + columns];
        assert!(finish.epilogue.covers(covered), "what follows is there for all rows and columns");
        // SAFETY: as was promised; a panel is read as far as it is wide, columns are written as far as they go.
        unsafe {
            while column + width <= columns {
                self.sums::<S, M, VECTORS, R, C>(simd, right, column).store(simd, &self.target, finish, column);
                (column, right) = (column + width, right.wrapping_add(self.panels.next));
            }
            if column + S::F32_LANES < columns {
                self.sums::<S, M, VECTORS, R, C>(simd, right, column).store(simd, &self.target, finish, column);
            } else if column < columns {
                self.sums::<S, M, 1, R, C>(simd, right, column).store(simd, &self.target, finish, column);
            }
        }
    }

    /// Has fetched what the sums will go to while they are worked out: rows lie too far apart for the processor to foresee.
    #[inline(always)]
    fn fetch<S: Simd, const V: usize>(&self, column: usize) {
        let lines = |from: *const f32| {
            for &offset in self.target.offsets {
                // Of two vectors the second may lie in another line of the cache, and does where they fill one.
                (0..V).for_each(|v| prefetch(from.wrapping_add(offset + column + v * S::F32_LANES)));
            }
        };
        lines(self.target.data);
        if let Some(shortcut) = self.finish.epilogue.shortcut {
            lines(shortcut.as_ptr().wrapping_add(self.finish.start));
        }
    }

    /// The innermost loop of everything.
    ///
    /// # Safety
    /// As for [`Tile::new`], with room for M rows in the tile, and `right` one of the panels.
    #[inline(always)]
    unsafe fn sums<S: Simd, const M: usize, const V: usize, const R: usize, const C: usize>(
        &self,
        simd: S,
        mut right: *const f32,
        column: usize,
    ) -> Sums<S, M, V> {
        self.fetch::<S, V>(column);
        let mut sums = [[simd.splat_f32s(0.0); V]; M];
        let mut left = self.left;
        let Walk { lines, steps, step, jump } = self.panels.walk;
        let ahead = self.panels.walk.ahead();
        for _ in 0..lines {
            for _ in 0..steps / TOGETHER {
                for u in 0..TOGETHER {
                    let (left, right) = (left.wrapping_add(u * C), right.wrapping_add(u * step));
                    // SAFETY: there are as many steps of the panel and of M rows.
                    unsafe { update::<S, M, V, R>(simd, &mut sums, left, right, ahead) };
                }
                (left, right) = (left.wrapping_add(TOGETHER * C), right.wrapping_add(TOGETHER * step));
            }
            for _ in 0..steps % TOGETHER {
                // SAFETY: as above; pointers behind the last step are not read.
                unsafe { update::<S, M, V, R>(simd, &mut sums, left, right, ahead) };
                (left, right) = (left.wrapping_add(C), right.wrapping_add(step));
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
            match self.lie {
                Lie::Rows => self.run::<S, ROW, 1>(simd),
                Lie::Columns => self.run::<S, 1, COLUMN>(simd),
            }
        }
    }
}

/// One step of the depth.
///
/// # Safety
/// There must be M numbers R elements apart on the left, and V vectors on the right.
#[inline(always)]
unsafe fn update<S: Simd, const M: usize, const V: usize, const R: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; M],
    left: *const f32,
    right: *const f32,
    ahead: usize,
) {
    prefetch_ahead::<S, V>(right, ahead);
    // SAFETY: as was promised.
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
}

/// The sums of a tile.
struct Sums<S: Simd, const M: usize, const V: usize>([[S::f32s; V]; M]);

impl<S: Simd, const M: usize, const V: usize> Sums<S, M, V> {
    /// Does what follows, and writes them from a column of the target on.
    ///
    /// # Safety
    /// The target's rows must be the caller's alone, and as long as its columns; what follows must cover them.
    #[inline(always)]
    unsafe fn store(self, simd: S, target: &Target<'_>, finish: &Finish<'_>, column: usize) {
        // SAFETY: as was promised.
        unsafe {
            if target.columns - column >= V * S::F32_LANES {
                self.put::<true>(simd, target, finish, column);
            } else {
                self.put::<false>(simd, target, finish, column);
            }
        }
    }

    /// The same, of WHOLE vectors or some of their lanes.
    ///
    /// # Safety
    /// As for [`Self::store`].
    #[inline(always)]
    unsafe fn put<const WHOLE: bool>(self, simd: S, target: &Target<'_>, finish: &Finish<'_>, column: usize) {
        let (Self(mut sums), lanes, rows) = (self, S::F32_LANES, target.offsets.len());
        let ends: [u32; V] =
            std::array::from_fn(|v| (target.columns - column).saturating_sub(v * lanes).min(lanes) as u32);
        let masks = ends.map(|end| MemMask::new(simd.mask_between_m32s(0, end).mask()));
        // Of rows that are not there the first is read.
        let row = |m: usize| target.offsets[if m < rows { m } else { 0 }] + column;
        // SAFETY: of the columns that are written there are as many in a row of the target and of the shortcut, and in the bias.
        unsafe {
            let load = |from: *const f32, v: usize| match WHOLE {
                true => from.add(v * lanes).cast::<S::f32s>().read_unaligned(),
                false => simd.mask_load_ptr_f32s(masks[v], from.wrapping_add(v * lanes)),
            };
            if finish.add {
                each(&mut sums, |m, v, sum| simd.add_f32s(load(target.data.add(row(m)), v), sum));
            }
            finish.epilogue.finish(simd, &mut sums, finish.column + column, |m| finish.start + row(m), load);
            for (m, sums) in sums.into_iter().enumerate() {
                if m < rows {
                    for (v, sum) in sums.into_iter().enumerate() {
                        let to = target.data.add(row(m)).wrapping_add(v * lanes);
                        match WHOLE {
                            true => to.cast::<S::f32s>().write_unaligned(sum),
                            false => simd.mask_store_ptr_f32s(masks[v], to, sum),
                        }
                    }
                }
            }
        }
    }
}
