//! Products by seven multiplications of halves instead of eight, by Strassen and Winograd, where the right factor is packed for
//! many steps: an eighth of the multiply–adds is saved.
//!
//! With the rows of the left factor, the columns of the right one, and the depth of both in two halves,
//!
//! ```text
//! C₁ C₂   A₁ A₂   B₁ B₂     S₁ = A₃ + A₄   T₁ = B₂ − B₁     U = A₁·B₁          C₁ = U + A₂·B₃
//!       =       ·           S₂ = S₁ − A₁   T₂ = B₄ − T₁     V = U + S₂·T₂      C₃ = W − A₄·T₄
//! C₃ C₄   A₃ A₄   B₃ B₄     S₃ = A₁ − A₃   T₃ = B₄ − B₂     W = V + S₃·T₃      C₄ = W + P
//!                           S₄ = A₂ − S₂   T₄ = T₂ − B₃     P = S₁·T₁          C₂ = V + P + S₄·B₄
//! ```
//!
//! The halves of rows are those of a tile, 2·M rows of one image that lie side by side, so that what is added is alike and
//! nothing of another image gets in. The sums of the left factor's halves are made by the task, those of the right one's when it
//! is packed: 7/4 of the panels. U, V, W and P are a tile's registers, put aside while others are worked out, so that each result
//! is written once, with what follows it.
//!
//! Bytes: a task of a tile or two has its rows and their sums in the second-level cache, 96 KiB of 24 rows of 512 steps, and
//! the panels come from the third for each task, 7·`depth` bytes a column. Share of the peak, by the multiply–adds of the plain
//! product, two cores of 102 GFLOP/s with AVX2 (Zen 3), with everything around it: 1568×512 over 512 100 % (the plain product
//! 94), 392×1024 over 1024 96 (91).
//!
//! Rounding: at most 4.5 times the plain product's bound, and that by the largest elements of both factors' halves, not by
//! each sum's own terms (N. Higham, "Accuracy and stability of numerical algorithms", 2nd ed., §23.2.2, of one level). Of random
//! factors the error's root mean square is 2.7 times the plain product's: 7.4·10⁻⁷ of sums of 512 terms up to 5, 1.5·10⁻⁶
//! of 1024 terms up to 7.
//!
//! Source: S. Winograd, "On multiplication of 2×2 matrices", Linear Algebra and its Applications 4, 1971, as in Higham, §23.1; that
//! sums belong into packing and into what writes the result: J. Huang et al., "Strassen's algorithm reloaded", SC 2016.

use std::fmt;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::micro::{Finish, LONGEST, Lie, MOST_ROWS, Panels, Places, Strip, Sums, VECTORS, Walk, tile_rows};
use super::{Lying, Memory, Right, Rows};
use crate::epilogue::Epilogue;
use crate::scratch::Scratch;
use crate::simd::LINE;
use crate::team::Team;

/// Panels of two halves of columns: of B₁, B₃, T₂, T₃, −T₄, T₁ and B₄, in the order in which a tile meets them.
const SEVEN: usize = 7;
/// Sums of halves of the left factor.
const SUMS: usize = 4;

/// The cut of a product, whose rows are those of so many images, by seven multiplications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strassen {
    images: usize,
    /// Rows of an image.
    rows: usize,
    columns: usize,
    depth: usize,
    /// The most rows of half a tile.
    tile: usize,
    /// Columns of a panel.
    width: usize,
    /// Tiles of an image.
    tiles: usize,
    /// Tiles of a task.
    task_tiles: usize,
    /// Pairs of panels of a task.
    task_pairs: usize,
}

