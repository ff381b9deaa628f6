//! One blocked product for everything that is one: fully connected layers, convolutions and their gradients.
//!
//! `c[m, n] = Σ_k a[m, k] · b[k, n]`. The left factor is gathered a tile at a time, a few rows by at most [`LONGEST`] steps,
//! into the first-level cache, or read where it lies ([`Left::lying`]); the right one lies in panels of two vectors of columns,
//! packed beforehand or by the task itself, in the second-level cache. What the factors are, windows of a map, filters or
//! matrices, is only known to what gathers ([`Left`]) and packs ([`Right`]) them: nothing is stored that is larger than a tile or
//! a task's panels.
//!
//! Bytes: a tile of 14 rows is read once a panel from the first level, a panel once a tile from the second (9 bytes a cycle on
//! AVX-512 at full rate); sums leave the registers once for each piece of the depth. Columns go in blocks whose panels stay in
//! the second level for all rows of a task, and tasks of the same columns come one behind another ([`Cut::packed_before`]). What
//! the sums go to, and the shortcut that is added, is fetched while they are worked out, panels ahead of their steps, and of a
//! left factor that is read where it lies the next tile's rows: in rows that lie a kilobyte apart, or in what is read once, the
//! processor foresees none of them. What follows the sums is done in loops over known indices, so that they stay in registers
//! until they are written.
//!
//! Products of other shapes have ways of their own: many rows and a factor that stays ([`Strassen`]), few rows ([`Thin`]), few rows
//! and a factor that is made anew ([`Inner`]).
//!
//! Share of the peak, two cores of 102 GFLOP/s with AVX2 (Zen 3), with everything around it: 196×512 over 512 95 %, 49×1024 over
//! 1024 89, 3136×128 over 128 91, 12544×64 over 32 77; on one core with AVX-512 (116, Zen 4) 1568×512 over 512 92 %.
//!
//! Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008; the left
//! factor as in S. Chetlur et al., "cuDNN: efficient primitives for deep learning", arXiv:1410.0759.

mod cut;
mod inner;
mod matrices;
mod micro;
mod strassen;
#[cfg(test)]
mod tests;
mod thin;

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::epilogue::Epilogue;
use crate::statistics::{BLOCK, Gather};
use crate::team::Team;
pub use cut::Cut;
pub use inner::Inner;
pub use matrices::{Columns, Rows, Tiles, Transposed, copy, copy_padded};
pub use micro::{COLUMN, Finish, LONGEST, Lie, Panels, ROW, Strip, TILE, Tile, VECTORS, Walk, rows_read, tile_rows};
pub use strassen::Strassen;
pub use thin::{Thin, dots, streams};

/// What stands left: rows of `depth` elements.
pub trait Left: Sync {
    /// How its tiles lie.
    const LIE: Lie;

    /// Writes some steps of some rows to a tile, as [`Left::LIE`] says; `which` of several equal products it is.
    fn gather(&self, which: usize, rows: Range<usize>, depth: Range<usize>, tile: &mut [f32]);

    /// The tile, where it lies there already, with room for so many rows.
    fn lying(&self, _which: usize, _rows: &Range<usize>, _depth: &Range<usize>, _room: usize) -> Option<Lying<'_>> {
        None
    }
}

/// Rows of a tile where they lie in a map or a matrix.
#[derive(Clone, Copy)]
pub struct Lying<'a> {
    /// From the first row's first step on.
    data: &'a [f32],
    /// Elements from row to row.
    row: usize,
    /// Whether its rows may come from memory.
    is_far: bool,
}

impl<'a> Lying<'a> {
    /// So many rows of some steps, `row` elements apart; none where that is more than there is, or where they meet.
    #[inline(always)]
    pub fn new(data: &'a [f32], row: usize, rows: usize, steps: usize) -> Option<Self> {
        let is_there = data.len() >= (rows - 1) * row + steps;
        (is_there && !Self::meet(rows, row)).then_some(Self { data, row, is_far: true })
    }

    /// Whether the lines of so many rows, `row` elements apart, would meet in few sets of the first-level cache.
    #[inline(always)]
    fn meet(rows: usize, row: usize) -> bool {
        /// Elements of that cache: what lies within does not meet.
        const CACHE: usize = 8192;
        rows * row > CACHE
    }
}

/// What stands right: `depth` rows of columns.
pub trait Right: Sync {
    /// Writes some steps of some columns as panels of `width` columns, one behind another, each step by step; columns that
    /// are missing in the last are zeros.
    fn pack(&self, which: usize, depth: Range<usize>, columns: Range<usize>, width: usize, panels: &mut [f32]);
}

/// The right factor, as a task finds it.
pub enum Factor<'a, R> {
    /// Packed by [`pack`].
    Packed(&'a [f32]),
    /// Each task packs what it needs.
    Own(&'a R),
}

/// A product, or several equal ones: the factors, and what becomes of it.
pub struct Product<'a, L, R, P> {
    /// The left factor.
    pub left: &'a L,
    /// The right factor.
    pub right: Factor<'a, R>,
    /// Where a row of one of the products begins.
    pub place: P,
    /// What follows; columns are counted through all products.
    pub epilogue: Epilogue<'a>,
}

