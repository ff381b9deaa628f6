//! Products of few rows over a great depth whose right factor is made anew for each, and lies with its columns' elements
//! together: the filters of a training step's convolution to a small map. To turn and pack them takes as long as their
//! multiply–adds with thirty rows; here they are read as they lie.
//!
//! The sums are inner products, three rows by four columns, each in a vector of its own whose lanes are added up at the end;
//! between two pieces of the depth the vectors lie in the second cache. A step takes 7 loads for 12 multiply–adds, of which the
//! multipliers do two a cycle: any number of rows but one keeps them busy. All rows of a piece lie in the second cache, too, the
//! columns that meet them in the first; the next columns, which come from the third or from memory, are fetched meanwhile.
//!
//! Bytes: those of the right factor, once; 49 rows do 98 FLOPs for each 4 of them. On a core of 100 GFLOP/s with AVX2 (Zen 3) 49×512
//! sums over 4608 take 71 % of the peak, with packing 57.

use std::fmt;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::cut::even;
use super::{LONGEST, Left, Lie, Memory, ROW, Rows};
use crate::epilogue::Epilogue;
use crate::scratch::Scratch;
use crate::simd::{LINE, each, mul_add, prefetch, turn};
use crate::statistics::{BLOCK, Gather};
use crate::team::Team;

/// Rows of a tile, at most.
const DOWN: usize = 3;
/// Columns of a tile.
const ACROSS: usize = 4;
/// Columns that lie in the first cache while all rows meet them.
const TOGETHER: usize = 2 * ACROSS;
/// Vectors of the depth between two looks at their number.
const UNROLLED: usize = 4;

/// The cut of such a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner {
    /// Rows, columns and depth.
    sizes: [usize; 3],
    /// Steps of the depth that are summed at a time.
    piece: usize,
    /// Columns of a task.
    columns: usize,
    /// Numbers of a vector.
    lanes: usize,
}

impl fmt::Display for Inner {
    /// The tile, rows by columns by depth, and the columns of a task.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{DOWN}x{ACROSS}x{} of {} columns", self.piece, self.columns.min(self.sizes[1]))
    }
}

impl Inner {
    /// The cut, where this is a good way.
    pub fn new(sizes: [usize; 3], lanes: usize) -> Option<Self> {
        /// More rows are no longer few: their piece leaves the second cache, and packing is little beside them.
        const FEW: usize = 128;
        /// Columns of a task: with fewer, to gather the rows for each would be much.
        const COLUMNS: usize = 128;
        /// Elements of the sums of a task, which lie in the second cache, too.
        const SUMS: usize = 1 << 16;
        /// Cycles that it takes to add up the lanes of a sum, and to turn and pack an element of the right factor.
        const ADD_UP: usize = 10;
        const PACK: usize = 2;
        let [rows, columns, depth] = sizes;
        if rows == 0 || rows > FEW || ADD_UP * rows > PACK * depth {
            return None;
        }
        let piece = even(depth, LONGEST).next_multiple_of(LINE);
        let most = (SUMS / rows / lanes).clamp(TOGETHER, COLUMNS);
        Some(Self { sizes, piece, columns: even(columns, most).next_multiple_of(TOGETHER), lanes })
    }

    /// Each thread has a piece of all rows, and of some columns, and the vectors of a task's sums.
    pub fn scratch(&self) -> Scratch {
        Scratch::each(self.each())
    }

    fn each(&self) -> usize {
        let sums = if self.piece < self.sizes[2] { self.sizes[0] * self.columns * self.lanes } else { 0 };
        (self.sizes[0] + TOGETHER) * ROW + sums
    }

    /// `y = act(a · b + bias)`, and what else follows.
    pub fn run<L: Left>(
        &self,
        team: &Team<'_>,
        (left, right): (&L, Rows<'_>),
        epilogue: Epilogue<'_>,
        y: &mut [f32],
        workspace: &mut [f32],
    ) {
        assert!(L::LIE == Lie::Rows, "rows whose elements lie together");
        let ([rows, all, _], memory) = (self.sizes, Memory::new(&mut y[..self.sizes[0] * self.sizes[1]]));
        let furthest = epilogue.furthest([0, 0], all);
        assert!(
            furthest.is_some_and(|furthest| (rows - 1) * all <= furthest),
            "what follows goes as far as the product"
        );
        team.tasks(all.div_ceil(self.columns), workspace, self.each(), |i, workspace| {
            let columns = i * self.columns..((i + 1) * self.columns).min(all);
            team.vectors().dispatch(Task { cut: self, left, right, epilogue, memory, columns, workspace });
        });
    }
}

/// Some columns.
struct Task<'a, L> {
    cut: &'a Inner,
    left: &'a L,
    right: Rows<'a>,
    epilogue: Epilogue<'a>,
    memory: Memory,
    columns: Range<usize>,
    workspace: &'a mut [f32],
}

