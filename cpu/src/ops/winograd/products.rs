//! The second part and the third: products of all points, transformed back into the output.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::filters::{Filters, Piece};
use super::forward::{Block, Given};
use super::kernel::{Product, VECTORS};
use super::output::Output;
use super::plane::WINDOW;
use super::points::{Points, both_axes};
use crate::ops::conv::Operands;

/// A block of tiles with some panels of filters.
pub struct Products<'a, P, const OUT: usize, const TILE: usize> {
    /// The tiles.
    pub block: Block<'a, P, OUT, TILE>,
    /// The panels.
    pub panels: Range<usize>,
    /// Filters, and what follows.
    pub operands: Given<'a>,
    /// Room for some of a panel, where filters were not transformed before.
    pub made: &'a mut [f32],
    /// The transformed squares of the block.
    pub squares: &'a [f32],
    /// Room for its products with a panel.
    pub products: &'a mut [f32],
    /// Where the results go.
    pub y: Output<'a>,
}

impl<P: Points<OUT, WINDOW, TILE>, const OUT: usize, const TILE: usize> WithSimd for Products<'_, P, OUT, TILE> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let packing = &self.block.cut.packing;
        let step = self.block.cut.made.unwrap_or(packing.channels).max(1);
        for panel in self.panels.clone() {
            for first in (0..packing.channels).step_by(step) {
                let channels = first..(first + step).min(packing.channels);
                if self.block.cut.made.is_some() {
                    let (Operands { filters: data, .. }, direction) = self.operands;
                    let filters = Filters { data, direction };
                    let piece = Piece::<P, OUT, TILE>::new(packing, filters, panel, channels.clone(), self.made);
                    simd.vectorize(piece);
                }
                if packing.is_narrow(panel) {
                    self.multiply::<S, 1>(simd, panel, channels);
                } else {
                    self.multiply::<S, VECTORS>(simd, panel, channels);
                }
            }
            for v in 0..VECTORS {
                let filter = panel * packing.width + v * S::F32_LANES;
                if filter < packing.filters {
                    self.finish(simd, v, filter);
                }
            }
        }
    }
}

impl<P: Points<OUT, WINDOW, TILE>, const OUT: usize, const TILE: usize> Products<'_, P, OUT, TILE> {
    /// The products of all points with V vectors of a panel, over some channels; the first put them, the others add.
    #[inline(always)]
    fn multiply<S: Simd, const V: usize>(&mut self, simd: S, panel: usize, channels: Range<usize>) {
        let (cut, rows) = (self.block.cut, self.block.rows.clone());
        let packing = &cut.packing;
        let size = packing.panel(channels.len());
        let filters = match cut.made {
            Some(_) => &self.made[..size],
            None => &self.operands.0.filters[panel * size..][..size],
        };
        assert!(packing.points == TILE * TILE && packing.width == VECTORS * S::F32_LANES, "a cut for these vectors");
        assert!(self.products.len() >= rows.len() * cut.row * packing.points * packing.width, "room for all");
        assert!(channels.start.is_multiple_of(S::F32_LANES), "whole vectors of channels come before");
        for point in 0..packing.points {
            let filters = &filters[point * packing.point(channels.len())..][..channels.len() * packing.width];
            for (number, row) in rows.clone().enumerate() {
                let squares = &self.squares[number * cut.squares() + point * cut.point()..][..cut.point()];
                let at = (number * cut.row * packing.points + point) * packing.width;
                // SAFETY: `squares` holds all rows of all channels, of which whole pieces come before these, `filters` a panel of
                // these channels, and from `at` on there are as many rows of products, as the assertions have seen.
                unsafe {
                    let product = Product {
                        a: squares.as_ptr().add(channels.start * cut.row),
                        b: filters.as_ptr(),
                        depth: channels.len(),
                        c: self.products.as_mut_ptr().add(at),
                        stride: packing.points * packing.width,
                        add: channels.start > 0,
                    };
                    product.of_tiles::<S, V>(simd, self.block.tiles(row).len());
                }
            }
        }
    }

    /// The results of one vector of filters, the panel's number `v`.
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, v: usize, filter: usize) {
        let (block, width, zero) = (&self.block, VECTORS * S::F32_LANES, simd.splat_f32s(0.0));
        let (plane, count) = (block.plane, (block.plane.filters - filter).min(S::F32_LANES));
        let epilogue = self.operands.0.epilogue;
        let first = block.tiles(block.rows.start).start;
        for number in first..block.tiles(block.rows.end - 1).end {
            let tile = plane.tile(number, OUT);
            let products = &self.products[(number - first) * TILE * TILE * width..][..TILE * TILE * width];
            let position = (tile.image * plane.out[0] + tile.out[0]) * plane.out[1] + tile.out[1];
            let room = [plane.out[0] - tile.out[0], plane.out[1] - tile.out[1]].map(|room| room.min(OUT));
            both_axes(
                zero,
                #[inline(always)]
                |values| P::result(simd, values),
                #[inline(always)]
                |line, column| {
                    let at = (line * TILE + column) * width + v * S::F32_LANES;
                    S::as_simd_f32s(&products[at..at + S::F32_LANES]).0[0]
                },
                #[inline(always)]
                |line, column, value| {
                    if line >= room[0] || column >= room[1] {
                        return;
                    }
                    let at = (position + line * plane.out[1] + column) * plane.filters + filter;
                    let value = epilogue.vector(simd, at, filter, count, value);
                    // SAFETY: the task has this tile, with these filters, to itself (`Cut::tasks`).
                    unsafe { self.y.store(simd, at, count, value) };
                },
            );
        }
    }
}
