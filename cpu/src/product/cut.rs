//! How a product is cut into tasks, tiles, panels and pieces of its depth. Follows from the sizes and the width of the
//! processor's vectors alone, so that sums are taken in one order however many threads there are.

use std::fmt;
use std::ops::Range;

use super::Task;
use super::micro::{LONGEST, TILE, VECTORS, tile_rows};
use crate::scratch::Scratch;
use crate::statistics::STRIP;

/// Panels of the longest piece of the depth that stay in the second-level cache: 256 KiB of AVX2's, 512 of AVX-512's, whose
/// processors have larger ones. With more of them products of 392×1024 over 1024 took a seventh longer on a core of the former.
const PANELS: usize = 8;
/// Elements of a task's part of the product that stay there, too.
const SUMS: usize = 1 << 17;
/// Tasks for each thread to find one, as long as each is worth handing over.
const TASKS: usize = 32;
/// Multiply–adds that are worth handing over: some microseconds.
const WORTH: usize = 1 << 19;

/// The cut of a product of `rows × columns` sums over `depth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Rows of the product.
    pub rows: usize,
    /// Columns of the product.
    pub columns: usize,
    /// Terms of each sum.
    pub depth: usize,
    /// How many equal products there are.
    pub times: usize,
    /// Rows of a tile.
    pub tile: usize,
    /// Columns of a panel.
    pub width: usize,
    /// Steps of the depth that a tile holds at a time.
    pub piece: usize,
    /// Into how many parts the depth is split, each with its own sums.
    pub parts: usize,
    /// Rows of a task.
    task_rows: usize,
    /// Columns of a task.
    task_columns: usize,
    /// Whether tasks pack their panels themselves.
    own: bool,
}

impl Cut {
    /// With the right factor packed beforehand: many rows. A task has no more columns than panels stay in the second-level
    /// cache, and those of the same columns come one behind another, to one thread as far as can be: so panels come from the third
    /// or from memory once, and to one core.
    pub fn packed_before(sizes: [usize; 3], times: usize, lanes: usize) -> Self {
        let mut cut = Self::whole(sizes, times, lanes, false);
        cut.piece = even(cut.depth, LONGEST);
        let (tiles, tasks, panels) = (cut.rows.div_ceil(cut.tile), cut.worthwhile(), cut.all_panels());
        let blocks = panels.div_ceil((PANELS * LONGEST / cut.piece).max(1)).max(1);
        let most_across = panels.div_ceil(blocks).max(1);
        let most = (SUMS / (most_across * cut.width) / cut.tile).max(1);
        let block = tiles.div_ceil((tasks / blocks).max(1)).min(most).max(1);
        cut.task_rows = block * cut.tile;
        // Where rows alone are too few tasks, columns are split further.
        let wanted = (tasks / tiles.div_ceil(block).max(1)).clamp(1, panels.max(1));
        let across = panels.div_ceil(wanted).clamp(1, most_across);
        // As many in the last as in the others, where some more in each do that.
        let left = |across: &usize| panels.next_multiple_of(*across) - panels;
        let across = (across..=most_across.min(across + across / 4)).min_by_key(left).unwrap_or(across);
        cut.task_columns = across * cut.width;
        cut
    }

    /// As is best where the right factor is made anew for each product: of few rows it would be written and read for little.
    pub fn packed_once(sizes: [usize; 3], times: usize, lanes: usize) -> Self {
        const FEW: usize = 128;
        if sizes[0] <= FEW {
            Self::packed_by_tasks(sizes, times, lanes)
        } else {
            Self::packed_before(sizes, times, lanes)
        }
    }

    /// With panels packed by the tasks: few rows, or a right factor that is as large as the map.
    pub fn packed_by_tasks(sizes: [usize; 3], times: usize, lanes: usize) -> Self {
        /// Panels of a task: fewer, and the left factor is gathered for little; more, and they leave the cache.
        const FEWEST: usize = 8;
        const MOST: usize = 20;
        let mut cut = Self::whole(sizes, times, lanes, true);
        let (tasks, panels, tiles) = (cut.worthwhile(), cut.all_panels(), cut.rows.div_ceil(cut.tile));
        let fewest = if tiles < 4 { 1 } else { FEWEST };
        let across = panels.div_ceil(tasks).clamp(fewest, MOST).min(panels.max(1));
        // As equal as can be.
        let across = panels.div_ceil(panels.div_ceil(across).max(1)).max(1);
        cut.task_columns = across * cut.width;
        cut.piece = even(cut.depth, LONGEST / 2);
        // Each block of rows packs the panels anew: only where columns alone are too few tasks.
        let down = (tasks / panels.div_ceil(across).max(1)).clamp(1, (tiles / 8).max(1));
        cut.task_rows = tiles.div_ceil(down).max(1) * cut.tile;
        cut
    }

    /// Splits the depth, as far as rows and columns give too few tasks and the parts' sums stay small.
    pub fn split_depth(mut self) -> Self {
        const PARTIAL_SUMS: usize = 1 << 20;
        let tasks = self.rows.div_ceil(self.task_rows.max(1)) * self.columns.div_ceil(self.task_columns.max(1));
        let wanted = self.worthwhile().div_ceil(tasks.max(1));
        let fit = PARTIAL_SUMS / (self.rows * self.columns).max(1);
        self.parts = wanted.min(fit).min(self.depth / self.piece.max(1)).max(1);
        self
    }