impl Strassen {
    /// For a product of these sizes, where it can be halved and tiles are nearly full.
    pub fn new(images: usize, [rows, columns, depth]: [usize; 3], lanes: usize) -> Option<Self> {
        /// Elements of a task's rows that stay in the second-level cache, with as many of their sums.
        const TASK: usize = 12 << 10;
        /// Tasks for each thread to find one; pairs of panels for whose sake the left factor's sums are made.
        const TASKS: usize = 16;
        const PAIRS: usize = 8;
        let (tile, width) = (tile_rows(lanes), VECTORS * lanes);
        let pairs = rows.div_ceil(2);
        let tiles = pairs.div_ceil(tile).max(1);
        let is_full = pairs / tiles >= fewest(tile) && rows * 25 >= computed(pairs, tiles, tile) * 24;
        let is_halved = depth > 0 && depth % 2 == 0 && columns % (2 * width) == 0;
        let fits = depth <= 2 * LONGEST && !Lying::meet(tile, depth);
        if !(is_full && is_halved && fits) {
            return None;
        }
        let task_tiles = (TASK / (2 * tile * depth)).clamp(1, images * tiles);
        let (all, down) = (columns / (2 * width), (images * tiles).div_ceil(task_tiles));
        let across = TASKS.div_ceil(down).clamp(1, all.div_ceil(PAIRS));
        Some(Self { images, rows, columns, depth, tile, width, tiles, task_tiles, task_pairs: all.div_ceil(across) })
    }

    /// Elements of the packed right factor.
    pub fn packed(&self) -> usize {
        self.pairs() * self.pair()
    }

    /// The memory that it needs beside its operands.
    pub fn scratch(&self) -> Scratch {
        Scratch::each(self.workspace())
    }

    /// Elements of the sums of a task's left factor.
    fn workspace(&self) -> usize {
        self.task_tiles * SUMS * self.tile * self.row()
    }

    /// Elements from row to row of such sums: not a power of two, so that rows share no set of the cache.
    fn row(&self) -> usize {
        (self.depth / 2).next_multiple_of(LINE) + LINE
    }

    /// Pairs of panels.
    fn pairs(&self) -> usize {
        self.columns / (2 * self.width)
    }

    /// Columns of a panel.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Steps of a panel.
    pub fn half(&self) -> usize {
        self.depth / 2
    }

    /// Elements of a panel, and of the panels of a pair.
    fn panel(&self) -> usize {
        self.depth / 2 * self.width
    }

    fn pair(&self) -> usize {
        SEVEN * self.panel()
    }

    /// The first row of this tile, its rows, and those of each half, which share one where they are odd.
    fn tile(&self, number: usize) -> (usize, usize, usize) {
        let (image, tile) = (number / self.tiles, number % self.tiles);
        let [start, end] = [tile, tile + 1].map(|tile| tile * self.rows.div_ceil(2) / self.tiles);
        let rows = (2 * end).min(self.rows) - 2 * start;
        (image * self.rows + 2 * start, rows, height(end - start, self.tile))
    }

    /// Packs the right factor, whose columns' elements lie together.
    pub fn pack(&self, team: &Team<'_>, right: &[f32], packed: &mut [f32]) {
        let (half, panel) = (self.depth / 2, self.panel());
        let right = Rows { data: right, stride: self.depth, next: 0 };
        team.chunks(packed, self.pair(), |start, panels| {
            let column = start / self.pair() * self.width;
            let mut panels = panels.chunks_exact_mut(panel);
            let [b1, b3, t2, t3, t4, t1, b4] = std::array::from_fn(|_| panels.next().unwrap_or_default());
            for (to, depth, column) in [
                (&mut *b1, 0..half, column),
                (&mut *t1, 0..half, self.columns / 2 + column),
                (&mut *b3, half..self.depth, column),
                (&mut *b4, half..self.depth, self.columns / 2 + column),
            ] {
                right.pack(0, depth, column..column + self.width, self.width, to);
            }
            for i in 0..panel {
                let (b1, b2, b3, b4) = (b1[i], t1[i], b3[i], b4[i]);
                t1[i] = b2 - b1;
                t2[i] = b4 - t1[i];
                t3[i] = b4 - b2;
                t4[i] = b3 - t2[i];
            }
        });
    }

