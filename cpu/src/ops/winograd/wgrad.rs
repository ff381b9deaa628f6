//! The gradient by the filters: a convolution of the map with the output's gradient, that is F(3×3, 4×4) over tiles of 4×4
//! positions of the output, whose products are added up before they are transformed back.
//!
//! A task has a block of channels and filters, and a part of the tiles. Its sums `[point, panel of channels, filter, column]`
//! stay in the second-level cache beside the transformed squares of some tiles of the map, `[point, panel, tile, column]`, and
//! of the output's gradient, `[point, tile, filter]`. At its end nine numbers are left of 36 sums.
//!
//! Effective share of a core's 116 GFLOP/s, AVX-512 and AVX2: 8 maps of 56² by 64 filters of 64 channels 181 and 167 %, 8 of 28²
//! by 128 of 128 190 and 176 %, 2 of 14² by 512 of 512 160 and 129 %; a quarter of that are multiply–adds.

use std::fmt;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::filters::GAP;
use super::kernel::{self, Product, VECTORS};
use super::output::Output;
use super::plane::{Plane, WINDOW};
use super::points::{Points, Six, both_axes};
use crate::ops::channels::add_parts;
use crate::scratch::Scratch;
use crate::team::Team;

/// Positions of a tile along an axis.
pub const STEP: usize = 4;
/// Values that it sees.
const TILE: usize = 6;
/// Points of it.
pub const POINTS: usize = TILE * TILE;
/// Taps of a filter.
const TAPS: usize = WINDOW * WINDOW;

/// Channels of a block, and filters, at the most: sums of 576 KiB.
const BLOCK: usize = 64;
/// Tiles that are transformed at a time: twice 288 KiB.
const PIECE: usize = 32;
/// Tasks that are enough for all threads.
const TASKS: usize = 16;

/// How the work is cut, from the sizes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WgradCut {
    /// Filters of a block.
    filters: usize,
    /// Channels of a block.
    channels: usize,
    /// Tiles of a part, each of which has its own sums.
    share: usize,
    /// Into how many parts the tiles are split.
    pub parts: usize,
}

impl WgradCut {
    /// Of these sizes.
    pub fn new(plane: &Plane, lanes: usize) -> Self {
        let even = |all: usize, most: usize| all.div_ceil(all.div_ceil(most).max(1));
        let filters = even(plane.filters, BLOCK);
        let channels = even(plane.channels, BLOCK).next_multiple_of(VECTORS * lanes);
        let mut cut = Self { filters, channels, share: 1, parts: 1 };
        let blocks = cut.blocks(plane).iter().product::<usize>();
        let tiles = plane.tiles(STEP);
        // A part is worth its own sums where it has many more tiles than a transform back costs.
        let parts = TASKS.div_ceil(blocks.max(1)).min(tiles / (2 * PIECE)).max(1);
        cut.share = tiles.div_ceil(parts).next_multiple_of(PIECE);
        cut.parts = tiles.div_ceil(cut.share).max(1);
        cut
    }

    /// Blocks of filters, and of channels.
    pub fn blocks(&self, plane: &Plane) -> [usize; 2] {
        [plane.filters.div_ceil(self.filters.max(1)), plane.channels.div_ceil(self.channels.max(1))]
    }

    /// Elements of one point of the transformed map: panels, tiles, columns.
    fn squares(&self) -> usize {
        self.channels * PIECE + GAP
    }

    /// Elements of one step of the output's transformed gradient: filters, and what kernels read beyond them.
    fn step(&self) -> usize {
        self.filters.next_multiple_of(GAP) + GAP
    }

    /// Elements of one point of it.
    fn gradients(&self) -> usize {
        self.step() * PIECE + GAP
    }

    /// Rows of sums of a panel, those beyond the filters included.
    fn rows(&self) -> usize {
        self.filters.next_multiple_of(GAP) + GAP
    }

    /// Elements of one point of the sums.
    fn sums(&self) -> usize {
        self.rows() * self.channels + GAP
    }

    /// Elements that a thread needs.
    fn slot(&self) -> usize {
        POINTS * (self.squares() + self.gradients() + self.sums())
    }