    fn whole([rows, columns, depth]: [usize; 3], times: usize, lanes: usize, own: bool) -> Self {
        let (tile, width) = (tile_rows(lanes), VECTORS * lanes);
        let (task_rows, task_columns) = (rows.max(1), columns.next_multiple_of(width).max(width));
        Self { rows, columns, depth, times, tile, width, piece: LONGEST, parts: 1, task_rows, task_columns, own }
    }

    /// Into how many tasks each of the products is worth being cut.
    fn worthwhile(&self) -> usize {
        (self.rows * self.columns * self.depth / WORTH).clamp(1, TASKS.div_ceil(self.times))
    }

    /// Blocks of rows that tasks are given.
    pub fn row_blocks(&self) -> usize {
        self.rows.div_ceil(self.task_rows)
    }

    /// Which of these blocks begins with this row.
    pub(super) fn row_block(&self, row: usize) -> usize {
        row / self.task_rows
    }

    /// Panels of the whole product.
    pub fn all_panels(&self) -> usize {
        self.columns.div_ceil(self.width)
    }

    /// Elements of the right factor, packed.
    pub fn packed(&self) -> usize {
        if self.own { 0 } else { self.times * self.depth * self.all_panels() * self.width }
    }

    /// The memory that it needs beside its operands: the right factor, packed, and what each thread has to itself.
    pub fn scratch(&self) -> Scratch {
        Scratch { shared: self.packed(), each: self.workspace() }
    }

    /// Scratch memory of a thread: a tile and, where tasks pack, their panels.
    pub fn workspace(&self) -> usize {
        let own = if self.own { self.piece.min(self.depth) * self.task_columns } else { 0 };
        TILE + own
    }

    /// Elements of the parts' sums, where there are several, of `len` elements each.
    pub fn sums(&self, len: usize) -> usize {
        if self.parts > 1 { self.parts * len } else { 0 }
    }

    /// Where the panel of a column lies among those packed before.
    pub(super) fn panel_at(&self, which: usize, depth: &Range<usize>, column: usize) -> usize {
        let panels = self.all_panels() * self.width;
        (which * self.depth + depth.start) * panels + column * depth.len()
    }

    /// The columns of these panels.
    pub fn columns_of(&self, panels: Range<usize>) -> Range<usize> {
        panels.start * self.width..(panels.end * self.width).min(self.columns)
    }

    /// Columns, which begin with a panel, in blocks whose panels of so many steps stay in the cache, and whose statistics can
    /// be gathered together.
    pub(super) fn blocks(&self, columns: Range<usize>, steps: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let most = (PANELS * LONGEST / steps.max(1)).clamp(1, STRIP / self.width);
        let panels = columns.len().div_ceil(self.width);
        // As equal as can be.
        let block = panels.div_ceil(panels.div_ceil(most).max(1)).max(1) * self.width;
        columns.clone().step_by(block).map(move |start| start..(start + block).min(columns.end))
    }

    /// Whether the vectors are wider than AVX2's.
    pub fn is_wide(&self) -> bool {
        self.tile > tile_rows(8)
    }

    /// Whether the panels of a piece of the depth stay in the cache as a whole.
    pub fn is_one_block(&self) -> bool {
        self.blocks(0..self.columns, self.piece).count() <= 1
    }

    /// A stretch of the depth, piece by piece.
    pub fn pieces(&self, depth: Range<usize>) -> impl Iterator<Item = Range<usize>> + Send + use<> {
        let piece = self.piece.max(1);
        depth.clone().step_by(piece).map(move |start| start..(start + piece).min(depth.end))
    }

    /// How many tasks there are.
    pub(super) fn tasks(&self) -> usize {
        self.times * self.parts * self.rows.div_ceil(self.task_rows) * self.columns.div_ceil(self.task_columns)
    }

    /// The task of this number, whose parts have `part` elements each. No two reach the same element; all rows meet the
    /// same columns before the next.
    pub(super) fn task(&self, i: usize, part: usize) -> Task {
        let (rows, columns, depth) = (self.rows, self.columns, self.depth);
        let (down, across, parts) = (self.task_rows, self.task_columns, self.parts);
        let share = depth.div_ceil(parts).max(1);
        let (downs, acrosses) = (rows.div_ceil(down), columns.div_ceil(across));
        let (rest, r) = (i / downs, i % downs * down);
        let (rest, c) = (rest / acrosses, rest % acrosses * across);
        let (which, p) = (rest / parts, rest % parts);
        Task {
            which,
            rows: r..(r + down).min(rows),
            columns: c..(c + across).min(columns),
            depth: (p * share).min(depth)..((p + 1) * share).min(depth),
            part: p * part,
        }
    }
}

impl fmt::Display for Cut {
    /// The tile, rows by columns by depth, the rows and columns of a task, and into how many parts the depth is split.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = (self.task_rows.min(self.rows), self.task_columns.min(self.columns));
        write!(f, "{}x{}x{} of {rows}x{columns}", self.tile, self.width, self.piece)?;
        if self.parts > 1 {
            write!(f, ", {} parts", self.parts)?;
        }
        Ok(())
    }
}

/// Pieces of at most `most`, as equal as can be.
pub(super) fn even(whole: usize, most: usize) -> usize {
    whole.div_ceil(whole.div_ceil(most).max(1)).max(1)
}