    /// Computes the product of `left`, row by row, and of what [`Self::pack`] made, to rows behind one another.
    pub fn run(
        &self,
        team: &Team<'_>,
        (left, packed): (&[f32], &[f32]),
        epilogue: Epilogue<'_>,
        output: &mut [f32],
        workspace: &mut [f32],
    ) {
        let (tiles, rows) = (self.images * self.tiles, self.images * self.rows);
        assert!(left.len() >= rows * self.depth && packed.len() >= self.packed(), "both factors");
        let memory = Memory::new(output);
        let walk = Walk::straight(self.depth / 2, self.width);
        let panels = Panels { first: packed.as_ptr(), next: self.panel(), walk };
        let finish = Finish { epilogue, ..Finish::sums(false) };
        // SAFETY: seven panels of that depth are there for each pair.
        let strip = unsafe { Strip::new(Lie::Rows, panels, memory, &(0..self.columns), finish) };
        let down = tiles.div_ceil(self.task_tiles);
        team.tasks(down * self.pairs().div_ceil(self.task_pairs), workspace, self.workspace(), |task, sums| {
            let (tile, pair) = (task % down * self.task_tiles, task / down * self.task_pairs);
            let tiles = tile..(tile + self.task_tiles).min(tiles);
            let pairs = pair..(pair + self.task_pairs).min(self.pairs());
            team.vectors().dispatch(Run { cut: self, left, strip: &strip, tiles, pairs, sums });
        });
    }
}

/// The fewest rows of half a tile: lower ones leave multipliers idle.
fn fewest(tile: usize) -> usize {
    if tile == MOST_ROWS { 11 } else { 5 }
}

/// With how many rows so many of half a tile are computed.
fn height(rows: usize, tile: usize) -> usize {
    if rows <= fewest(tile) { fewest(tile) } else { tile }
}

/// Rows that are computed for so many pairs of rows in so many tiles.
fn computed(pairs: usize, tiles: usize, tile: usize) -> usize {
    let [few, more] = [pairs / tiles, pairs.div_ceil(tiles)].map(|rows| 2 * height(rows, tile));
    pairs % tiles * more + (tiles - pairs % tiles) * few
}

impl fmt::Display for Strassen {
    /// The tile, two halves of rows by two of columns by two of the depth, and the tiles and columns of a task.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tile, width, depth, task_tiles, task_pairs, .. } = self;
        let plural = if *task_tiles == 1 { "" } else { "s" };
        write!(f, "2·{tile}x2·{width}x2·{} of {task_tiles} tile{plural} x{}", depth / 2, 2 * width * task_pairs)
    }
}

/// One task, for the widest vectors.
struct Run<'a> {
    cut: &'a Strassen,
    left: &'a [f32],
    strip: &'a Strip<'a>,
    tiles: Range<usize>,
    pairs: Range<usize>,
    sums: &'a mut [f32],
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { cut, left, strip, tiles, pairs, sums } = self;
        let each = SUMS * cut.tile * cut.row();
        for (tile, sums) in tiles.clone().zip(sums.chunks_exact_mut(each)) {
            let (start, rows, height) = cut.tile(tile);
            let row = |row: usize| left[(start + row) * cut.depth..][..cut.depth].split_at(cut.depth / 2);
            for m in 0..height {
                let to = sums.chunks_exact_mut(cut.row()).skip(m).step_by(cut.tile);
                add_halves(simd, [row(m), row(rows - height + m)], to);
            }
        }
        for pair in pairs {
            for (tile, sums) in tiles.clone().zip(sums.chunks_exact(each)) {
                let (start, rows, height) = cut.tile(tile);
                let halves = [start, start + rows - height];
                let places = halves.map(|start| strip.places(height, |m| (start + m) * cut.columns));
                let left = halves.map(|start| left[start * cut.depth..][..height * cut.depth].as_ptr());
                let tile = Tile { cut, strip, left, sums, places };
                // SAFETY: rows and sums of both halves are there, as many as are computed; no two tasks have the same rows
                // and columns.
                unsafe {
                    match height {
                        5 => tile.multiply::<S, 5>(simd, pair),
                        6 => tile.multiply::<S, 6>(simd, pair),
                        11 if S::F32_LANES == 16 => tile.multiply::<S, 11>(simd, pair),
                        MOST_ROWS if S::F32_LANES == 16 => tile.multiply::<S, MOST_ROWS>(simd, pair),
                        _ => unreachable!("see `height`"),
                    }
                }
            }
        }
    }
}