/// Rows and columns of one task, and the part of the depth that it sums over.
#[derive(Clone, Debug)]
struct Task {
    which: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    depth: Range<usize>,
    /// The element at which its part of the sums begins.
    part: usize,
}

/// The memory of a product, which tasks write to that share no element of it.
#[derive(Clone, Copy)]
pub struct Memory {
    data: *mut f32,
    len: usize,
}

impl Memory {
    /// These elements, for as long as they are borrowed.
    pub fn new(elements: &mut [f32]) -> Self {
        Self { data: elements.as_mut_ptr(), len: elements.len() }
    }

    /// The first of these elements, which are checked to be inside.
    #[inline(always)]
    pub fn at(self, elements: Range<usize>) -> *mut f32 {
        assert!(elements.start <= elements.end && elements.end <= self.len, "elements of the memory");
        // SAFETY: they lie inside.
        unsafe { self.data.add(elements.start) }
    }
}

// SAFETY: the elements are f32, and no two tasks reach the same ones (`Product::run`).
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

/// The panels of the right factor, packed by all threads; `packed` must hold [`Cut::packed`].
pub fn pack<R: Right>(team: &Team<'_>, cut: &Cut, right: &R, packed: &mut [f32]) {
    let mut rest = packed;
    let pieces = (0..cut.times).flat_map(|which| cut.pieces(0..cut.depth).map(move |depth| (which, depth)));
    let tasks = pieces.flat_map(move |(which, depth)| {
        let panel = depth.len() * cut.width;
        let (piece, others) = std::mem::take(&mut rest).split_at_mut(panel * cut.all_panels());
        rest = others;
        let panels = piece.chunks_mut(panel.max(1)).enumerate();
        panels.map(move |(p, panel)| (which, depth.clone(), cut.columns_of(p..p + 1), panel))
    });
    team.each(tasks, &mut [], 0, |(which, depth, columns, panel), _| {
        right.pack(which, depth, columns, cut.width, panel);
    });
}

impl<L: Left, R: Right, P: Fn(usize, usize) -> usize + Sync> Product<'_, L, R, P> {
    /// Computes it. With several parts of the depth each has its own sums, one behind another in `output`, for the caller to
    /// add; what follows them is then his, too. `workspace` must hold [`Cut::workspace`] for each thread.
    ///
    /// Rows of `place` must not overlap, and must lie in the `part` elements that a part has.
    pub fn run(&self, team: &Team<'_>, cut: &Cut, output: &mut [f32], part: usize, workspace: &mut [f32]) {
        let memory = Memory::new(output);
        team.tasks(cut.tasks(), workspace, cut.workspace(), |i, workspace| {
            let task = cut.task(i, part);
            team.vectors().dispatch(Run { product: self, cut, task, memory, workspace });
        });
    }
}

impl<L: Left, R: Right, P: Fn(usize, usize) -> usize + Sync> Product<'_, L, R, P> {
    /// Computes all columns of some rows over the whole depth, for tasks that are more than a product. The rows must be theirs
    /// alone; `workspace` as a thread's in [`Self::run`].
    #[inline(always)]
    pub fn rows<S: Simd>(&self, simd: S, cut: &Cut, rows: Range<usize>, memory: Memory, workspace: &mut [f32]) {
        let task = Task { which: 0, rows, columns: 0..cut.columns, depth: 0..cut.depth, part: 0 };
        self.task(simd, cut, &task, memory, workspace);
    }

    #[inline(always)]
    fn task<S: Simd>(&self, simd: S, cut: &Cut, task: &Task, memory: Memory, workspace: &mut [f32]) {
        let (tile, own) = workspace.split_at_mut(TILE);
        for depth in cut.pieces(task.depth.clone()) {
            let panels: &[f32] = match self.right {
                Factor::Packed(packed) => &packed[cut.panel_at(task.which, &depth, task.columns.start)..],
                Factor::Own(right) => {
                    right.pack(task.which, depth.clone(), task.columns.clone(), cut.width, own);
                    own
                }
            };
            for columns in cut.blocks(task.columns.clone(), depth.len()) {
                let panels = &panels[(columns.start - task.columns.start) * depth.len()..];
                let block = Block { product: self, cut, task, columns, depth: depth.clone(), panels };
                block.multiply(simd, tile, memory);
            }
        }
    }
}

/// One task, for the widest vectors.
struct Run<'a, 'p, L, R, P> {
    product: &'a Product<'p, L, R, P>,
    cut: &'a Cut,
    task: Task,
    memory: Memory,
    workspace: &'a mut [f32],
}

impl<L: Left, R: Right, P: Fn(usize, usize) -> usize + Sync> WithSimd for Run<'_, '_, L, R, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.product.task(simd, self.cut, &self.task, self.memory, self.workspace);
    }
}

