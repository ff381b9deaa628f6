//! The convolution, and the gradient by the input, which is one with the filters turned around.
//!
//! A block of tiles goes through all three parts while it lies in the second-level cache: its squares of the map are transformed
//! to `[row of tiles, point, vector of channels, tile, channel]`, and for each panel of filters the products of all points to
//! `[tile, point, filter]`, which are transformed back, with bias and ReLU, into the output. Where there are too few blocks for
//! all threads, the first part is done for all tiles beforehand, and the panels are shared out, too.
//!
//! Effective share of a core's 116 GFLOP/s, filters transformed in the step, AVX-512 and AVX2: 8 maps of 56² by 64 filters of 64
//! channels 212 and 224 %, 8 of 28² by 128 of 128 210 and 259 %, 2 of 56² by 256 of 256 261 and 260 %; gradient by the input
//! 219 and 224, 229 and 259, 288 and 272 %. A quarter of that are multiply–adds: the transforms take the rest of the time.

use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::cut::Cut;
use super::filters::Direction;
use super::output::Output;
use super::plane::{Map, Plane, WINDOW};
use super::points::{Four, Points, Six};
use super::products::Products;
use crate::ops::conv::Operands;
use crate::team::Team;

/// A convolution's operands, and which way round its filters are taken: as they lie where the tasks make theirs, else packed.
pub type Given<'a> = (Operands<'a>, Direction);

/// The convolution.
pub fn run(team: &Team<'_>, plane: &Plane, cut: &Cut, operands: Given<'_>, workspace: &mut [f32], y: &mut [f32]) {
    match cut.size {
        2 => run_at::<Four, 2, 4>(team, plane, cut, operands, workspace, y),
        _ => run_at::<Six, 4, 6>(team, plane, cut, operands, workspace, y),
    }
}

/// The convolution with these points.
fn run_at<P: Points<OUT, WINDOW, TILE>, const OUT: usize, const TILE: usize>(
    team: &Team<'_>,
    plane: &Plane,
    cut: &Cut,
    operands: Given<'_>,
    workspace: &mut [f32],
    y: &mut [f32],
) {
    let (squares, slots) = workspace.split_at_mut(cut.all_squares());
    let map = plane.input(operands.0.x);
    let block = |rows| Block::<P, OUT, TILE> { plane, cut, rows, points: PhantomData };
    team.each(squares.chunks_exact_mut(cut.squares()).enumerate(), &mut [], 0, |(row, squares), _| {
        team.vectors().dispatch(Squares { block: block(row..row + 1), map, squares });
    });
    let (y, squares) = (Output::new(y), &*squares);
    team.each(cut.tasks(), slots, cut.slot(), |(rows, panels), slot| {
        let (products, slot) = slot.split_at_mut(cut.products());
        let (own, made) = slot.split_at_mut(cut.own_squares());
        let block = block(rows);
        let squares = if cut.before {
            &squares[block.rows.start * cut.squares()..block.rows.end * cut.squares()]
        } else {
            team.vectors().dispatch(Squares { block: block.clone(), map, squares: own });
            own
        };
        team.vectors().dispatch(Products { block, panels, operands, made, squares, products, y });
    });
}

/// Some rows of tiles.
pub struct Block<'a, P, const OUT: usize, const TILE: usize> {
    /// What is convolved.
    pub plane: &'a Plane,
    /// How it is cut.
    pub cut: &'a Cut,
    /// Which.
    pub rows: Range<usize>,
    /// With what points.
    pub points: PhantomData<P>,
}

impl<P, const OUT: usize, const TILE: usize> Clone for Block<'_, P, OUT, TILE> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), ..*self }
    }
}

impl<P, const OUT: usize, const TILE: usize> Block<'_, P, OUT, TILE> {
    /// The tiles of a row; the last may have fewer.
    pub fn tiles(&self, row: usize) -> Range<usize> {
        let first = row * self.cut.row;
        first..(first + self.cut.row).min(self.plane.tiles(OUT))
    }
}

/// The first part: the squares of the map.
struct Squares<'a, P, const OUT: usize, const TILE: usize> {
    block: Block<'a, P, OUT, TILE>,
    map: Map<'a>,
    squares: &'a mut [f32],
}

impl<P: Points<OUT, WINDOW, TILE>, const OUT: usize, const TILE: usize> WithSimd for Squares<'_, P, OUT, TILE> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { block, map, squares } = self;
        let (cut, point) = (block.cut, block.cut.point());
        for (squares, row) in squares.chunks_exact_mut(cut.squares()).zip(block.rows.clone()) {
            for (r, number) in block.tiles(row).enumerate() {
                let tile = block.plane.tile(number, OUT);
                map.transform(
                    simd,
                    (tile.image, tile.seen(block.plane.pad)),
                    0..cut.packing.channels,
                    #[inline(always)]
                    |values| P::data(simd, values),
                    #[inline(always)]
                    |vector, line, column, value| {
                        let at = (line * TILE + column) * point + (vector * cut.row + r) * S::F32_LANES;
                        S::as_mut_simd_f32s(&mut squares[at..at + S::F32_LANES]).0[0] = value;
                    },
                );
            }
        }
    }
}
