//! The micro-kernel: a tile of the product held in registers, a rank-one update a step of the depth.
//!
//! Shapes: M rows × V vectors of columns; on AVX-512 14×2 (28 of 32 registers hold sums, 2 the right factor), on AVX2 6×2 (12
//! of 16). A step of the depth reads V vectors and M numbers and does M·V fused multiply-adds: 14×2 needs 16 loads for 28, so
//! the multipliers, two a cycle, are the limit, not the loads. On a core of 116 GFLOP/s with either set (Zen 4) 1568×512 sums over
//! 512 take 92 % of the peak on AVX-512 and 88 % on AVX2, with everything around them.
//!
//! Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::Memory;
use crate::epilogue::Epilogue;
use crate::simd::{AHEAD, LINE, Span, each, mul_add, prefetch, prefetch_vectors};

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

/// How many rows are read where a tile has so many: see [`Tile`]'s kernels.
#[inline(always)]
pub fn rows_read(rows: usize, lanes: usize) -> usize {
    match rows {
        3 => 4,
        5 if lanes < 16 => 5,
        5 => 6,
        7 => 8,
        9 | 10 => 11,
        12.. => MOST_ROWS,
        _ => rows,
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

/// Where a tile's rows begin, counted from the beginning of the product's memory.
pub struct Places {
    /// By row; of rows that are not there, where the first begins.
    at: [usize; MOST_ROWS],
    rows: usize,
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

/// Panels of the right factor, and what becomes of their products with tiles of the left one.
pub struct Strip<'a> {
    lie: Lie,
    panels: Panels,
    /// Where the columns begin in the product's memory.
    data: *mut f32,
    columns: usize,
    /// The furthest from there that a row may begin.
    furthest: usize,
    finish: Finish<'a>,
}

// SAFETY: panels are only read, and what is written through it goes to columns of rows that a task has to itself.
unsafe impl Sync for Strip<'_> {}

impl<'a> Strip<'a> {
    /// To be written to these columns of a product's rows.
    ///
    /// # Safety
    /// Each of the panels that the columns need must hold the walk's steps, at most [`LONGEST`], each of [`VECTORS`] vectors.
    pub unsafe fn new(lie: Lie, panels: Panels, memory: Memory, columns: &Range<usize>, finish: Finish<'a>) -> Self {
        debug_assert!(panels.walk.lines * panels.walk.steps <= LONGEST, "a tile's depth");
        let followed = finish.epilogue.furthest([finish.start, finish.column], columns.len());
        let room = memory.len.checked_sub(columns.end);
        let (Some(room), Some(followed)) = (room, followed) else { panic!("columns of the product's memory") };
        // SAFETY: the columns lie in the memory's first row.
        let data = unsafe { memory.data.add(columns.start) };
        Self { lie, panels, data, columns: columns.len(), furthest: room.min(followed), finish }
    }

    /// Where so many rows begin, at least one and at most [`MOST_ROWS`].
    #[inline(always)]
    pub fn places(&self, rows: usize, place: impl Fn(usize) -> usize) -> Places {
        let mut at = [place(0); MOST_ROWS];
        let mut furthest = at[0];
        for (row, at) in at[..rows].iter_mut().enumerate().skip(1) {
            *at = place(row);
            furthest = furthest.max(*at);
        }
        assert!(furthest <= self.furthest, "a product's rows lie in its memory");
        Places { at, rows }
    }

    /// Its panels.
    pub(super) fn panels(&self) -> &Panels {
        &self.panels
    }

    /// Has fetched what M rows of sums will go to while they are worked out: rows lie too far apart for the processor to foresee.
    #[inline(always)]
    pub(super) fn fetch<S: Simd, const M: usize, const V: usize>(&self, places: &Places, column: usize) {
        let lines = |from: *const f32| {
            for place in &places.at[..M] {
                prefetch_vectors::<S, V>(from.wrapping_add(place + column));
            }
        };
        lines(self.data);
        if let Some(shortcut) = self.finish.epilogue.shortcut {
            lines(shortcut.as_ptr().wrapping_add(self.finish.start));
        }
    }
}

/// A tile of the left factor times panels of the right one.
pub struct Tile<'t, 'a> {
    strip: &'t Strip<'a>,
    left: *const f32,
    /// Elements from row to row, where a row's elements lie together.
    row: usize,
    /// Rows behind the tile's that are fetched meanwhile.
    ahead: usize,
    places: &'t Places,
}

impl<'t, 'a> Tile<'t, 'a> {
    /// To be written to places that the strip has seen.
    ///
    /// # Safety
    /// `left` must point to the first of the rows, of which these and the walk's steps must be set, and as many rows as are
    /// read ([`rows_read`]) be there: [`TILE`] elements where they are gathered. The places' columns must be the caller's alone.
    pub unsafe fn new(strip: &'t Strip<'a>, (left, row): (*const f32, usize), places: &'t Places) -> Self {
        Self { strip, left, row, ahead: 0, places }
    }

    /// Has so many rows fetched that lie behind its own: the next tile's.
    pub fn with_ahead(self, ahead: usize) -> Self {
        Self { ahead, ..self }
    }

    /// Picks the fewest rows that are enough.
    ///
    /// # Safety
    /// As for [`Tile::new`].
    #[inline(always)]
    unsafe fn run<S: Simd, const C: usize>(&self, simd: S) {
        // SAFETY: as was promised; more rows than are set may be computed, but are not stored.
        unsafe {
            match self.places.rows {
                0 | 1 => self.strip::<S, 1, C>(simd),
                2 => self.strip::<S, 2, C>(simd),
                3 | 4 => self.strip::<S, 4, C>(simd),
                5 if S::F32_LANES < 16 => self.strip::<S, 5, C>(simd),
                5 | 6 => self.strip::<S, 6, C>(simd),
                _ if S::F32_LANES < 16 => unreachable!("tiles of narrow vectors have 6 rows at most"),
                7 | 8 => self.strip::<S, 8, C>(simd),
                9..=11 => self.strip::<S, 11, C>(simd),
                _ => self.strip::<S, MOST_ROWS, C>(simd),
            }
        }
    }

    /// Panel by panel: what is decided for one holds for all.
    ///
    /// # Safety
    /// As for [`Tile::new`], with room for M rows in the tile.
    #[inline(always)]
    unsafe fn strip<S: Simd, const M: usize, const C: usize>(&self, simd: S) {
        let (columns, width) = (self.strip.columns, VECTORS * S::F32_LANES);
        let (mut column, mut right) = (0, self.strip.panels.first);
        // As many with each panel.
        let (mut fetched, each) = (0, self.ahead.div_ceil(columns.div_ceil(width)));
        // SAFETY: as was promised; a panel is read as far as it is wide, columns are written as far as they go.
        unsafe {
            while column + width <= columns {
                self.fetch_rows(fetched, each);
                fetched += each;
                self.sums::<S, M, VECTORS, C>(simd, right, column).store(simd, self.strip, self.places, column);
                (column, right) = (column + width, right.wrapping_add(self.strip.panels.next));
            }
            if column + S::F32_LANES < columns {
                self.sums::<S, M, VECTORS, C>(simd, right, column).store(simd, self.strip, self.places, column);
            } else if column < columns {
                self.sums::<S, M, 1, C>(simd, right, column).store(simd, self.strip, self.places, column);
            }
        }
    }

    /// Has some of the rows ahead fetched, `count` from one on.
    #[inline(always)]
    fn fetch_rows(&self, first: usize, count: usize) {
        for row in first..(first + count).min(self.ahead) {
            let row = self.left.wrapping_add((self.places.rows + row) * self.row);
            (0..self.strip.panels.walk.steps).step_by(LINE).for_each(|at| prefetch(row.wrapping_add(at)));
        }
    }

    /// The sums of one panel's columns.
    ///
    /// # Safety
    /// As for [`Tile::new`], with room for M rows in the tile, and `right` one of the panels.
    #[inline(always)]
    unsafe fn sums<S: Simd, const M: usize, const V: usize, const C: usize>(
        &self,
        simd: S,
        right: *const f32,
        column: usize,
    ) -> Sums<S, M, V> {
        self.strip.fetch::<S, M, V>(self.places, column);
        let row = if C == 1 { self.row } else { 1 };
        // SAFETY: as was promised.
        unsafe { Sums::zeros(simd).add_product::<C>(simd, (self.left, row), right, self.strip.panels.walk) }
    }
}

impl WithSimd for Tile<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: as was promised to `new`.
        unsafe {
            match self.strip.lie {
                Lie::Rows => self.run::<S, 1>(simd),
                Lie::Columns => self.run::<S, COLUMN>(simd),
            }
        }
    }
}