/// Panels that stay in the second-level cache while all of a task's rows meet them.
struct Block<'a, 'p, L, R, P> {
    product: &'a Product<'p, L, R, P>,
    cut: &'a Cut,
    task: &'a Task,
    columns: Range<usize>,
    depth: Range<usize>,
    panels: &'a [f32],
}

/// Statistics of the sums of a block, from its rows while they lie in the first cache.
struct Gathering<'a> {
    gather: Gather<'a>,
    /// The first row that is not in it.
    next: usize,
}

impl Gathering<'_> {
    /// Adds the rows below `end`, where they are as many as can be added at a time: `more` do not fit. `place` says where a row
    /// lies, and how far from it the next.
    #[inline(always)]
    fn up_to<S: Simd>(&mut self, simd: S, (end, more): (usize, usize), place: impl Fn(usize) -> (*const f32, usize)) {
        let count = end - self.next;
        if count + more > BLOCK || more == 0 {
            let (first, stride) = place(self.next);
            // SAFETY: the task has written these rows, and nobody else writes them.
            unsafe { self.gather.add(simd, first, stride, count) };
            self.next = end;
        }
    }
}

impl<L: Left, R: Right, P: Fn(usize, usize) -> usize + Sync> Block<'_, '_, L, R, P> {
    #[inline(always)]
    fn multiply<S: Simd>(&self, simd: S, tile: &mut [f32], memory: Memory) {
        let Self { product, cut, task, depth, .. } = self;
        let strip = self.strip(memory);
        let together = L::LIE.tiles(cut.tile) * cut.tile;
        let mut gathering = self.gathering();
        let mut first = task.rows.start;
        // Low tiles are as even as can be: a row alone takes as long as four.
        let (rows, tiles) = (task.rows.len(), task.rows.len().div_ceil(together));
        let is_even = L::LIE == Lie::Rows && S::F32_LANES < 16;
        let [few, more] = if is_even { [rows / tiles.max(1), rows % tiles.max(1)] } else { [together, 0] };
        for number in 0..tiles {
            let height = (few + usize::from(number < more)).min(task.rows.end - first);
            let gathered = first..first + height;
            let room = rows_read(height.min(cut.tile), S::F32_LANES);
            let left = match product.left.lying(task.which, &gathered, depth, room) {
                Some(left) => left,
                None => {
                    product.left.gather(task.which, gathered.clone(), depth.clone(), tile);
                    Lying { data: &*tile, row: ROW, is_far: false }
                }
            };
            let ahead = if left.is_far { height.min(task.rows.end - gathered.end) } else { 0 };
            for start in gathered.clone().step_by(cut.tile) {
                let rows = start..(start + cut.tile).min(gathered.end);
                let places = strip.places(rows.len(), |m| task.part + (product.place)(task.which, rows.start + m));
                let left = (left.data[start - first..].as_ptr(), left.row);
                // SAFETY: as many rows as are read are there, gathered in `TILE` elements or lying, and the steps are set; rows
                // and columns of two tasks are never both the same (`Cut::task`), nor are their parts.
                simd.vectorize(unsafe { Tile::new(&strip, left, &places) }.with_ahead(ahead));
            }
            if let Some(gathering) = &mut gathering {
                let is_last = gathered.end == task.rows.end;
                gathering.up_to(simd, (gathered.end, if is_last { 0 } else { together }), |row| {
                    let [place, next] = [row, row + 1].map(|row| (product.place)(task.which, row));
                    (memory.at(place + self.columns.start..place + self.columns.end).cast_const(), next - place)
                });
            }
            first += height;
        }
        if let Some(gathering) = gathering {
            gathering.gather.finish();
        }
    }

    /// Where the statistics of the sums are wanted and these are the last: their gathering.
    fn gathering(&self) -> Option<Gathering<'_>> {
        let is_last = self.depth.end == self.task.depth.end;
        let statistics = self.product.epilogue.statistics.filter(|_| is_last)?;
        // SAFETY: rows and columns of two tasks are never both the same, nor are those of two blocks of a task.
        let gather = unsafe { Gather::new(statistics, self.cut.row_block(self.task.rows.start), self.columns.clone()) };
        Some(Gathering { gather, next: self.task.rows.start })
    }

    /// The panels, and what becomes of what they give.
    fn strip(&self, memory: Memory) -> Strip<'_> {
        let Self { product, cut, task, columns, depth, panels } = self;
        let (first, last) = (depth.start == task.depth.start, depth.end == task.depth.end);
        let (next, walk) = (depth.len() * cut.width, Walk::straight(depth.len(), cut.width));
        assert!(columns.len().div_ceil(cut.width) * next <= panels.len(), "a panel for all columns");
        let panels = Panels { first: panels.as_ptr(), next, walk };
        let epilogue = if last { product.epilogue } else { Epilogue::default() };
        let (column, start) = (task.which * cut.columns + columns.start, columns.start);
        // SAFETY: the panels are of that depth.
        unsafe { Strip::new(L::LIE, panels, memory, columns, Finish { add: !first, epilogue, column, start }) }
    }
}
