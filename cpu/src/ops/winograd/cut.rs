//! How a convolution is cut, from the sizes alone.

use std::fmt;
use std::ops::Range;

use super::filters::{GAP, Packing};
use super::kernel::{self, VECTORS};
use super::plane::{Plane, WINDOW};
use crate::scratch::Scratch;

/// Tiles, panels of filters, and what is transformed when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How the transformed filters lie.
    pub packing: Packing,
    /// Results of a tile along an axis.
    pub size: usize,
    /// Tiles of a row of tiles: those that the registers hold.
    pub row: usize,
    /// Rows of tiles, in all.
    pub rows: usize,
    /// Rows of tiles in a block.
    pub block: usize,
    /// Panels of filters of a task.
    pub panels: usize,
    /// Whether the map is transformed before everything else.
    pub before: bool,
    /// Channels of which each task makes its filters at a time; none where all are transformed before everything else.
    pub made: Option<usize>,
}

/// Elements of a block's transformed squares that stay in the second-level cache: 1 MiB.
const SQUARES: usize = 1 << 18;
/// Rows of tiles in a block, at the most: more would leave the caches with the products.
const ROWS: usize = 4;
/// Blocks that are enough for all threads.
const BLOCKS: usize = 12;
/// Rows of tiles for which filters are made by each task: fewer products than that are sooner done than what the transformed
/// filters take to memory and back.
const FEW_ROWS: usize = 10;
/// Channels of which filters are made at a time: 576 KiB at 36 points.
const MADE: usize = 128;

impl Cut {
    /// Of a convolution in tiles of `size`×`size` results, with vectors of so many lanes, where filters are others at every
    /// step.
    pub fn new(plane: &Plane, size: usize, lanes: usize) -> Self {
        let cut = Self::transformed(plane, size, lanes);
        let few = if lanes == 16 { FEW_ROWS } else { 2 * FEW_ROWS };
        if cut.rows > few || cut.packing.len() <= 2 * SQUARES {
            return cut;
        }
        let made = Some(MADE.min(cut.packing.channels));
        Self { block: cut.rows, panels: 1, before: true, made, ..cut }
    }

    /// The same with filters that are transformed beforehand.
    pub fn transformed(plane: &Plane, size: usize, lanes: usize) -> Self {
        let packing = Packing {
            filters: plane.filters,
            channels: plane.channels,
            points: (size + WINDOW - 1).pow(2),
            width: VECTORS * lanes,
        };
        let row = kernel::rows(lanes);
        let rows = plane.tiles(size).div_ceil(row);
        let panels = packing.panels();
        let mut cut = Self { packing, size, row, rows, block: rows, panels, before: false, made: None };
        cut.block = (SQUARES / cut.squares()).clamp(2, ROWS).min(rows.max(1));
        let blocks = rows.div_ceil(cut.block);
        if blocks < BLOCKS {
            cut.before = true;
            cut.panels = panels.div_ceil(BLOCKS.div_ceil(blocks.max(1)));
        }
        cut
    }

    /// Elements of the transformed squares of a row of tiles.
    pub fn squares(&self) -> usize {
        self.packing.points * self.point()
    }

    /// Elements of those of one point.
    pub fn point(&self) -> usize {
        self.row * self.packing.channels.next_multiple_of(self.packing.width / VECTORS) + GAP
    }

    /// Elements of all transformed squares, where that is done beforehand.
    pub fn all_squares(&self) -> usize {
        if self.before { self.rows * self.squares() } else { 0 }
    }

    /// Elements of the products of a block with a panel.
    pub fn products(&self) -> usize {
        self.block * self.row * self.packing.points * self.packing.width
    }

    /// Elements of the squares that a thread transforms for itself.
    pub fn own_squares(&self) -> usize {
        if self.before { 0 } else { self.block * self.squares() }
    }

    /// Elements that a thread needs.
    pub fn slot(&self) -> usize {
        self.products() + self.own_squares() + self.made.map_or(0, |channels| self.packing.panel(channels))
    }

    /// Perhaps squares, and what each thread needs.
    pub fn scratch(&self) -> Scratch {
        Scratch { shared: self.all_squares(), each: self.slot() }
    }

    /// The tasks: rows of tiles, and panels of filters.
    pub fn tasks(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + Send + use<> {
        let (rows, block) = (self.rows, self.block.max(1));
        let (all, panels) = (self.packing.panels(), self.panels.max(1));
        (0..rows).step_by(block).flat_map(move |row| {
            (0..all).step_by(panels).map(move |panel| (row..(row + block).min(rows), panel..(panel + panels).min(all)))
        })
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, tiles, filters) = (self.size, self.block * self.row, self.panels * self.packing.width);
        write!(f, "F({size}x{size},3x3) {tiles}x{filters}")?;
        match self.made {
            Some(channels) => write!(f, " by {channels}"),
            None => Ok(()),
        }
    }
}