/// Writes S₁ to S₄ of a row of the first half and one of the second, each of which is in two halves itself.
#[inline(always)]
fn add_halves<'a, S: Simd>(
    simd: S,
    [(a1, a2), (a3, a4)]: [(&[f32], &[f32]); 2],
    mut to: impl Iterator<Item = &'a mut [f32]>,
) {
    let [s1, s2, s3, s4] = std::array::from_fn(|_| to.next().unwrap_or_default());
    simd.vectorize(|| {
        for ((((((a1, a2), a3), a4), s1), s2), (s3, s4)) in
            a1.iter().zip(a2).zip(a3).zip(a4).zip(s1).zip(s2).zip(s3.iter_mut().zip(s4))
        {
            *s1 = a3 + a4;
            *s2 = *s1 - a1;
            *s3 = a1 - a3;
            *s4 = a2 - *s2;
        }
    });
}

/// A tile: two halves of rows.
struct Tile<'a> {
    cut: &'a Strassen,
    strip: &'a Strip<'a>,
    /// The first row of each half.
    left: [*const f32; 2],
    /// S₁ to S₄.
    sums: &'a [f32],
    /// Where the rows of each half go.
    places: [Places; 2],
}

impl Tile<'_> {
    /// Its product with a pair of panels.
    ///
    /// # Safety
    /// M rows must be there of each half of the left factor, and of the sums; the pair's columns of these rows be the caller's.
    #[inline(always)]
    unsafe fn multiply<S: Simd, const M: usize>(&self, simd: S, pair: usize) {
        let Self { cut, strip, left: [a1, a3], sums, places: [above, below] } = self;
        let (half, each) = (cut.depth / 2, cut.tile * cut.row());
        let [s1, s2, s3, s4] = [0, 1, 2, 3].map(|i| (sums[i * each..][..each].as_ptr(), cut.row()));
        let [a1, a2, a4] = [*a1, a1.wrapping_add(half), a3.wrapping_add(half)].map(|from| (from, cut.depth));
        let panel = |i: usize| strip.panels().first.wrapping_add((SEVEN * pair + i) * strip.panels().next);
        let [one, other] = [0, cut.columns / 2].map(|first| first + pair * cut.width);
        let walk = strip.panels().walk;
        // SAFETY: as was promised.
        unsafe {
            strip.fetch::<S, M, VECTORS>(above, one);
            let u = Sums::<S, M, VECTORS>::zeros(simd).add_product::<1>(simd, a1, panel(0), walk);
            u.add_product::<1>(simd, a2, panel(1), walk).store(simd, strip, above, one);
            let v = u.add_product::<1>(simd, s2, panel(2), walk);
            strip.fetch::<S, M, VECTORS>(below, one);
            let w = v.add_product::<1>(simd, s3, panel(3), walk);
            w.add_product::<1>(simd, a4, panel(4), walk).store(simd, strip, below, one);
            strip.fetch::<S, M, VECTORS>(below, other);
            let p = Sums::zeros(simd).add_product::<1>(simd, s1, panel(5), walk);
            p.plus(simd, w).store(simd, strip, below, other);
            strip.fetch::<S, M, VECTORS>(above, other);
            p.plus(simd, v).add_product::<1>(simd, s4, panel(6), walk).store(simd, strip, above, other);
        }
    }
}