/// One step of the depth.
///
/// # Safety
/// There must be M numbers so many elements apart on the left, and V vectors on the right.
#[inline(always)]
unsafe fn update<S: Simd, const M: usize, const V: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; M],
    (left, row): (*const f32, usize),
    right: *const f32,
    ahead: usize,
) {
    prefetch_vectors::<S, V>(right.wrapping_add(ahead));
    // SAFETY: as was promised.
    unsafe {
        let panel: [S::f32s; V] =
            std::array::from_fn(|v| right.add(v * S::F32_LANES).cast::<S::f32s>().read_unaligned());
        for (m, sums) in sums.iter_mut().enumerate() {
            let x = simd.splat_f32s(*left.add(m * row));
            for (sum, panel) in sums.iter_mut().zip(panel) {
                *sum = mul_add(simd, x, panel, *sum);
            }
        }
    }
}

/// The sums of a tile.
#[derive(Clone, Copy)]
pub(super) struct Sums<S: Simd, const M: usize, const V: usize>([[S::f32s; V]; M]);

impl<S: Simd, const M: usize, const V: usize> Sums<S, M, V> {
    /// Of nothing yet.
    #[inline(always)]
    pub(super) fn zeros(simd: S) -> Self {
        Self([[simd.splat_f32s(0.0); V]; M])
    }