    /// The tasks.
    fn tasks(&self, plane: &Plane) -> impl Iterator<Item = Block> + Send + use<> {
        let (cut, Plane { filters, channels, .. }) = (*self, *plane);
        let (tiles, len) = (plane.tiles(STEP), filters * TAPS * channels);
        (0..cut.parts).flat_map(move |part| {
            (0..filters).step_by(cut.filters.max(1)).flat_map(move |f| {
                (0..channels).step_by(cut.channels.max(1)).map(move |c| Block {
                    tiles: part * cut.share..((part + 1) * cut.share).min(tiles),
                    filters: f..(f + cut.filters).min(filters),
                    channels: c..(c + cut.channels).min(channels),
                    part: part * len,
                })
            })
        })
    }

    /// The parts' results, and what each thread needs.
    pub fn scratch(&self, plane: &Plane) -> Scratch {
        Scratch { shared: self.partial(plane), each: self.slot() }
    }

    /// Elements of the parts' results.
    fn partial(&self, plane: &Plane) -> usize {
        if self.parts > 1 { self.parts * plane.filters * TAPS * plane.channels } else { 0 }
    }
}

impl fmt::Display for WgradCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "F(3x3,4x4) {}x{} in {}", self.filters, self.channels, self.parts)
    }
}

/// `dw[k, 3, 3, c]` from the map and the output's gradient.
pub fn run(
    team: &Team<'_>,
    plane: &Plane,
    cut: &WgradCut,
    [x, dy]: [&[f32]; 2],
    workspace: &mut [f32],
    dw: &mut [f32],
) {
    let (parts, slots) = workspace.split_at_mut(cut.partial(plane));
    let target = if cut.parts > 1 { &mut *parts } else { &mut *dw };
    let dw_parts = Output::new(target);
    team.each(cut.tasks(plane), slots, cut.slot(), |block, slot| {
        let (squares, slot) = slot.split_at_mut(POINTS * cut.squares());
        let (gradients, sums) = slot.split_at_mut(POINTS * cut.gradients());
        team.vectors().dispatch(Task { team, plane, cut, x, dy, block, dw: dw_parts, squares, gradients, sums });
    });
    if cut.parts > 1 {
        add_parts(team, parts, dw);
    }
}

/// What one task computes.
struct Block {
    tiles: Range<usize>,
    filters: Range<usize>,
    channels: Range<usize>,
    /// The element at which its part's sums begin.
    part: usize,
}

/// A block of the gradient, over some tiles.
struct Task<'a> {
    team: &'a Team<'a>,
    plane: &'a Plane,
    cut: &'a WgradCut,
    x: &'a [f32],
    dy: &'a [f32],
    block: Block,
    dw: Output<'a>,
    squares: &'a mut [f32],
    gradients: &'a mut [f32],
    sums: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for first in self.block.tiles.clone().step_by(PIECE) {
            if !self.team.goes_on() {
                return;
            }
            let piece = first..(first + PIECE).min(self.block.tiles.end);
            self.transform(simd, piece.clone());
            match S::F32_LANES {
                16 => self.multiply::<S, { kernel::rows(16) }, 8>(simd, piece.len(), first > self.block.tiles.start),
                _ => self.multiply::<S, { kernel::rows(8) }, 4>(simd, piece.len(), first > self.block.tiles.start),
            }
        }
        self.finish(simd);
    }
}