impl<L: Left> WithSimd for Task<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let [rows, _, all] = self.cut.sizes;
        let (left, right) = std::mem::take(&mut self.workspace).split_at_mut(rows * ROW);
        let (right, between) = right.split_at_mut(TOGETHER * ROW);
        let between = S::as_mut_simd_f32s(between).0;
        for start in (0..all).step_by(self.cut.piece) {
            let depth = start..(start + self.cut.piece).min(all);
            let whole = depth.len().next_multiple_of(S::F32_LANES);
            self.left.gather(0, 0..rows, depth.clone(), left);
            left.chunks_exact_mut(ROW).for_each(|row| row[depth.len()..whole].fill(0.0));
            for first in self.columns.clone().step_by(TOGETHER) {
                let columns = first..(first + TOGETHER).min(self.columns.end);
                self.copy(&columns, &depth, whole, right);
                self.multiply(simd, &columns, &depth, (left, right), between);
            }
        }
        self.gather(simd);
    }
}

impl<L: Left> Task<'_, L> {
    /// Copies some steps of these columns, with zeros behind them as far as a vector goes.
    #[inline(always)]
    fn copy(&self, columns: &Range<usize>, depth: &Range<usize>, whole: usize, to: &mut [f32]) {
        for (to, column) in to.chunks_exact_mut(ROW).zip(columns.clone()) {
            to[..depth.len()].copy_from_slice(&self.right.data[column * self.right.stride..][depth.clone()]);
            to[depth.len()..whole].fill(0.0);
        }
    }

    /// Multiplies all rows with these columns, and has the next ones fetched.
    #[inline(always)]
    fn multiply<S: Simd>(
        &self,
        simd: S,
        columns: &Range<usize>,
        depth: &Range<usize>,
        (left, right): (&[f32], &[f32]),
        between: &mut [S::f32s],
    ) {
        let (rows, steps) = (self.cut.sizes[0], depth.len().div_ceil(S::F32_LANES));
        let tiles = rows.div_ceil(DOWN);
        let (few, more) = (rows / tiles, rows % tiles);
        let mut ahead = self.ahead(columns, depth, 2 * tiles);
        let mut row = 0;
        for number in 0..tiles {
            let count = few + usize::from(number < more);
            let left = &left[row * ROW..];
            for (right, first) in right.chunks_exact(ACROSS * ROW).zip(columns.clone().step_by(ACROSS)) {
                ahead.fetch();
                let columns = first..(first + ACROSS).min(columns.end);
                let at = row * self.cut.columns + (first - self.columns.start) * count;
                let between = between.get_mut(at..at + ACROSS * count).unwrap_or_default();
                match count {
                    1 => self.tile::<S, 1>(simd, (left, right, steps), (row, &columns, depth), between),
                    2 => self.tile::<S, 2>(simd, (left, right, steps), (row, &columns, depth), between),
                    _ => self.tile::<S, DOWN>(simd, (left, right, steps), (row, &columns, depth), between),
                }
            }
            row += count;
        }
    }

    /// What the columns behind these will need, or the same of the next piece's first ones, in so many parts.
    fn ahead(&self, columns: &Range<usize>, depth: &Range<usize>, parts: usize) -> Ahead {
        let is_last = columns.end == self.columns.end;
        let (column, step) = if is_last { (self.columns.start, depth.end) } else { (columns.end, depth.start) };
        let next = self.right.data.as_ptr().wrapping_add(column * self.right.stride + step);
        let lines = depth.len().div_ceil(LINE);
        Ahead { next, stride: self.right.stride, line: 0, lines, share: (TOGETHER * lines).div_ceil(parts) }
    }

    /// Adds to the sums of M rows by some columns, or makes them, or has them finished: as the piece is the first or the last.
    #[inline(always)]
    fn tile<S: Simd, const M: usize>(
        &self,
        simd: S,
        (left, right, steps): (&[f32], &[f32], usize),
        (row, columns, depth): (usize, &Range<usize>, &Range<usize>),
        between: &mut [S::f32s],
    ) {
        let mut sums = [[simd.splat_f32s(0.0); ACROSS]; M];
        let (between, _) = between.as_chunks_mut::<ACROSS>();
        if depth.start > 0 {
            each!(sums, |m, c, _| between[m][c]);
        }
        let mut sums = add::<S, M>(simd, left, right, steps, sums);
        if depth.end < self.cut.sizes[2] {
            each!(sums, |m, c, sum| {
                between[m][c] = sum;
                sum
            });
            return;
        }
        for (m, sums) in sums.iter().enumerate() {
            let at = (row + m) * self.cut.sizes[1] + columns.start;
            let y = self.memory.at(at..at + columns.len());
            for (c, sum) in add_up::<S>(sums).into_iter().enumerate().take(columns.len()) {
                // SAFETY: these columns of the row lie in the memory, as `at` has seen; no two tasks have one in common.
                unsafe { y.add(c).write(self.epilogue.number(at + c, columns.start + c, sum)) };
            }
        }
    }

    /// Gathers the statistics of the columns, where they are wanted.
    #[inline(always)]
    fn gather<S: Simd>(&self, simd: S) {
        let (Some(statistics), [rows, all, _]) = (self.epilogue.statistics, self.cut.sizes) else { return };
        // SAFETY: no two tasks have a column in common; nobody reads them before all are done.
        let mut gather = unsafe { Gather::new(statistics, 0, self.columns.clone()) };
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            let row = |row: usize| self.memory.at(row * all + self.columns.start..row * all + self.columns.end);
            row(first + count - 1);
            // SAFETY: the task has written these columns of the rows, which lie in the memory, as `at` has seen.
            unsafe { gather.add(simd, row(first).cast_const(), all, count) };
        }
        gather.finish();
    }
}