    /// Both sums in one.
    #[inline(always)]
    pub(super) fn plus(mut self, simd: S, other: Self) -> Self {
        each!(self.0, |m, v, sum| simd.add_f32s(sum, other.0[m][v]));
        self
    }

    /// With the product of M rows and a panel added, the innermost loop of everything.
    ///
    /// # Safety
    /// The walk's steps of the rows, C elements from step to step and `row` from row to row, and of the panel must be there.
    #[inline(always)]
    pub(super) unsafe fn add_product<const C: usize>(
        self,
        simd: S,
        (mut left, row): (*const f32, usize),
        mut right: *const f32,
        walk: Walk,
    ) -> Self {
        let Self(mut sums) = self;
        let Walk { lines, steps, step, jump } = walk;
        // What lies row by row meets panels whose steps lie one behind another.
        let ahead = if C == 1 { AHEAD } else { walk.ahead() };
        for _ in 0..lines {
            for _ in 0..steps / TOGETHER {
                for u in 0..TOGETHER {
                    let (left, right) = (left.wrapping_add(u * C), right.wrapping_add(u * step));
                    // SAFETY: there are as many steps of the panel and of M rows.
                    unsafe { update::<S, M, V>(simd, &mut sums, (left, row), right, ahead) };
                }
                (left, right) = (left.wrapping_add(TOGETHER * C), right.wrapping_add(TOGETHER * step));
            }
            for _ in 0..steps % TOGETHER {
                // SAFETY: as above; pointers behind the last step are not read.
                unsafe { update::<S, M, V>(simd, &mut sums, (left, row), right, ahead) };
                (left, right) = (left.wrapping_add(C), right.wrapping_add(step));
            }
            right = right.wrapping_add(jump);
        }
        Self(sums)
    }

    /// Does what follows, and writes them from a column of the target on.
    ///
    /// # Safety
    /// The target's rows must be the caller's alone, and as long as its columns; what follows must cover them.
    #[inline(always)]
    pub(super) unsafe fn store(self, simd: S, strip: &Strip<'_>, places: &Places, column: usize) {
        let there = strip.columns - column;
        // SAFETY: as was promised.
        unsafe {
            if there >= V * S::F32_LANES {
                self.put(simd, strip, places, column, Span::whole(simd));
            } else {
                self.put(simd, strip, places, column, Span::first(simd, there));
            }
        }
    }

    /// The same of this part of them.
    ///
    /// # Safety
    /// As for [`Self::store`].
    #[inline(always)]
    unsafe fn put<const WHOLE: bool>(
        self,
        simd: S,
        strip: &Strip<'_>,
        places: &Places,
        column: usize,
        span: Span<S, V, WHOLE>,
    ) {
        let Strip { data, finish, .. } = strip;
        let (Self(mut sums), rows) = (self, &places.at[..M]);
        let to = data.wrapping_add(column);
        // SAFETY: of the columns that are written there are as many in a row of the target and of the shortcut, and in the bias.
        unsafe {
            if finish.add {
                each!(sums, |m, v, sum| simd.add_f32s(span.load(simd, to.wrapping_add(rows[m]), v), sum));
            }
            finish.epilogue.finish(simd, &mut sums, finish.column + column, (finish.start + column, rows), span);
            for (m, sums) in sums.into_iter().enumerate() {
                if m < places.rows {
                    for (v, sum) in sums.into_iter().enumerate() {
                        span.store(simd, to.wrapping_add(rows[m]), v, sum);
                    }
                }
            }
        }
    }
}