impl Task<'_> {
    /// The squares of the map, and those of the output's gradient.
    #[inline(always)]
    fn transform<S: Simd>(&mut self, simd: S, piece: Range<usize>) {
        let (width, filters) = (VECTORS * S::F32_LANES, self.block.filters.clone());
        let (plane, cut) = (self.plane, self.cut);
        let (map, gradient) = (plane.input(self.x), plane.output(self.dy));
        for (number, tile) in piece.enumerate() {
            let tile = plane.tile(tile, STEP);
            map.transform(
                simd,
                (tile.image, tile.seen(plane.pad)),
                self.block.channels.clone(),
                #[inline(always)]
                |values| <Six as Points<WINDOW, STEP, TILE>>::data(simd, values),
                #[inline(always)]
                |vector, line, column, value| {
                    let at = (vector / VECTORS * PIECE + number) * width + vector % VECTORS * S::F32_LANES;
                    let at = (line * TILE + column) * cut.squares() + at;
                    S::as_mut_simd_f32s(&mut self.squares[at..at + S::F32_LANES]).0[0] = value;
                },
            );
            gradient.transform(
                simd,
                (tile.image, [tile.out[0] as isize, tile.out[1] as isize]),
                filters.clone(),
                #[inline(always)]
                |values| <Six as Points<WINDOW, STEP, TILE>>::filter(simd, values),
                #[inline(always)]
                |vector, line, column, value| {
                    let at = number * cut.step() + vector * S::F32_LANES;
                    let at = (line * TILE + column) * cut.gradients() + at;
                    S::as_mut_simd_f32s(&mut self.gradients[at..at + S::F32_LANES]).0[0] = value;
                },
            );
        }
    }

    /// Puts the products of `depth` tiles, or adds them, R filters at a time or, to come out even, F.
    #[inline(always)]
    fn multiply<S: Simd, const R: usize, const F: usize>(&mut self, simd: S, depth: usize, add: bool) {
        let (width, cut, filters) = (VECTORS * S::F32_LANES, self.cut, self.block.filters.len());
        let panels = self.block.channels.len().div_ceil(width);
        assert!(depth <= PIECE && filters <= cut.filters && panels * width <= cut.channels, "a block");
        assert!(R <= GAP && F <= GAP, "what is read beyond the filters is there");
        let few = fewer_rows(filters, R, F);
        for point in 0..POINTS {
            let squares = &self.squares[point * cut.squares()..][..cut.squares()];
            let gradients = &self.gradients[point * cut.gradients()..][..cut.gradients()];
            let sums = &mut self.sums[point * cut.sums()..][..cut.sums()];
            for panel in 0..panels {
                let squares = squares[panel * PIECE * width..][..PIECE * width].as_ptr();
                let sums = &mut sums[panel * cut.rows() * width..][..cut.rows() * width];
                let mut filter = 0;
                for number in 0.. {
                    if filter >= filters {
                        break;
                    }
                    // SAFETY: a step of the gradients has a gap beyond its filters, as have the panel's rows of sums; both are
                    // at least as long as the rows that are computed, `filter` being below `filters`. `squares` is a panel.
                    unsafe {
                        let a = gradients.as_ptr().add(filter);
                        let c = sums.as_mut_ptr().add(filter * width);
                        let product = Product { a, b: squares, depth, c, stride: width, add };
                        if number < few {
                            product.by_steps::<S, F, VECTORS>(simd, cut.step());
                        } else {
                            product.by_steps::<S, R, VECTORS>(simd, cut.step());
                        }
                    }
                    filter += if number < few { F } else { R };
                }
            }
        }
    }

    /// Transforms the sums back.
    #[inline(always)]
    fn finish<S: Simd>(&mut self, simd: S) {
        let (width, cut, zero) = (VECTORS * S::F32_LANES, self.cut, simd.splat_f32s(0.0));
        let (channels, plane) = (self.block.channels.len(), self.plane);
        for filter in 0..self.block.filters.len() {
            for channel in (0..channels).step_by(S::F32_LANES) {
                let count = (channels - channel).min(S::F32_LANES);
                let at = (channel / width * cut.rows() + filter) * width + channel % width;
                both_axes(
                    zero,
                    #[inline(always)]
                    |values| <Six as Points<WINDOW, STEP, TILE>>::result(simd, values),
                    #[inline(always)]
                    |line, column| {
                        let at = (line * TILE + column) * cut.sums() + at;
                        S::as_simd_f32s(&self.sums[at..at + S::F32_LANES]).0[0]
                    },
                    #[inline(always)]
                    |line, column, value| {
                        let row = (self.block.filters.start + filter) * TAPS + line * WINDOW + column;
                        let at = self.block.part + row * plane.channels + self.block.channels.start + channel;
                        // SAFETY: the task has these filters and channels of its part to itself (`WgradCut::tasks`).
                        unsafe { self.dw.store(simd, at, count, value) };
                    },
                );
            }
        }
    }
}

/// How many blocks of `few` rows come before those of `many`, so that as little as can be is computed beyond `rows`.
fn fewer_rows(rows: usize, many: usize, few: usize) -> usize {
    let beyond = |n: usize| (n * few + rows.saturating_sub(n * few).next_multiple_of(many)).saturating_sub(rows);
    (0..=rows.div_ceil(few).min(many)).min_by_key(|&n| beyond(n)).unwrap_or(0)
}