/// What will be read of the right factor, fetched a part at a time.
struct Ahead {
    next: *const f32,
    /// Elements from column to column.
    stride: usize,
    /// The line of the cache that is next.
    line: usize,
    /// Lines of a column.
    lines: usize,
    /// Lines of a part.
    share: usize,
}

impl Ahead {
    #[inline(always)]
    fn fetch(&mut self) {
        for _ in 0..self.share {
            prefetch(self.next.wrapping_add(self.line * LINE));
            self.line += 1;
            if self.line == self.lines {
                (self.next, self.line) = (self.next.wrapping_add(self.stride), 0);
            }
        }
    }
}

/// Adds to the sums of M rows by a tile's columns, [`ROW`] elements apart each, those of so many vectors.
#[inline(always)]
fn add<S: Simd, const M: usize>(
    simd: S,
    left: &[f32],
    right: &[f32],
    steps: usize,
    mut sums: [[S::f32s; ACROSS]; M],
) -> [[S::f32s; ACROSS]; M] {
    assert!(left.len() >= M * ROW && right.len() >= ACROSS * ROW && steps * S::F32_LANES <= ROW, "rows and columns");
    let (mut left, mut right) = (left.as_ptr(), right.as_ptr());
    for _ in 0..steps / UNROLLED {
        for u in 0..UNROLLED {
            let away = u * S::F32_LANES;
            // SAFETY: the assertion has seen that rows and columns have as many vectors.
            unsafe { step::<S, M>(simd, left.wrapping_add(away), right.wrapping_add(away), &mut sums) };
        }
        let away = UNROLLED * S::F32_LANES;
        (left, right) = (left.wrapping_add(away), right.wrapping_add(away));
    }
    for _ in 0..steps % UNROLLED {
        // SAFETY: as above.
        unsafe { step::<S, M>(simd, left, right, &mut sums) };
        (left, right) = (left.wrapping_add(S::F32_LANES), right.wrapping_add(S::F32_LANES));
    }
    sums
}

/// A vector of the depth.
///
/// # Safety
/// M rows and the tile's columns must have one there.
#[inline(always)]
unsafe fn step<S: Simd, const M: usize>(
    simd: S,
    left: *const f32,
    right: *const f32,
    sums: &mut [[S::f32s; ACROSS]; M],
) {
    let mut a = [simd.splat_f32s(0.0); M];
    for (m, a) in a.iter_mut().enumerate() {
        // SAFETY: as was promised.
        *a = unsafe { left.wrapping_add(m * ROW).cast::<S::f32s>().read_unaligned() };
    }
    for c in 0..ACROSS {
        // SAFETY: as was promised.
        let b = unsafe { right.wrapping_add(c * ROW).cast::<S::f32s>().read_unaligned() };
        for (sums, a) in sums.iter_mut().zip(a) {
            sums[c] = mul_add(simd, a, b, sums[c]);
        }
    }
}

/// What the lanes of each vector add up to. Loops, for closures would be called.
#[inline(always)]
fn add_up<S: Simd>(sums: &[S::f32s; ACROSS]) -> [f32; ACROSS] {
    let mut folded = [[0.0; ACROSS]; ACROSS];
    for (folded, sum) in folded.iter_mut().zip(sums) {
        let lanes: &[f32] = pulp::bytemuck::cast_slice(std::slice::from_ref(sum));
        for lanes in lanes.as_chunks::<ACROSS>().0 {
            for i in 0..ACROSS {
                folded[i] += lanes[i];
            }
        }
    }
    let [a, b, c, d] = turn([&folded[0], &folded[1], &folded[2], &folded[3]]);
    let mut added = [0.0; ACROSS];
    for i in 0..ACROSS {
        added[i] = (a[i] + b[i]) + (c[i] + d[i]);
    }
    added
}
